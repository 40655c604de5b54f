"""What cannot be recorded: the field is named, with what was expected and found, and nothing is written.

Through the verb, on the command line and on the page alike: no row, no event, no file.
"""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from loop.consent.agreement import AgreementTerms, record_agreement
from loop.consent.change import change_state
from loop.consent.evidence import document_of
from loop.consent.grant import grant
from loop.consent.guild import record_guild_notice
from loop.consent.models import Authorisation
from loop.consent.recording import GrantTerms
from loop.kernel.actor import SYSTEM
from loop.kernel.errors import ConflictError, LoopError
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.models import Contributor
from tests.support.databases import FreshDatabase
from tests.support.releases import PURPOSE, YEAR, Stage, few_lines, stage, today

CODE = "night-ferry"
TOMORROW = today() + timedelta(days=1)
PAPER = b"I allow it. Signed on paper."
DIGEST = "0" * 64

USES = f"use_{PURPOSE}"
# what is wrong: (the verb's terms, the command's words, the page's fields, the field named, the words said)
Row = tuple[dict[str, Any], dict[str, Any], dict[str, Any], str, str]
ROWS: dict[str, Row] = {
    "dates in the wrong order": (
        {"valid_until": date(2026, 1, 1)}, {"valid_until": "2026-01-01"}, {"valid_until": "2026-01-01"},
        "valid_until", "or later (valid_from), found 2026-01-01",
    ),
    "signed in days to come": (
        {"evidence": document_of("paper.txt", PAPER, signed_at=datetime(TOMORROW.year, TOMORROW.month, TOMORROW.day,
                                                                        12, tzinfo=UTC))},
        {"signed_at": (TOMORROW + timedelta(days=1)).isoformat()},
        {"signed_on": (TOMORROW + timedelta(days=1)).isoformat()},
        "evidence.signed_at", "or earlier, found",
    ),
    "unknown territory": (
        {"territory": ["US", "XX"]}, {"territory": ["US", "XX"]}, {"territory": "US, XX"},
        "territory", "country codes of ISO 3166-1 (US, GB, DE ...), found 'XX'",
    ),
    "territory allowed and denied": (
        {"territory": ["US", "GB"], "deny_territory": ["GB"]},
        {"territory": ["US", "GB"], "deny_territory": ["GB"]},
        {"territory": "US, GB", "deny_territory": "GB"},
        "deny_territory", "found GB in both",
    ),
    "no use": ({"uses": {}}, {"use": []}, {USES: ""}, "uses", "expected at least one purpose with a value, found none"),
    "a digital replica": (
        {"uses": {"digital_replica": "allowed"}}, {"use": ["digital_replica=allowed"]}, {},
        "uses", "digital_replica is never granted here",
    ),
    "an unknown purpose": (
        {"uses": {"training": "allowed"}}, {"use": ["training=allowed"]}, {},
        "uses", "expected one of ai_evaluation",
    ),
    "a condition without a condition's value": (
        {"uses": {PURPOSE: {"value": "constrained", "constraint": {"recipients": "lab"}}}},
        {"use": [f"{PURPOSE}=constrained"], "constraint": [f'{PURPOSE}={{"recipients": "lab"}}']},
        {USES: "constrained", "conditions": f'{{"{PURPOSE}": {{"recipients": "lab"}}}}'},
        "uses", "constraint.recipients: expected a list of names, found 'lab'",
    ),
    "a condition of a day that is none": (
        {"uses": {PURPOSE: {"value": "constrained", "constraint": {"not_after": "2026-02-30"}}}},
        {"use": [f"{PURPOSE}=constrained"], "constraint": [f'{PURPOSE}={{"not_after": "2026-02-30"}}']},
        {USES: "constrained", "conditions": f'{{"{PURPOSE}": {{"not_after": "2026-02-30"}}}}'},
        "uses", "constraint.not_after: expected a date like 2026-11-20, found '2026-02-30'",
    ),
    "negative retention": (
        {"retention_days": -1}, {"retention_days": -1}, {"retention_days": "-1"},
        "retention_days", "expected 0 to 109500 days, found -1",
    ),
    "compensation without a currency": (
        {"compensation": {"term": "one_fee", "amount": "5"}},
        {"compensation_term": "one_fee", "compensation_amount": "5"},
        {"compensation_term": "one_fee", "compensation_amount": "5"},
        "compensation", "compensation.currency: expected three capitals beside an amount, found ''",
    ),
    "compensation due some day": (
        {"compensation": {"term": "per_row_fee", "due": "soon"}},
        {"compensation_term": "per_row_fee", "compensation_due": "soon"},
        {"compensation_term": "per_row_fee", "compensation_due": "soon"},
        "compensation", "compensation.due: expected a date like 2026-11-20, or days after a release (30 days), found",
    ),
    "an unknown recipient": (
        {"recipients": ["nobody"]}, {"recipient": ["nobody"]}, {},
        "recipients", "expected a registered recipient, found 'nobody'",
    ),
    "nobody may receive": (
        {"recipients": []}, {"recipient": []}, {"recipients": []},
        "recipients", "naming nobody allows nobody",
    ),
    "another jurisdiction": (
        {"jurisdiction": "california"}, {"jurisdiction": "california"}, {"jurisdiction": "california"},
        "jurisdiction", "expected a country or a part of one",
    ),
}  # fmt: skip


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage(CODE)
    made.brings_in(few_lines())
    return made


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    path = tmp_path / "paper.txt"
    path.write_bytes(PAPER)
    return path


