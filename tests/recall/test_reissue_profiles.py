"""What replaces a recalled release proves, in every profile, that the recalled rows are gone."""

from __future__ import annotations

import json
from pathlib import Path

from loop.export import places
from loop.export.models import ExportRow
from loop.export.verify import Report
from loop.export.verify_absence import check_absence
from loop.kernel.actor import SYSTEM
from loop.people.models import Contributor
from loop.recall.feed import edition, signed_feed
from loop.recall.querysets import records_of
from loop.recall.reissue import reissue
from loop.recall.withdraw import withdraw
from tests.export.test_profiles import forms, takes
from tests.recall.test_reissue import outside
from tests.support.databases import FreshDatabase
from tests.support.releases import few_lines, finished, stage


def test_every_profile(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    show = stage()
    show.brings_in([*few_lines(), *takes()])
    show.authorises()
    released = [(profile, form, *show.releases(profile, form=form)) for profile, form in forms()]
    director = Contributor.objects.get(external_id="director-1")
    withdraw(authorisations=records_of(director, show.production), actor=SYSTEM)
    for profile, form, old, old_folder in released:
        recalled = set(ExportRow.objects.filter(recalls__notice__export=old).values_list("row_id", flat=True))
        if not recalled:
            continue  # nothing of the director's was in it
        new = finished(reissue(export=old, actor=SYSTEM))
        folder = places.root() / new.folder
        stated = json.loads((folder / "manifest.json").read_bytes())
        assert (stated["order"]["form"], stated["release"]["version"]) == (form, "2.0.0"), profile
        assert set(stated["absent"]) == recalled, profile
        report = Report()
        check_absence(folder, old_folder, report, recalled=recalled)
        assert [str(finding) for finding in report.findings] == [], profile
        code, said = outside(folder, old_folder, signed_feed(edition(old)), tmp_path)
        assert (code, "recalled rows of release" in said) == (0, True), (profile, said)
        taken_back = Report()
        check_absence(old_folder, old_folder, taken_back, recalled=recalled)
        assert taken_back.findings, profile  # the old folder itself proves nothing
    reached = {profile for profile, _, old, _ in released if old.recalls.exists()}
    assert reached == {name for name, _ in forms()} - {"preference", "reward", "stepwise"}  # pairs were the editor's
