"""A release with recalled rows is replaced: a MAJOR version further, and whoever holds both can prove what is gone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_django.fixtures
from django.core.management import CommandError, call_command
from django.db import connection

from loop.audit.keys import SigningKey, load_or_create, trusted
from loop.audit.verify import verify as verify_log
from loop.consent.lock import database_moment
from loop.export import candidates, places
from loop.export.addresses import FEED, path_to
from loop.export.finish import NotVerifiedError
from loop.export.models import Export, ExportRow
from loop.export.sign import sign
from loop.export.verify import Report
from loop.export.verify_absence import check_absence
from loop.kernel.actor import SYSTEM
from loop.kernel.canonical import canonical
from loop.kernel.clock import rfc3339
from loop.kernel.errors import ConflictError, LoopError, NotAllowedError, NotValidError
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.models import Contributor
from loop.people.querysets import actor_for_user
from loop.recall.feed import PAYLOAD_TYPE, document, edition, signed_feed
from loop.recall.models import RecallNotice
from loop.recall.querysets import records_of
from loop.recall.reissue import NothingToReplaceError, reissue
from loop.recall.verify_feed import verify_replacement
from loop.recall.withdraw import withdraw
from tests.support.databases import REPOSITORY, FreshDatabase
from tests.support.releases import Stage, few_lines, finished, stage

VERIFIER = REPOSITORY / "loop" / "verifier" / "circled_verify.py"
Pair = tuple[Export, Path, Export, Path]


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    made.authorises()
    return made


def withdraws(show: Stage, name: str) -> None:
    records = records_of(Contributor.objects.get(external_id=name), show.production)
    withdraw(authorisations=records, actor=SYSTEM)


def folder(export: Export) -> Path:
    return places.root() / export.folder


def replaced(show: Stage, profile: str = "signals", party: str = "director-1") -> Pair:
    """A release, recalled from, and the one that took its place."""
    old, old_folder = show.releases(profile)
    withdraws(show, party)
    new = finished(reissue(export=old, actor=SYSTEM))
    assert new.state == "published", new.failure
    return old, old_folder, new, folder(new)


def manifest(of: Path) -> Any:
    return json.loads((of / "manifest.json").read_bytes())


def replaced_by(export: Export) -> list[str | None]:
    notices: Any = document(edition(export))["notices"]
    return [each["replaced_by"] for each in notices]


def inside(new: Path, old: Path, feed: bytes, moment: datetime | None = None) -> list[str]:
    keys = trusted()
    report = verify_replacement(new, old=old, feed=feed, keys=keys, moment=moment or datetime.now(UTC))
    return [str(finding) for finding in report.findings]


def outside(new: Path, old: Path, feed: bytes, tmp_path: Path, key: str = "") -> tuple[int, str]:
    """The verifier as an outsider runs it."""
    key_file, feed_file = tmp_path / "house.vkey", tmp_path / "feed.json"
    key_file.write_text(f"{key or load_or_create().verifier}\n")
    feed_file.write_bytes(feed)
    command = [sys.executable, "-I", str(VERIFIER), "export", str(new), "--key", str(key_file)]
    done = subprocess.run(
        [*command, "--replaces", str(old), "--feed", str(feed_file)],
        capture_output=True, text=True, check=False, cwd="/",
    )  # fmt: skip
    return done.returncode, done.stderr + done.stdout


@pytest.mark.parametrize(
    ("profile", "party"),
    [
        ("signals", "director-1"),
        ("signals", "editor-1"),
        ("preference", "editor-1"),
        ("unpaired_preference", "director-1"),
    ],
)
def test_it_proves_the_absence(show: Stage, tmp_path: Path, profile: str, party: str) -> None:
    old, old_folder = show.releases(profile)
    withdraws(show, party)
    assert replaced_by(old) == [None]
    ordered = reissue(export=old, actor=SYSTEM)
    assert (ordered.version, ordered.replaces, ordered.checkpoint_size) == ("2.0.0", old, old.checkpoint_size)
    assert ordered.order_digest != old.order_digest
    new = finished(ordered)
    assert new.state == "published"
    stated = manifest(folder(new))
    assert stated["release"]["version"] == "2.0.0"
    assert stated["release"]["replaces"] == {
        "uid": str(old.uid), "version": "1.0.0", "manifest_sha256": old.manifest_sha256,
    }  # fmt: skip
    named = list(ExportRow.objects.filter(recalls__notice__export=old).order_by("position"))
    assert stated["absent"] == [row.row_id for row in named] != []
    assert not {(row.decision_id, row.other_decision_id) for row in named} & set(
        new.rows.values_list("decision_id", "other_decision_id")
    )
    card = (folder(new) / "README.md").read_text()
    assert "- Version: 2.0.0" in card
    assert old.manifest_sha256 in card
    feed = signed_feed(edition(old))
    assert replaced_by(old) == [f"{new.uid}@2.0.0"]
    assert inside(folder(new), old_folder, feed) == []
    code, said = outside(folder(new), old_folder, feed, tmp_path)
    assert (code, f"{len(named)} recalled rows of release {old.uid} are not in it" in said) == (0, True), said
    assert [str(problem) for problem in verify_log().problems] == []


def test_a_first_release_replaces_nothing_and_names_its_feed(show: Stage) -> None:
    export, where = show.releases()
    stated = manifest(where)
    assert (stated["release"]["version"], stated["release"]["replaces"]) == ("1.0.0", None)
    assert "absent" not in stated
    assert stated["recall_feed"] == path_to(FEED, export.uid)
    again, there = show.releases(checkpoint=export.checkpoint_size)
    shards = [[path.read_bytes() for path in sorted((each / "data").rglob("*.parquet"))] for each in (where, there)]
    assert shards[0] == shards[1]
    assert (where / "README.md").read_bytes() == (there / "README.md").read_bytes()
    assert manifest(there)["recall_feed"] == path_to(FEED, again.uid) != stated["recall_feed"]


def test_what_was_allowed_again_stays_out_of_the_replacement(show: Stage, tmp_path: Path) -> None:
    old, old_folder = show.releases()
    withdraws(show, "director-1")
    show.authorises("director-1", valid_until=show_until())
    new = finished(reissue(export=old, actor=SYSTEM))
    recalled = ExportRow.objects.filter(recalls__notice__export=old).count()
    assert new.not_made["recalled"] == recalled > 0
    assert (new.rows_included or 0) + recalled == old.rows_included
    assert inside(folder(new), old_folder, signed_feed(edition(old))) == []
    assert outside(folder(new), old_folder, signed_feed(edition(old)), tmp_path)[0] == 0
    # A new order is no replacement: it takes what is allowed.
    assert show.releases(checkpoint=old.checkpoint_size)[0].rows_included == old.rows_included


def show_until() -> Any:
    return database_moment().date() + timedelta(days=30)


def test_versions_go_on_from_release_to_release(show: Stage) -> None:
    first, _, second, _ = replaced(show)
    with pytest.raises(NothingToReplaceError, match="expected a release with a recall"):
        reissue(export=second, actor=SYSTEM)
    with pytest.raises(NothingToReplaceError, match=r"gone from .*@2.0.0 already"):
        reissue(export=first, actor=SYSTEM)
    withdraws(show, "editor-1")
    third = reissue(export=second, actor=SYSTEM)
    assert (third.version, third.replaces) == ("3.0.0", second)
    with pytest.raises(ConflictError, match="in the making"):
        reissue(export=second, actor=SYSTEM)
    assert finished(third).state == "published"
    assert replaced_by(first) == [f"{third.uid}@3.0.0"] * 2
    assert Export.objects.filter(version="1.0.0").count() == 1


def test_an_ordered_replacement_that_ended_otherwise_takes_no_number(show: Stage) -> None:
    old, _ = show.releases()
    withdraws(show, "director-1")
    first = reissue(export=old, actor=SYSTEM)
    Export.objects.filter(pk=first.pk).update(state="failed")
    assert reissue(export=old, actor=SYSTEM).version == "2.0.0"


def test_it_is_refused_with_the_reason(show: Stage) -> None:
    waiting = show.orders()
    with pytest.raises(NothingToReplaceError, match="that is ordered"):
        reissue(export=waiting, actor=SYSTEM)
    old, _ = show.releases()
    with pytest.raises(NothingToReplaceError, match="expected a release with a recall"):
        reissue(export=old, actor=SYSTEM)
    withdraws(show, "director-1")
    user = add_user(username="officer", actor=SYSTEM).user
    add_member(user=user, production=show.production, role="consent_officer", actor=SYSTEM)
    with pytest.raises(NotAllowedError):
        reissue(export=old, actor=actor_for_user(user))
    with pytest.raises(NotValidError, match="replaces"):
        show.orders("preference", replaces=old)
    before = Export.objects.count()
    reissue(export=old, actor=SYSTEM)
    assert Export.objects.count() == before + 1


def test_two_orders_at_once_make_one_replacement(show: Stage) -> None:
    old, _ = show.releases()
    withdraws(show, "director-1")

    def run(_: int) -> str:
        try:
            return reissue(export=old, actor=SYSTEM).version
        except LoopError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(run, range(4))) == ["2.0.0", "conflict", "conflict", "conflict"]


def test_a_recall_after_the_replacement_was_frozen_is_the_next_ones_business(show: Stage, tmp_path: Path) -> None:
    old, old_folder, new, where = replaced(show)
    withdraws(show, "editor-1")
    assert RecallNotice.objects.filter(export=old).count() == 2
    feed = signed_feed(edition(old))
    assert inside(where, old_folder, feed) == []
    assert outside(where, old_folder, feed, tmp_path)[0] == 0
    assert RecallNotice.objects.filter(export=new).count() == 1


def forged(old: Export, key: SigningKey | None = None, kind: str = PAYLOAD_TYPE, **changes: Any) -> bytes:
    """A feed with other contents, signed by the house's key or another one."""
    said: dict[str, Any] = {**document(edition(old)), **changes}
    return sign(canonical(said), key or load_or_create(), kind=kind)


