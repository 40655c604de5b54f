"""Erasing what a party left: its words and name go, proofs hold, releases are told, refusals keep everything."""

from __future__ import annotations

from typing import Any

import pyarrow.parquet as pq
import pytest

from loop.audit.keys import trusted
from loop.audit.models import AuditEvent
from loop.audit.seal import seal_all
from loop.audit.verify import verify
from loop.audit.vocabulary import VOUCHED
from loop.consent.govern import govern
from loop.decision.models import Decision, DecisionText
from loop.export import places
from loop.export.advance import advance
from loop.export.build import build
from loop.export.models import Export, ExportRowDropped, ExportShard
from loop.export.verify import verify as verify_folder
from loop.kernel.actor import SYSTEM
from loop.kernel.errors import ConflictError, NotAllowedError, NotFoundError, NotValidError
from loop.management import vacuum as rewriting
from loop.material.models import Production
from loop.people.account import add_user
from loop.people.leave import end_membership
from loop.people.member import add_member
from loop.people.models import Contributor, Credit
from loop.people.querysets import actor_for_user
from loop.recall.erase import ErasureReport, erase
from loop.recall.models import Erasure, RecallNotice
from loop.recall.withdraw import withdraw
from loop.suggestion.models import Brief, Suggestion, SuggestionText
from tests.conftest import FreshDatabase
from tests.support.releases import Stage, decision, few_lines, finished, stage, suggestion

LAW = "gdpr_art17_1_b"


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    found = stage()
    found.brings_in(
        [
            *few_lines(),
            suggestion(
                10, decision("accept", by="director-1"),
                contributors=[{"id": "writer-1", "capacity": "author_of_source"}],
                parameters={"style": "hers"}, constraints=["her demand"],
            ),
            suggestion(13, contributors=[{"id": "writer-1", "capacity": "producer_owner"}]),
        ]
    )  # fmt: skip
    found.authorises()
    return found


def party(name: str) -> Contributor:
    return Contributor.objects.get(external_id=name)


def gone(show: Stage, name: str = "editor-1", **more: Any) -> ErasureReport:
    return erase(party=party(name), production=show.production, basis=LAW, actor=SYSTEM, **more)


def proved() -> None:
    seal_all()
    assert verify().problems == []


def test_the_words_of_a_decider_go_and_the_decisions_stay(show: Stage) -> None:
    number = Decision.objects.count()
    report = gone(show)
    assert report.counts["decision texts"] == 3
    assert Decision.objects.count() == number
    assert not DecisionText.objects.exists()
    assert SuggestionText.objects.count() == Suggestion.objects.count()
    assert report.erasure is not None
    assert report.erasure.erased == report.counts
    event = AuditEvent.objects.get(type="party.erased")
    assert event.payload.facts["basis"] == LAW
    assert AuditEvent.objects.filter(type="text.erased").count() >= 3
    proved()


def test_an_author_s_texts_go_with_what_came_with_them(show: Stage) -> None:
    report = gone(show, "writer-1")
    erased = Suggestion.objects.get(external_id="s10")
    assert not SuggestionText.objects.filter(suggestion=erased).exists()
    assert SuggestionText.objects.filter(suggestion__external_id="s13").exists()
    assert (erased.parameters, Brief.objects.get(suggestions=erased).constraints_asked) == ({}, [])
    assert (report.counts["suggestion texts"], report.counts["demands of briefs"]) == (1, 1)
    proved()


def test_the_name_becomes_a_pseudonym_that_stays(show: Stage) -> None:
    before = party("editor-1")
    report = gone(show)
    after = Contributor.objects.get(pk=before.pk)
    assert (after.external_id, after.name) == (f"erased-{before.uid.hex}", "")
    assert list(Credit.objects.filter(contributor=after).values_list("function", flat=True)) == ["erased"]
    assert report.counts["facts of events"] >= 1
    added = AuditEvent.objects.get(type="contributor.added", object_uid=after.uid)
    assert not hasattr(added, "payload")
    with pytest.raises(ConflictError, match="erased already"):
        erase(party=after, production=show.production, basis=LAW, actor=SYSTEM)


def test_a_column_changed_by_hand_still_shows_for_everybody_else(show: Stage, fresh_database: FreshDatabase) -> None:
    gone(show)
    proved()
    superuser = fresh_database.connect("superuser")
    superuser.execute("SET session_replication_role = replica")
    superuser.execute("ALTER TABLE loop_suggestion DISABLE TRIGGER ALL")
    superuser.execute("UPDATE loop_suggestion SET seed = 99 WHERE external_id = 's10'")
    superuser.execute("ALTER TABLE loop_suggestion ENABLE ALWAYS TRIGGER append_only_row")
    assert verify().problems


def test_published_releases_are_told_once(show: Stage) -> None:
    export, folder = show.releases()
    report = gone(show)
    (reach,) = report.published
    (notice,) = report.notices
    named = {row.row_id for row in notice.notice_rows.select_related("row")}
    assert notice.rows == reach.rows == len(named) > 0
    assert (notice.erasure, notice.cause, notice.basis) == (report.erasure, None, "erased")
    assert "delete_copies" in notice.actions
    assert any(f"E-{export.number}" in line for line in report.excepted)
    assert verify_folder(folder, keys=trusted()).ok
    proved()


def test_rows_that_a_withdrawal_recalled_are_not_named_again(show: Stage) -> None:
    show.releases()
    mine = list(party("editor-1").authorisations.all())
    withdrawn = withdraw(authorisations=mine, actor=SYSTEM)
    assert withdrawn.notices
    assert gone(show).notices == ()