def everything() -> dict[str, int]:
    """Rows of every table but sessions, and files in the store."""
    counted = {
        model._meta.db_table: model._default_manager.count()
        for model in apps.get_models()
        if model._meta.app_label == "loop"
    }
    return counted | {"files": sum(1 for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())}


def party(name: str = "editor-1") -> Contributor:
    return Contributor.objects.get(external_id=name)


def by_verb(show: Stage, who: str = "editor-1", **changes: Any) -> Authorisation:
    usual: dict[str, Any] = {
        "production": show.production, "uses": {PURPOSE: "allowed"}, "basis": "consent",
        "evidence": document_of("paper.txt", PAPER, kind="authorisation"), "valid_from": today() - YEAR + YEAR,
        "valid_until": today() + YEAR, "recipients": [show.recipient.code],
    }  # fmt: skip
    return grant(party=party(who), given=GrantTerms(**(usual | changes)), actor=SYSTEM)


def by_command(show: Stage, paper: Path, **changes: Any) -> str:
    out = io.StringIO()
    usual: dict[str, Any] = {
        "production": CODE, "party": "editor-1", "use": [f"{PURPOSE}=allowed"], "basis": "consent", "evidence": paper,
        "valid_from": today().isoformat(), "valid_until": (today() + YEAR).isoformat(),
        "recipient": [show.recipient.code],
    }  # fmt: skip
    words = []
    for name, value in (usual | changes).items():
        argument = f"--{name.replace('_', '-')}"
        if name in ("territory", "deny_territory"):
            words += [argument, ",".join(value)]
        else:
            for each in value if isinstance(value, list) else [value]:
                words += [f"{argument}={each}"]
    call_command("authorise", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def officer(show: Stage) -> Client:
    user = add_user(username="officer", actor=SYSTEM).user
    add_member(user=user, production=show.production, role="consent_officer", actor=SYSTEM)
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def by_page(show: Stage, officer: Client, **changes: Any) -> Any:
    usual: dict[str, Any] = {
        "party": str(party().uid), USES: "allowed", "basis": "consent", "recipients": [show.recipient.code],
        "valid_from": today().isoformat(), "valid_until": (today() + YEAR).isoformat(),
        "evidence": SimpleUploadedFile("paper.txt", PAPER),
    }  # fmt: skip
    return officer.post(f"/p/{CODE}/authorisations/new/", usual | changes)


@pytest.mark.parametrize("name", ROWS)
def test_the_verb_names_the_field_and_writes_nothing(show: Stage, name: str) -> None:
    changes, _, _, field, words = ROWS[name]
    before = everything()
    with pytest.raises(LoopError) as refused:
        by_verb(show, **changes)
    assert str(refused.value.facts["field"]).startswith(field.partition(".")[0])
    assert field in str(refused.value)
    assert words in str(refused.value)
    assert everything() == before
    by_verb(show)


@pytest.mark.parametrize("name", ROWS)
def test_the_command_says_the_same_and_writes_nothing(show: Stage, paper: Path, name: str) -> None:
    _, changes, _, field, words = ROWS[name]
    before = everything()
    with pytest.raises(CommandError) as refused:
        by_command(show, paper, **changes)
    if name != "no use":  # the parser asks for one by its own name
        assert field in str(refused.value)
        assert words in str(refused.value)
    assert everything() == before
    assert "Recorded 1 authorisation." in by_command(show, paper)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row[2]])