def day(days: int) -> str:
    return rfc3339(datetime.now(UTC) + timedelta(days=days))


def test_a_feed_that_does_not_hold_is_named(show: Stage, tmp_path: Path) -> None:
    old, old_folder, new, where = replaced(show)
    other, _ = show.releases("unpaired_preference")
    good = signed_feed(edition(old))
    stranger = load_or_create("stranger", name="elsewhere/log")
    notices: Any = document(edition(old))["notices"]
    bad = {
        "stale": (forged(old, issued_at=day(-3), next_update=day(-2)), "fetch it again"),
        "to come": (forged(old, issued_at=day(3), next_update=day(4)), "fetch it again"),
        "another release's": (signed_feed(edition(other)), f"expected the feed of release {old.uid}"),
        "another manifest's": (forged(old, manifest_sha256="0" * 64), "expected the feed of release"),
        "by another key": (forged(old, stranger), "not by"),
        "of another type": (forged(old, kind="application/vnd.in-toto+json"), "expected"),
        "of another format": (forged(old, format="circled/recall-feed@2"), "circled/recall-feed@1"),
        "with rows of nobody's": (forged(old, notices=[notices[0] | {"rows": ["0" * 32]}]), "absent"),
        "without its proof": (forged(old, log=None), "feed"),
        "with another's proof": (forged(old, notices=[notices[0] | {"log_index": "0"}]), "does not stand in the log"),
        "not JSON": (b"nothing", "feed"),
    }  # fmt: skip
    for what, (feed, words) in bad.items():
        found = inside(where, old_folder, feed)
        assert found, what
        code, said = outside(where, old_folder, feed, tmp_path)
        assert code == 1, (what, said)
        assert words in said, (what, said)
    for place in range(0, len(good), max(1, len(good) // 60)):
        flipped = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        assert inside(where, old_folder, flipped), place
    for place in (0, len(good) // 2, len(good) - 1):
        flipped = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        assert outside(where, old_folder, flipped, tmp_path)[0] == 1, place
    assert inside(where, old_folder, good) == []
    assert outside(where, old_folder, good, tmp_path, key=str(stranger.verifier))[0] == 1
    assert outside(where, old_folder, good, tmp_path)[0] == 0
    assert new.state == "published"


def test_a_release_that_still_holds_what_was_recalled_is_found(show: Stage, tmp_path: Path) -> None:
    """Signed as it is by the house: only holding it against the old one shows it."""
    old, old_folder, _, where = replaced(show)
    feed = signed_feed(edition(old))
    # The old release's rows under the new one's name: as a house would do that had not taken them out.
    fake = tmp_path / "fake"
    shutil.copytree(old_folder, fake)
    stated = manifest(fake)
    mine = manifest(where)
    stated["release"] = mine["release"]
    stated["absent"] = mine["absent"]
    raw = orjson.dumps(stated, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    (fake / "manifest.json").write_bytes(raw)
    for said in ("\n".join(inside(fake, old_folder, feed)), outside(fake, old_folder, feed, tmp_path)[1]):
        assert "manifest.json" in said
    report = Report()
    check_absence(fake, old_folder, report)
    assert len(report.findings) == len(mine["absent"])
    assert all("which was recalled" in each.message for each in report.findings)
    code, said = outside(fake, old_folder, feed, tmp_path)
    assert code == 1
    assert said.count("which was recalled") == len(mine["absent"])
    # One that states less than was recalled by then.
    less = tmp_path / "less"
    shutil.copytree(where, less)
    (less / "manifest.json").write_bytes(canonical(mine | {"absent": mine["absent"][1:]}))
    assert "absent" in outside(less, old_folder, feed, tmp_path)[1]


def test_the_commands(show: Stage, tmp_path: Path) -> None:
    old, old_folder = show.releases()
    withdraws(show, "director-1")
    said = StringIO()
    call_command("recall", "reissue", f"night-ferry/E-{old.number}", stdout=said)
    new = finished(Export.objects.get(replaces=old))
    assert f"E-{new.number}" in said.getvalue()
    assert "2.0.0" in said.getvalue()
    feed = tmp_path / "feed.json"
    call_command("recall", "feed", str(old.uid), "--out", str(feed), stdout=StringIO())
    said = StringIO()
    arguments = ("verify_export", str(folder(new)), "--replaces", str(old_folder), "--feed", str(feed))
    call_command(*arguments, stdout=said)
    assert "its recalled rows are gone" in said.getvalue()
    feed.write_bytes(feed.read_bytes()[:-2])
    with pytest.raises(CommandError, match="Not verified"):
        call_command(*arguments, stdout=StringIO(), stderr=StringIO())
    with pytest.raises(CommandError, match="go together"):
        call_command(*arguments[:-2], stdout=StringIO())
    with pytest.raises(CommandError, match="gone from"):
        call_command("recall", "reissue", str(old.uid), stdout=StringIO())


def test_one_that_would_still_hold_them_is_not_published(show: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    old, _ = show.releases()
    withdraws(show, "director-1")
    show.authorises("director-1", valid_until=show_until())
    ordered = reissue(export=old, actor=SYSTEM)
    with monkeypatch.context() as broken:
        broken.setattr(candidates, "earlier", lambda _: [])  # nothing is left out
        with pytest.raises(NotVerifiedError, match="which was recalled"):
            finished(ordered)
    ordered.refresh_from_db()
    assert ordered.state == "verifying"


def test_the_feed_has_a_whole_address_where_the_site_has_one(
    show: Stage, settings: pytest_django.fixtures.SettingsWrapper
) -> None:
    settings.PUBLIC_URL = "https://circled.example"
    export, where = show.releases()
    assert manifest(where)["recall_feed"] == f"https://circled.example{path_to(FEED, export.uid)}"
