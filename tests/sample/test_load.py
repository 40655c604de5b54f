"""The sample production in a real database: twice the same, what its files promise, and what the gate lets out."""

import json
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.db import connection

from loop.audit.models import AuditEvent
from loop.audit.seal import seal_all
from loop.audit.verify import verify
from loop.consent.models import Authorisation, Recipient
from loop.decision.models import Decision, ProductionBeat
from loop.export.models import Export
from loop.export.order import OrderRefusedError
from loop.export.preview import Preview, preview
from loop.export.rules import FAILED, PUBLISHED
from loop.gate.parties import known_parties
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError
from loop.material.models import Material, Media, Production, Scene, Shot, Take
from loop.material.register import add_production
from loop.media.models import Rendition
from loop.media.places import path_of
from loop.media.render import render_next
from loop.people.account import add_user
from loop.people.models import Contributor, Member, User
from loop.people.querysets import actor_for_user
from loop.sample.content import FOLDER
from loop.sample.load import Loaded, load
from loop.sample.logins import FILE
from loop.sample.pictures import prepared
from loop.sample.release import order_release
from loop.signal.counts import counts
from loop.suggestion.models import ModelTerms, Suggestion
from tests.support.databases import FreshDatabase

LAB, VENDOR = "night-ferry-research", "larkspur-labs"
TRAINING, EVALUATION = "ai_generative_training", "ai_evaluation"


@pytest.fixture
def ferry(fresh_database: FreshDatabase) -> Loaded:
    """The whole record. Its files take half of the time of a load, so only who looks at them has them stored."""
    return load(actor=SYSTEM, at=now(), with_files=False)


@pytest.fixture
def shown(fresh_database: FreshDatabase) -> Loaded:
    """The record with its pictures, clips and sounds."""
    return load(actor=SYSTEM, at=now())


def promised() -> dict[str, dict[str, int]]:
    return dict(json.loads((FOLDER / "expected.json").read_text(encoding="utf-8")))