def test_a_release_in_progress_is_written_again_without_them(show: Stage) -> None:
    export = show.orders()
    while export.state != Export.State.BUILDING:
        advance(export.pk)
        export.refresh_from_db()
    while build(export.pk):
        pass
    assert ExportShard.objects.filter(export=export, state="done").exists()
    assert b"The turn waits for the door." in _bytes(export)
    report = gone(show)
    assert [each.export.pk for each in report.in_progress] == [export.pk]
    assert not (places.root() / str(export.uid)).exists()
    assert set(ExportRowDropped.objects.values_list("code", flat=True)) == {"TEXT_ERASED"}
    finished(export)
    folder = places.root() / export.folder
    rows = [row for path in folder.glob("data/*/*.parquet") for row in pq.read_table(path).to_pylist()]
    assert len(rows) == export.rows.filter(dropped=None).count()
    assert "The turn waits for the door." not in str(rows)
    assert not RecallNotice.objects.exists()
    assert verify_folder(folder, keys=trusted()).ok
    proved()


def _bytes(export: Export) -> bytes:
    paths = sorted((places.root() / str(export.uid)).rglob("*.parquet"))
    return b"".join(str(pq.read_table(path).to_pylist()).encode() for path in paths)


def test_a_preview_keeps_nothing(show: Stage) -> None:
    show.releases()
    before = (AuditEvent.objects.count(), DecisionText.objects.count())
    report = gone(show, is_preview=True)
    assert (report.erasure, report.notices, len(report.published)) == (None, (), 1)
    assert report.counts["decision texts"] == 3
    assert (AuditEvent.objects.count(), DecisionText.objects.count()) == before
    assert not Erasure.objects.exists()
    assert party("editor-1")
    assert gone(show).counts == report.counts


@pytest.mark.parametrize("basis", ["", "x", "a\nb", "x" * 65, "names Ünal"])
def test_a_basis_names_the_law(show: Stage, basis: str) -> None:
    with pytest.raises(NotValidError) as refused:
        erase(party=party("editor-1"), production=show.production, basis=basis, actor=SYSTEM)
    assert refused.value.field == "basis"
    assert not Erasure.objects.exists()


def test_nothing_goes_under_a_legal_hold(show: Stage) -> None:
    govern(production=show.production, actor=SYSTEM, legal_hold=True)
    with pytest.raises(ConflictError, match="expected no legal hold"):
        gone(show)
    assert DecisionText.objects.count() == 3
    govern(production=show.production, actor=SYSTEM, legal_hold=False)
    assert gone(show).erasure


def test_another_production_s_party_is_unknown(show: Stage) -> None:
    other = stage("other-show")
    with pytest.raises(NotFoundError):
        erase(party=party("editor-1"), production=other.production, basis=LAW, actor=SYSTEM)


@pytest.mark.parametrize(
    ("role", "error"),
    [
        ("editor", NotAllowedError), ("producer", NotAllowedError), ("auditor", NotAllowedError),
        ("", NotFoundError), ("consent_officer", None),
    ],
)  # fmt: skip
def test_only_the_officer_erases(show: Stage, role: str, error: type[Exception] | None) -> None:
    user = add_user(username="somebody", actor=SYSTEM).user
    if role:
        add_member(user=user, production=show.production, role=role, actor=SYSTEM)
    arguments: dict[str, Any] = {
        "party": party("editor-1"), "production": show.production, "basis": LAW, "actor": actor_for_user(user),
    }  # fmt: skip
    if error is None:
        assert erase(**arguments).erasure
        return
    with pytest.raises(error):
        erase(**arguments)
    assert not Erasure.objects.exists()


def test_a_login_is_erased_once_it_works_nowhere(show: Stage) -> None:
    user = add_user(username="erika-person", email="erika@person.example", actor=SYSTEM).user
    member = add_member(user=user, production=show.production, role="editor", contributor_id="editor-1", actor=SYSTEM)
    with pytest.raises(ConflictError, match="end it first"):
        gone(show)
    end_membership(member=member, actor=SYSTEM)
    elsewhere = Production.objects.create(
        code="elsewhere", title="Else", rate_num=24, created_at=show.production.created_at
    )
    other = add_member(user=user, production=elsewhere, role="editor", actor=SYSTEM)
    kept = gone(show, is_preview=True)
    assert any("works beyond" in line for line in kept.excepted)
    end_membership(member=other, actor=SYSTEM)
    report = gone(show)
    user.refresh_from_db()
    assert (user.username, user.email, user.is_active) == (f"erased-{user.uid.hex}", "", False)
    assert report.counts["names"] == 2
    proved()


def test_the_tables_are_rewritten_once_nobody_reads_what_was_erased(
    show: Stage, fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = fresh_database.connect("superuser")
    reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    reader.execute("SELECT 1")  # its snapshot, and no lock
    gone(show)
    monkeypatch.setattr(rewriting, "PATIENCE_S", 0.0)
    with pytest.raises(rewriting.VacuumRefusedError, match="reading since before the erasure"):
        rewriting.vacuum()
    reader.execute("COMMIT")
    monkeypatch.setattr(rewriting, "PATIENCE_S", 60.0)  # the server's own workers read as well
    assert rewriting.vacuum() == len(rewriting.TABLES)


def test_every_table_with_words_is_rewritten() -> None:
    """Each table of the house with text that can change or go is among those that are rewritten."""
    texts = {vouched.text.table for vouched in VOUCHED.values() if vouched.text}
    assert texts | {"loop_contributor", "loop_credit", "loop_decision_draft", "loop_audit_payload"} <= set(
        rewriting.TABLES
    )
