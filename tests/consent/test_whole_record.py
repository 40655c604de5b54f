"""Every field of the gate can be recorded on the command line, and each bad one is refused by its name."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from loop.consent.models import Authorisation, Recipient, RecipientAgreement
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, few_lines, stage, today

CODE = "night-ferry"
PURPOSE = "ai_generative_training"


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


def authorise(rider: str, *more: str, party: str = "editor-1", value: str = "allowed") -> Authorisation:
    out = StringIO()
    call_command(
        "authorise", "--production", CODE, "--party", party, "--use", f"{PURPOSE}={value}", "--recipient",
        f"{CODE}-lab", "--basis", "consent", "--evidence", rider, "--valid-from", "2026-01-01",
        "--valid-until", f"{today().year + 1}-12-31", *more, stdout=out,
    )  # fmt: skip
    return Authorisation.objects.get(uid=out.getvalue().split()[0])


def test_all_of_it_is_recorded(show: Stage, rider: str) -> None:
    earlier = authorise(rider, value="notAllowed")
    found = authorise(
        rider, "--constraint", f'{PURPOSE}={{"recipients": ["{CODE}-lab"]}}', "--evidence-kind", "rider",
        "--granted-by", "A. Guardian", "--guild", "WRITERS", "--retention-days", "365", "--jurisdiction", "US-CA",
        "--supersedes", str(earlier.uid), "--compensation-term", "one_fee", "--compensation-status", "paid",
        "--compensation-amount", "250.00", "--compensation-currency", "USD", value="constrained",
    )  # fmt: skip
    assert found.uses == {PURPOSE: {"value": "constrained", "constraint": {"recipients": [f"{CODE}-lab"]}}}
    assert found.compensation == {"term": "one_fee", "status": "paid", "amount": "250.00", "currency": "USD"}
    assert (found.guild, found.granted_by, found.evidence.kind) == ({"name": "WRITERS"}, "A. Guardian", "rider")
    assert (found.retention_days, found.jurisdiction, found.supersedes) == (365, "US-CA", earlier)


def test_what_replaces_an_earlier_refusal_lets_the_rows_leave(show: Stage, rider: str) -> None:
    show.authorises("director-1")
    earlier = authorise(rider, value="notAllowed")
    assert set(show.releases()[0].excluded_by_code) == {"USE_NOT_ALLOWED"}
    authorise(rider, "--supersedes", str(earlier.uid))
    assert show.releases()[0].excluded_by_code == {}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--constraint", "ai_training={}"), "--constraint: expected PURPOSE=JSON of a purpose under --use"),
        (("--constraint", f"{PURPOSE}={{"), "--constraint: ai_generative_training: Expected JSON"),
        (("--constraint", f"{PURPOSE}=[1]"), "expected a constraint of named conditions"),
        (("--retention-days", "-1"), "retention_days: expected 0 to"),
        (("--jurisdiction", "california"), "jurisdiction: expected a country"),
        (("--jurisdiction", "US-"), "jurisdiction: expected a country"),
        (("--supersedes", "nothing"), "--supersedes: there is no authorisation"),
        (("--compensation-status", "paid"), "compensation: expected a term"),
        (("--compensation-term", "fee", "--compensation-amount", "much"), "compensation.amount: expected a number"),
        (("--compensation-term", "fee", "--compensation-amount", "5"), "compensation.currency: expected three"),
        (("--compensation-term", "fee", "--compensation-currency", "USD"), "compensation.currency: expected three"),
    ],
)
def test_a_bad_field_is_refused_and_nothing_is_kept(
    show: Stage, rider: str, words: tuple[str, ...], found: str
) -> None:
    with pytest.raises(CommandError, match=found):
        authorise(rider, *words, value="constrained")
    assert not Authorisation.objects.exists()
    assert authorise(rider, value="constrained")


def test_nobody_replaces_what_another_party_said(show: Stage, rider: str) -> None:
    other = authorise(rider, party="director-1")
    with pytest.raises(CommandError, match="supersedes: expected a record of the same party"):
        authorise(rider, "--supersedes", str(other.uid))
    assert Authorisation.objects.get() == other


def test_an_agreement_says_how_long_it_keeps_and_uses(fresh_database: FreshDatabase) -> None:
    words = ["recipient", "add", "lab", "--purposes", "research", "--from", "2026-01-01", "--until", "2026-12-31"]
    with pytest.raises(CommandError, match="use_days: expected 0 to"):
        call_command(*words, "--retention-days", "90", "--use-days", "-1")
    with pytest.raises(CommandError, match="An agreement needs also"):
        call_command("recipient", "add", "lab", "--retention-days", "0")
    assert not Recipient.objects.exists()
    call_command(*words, "--retention-days", "90", "--use-days", "30", stdout=StringIO())
    agreement = RecipientAgreement.objects.get()
    assert (agreement.retention_days, agreement.use_days) == (90, 30)