def everything() -> dict[str, int]:
    """Rows by table."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name.startswith("loop_")]
        found = {}
        for name in tables:
            cursor.execute(f'SELECT count(*) FROM "{name}"')  # noqa: S608 -- a table's own name
            found[name] = cursor.fetchone()[0]
    return found


def what_leaves(
    ferry: Loaded,
    recipient: str,
    purpose: str,
    *,
    profile: str = "signals",
    labels: str = "latest_per_person",
    **filters: list[str],
) -> Preview:
    return preview(
        production=ferry.production, profile=profile, purpose=purpose, actor=SYSTEM, labels=labels, filters=filters,
        recipient=Recipient.objects.get(code=recipient),
    )  # fmt: skip


def test_a_second_load_changes_nothing(shown: Loaded) -> None:
    before, secrets = everything(), (settings.KEYS_ROOT / FILE).read_bytes()
    again = load(actor=SYSTEM, at=now())
    assert everything() == before
    assert (settings.KEYS_ROOT / FILE).read_bytes() == secrets
    assert (again.suggestions, again.suggestions_new) == (70, 0)
    assert (again.decisions, again.decisions_new) == (75, 0)
    assert (shown.files, shown.files_new) == (39, 39)
    assert (again.files, again.files_new) == (39, 0)
    assert again.logins == shown.logins


def test_every_picture_clip_and_sound_is_stored_and_one_take_is_elsewhere(shown: Loaded) -> None:
    stored = Media.objects.exclude(stored_name="")
    assert Counter(stored.values_list("facts__medium", flat=True)) == {"video": 22, "still": 12, "audio": 5}
    assert list(Media.objects.filter(stored_name="").values_list("uri", flat=True)) == ["A011/4A_T1.mov"]
    assert all(path_of(media.stored_name).is_file() for media in stored)
    assert prepared(shown.production) == 0
    lost = stored.order_by("id")[3]
    path_of(lost.stored_name).unlink()
    again = load(actor=SYSTEM, at=now())
    assert (again.files, again.files_new) == (39, 1)
    assert path_of(lost.stored_name).is_file()


def test_a_worker_prepares_what_a_page_shows(shown: Loaded) -> None:
    tried = ["previs_6-040_b.mp4", "board_3_a.webp", "sound_pump_b.flac"]
    few = Media.objects.filter(uri__in=[f"night_ferry/media/{name}" for name in tried])
    Rendition.objects.exclude(media__in=few).update(state="ready")
    assert prepared(shown.production) == 36
    while render_next() is not None:
        pass
    assert set(Rendition.objects.values_list("state", flat=True)) == {"ready"}
    assert prepared(shown.production) == 39


def test_it_goes_on_where_it_was_interrupted(fresh_database: FreshDatabase) -> None:
    def stop(part: str) -> None:
        if part.startswith("recipients"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(actor=SYSTEM, at=now(), say=stop)
    load(actor=SYSTEM, at=now())
    whole = everything()
    load(actor=SYSTEM, at=now())
    assert everything() == whole


def test_the_counts_are_those_the_files_promise(ferry: Loaded) -> None:
    expected = promised()["counts"]
    found = counts(ferry.production.pk)
    assert {name: found[name] for name in expected if name in found} == {
        name: number for name, number in expected.items() if name in found
    }
    assert set(expected) - set(found) == {
        "on_behalf_of", "signals_every_decision", "signals_latest_per_person", "suggestions_undecided",
    }  # fmt: skip
    assert Decision.objects.filter(on_behalf_of__isnull=False).count() == expected["on_behalf_of"]
    undecided = Suggestion.objects.filter(decisions=None).order_by("external_id")
    assert list(undecided.values_list("external_id", flat=True)) == promised()["undecided"]
    for labels in ("every_decision", "latest_per_person"):
        assert what_leaves(ferry, LAB, TRAINING, labels=labels).considered == expected[f"signals_{labels}"]


def test_who_and_what_belongs_to_the_production_is_there(ferry: Loaded) -> None:
    production = Production.objects.get(code="NIGHTFERRY")
    assert production.is_demo
    assert production.lead is not None
    assert production.lead.external_id == "director"
    assert Member.objects.count() == 8
    assert User.objects.filter(is_superuser=True).count() == 1
    assert set(ProductionBeat.objects.values_list("code", flat=True)) == {"complicity", "restraint"}
    assert Contributor.objects.filter(name="").count() == 0
    assert Authorisation.objects.count() == 13
    writer = Authorisation.objects.get(party__external_id="writer", recipients=[LAB])
    assert (writer.compensation["status"], writer.guild["name"], writer.notice) == ("paid", "SAMPLE-WRITERS", None)
    assert Authorisation.objects.filter(notice__version="night-ferry-1").count() == 9
    assert ModelTerms.objects.count() == 6
    assert Scene.objects.filter(production=production).count() == 9
    assert Shot.objects.filter(production=production).count() == 5
    assert Material.objects.filter(versions=None).count() == 0
    circled = Take.objects.filter(status="circled").order_by("setup__label")
    assert [(take.setup.label, take.label) for take in circled] == [("4A", "2"), ("6C", "9")]
    unknown = known_parties(production).exclude(credits__production=production)
    assert not unknown.exists()


def test_an_opinion_that_was_changed_stays_in_the_record_and_out_of_the_labels(ferry: Loaded) -> None:
    first = Decision.objects.get(external_id="nf-d-055")
    assert (first.outcome, first.superseded_by.outcome) == ("reject", "accept")


@pytest.mark.parametrize(
    ("profile", "rows", "excluded"),
    [
        ("signals", 64, {"CONSENT_MISSING": 2, "EXPIRED": 2, "WITHDRAWN": 3}),
        ("preference", 28, {"EXPIRED": 1, "WITHDRAWN": 1}),
        ("unpaired_preference", 64, {"CONSENT_MISSING": 2, "EXPIRED": 2, "WITHDRAWN": 3}),
    ],
)
def test_the_lab_gets_all_but_what_consent_keeps_back(
    ferry: Loaded, profile: str, rows: int, excluded: dict[str, int]
) -> None:
    found = what_leaves(ferry, LAB, TRAINING, profile=profile)
    assert (found.rows, found.excluded) == (rows, excluded)


def test_the_vendor_gets_the_editors_judgements_for_evaluation_only(ferry: Loaded) -> None:
    found = what_leaves(ferry, VENDOR, EVALUATION)
    assert found.rows == 23
    assert found.excluded == {"CONSENT_MISSING": 2, "EXPIRED": 2, "RECIPIENT_OUT_OF_SCOPE": 41, "WITHDRAWN": 3}
    with pytest.raises(OrderRefusedError, match="RECIPIENT_NOT_AUTHORISED"):
        what_leaves(ferry, VENDOR, TRAINING)


def test_an_order_of_nothing_but_takes_has_no_row_for_the_vendor(ferry: Loaded) -> None:
    assert what_leaves(ferry, VENDOR, EVALUATION, kinds=["take"]).rows == 0


def test_the_same_order_is_made_once(ferry: Loaded) -> None:
    data = actor_for_user(User.objects.get(username="data"))
    first, is_new = order_release(production=ferry.production, actor=data)
    assert is_new
    load(actor=SYSTEM, at=now(), with_files=False)
    assert order_release(production=ferry.production, actor=data) == (first, False)
    for state in (FAILED, PUBLISHED):  # one that gave up, and one whose folder was deleted
        Export.objects.update(state=state, folder="gone")
        again, is_new = order_release(production=ferry.production, actor=data)
        assert is_new
        assert bytes(again.order_digest) == bytes(first.order_digest)


def test_each_login_has_a_password_of_its_own_that_only_the_owner_reads(ferry: Loaded) -> None:
    path = Path(settings.KEYS_ROOT) / FILE
    assert path.stat().st_mode & 0o777 == 0o600
    passwords = {login.username: login.password for login in ferry.logins}
    assert len(set(passwords.values())) == 9
    for login in ferry.logins:
        assert authenticate(username=login.username, password=login.password) is not None
        assert str(login.password) not in repr(login)


def test_a_password_that_was_changed_is_no_longer_told(ferry: Loaded) -> None:
    editor = User.objects.get(username="editor")
    editor.set_password("a password of my own")
    editor.save()
    again = {login.username: login.password for login in load(actor=SYSTEM, at=now(), with_files=False).logins}
    assert again.pop("editor") is None
    assert again == {login.username: login.password for login in ferry.logins if login.username != "editor"}


def test_it_takes_no_login_and_no_production_that_is_somebody_elses(fresh_database: FreshDatabase) -> None:
    add_user(username="editor", actor=SYSTEM)
    with pytest.raises(ConflictError, match="'editor'"):
        load(actor=SYSTEM, at=now())
    assert (User.objects.count(), Production.objects.count()) == (1, 0)
    add_production(code="NIGHTFERRY", title="A film of that code", rate=Fraction(24), actor=SYSTEM)
    with pytest.raises(ConflictError, match="NIGHTFERRY"):
        load(actor=SYSTEM, at=now())


def test_everything_it_writes_is_in_the_log(shown: Loaded) -> None:
    found = set(AuditEvent.objects.values_list("type", flat=True))
    assert found == {
        "production.added", "production.changed", "user.added", "member.added", "contributor.added",
        "contributor.changed", "beat.registered", "material.version", "suggestion.recorded", "decision.recorded",
        "recipient.added", "recipient.agreement", "evidence.stored", "notice.recorded", "authorisation.recorded",
        "authorisation.state", "model.terms", "media.stored", "guild.notice", "consent.requested",
    }  # fmt: skip
    seal_all()
    assert [str(problem) for problem in verify().problems] == []
