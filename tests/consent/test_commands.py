"""The commands of the registry and the gate, as a person at a terminal meets them."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from loop.audit.models import AuditEvent
from loop.consent.models import ApprovalRequest, Authorisation, Evidence, Recipient, RecipientAgreement
from loop.kernel.actor import SYSTEM
from loop.people.member import add_member
from loop.people.models import Role, User
from loop.recall.models import RecallNotice
from loop.suggestion.models import ModelTerms
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, few_lines, officer, stage, today

CODE = "night-ferry"


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage(CODE)
    made.brings_in(few_lines())
    return made


@pytest.fixture
def rider(tmp_path: Path) -> str:
    path = tmp_path / "rider.txt"
    path.write_text("I allow it. Signed.")
    return str(path)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def authorise(rider: str, *more: str, who: tuple[str, ...] = ("--all-parties",)) -> str:
    return run(
        "authorise", "--production", CODE, *who, "--use", "ai_generative_training=allowed", "--recipient",
        f"{CODE}-lab", "--basis", "consent", "--evidence", rider, "--valid-from", "2026-01-01",
        "--valid-until", f"{today().year + 1}-12-31", *more,
    )  # fmt: skip


def test_a_recipient_is_added_with_its_agreement(fresh_database: FreshDatabase, rider: str) -> None:
    said = run(
        "recipient", "add", "lab", "--name", "The Lab", "--kind", "external", "--purposes", "ai_evaluation,research",
        "--from", "2026-01-01", "--until", "2026-12-31", "--places", "US,CA", "--signed-on", "2025-12-20",
        "--evidence", rider,
    )  # fmt: skip
    assert said == "Registered the recipient lab.\n"
    agreement = RecipientAgreement.objects.get()
    assert (agreement.purposes, agreement.places) == (["ai_evaluation", "research"], ["CA", "US"])
    run("recipient", "agreement", "lab", "--purposes", "data_mining", "--from", "2026-01-01", "--until", "2026-12-31")
    assert "2026-01-01 to 2026-12-31: ai_evaluation, research in CA, US" in run("recipient", "list")


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("--purposes", "research"), "--from, --until"),
        (("--purposes", "research", "--from", "2026-02-30", "--until", "2026-12-31"), "--from: expected a date"),
        (("--purposes", "research", "--from", "2026-03-01", "--until", "2026-02-01"), "valid_until"),
        (("--purposes", "training", "--from", "2026-03-01", "--until", "2026-12-01"), "purposes: expected one of"),
        (("--kind", "friend"), "kind: expected one of"),
    ],
)
def test_a_bad_recipient_leaves_nothing(fresh_database: FreshDatabase, arguments: tuple[str, ...], found: str) -> None:
    with pytest.raises(CommandError, match=found):
        run("recipient", "add", "lab", *arguments)
    assert not Recipient.objects.exists()


def test_the_terms_of_a_model(fresh_database: FreshDatabase) -> None:
    said = run("model", "terms", "vendor/model@2", "--training", "notAllowed", "--owner", "Studio")
    assert said == "vendor/model@2: training on its outputs notAllowed.\n"
    with pytest.raises(CommandError, match="training_on_outputs: expected one of"):
        run("model", "terms", "vendor/model@2", "--training", "maybe")
    assert ModelTerms.objects.count() == 1


def test_all_parties_authorise_and_rows_may_leave(show: Stage, rider: str) -> None:
    release, _ = show.releases()
    assert (release.rows_included, set(release.excluded_by_code)) == (0, {"CONSENT_MISSING"})
    assert "Recorded 2 authorisations." in authorise(rider)
    release, _ = show.releases()
    assert release.rows_included
    assert release.excluded_by_code == {}


@pytest.mark.parametrize(
    ("more", "found"),
    [
        (("--valid-until", "2025-01-01"), "valid_until: expected 2026-01-01 or later"),
        (("--valid-from", "soon"), "--valid-from: expected a date"),
        (("--use", "ai_training"), "--use: expected PURPOSE=VALUE"),
        (("--use", "ai_generative_training=notAllowed"), "--use: ai_generative_training is given twice"),
        (("--use", "mining=allowed"), "uses: expected one of"),
        (("--use", "digital_replica=allowed"), "digital_replica is never granted here"),
        (("--recipient", "nobody"), "recipients: expected a registered recipient, found 'nobody'"),
        (("--basis", "friendship"), "basis: expected one of"),
        (("--territory", "US,Mars"), "territory: expected two-letter country codes"),
        (("--capacity", "boss"), "capacities: expected one of"),
        (("--evidence", "/no/such/file"), "evidence: expected a readable file"),
        (("--production", "other"), "no production 'other'"),
        (("--actor", "nobody"), "no login 'nobody'"),
    ],
)
def test_a_bad_authorisation_leaves_nothing(show: Stage, rider: str, more: tuple[str, ...], found: str) -> None:
    before = AuditEvent.objects.count()
    with pytest.raises(CommandError, match=found):
        authorise(rider, *more)
    assert not Authorisation.objects.exists()
    assert not Evidence.objects.exists()
    assert AuditEvent.objects.count() == before


def test_an_unknown_party_is_refused_with_those_known(show: Stage, rider: str) -> None:
    with pytest.raises(CommandError, match=r"knows no 'mara'\. It knows: director-1, editor-1"):
        authorise(rider, who=("--party", "mara"))


def test_it_acts_in_somebodys_name(show: Stage, rider: str) -> None:
    for name, role in (("olga", Role.CONSENT_OFFICER), ("dora", Role.DATA)):
        user = User.objects.create(username=name)
        add_member(user=user, production=show.production, role=role, actor=SYSTEM)
    with pytest.raises(CommandError, match="needs the permission 'authorise'"):
        authorise(rider, "--actor", "dora")
    authorise(rider, "--actor", "olga", who=("--party", "editor-1"))
    pid = f"user:{User.objects.get(username='olga').uid}"
    assert AuditEvent.objects.get(type="authorisation.recorded").actor_pid == pid


def test_withdraw_shows_first_and_then_recalls(show: Stage, rider: str) -> None:
    authorise(rider)
    release, _ = show.releases()
    whose = ("withdraw", "--party", "director-1", "--production", CODE)
    shown = run(*whose, "--preview")
    assert "Published exports would be recalled:" in shown
    assert f"{CODE} E-{release.number} to {CODE}-lab for ai_generative_training: 2 rows" in shown
    assert not RecallNotice.objects.exists()
    with pytest.raises(CommandError, match="awaiting approval") as waits:
        run(*whose, "--reason", "changed my mind")
    assert waits.value.returncode == 3
    assert not RecallNotice.objects.exists()
    officer(show)
    add_member(user=User.objects.create(username="dora"), production=show.production, role=Role.DATA, actor=SYSTEM)
    for name, refusal in (("nobody", "There is no login"), ("dora", "Only a consent officer")):
        with pytest.raises(CommandError, match=refusal):
            run(*whose, "--approve-as", name)
    asked = ApprovalRequest.objects.get()
    assert f"{asked.uid}  waiting" in run("approve", "list", "--production", CODE)
    told = run("approve", "show", str(asked.uid))
    assert "Reason: changed my mind" in told
    assert "state: ConsentWithdrawn" in told
    with pytest.raises(CommandError, match="There is no request"):
        run("approve", "show", "none")
    assert not RecallNotice.objects.exists()
    done = run(*whose, "--reason", "changed my mind", "--approve-as", "olga")
    assert "Nothing waits" in run("approve", "list")
    assert f"{asked.uid}  approved" in run("approve", "list", "--all")
    assert "Published exports recalled:" in done
    assert f"Recall notice {RecallNotice.objects.get().uid}: 2 rows" in done
    with pytest.raises(CommandError, match="expected an authorisation of director-1"):
        run(*whose)
    one = Authorisation.objects.get(party__external_id="director-1")
    with pytest.raises(CommandError, match="withdrawn already"):
        run("withdraw", "--authorisation", str(one.uid))
    for arguments in (("--authorisation", "none"), ("--party", "director-1")):
        with pytest.raises(CommandError):
            run("withdraw", *arguments)


def test_explain_names_every_rule_with_its_evidence(show: Stage, rider: str) -> None:
    question = ("--purpose", "ai_generative_training", "--recipient", f"{CODE}-lab", "--profile", "preference")
    said = run("explain", "s5", *question)
    assert said.count("may not leave (CONSENT_MISSING)") == 2
    assert "-> The consent officer: ask the party and record its answer." in said
    authorise(rider, who=("--party", "director-1"))
    said = run("explain", "s5", *question)
    assert "Accept by director-1: may leave" in said
    assert "Reject by editor-1: may not leave (CONSENT_MISSING)" in said
    assert str(Authorisation.objects.get().uid) in said
    assert "Undecided: may not leave (CONTRIBUTOR_UNKNOWN)" in run("explain", "s7", *question)
    assert "(RECIPIENT_NOT_AUTHORISED, " in run("explain", "s5", *question, "--date", "2001-01-01")
    with pytest.raises(CommandError, match="no suggestion 's99'"):
        run("explain", "s99", *question)
