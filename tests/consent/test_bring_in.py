"""Parties and authorisations from a file of lines: whole or not at all, each bad line by its number and field."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from loop.audit.models import AuditEvent
from loop.audit.verify import verify
from loop.consent.bring_in import RegistryReport, bring_in
from loop.consent.models import Authorisation, Evidence
from loop.consent.notice import record_notice
from loop.gate.explain import explain
from loop.kernel.actor import SYSTEM
from loop.kernel.errors import NotAllowedError, NotFoundError
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.models import Contributor
from loop.people.party import register_party
from loop.people.querysets import actor_for_user
from loop.suggestion.models import Suggestion
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, few_lines, stage

TEXT = b"Signed by hand."
PURPOSE = "ai_generative_training"


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "signed").mkdir()
    (tmp_path / "signed" / "a.txt").write_bytes(TEXT)
    (tmp_path.parent / "outside.txt").write_bytes(TEXT)
    return tmp_path


def record(party: str = "director-1", **changes: Any) -> dict[str, Any]:
    return {
        "record": "authorisation", "party": party, "basis": "consent", "uses": {PURPOSE: "allowed"},
        "recipients": ["night-ferry-lab"], "valid_from": "2026-01-01", "valid_until": "2030-12-31",
        "evidence": {"file": "signed/a.txt", "kind": "rider"},
    } | changes  # fmt: skip


def read(show: Stage, folder: Path, *lines: dict[str, Any], **options: Any) -> RegistryReport:
    path = folder / "registry.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return bring_in(lines=path, production=show.production, actor=options.pop("actor", SYSTEM), **options)


def state() -> tuple[int, ...]:
    """How much there is of everything that a file may add."""
    stored = Path(settings.MEDIA_ROOT) / "evidence"
    files = len(list(stored.iterdir())) if stored.exists() else 0
    return (
        Authorisation.objects.count(), Contributor.objects.count(), Evidence.objects.count(),
        AuditEvent.objects.count(), files,
    )  # fmt: skip


EVERYTHING = record(
    id="a-2", supersedes="a-1", basis="contract_licence", party="estate-1",
    uses={PURPOSE: {"value": "constrained", "constraint": {"profiles": ["preference"]}}, "research": "notAllowed"},
    recipient_kinds=["internal"], territory=["US"], deny_territory=["CN"], capacities=["author_of_source"],
    material_kinds=["script"], granted_by="A. Executor", representative_proof="probate 17",
    on_withdrawal=["delete_copies"], withdrawal_method="by letter", retention_days=365, jurisdiction="US-CA",
    compensation={"term": "one_fee", "status": "paid", "amount": "12.50", "currency": "USD"},
    guild={"name": "WRITERS", "agreement": "2026", "notice_ref": "n-4"}, notice={"version": "1", "language": "en"},
    evidence={
        "file": "signed/a.txt", "sha256": hashlib.sha256(TEXT).hexdigest(), "kind": "rider", "method": "wet ink",
        "signed_at": "2026-01-01T10:00:00Z",
    },
)  # fmt: skip
ESTATE = {"record": "party", "id": "estate-1", "kind": "estate", "name": "Estate of A. Writer", "functions": ["author"]}
MINOR = {"record": "party", "id": "editor-1", "minor_until": "2031-02-03"}


def test_every_field_arrives_and_the_same_file_changes_nothing(show: Stage, folder: Path) -> None:
    record_notice(version="1", language="en", text="What we ask of you.", actor=SYSTEM)
    lines = (ESTATE, MINOR, record("estate-1", id="a-1"), EVERYTHING, record("editor-1"))
    report = read(show, folder, *lines)
    assert (report.errors, report.kept) == ([], True)
    assert (report.parties_new, report.authorisations_new, report.authorisations_known) == (1, 3, 0)
    estate = Contributor.objects.get(external_id="estate-1")
    assert (estate.kind, estate.name) == ("estate", "Estate of A. Writer")
    assert Contributor.objects.get(external_id="editor-1").minor_until == date(2031, 2, 3)
    first, second = Authorisation.objects.filter(party=estate).order_by("id")
    assert second.supersedes == first
    assert second.uses == {
        PURPOSE: {"value": "constrained", "constraint": {"profiles": ["preference"]}},
        "research": {"value": "notAllowed"},
    }
    assert (second.basis, second.territory_allow, second.territory_deny) == ("contract_licence", ["US"], ["CN"])
    assert (second.granted_by, second.representative_proof, second.retention_days) == ("A. Executor", "probate 17", 365)
    assert (second.compensation["amount"], second.guild["notice_ref"], second.notice is None) == ("12.50", "n-4", False)
    assert (second.evidence.kind, second.evidence.method, second.jurisdiction) == ("rider", "wet ink", "US-CA")
    before = state()
    again = read(show, folder, *lines)
    assert (again.kept, again.parties_new, again.authorisations_new, again.authorisations_known) == (True, 0, 0, 3)
    assert state() == before
    assert [str(problem) for problem in verify().problems] == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (record("nobody"), "line 2: party: expected a party of night-ferry, found 'nobody'"),
        (record(valid_until="2025-12-31"), "line 2: valid_until: expected 2026-01-01 or later (valid_from), found"),
        (record(valid_from="yesterday"), "line 2: valid_from: expected a date like 2026-11-20, found 'yesterday'"),
        (record(uses={}), "line 2: uses: expected at least one purpose with a value, found none"),
        (record(uses={"digital_replica": "allowed"}), "line 2: uses: digital_replica is never granted here"),
        (record(uses={PURPOSE: 1}), f"line 2: uses.{PURPOSE}: expected allowed"),
        (record(recipients=["stranger"]), "line 2: recipients: expected a registered recipient, found 'stranger'"),
        (record(recipients=[]), "line 2: recipients: expected at least one recipient"),
        (record(territory=["XX"]), "line 2: territory: expected two-letter country codes"),
        (record(retention_days=-1), "line 2: retention_days: expected 0 or more, found -1"),
        (record(compensation={"amount": "5", "currency": "USD"}), "line 2: compensation: expected a term"),
        (record(supersedes="a-9"), "line 2: supersedes: expected the id of an earlier line"),
        (record(notice={"version": "9", "language": "en"}), "line 2: notice: expected a recorded notice"),
        (record(evidence={"file": "signed/none.txt"}), "line 2: evidence: expected a readable file"),
        (record(evidence={"file": "../outside.txt"}), "line 2: evidence.file: expected a path inside the folder"),
        (record(evidence={"file": "signed/a.txt", "sha256": "0" * 64}), "line 2: evidence.sha256: expected 0"),
        (record(evidence={"sha256": "0" * 64}), "line 2: evidence.sha256: expected a stored document"),
        (record(evidence={}), "line 2: evidence.file: expected a file or the sha256"),
        (record(evidence=None), "line 2: evidence: expected a file or the sha256"),
        (record(colour="red"), "line 2: colour: expected a field of the format"),
        (record(id="a-0"), "line 2: id: expected each once, found 'a-0' again"),
        ({"record": "song"}, "line 2: record: expected party or authorisation, found 'song'"),
        ({"record": "party", "id": "x", "kind": "ghost"}, "line 2: kind: expected one of person"),
        (ESTATE | {"minor_until": "2030-01-01"}, "line 2: minor_until: expected a person, found a party"),
    ],
)  # fmt: skip
def test_one_bad_line_and_nothing_is_kept(show: Stage, folder: Path, line: dict[str, Any], problem: str) -> None:
    before = state()
    report = read(show, folder, record(id="a-0"), line)
    assert not report.kept
    assert report.errors[0].startswith(problem), report.errors
    assert state() == before
    assert read(show, folder, record(id="a-0")).kept  # the good line alone is kept: the same set-up succeeds


def test_a_line_that_follows_a_bad_one_says_so(show: Stage, folder: Path) -> None:
    report = read(show, folder, record("nobody", id="a-1"), record("editor-1", supersedes="a-1"), record("editor-1"))
    assert [error.split(",")[0] for error in report.errors] == [
        "line 1: party: expected a party of night-ferry", "line 2: supersedes: expected a good line",
    ]  # fmt: skip


def test_a_trial_keeps_nothing_and_says_what_it_would(show: Stage, folder: Path) -> None:
    before = state()
    report = read(show, folder, ESTATE, record("estate-1"), trial=True)
    assert (report.kept, report.parties_new, report.authorisations_new, report.error_count) == (False, 1, 1, 0)
    assert state() == before


def test_only_who_keeps_the_registry_may(show: Stage, folder: Path) -> None:
    people = {}
    for role in ("consent_officer", "producer", "editor", ""):
        user = add_user(username=role or "stranger", actor=SYSTEM).user
        if role:
            add_member(user=user, production=show.production, role=role, actor=SYSTEM)
        people[role] = actor_for_user(user)
    for role, error in (("producer", NotAllowedError), ("editor", NotAllowedError), ("", NotFoundError)):
        with pytest.raises(error):
            read(show, folder, ESTATE, actor=people[role])
    with pytest.raises(NotAllowedError):
        register_party(production=show.production, external_id="estate-1", actor=people["editor"])
    assert read(show, folder, ESTATE, actor=people["consent_officer"]).kept
    party = register_party(production=show.production, external_id="estate-1", actor=people["producer"], name="Heirs")
    assert party.name == "Heirs"


def test_on_the_command_line_it_goes_round(show: Stage, folder: Path) -> None:
    path = folder / "in.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in (ESTATE, MINOR, record("estate-1"), record("editor-1"))))
    assert run("registry", "import", str(path), "--production", "night-ferry", "--check").startswith(
        "Would record 1 new"
    )
    assert run("registry", "import", str(path), "--production", "night-ferry") == (
        "Recorded 1 new parties and 2 authorisations; 0 were known.\n"
    )
    out = run("registry", "export", "--production", "night-ferry")
    (folder / "out.jsonl").write_text(out)
    before = state()
    assert run("registry", "import", str(folder / "out.jsonl"), "--production", "night-ferry").endswith(
        "2 were known.\n"
    )
    assert state() == before
    assert run("registry", "export", "--production", "night-ferry") == out
    path.write_text("{}\nnot json\n")
    err = StringIO()
    with pytest.raises(CommandError, match="Nothing was kept: 2 problems in 2 lines"):
        call_command("registry", "import", str(path), "--production", "night-ferry", stderr=err)
    assert err.getvalue().startswith("line 1: record: expected party or authorisation, found nothing\nline 2: line: ")


def test_a_minor_of_the_command_line_is_asked_by_the_gate(show: Stage, folder: Path) -> None:
    show.authorises()
    suggestion = Suggestion.objects.get(external_id="s0")

    def codes() -> set[str]:
        [row] = explain(suggestion=suggestion, purpose=PURPOSE, recipient=show.recipient).rows
        return set(row.verdict.codes)

    assert codes() == set()
    run("party", "change", "editor-1", "--production", "night-ferry", "--minor-until", "2999-01-01")
    assert codes() == {"SENSITIVE_SUBJECT"}
    assert "editor-1: no name, person, a minor until 2999-01-01" in run("party", "list", "--production", "night-ferry")
    run("party", "change", "editor-1", "--production", "night-ferry", "--of-age")
    assert codes() == set()
    with pytest.raises(CommandError, match="knows no 'ghost'"):
        run("party", "change", "ghost", "--production", "night-ferry")
    with pytest.raises(CommandError, match="expected a person, found a party that is estate"):
        run("party", "add", "e", "--production", "night-ferry", "--kind", "estate", "--minor-until", "2030-01-01")
    assert not Contributor.objects.filter(external_id="e").exists()


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()
