"""Guild notices: recorded with their evidence by command, asked for by rule 13, refused with the field."""

from datetime import date, timedelta
from fractions import Fraction
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from loop.consent.evidence import document_of
from loop.consent.guild import record_guild_notice
from loop.consent.models import GuildNotice
from loop.gate.question import ask
from loop.gate.rules import question_codes
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now, utc_date
from loop.kernel.errors import NotValidError
from loop.material.models import Production
from loop.material.register import add_production
from tests.support.databases import FreshDatabase
from tests.support.releases import PURPOSE, stage

LETTER = document_of("letter.txt", b"We told you. Received.")


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Production:
    return add_production(code="FERRY", title="Ferry", rate=Fraction(24), guilds=["WRITERS", "DIRECTORS"], actor=SYSTEM)


def codes(show: Production, code: str, kind: str = "external") -> tuple[str, ...]:
    recipient = stage(code).recipient
    recipient.kind = kind
    recipient.save()
    moment = now()
    question = ask(
        production=show, purpose=PURPOSE, profile=None, recipient=recipient, on=utc_date(moment), moment=moment
    )
    return question_codes(question)


def test_it_asks_for_every_guild_unless_the_production_itself_receives(show: Production) -> None:
    assert codes(show, "one") == ("GUILD_NOTICE_MISSING",)
    assert codes(show, "ours", "production") == ()
    for guild in show.guilds:
        record_guild_notice(
            production=show, guild=guild, kind="notice", sent_on=date(2026, 1, 1), evidence=LETTER, actor=SYSTEM
        )
    assert codes(show, "two") == ()


def test_a_notice_about_one_recipient_says_nothing_of_another(show: Production) -> None:
    lab = stage("lab").recipient
    for guild in show.guilds:
        record_guild_notice(
            production=show, guild=guild, kind="consultation", sent_on=date(2026, 1, 1), evidence=LETTER,
            recipient=lab, actor=SYSTEM,
        )  # fmt: skip
    assert codes(show, "other") == ("GUILD_NOTICE_MISSING",)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"guild": "PLUMBERS"}, "guild"),
        ({"kind": "gossip"}, "kind"),
        ({"sent_on": date.today() + timedelta(days=2)}, "sent_on"),
    ],
)
def test_it_refuses_what_cannot_be_and_writes_nothing(show: Production, changes: dict[str, object], field: str) -> None:
    given = {"guild": "WRITERS", "kind": "notice", "sent_on": date(2026, 1, 1)}
    record_guild_notice(production=show, evidence=LETTER, actor=SYSTEM, **given)  # type: ignore[arg-type]
    with pytest.raises(NotValidError, match=field):
        record_guild_notice(production=show, evidence=LETTER, actor=SYSTEM, **(given | changes))  # type: ignore[arg-type]
    assert GuildNotice.objects.count() == 1


def test_the_command_records_it(show: Production, tmp_path: Path) -> None:
    paper = tmp_path / "letter.txt"
    paper.write_text("We told you.")
    out = StringIO()
    words = ["guild", "notice", "WRITERS", "--production", "FERRY", "--sent-on", "2026-02-01", "--evidence", str(paper)]
    call_command(*words, stdout=out)
    assert out.getvalue() == "Recorded a notice to WRITERS about whoever receives.\n"
    with pytest.raises(CommandError, match="one of DIRECTORS, WRITERS"):
        call_command(*[word if word != "WRITERS" else "PLUMBERS" for word in words], stdout=out)
