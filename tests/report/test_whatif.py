"""What an authorisation would change: the same as recording it does, and nothing of the question remains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings

from loop.consent.evidence import document_of
from loop.consent.grant import grant_many
from loop.consent.models import Authorisation
from loop.consent.recording import GrantTerms
from loop.export.compare import Effect
from loop.gate.parties import known_parties
from loop.kernel.actor import SYSTEM
from loop.kernel.errors import NotAllowedError, NotValidError
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.models import Contributor
from loop.people.querysets import actor_for_user
from loop.report.whatif import WhatIf, what_if
from tests.support.databases import FreshDatabase
from tests.support.releases import PURPOSE, YEAR, Stage, few_lines, stage, today


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    return made


def terms(show: Stage, **changes: Any) -> GrantTerms:
    usual: dict[str, Any] = {
        "production": show.production, "uses": {PURPOSE: "allowed"}, "basis": "consent",
        "evidence": document_of("new.txt", b"A paper nobody stored yet."), "valid_from": today() - YEAR,
        "valid_until": today() + YEAR, "recipients": [show.recipient.code],
    }  # fmt: skip
    return GrantTerms(**(usual | changes))


def party(name: str) -> Contributor:
    return Contributor.objects.get(external_id=name)


def ask(show: Stage, *who: str, **changes: Any) -> WhatIf:
    parties = [party(name) for name in who] or list(known_parties(show.production))
    return what_if(parties=parties, given=terms(show, **changes), production=show.production, actor=SYSTEM)


def only(found: WhatIf, purpose: str = PURPOSE) -> Effect:
    (effect,) = [each for each in found.effects if each.purpose == purpose]
    return effect


def everything() -> dict[str, int]:
    counts = {model._meta.db_table: model._default_manager.count() for model in apps.get_models()}
    files = [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    return counts | {"files": len(files)}


def test_it_says_what_one_more_authorisation_would_let_leave(show: Stage) -> None:
    show.authorises("director-1")
    before = everything()
    found = only(ask(show, "editor-1"))
    assert (found.rows, found.before, found.after, found.gained, found.lost) == (6, 0, 6, 6, 0)
    assert found.codes == (("CONSENT_MISSING", 6, 0),)
    assert everything() == before
    grant_many(parties=[party("editor-1")], given=terms(show), actor=SYSTEM)
    assert show.releases()[0].rows_included == 8


def test_it_says_what_a_refusal_would_hold_back_and_which_released_rows_it_touches(show: Stage) -> None:
    show.authorises()
    export, _ = show.releases()
    before = everything()
    answer = ask(show, "director-1", uses={PURPOSE: "notAllowed"}, recipients=[])
    found = only(answer)
    assert (found.rows, found.before, found.after, found.gained, found.lost) == (2, 2, 0, 0, 2)
    assert found.codes == (("CONFLICT_MOST_RESTRICTIVE", 0, 2),)
    assert [(each.number, rows) for each, rows in found.released] == [(export.number, 2)]
    assert (answer.gained, answer.lost, answer.released) == (0, 2, 2)
    assert everything() == before


def test_a_stricter_record_that_supersedes_is_asked_about_what_it_takes_away(show: Stage) -> None:
    earlier = next(each for each in show.authorises() if each.party.external_id == "editor-1")
    answer = ask(show, "editor-1", supersedes=earlier, uses={"ai_evaluation": "allowed"})
    assert only(answer).lost == 6
    assert only(answer).codes == (("USE_NOT_ALLOWED", 0, 6),)
    assert (only(answer, "ai_evaluation").gained, only(answer, "ai_evaluation").lost) == (0, 0)


def test_a_recipient_it_names_without_an_agreement_gains_nothing_and_is_named(show: Stage) -> None:
    show.authorises("director-1")
    found = only(ask(show, "editor-1", uses={"research": "allowed"}), "research")
    assert (found.gained, found.before, found.after) == (0, 0, 0)
    assert ("CONSENT_MISSING", 0, 0) not in found.codes


def test_who_has_it_recorded_already_is_left_out(show: Stage) -> None:
    given = terms(show)
    grant_many(parties=[party("editor-1")], given=given, actor=SYSTEM)
    answer = what_if(
        parties=list(known_parties(show.production)), given=given, production=show.production, actor=SYSTEM
    )
    assert [each.external_id for each in answer.parties] == ["director-1"]
    assert [each.external_id for each in answer.known] == ["editor-1"]
    recorded = grant_many(parties=known_parties(show.production), given=given, actor=SYSTEM, only_new=True)
    assert [each.party.external_id for each in recorded] == ["director-1"]
    assert grant_many(parties=known_parties(show.production), given=given, actor=SYSTEM, only_new=True) == []


def test_it_refuses_what_recording_refuses(show: Stage) -> None:
    before = everything()
    with pytest.raises(NotValidError, match="recipients: expected a registered recipient"):
        ask(show, "editor-1", recipients=["nobody"])
    user = add_user(username="an-editor", actor=SYSTEM).user
    add_member(user=user, production=show.production, role="editor", actor=SYSTEM)
    actor = actor_for_user(user)
    with pytest.raises(NotAllowedError):
        what_if(parties=[party("director-1")], given=terms(show), production=show.production, actor=actor)
    assert Authorisation.objects.count() == before["loop_authorisation"]