def test_the_page_says_it_beside_the_field_and_writes_nothing(show: Stage, officer: Client, name: str) -> None:
    _, _, changes, _, words = ROWS[name]
    before = everything()
    answer = by_page(show, officer, **changes)
    assert answer.status_code == 422
    said = [error for errors in answer.context["form"].errors.values() for error in errors]
    assert any(words in error for error in said), said
    assert everything() == before
    assert by_page(show, officer).status_code == 302


def test_a_document_that_is_another_than_the_one_named(show: Stage, paper: Path, officer: Client) -> None:
    before = everything()
    with pytest.raises(CommandError, match=f"evidence_sha256: expected a document of SHA-256 {DIGEST}, found "):
        by_command(show, paper, evidence_sha256=DIGEST)
    answer = by_page(show, officer, evidence_sha256=DIGEST)
    assert "expected a document of SHA-256" in answer.context["form"].errors["evidence_sha256"][0]
    assert everything() == before
    digest = document_of("paper.txt", PAPER).sha256
    assert "Recorded 1" in by_command(show, paper, evidence_sha256=digest.upper())


def test_the_same_paper_twice_for_times_that_overlap(show: Stage, paper: Path, officer: Client) -> None:
    earlier = by_verb(show)
    before = everything()
    with pytest.raises(ConflictError, match=f"valid_from: expected a time without .* found {earlier.uid}"):
        by_verb(show, valid_until=today() + 2 * YEAR)
    with pytest.raises(CommandError, match="valid_from: expected a time without"):
        by_command(show, paper)
    answer = by_page(show, officer, evidence_kind="authorisation")
    assert "found " + str(earlier.uid) in answer.context["form"].errors["valid_from"][0]
    assert everything() == before
    by_verb(show, valid_from=today() + YEAR + timedelta(days=1), valid_until=today() + 2 * YEAR)
    by_verb(show, uses={PURPOSE: "notAllowed"})  # another word: which of them counts is the gate's to say
    by_command(show, paper, supersedes=str(earlier.uid))


def test_a_use_is_allowed_or_not_in_one_record(show: Stage, paper: Path) -> None:
    before = everything()
    with pytest.raises(CommandError, match=f"--use: {PURPOSE} is given twice"):
        by_command(show, paper, use=[f"{PURPOSE}=allowed", f"{PURPOSE}=notAllowed"])
    assert everything() == before


def test_an_unknown_party(show: Stage, paper: Path, officer: Client) -> None:
    before = everything()
    with pytest.raises(CommandError, match="--party: night-ferry knows no 'nobody'"):
        by_command(show, paper, party="nobody")
    assert "party" in by_page(show, officer, party=DIGEST).context["form"].errors
    assert everything() == before


def test_nobody_replaces_or_renews_what_another_party_said(show: Stage, paper: Path, officer: Client) -> None:
    theirs = by_verb(show, "director-1")
    before = everything()
    with pytest.raises(LoopError, match=f"supersedes: expected a record of the same party, found {theirs.uid}"):
        by_verb(show, supersedes=theirs)
    for argument in ("supersedes", "renews"):
        with pytest.raises(CommandError, match="supersedes: expected a record of the same party"):
            by_command(show, paper, **{argument: str(theirs.uid)})
    answer = by_page(show, officer, supersedes=str(theirs.uid))
    assert "expected a record of the same party" in answer.context["form"].errors["supersedes"][0]
    assert everything() == before


def test_only_what_was_given_is_renewed(show: Stage, paper: Path) -> None:
    asked = by_verb(show, state="ConsentRequested")
    before = everything()
    with pytest.raises(CommandError, match=f"expected a record that was given, found {asked.uid}, which is requested"):
        by_command(show, paper, renews=str(asked.uid))
    with pytest.raises(LoopError, match="state: expected one of"):
        by_verb(show, state="ConsentWithdrawn")
    with pytest.raises(CommandError, match="--state: expected one of requested"):
        by_command(show, paper, state="withdrawn")
    assert everything() == before
    given = by_verb(show)
    by_command(show, paper, renews=str(given.uid))
    assert Authorisation.objects.order_by("-id")[0].events.get().state == "RenewedConsentGiven"


def test_a_state_that_cannot_follow(show: Stage) -> None:
    found = by_verb(show)
    before = everything()
    with pytest.raises(ConflictError, match="state: expected ConsentExpired to follow ConsentGiven, found"):
        change_state(authorisation=found, state="ConsentRefused", actor=SYSTEM)
    with pytest.raises(LoopError, match="state: expected one of"):
        change_state(authorisation=found, state="ConsentWithdrawn", actor=SYSTEM)
    with pytest.raises(CommandError, match="state: expected one of requested"):
        call_command("authorisation", "state", str(found.uid), "given")
    assert everything() == before
    call_command("authorisation", "state", str(found.uid), "expired")
    assert found.events.order_by("-id")[0].state == "ConsentExpired"


def test_a_notice_to_a_guild_that_the_production_has_not(show: Stage, paper: Path) -> None:
    before = everything()
    given: dict[str, Any] = {"production": show.production, "kind": "notice", "sent_on": today(), "actor": SYSTEM}
    with pytest.raises(LoopError, match="guild: expected one of"):
        record_guild_notice(guild="NOBODY", evidence=document_of("n.txt", PAPER), **given)
    with pytest.raises(CommandError, match="guild: expected one of"):
        call_command(
            "guild", "notice", "NOBODY", "--production", CODE, "--sent-on", "2026-01-01", "--evidence", str(paper)
        )
    assert everything() == before


@pytest.mark.parametrize(
    ("changes", "words", "message"),
    [
        ({"purposes": ["training"]}, {"--purposes": "training"}, "purposes: expected one of"),
        ({"purposes": ["digital_replica"]}, {"--purposes": "digital_replica"}, "purposes: digital_replica is never"),
        ({"signed_on": TOMORROW}, {"--signed-on": TOMORROW.isoformat()}, "signed_on: expected .* or earlier, found"),
        ({"places": ["Mars"]}, {"--places": "Mars"}, "places: expected two-letter country codes"),
        ({"retention_days": -1}, {"--retention-days": "-1"}, "retention_days: expected 0 to"),
        ({"use_days": -1}, {"--use-days": "-1"}, "use_days: expected 0 to"),
        ({"valid_until": date(2020, 1, 1)}, {"--until": "2020-01-01"}, "valid_until: expected"),
    ],
)
def test_a_bad_agreement(show: Stage, changes: dict[str, Any], words: dict[str, str], message: str) -> None:
    usual: dict[str, Any] = {
        "signed_on": today(), "valid_from": today(), "valid_until": today() + YEAR, "purposes": [PURPOSE]
    }  # fmt: skip
    before = everything()
    with pytest.raises(LoopError, match=message):
        record_agreement(recipient=show.recipient, agreement=AgreementTerms(**(usual | changes)), actor=SYSTEM)
    given = {"--purposes": PURPOSE, "--from": today().isoformat(), "--until": (today() + YEAR).isoformat()} | words
    with pytest.raises(CommandError, match=message):
        call_command("recipient", "agreement", show.recipient.code, *(f"{key}={each}" for key, each in given.items()))
    assert everything() == before
    record_agreement(recipient=show.recipient, agreement=AgreementTerms(**usual), actor=SYSTEM)


def test_every_field_of_an_agreement_by_command(show: Stage, paper: Path) -> None:
    call_command(
        "recipient", "agreement", show.recipient.code, "--purposes", PURPOSE, "--from", TOMORROW.isoformat(), "--until",
        (today() + YEAR).isoformat(), "--places", "US,CA", "--retention-days", "30", "--use-days", "20",
        "--weights-owner", "The Lab", "--no-perpetual-licence", "--sublicensing", "--evidence", str(paper),
        "--evidence-sha256", document_of("paper.txt", PAPER).sha256,
    )  # fmt: skip
    found = show.recipient.agreements.order_by("-id")[0]
    assert (found.weights_owner, found.perpetual_licence, found.sublicensing) == ("The Lab", False, True)
    assert (found.retention_days, found.use_days, found.places) == (30, 20, ["CA", "US"])
    assert found.signed_on == today()
    out = io.StringIO()
    call_command("recipient", "list", stdout=out)
    assert "weights belong to The Lab; perpetual licence: no; sublicensing: yes" in out.getvalue()
