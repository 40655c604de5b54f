"""A production's rules for the use of AI, asked when suggestions arrive: refused, held back, or let in."""

from __future__ import annotations

from typing import Any

import pytest

from loop.audit.seal import seal_all
from loop.audit.verify import verify
from loop.consent.govern import govern
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.models import Contributor
from loop.queue.querysets import WAITING, state_of
from loop.screening.models import ScreenVerdict
from loop.screening.querysets import held_back, rules_of
from loop.screening.release import release
from loop.suggestion.models import Suggestion
from tests.intake.shows import decision, fields, line, push, show

pytestmark = pytest.mark.django_db

SYNTHESIS = {"kind": "performance_synthesis", "stage": "post"}
RULES: list[dict[str, Any]] = [
    {"name": "no-synthesis", "kind": "performance_synthesis", "verdict": "not_permitted", "reference": "Rider 4"},
    {"name": "no-trailers", "kind": "trailer", "verdict": "not_permitted", "on_breach": "quarantine"},
]


def strict() -> Production:
    return show(ai_policy={"rules": RULES})


def test_a_refused_line_is_named_with_its_rule_and_nothing_is_kept() -> None:
    production = strict()
    report = push(production, line("a", stage="post"), line("b", **SYNTHESIS))
    assert (report.kept, fields(report)) == (False, [(2, "model")])
    assert str(report.errors[0]) == (
        "line 2: model: expected a use of AI that the production permits (rule no-synthesis, Rider 4), "
        "found stage 'post', kind 'performance_synthesis', model 'north/notes@1'"
    )
    assert not Suggestion.objects.exists()
    kept = push(production, line("a", stage="post"), line("b", **SYNTHESIS), keep_good=True)
    assert (kept.kept, kept.suggestions_new, kept.bad_lines) == (True, 1, 1)
    assert not ScreenVerdict.objects.exists()


def test_the_same_line_is_kept_where_no_rule_speaks_of_it() -> None:
    report = push(show(), line("b", **SYNTHESIS))
    assert (report.ok, report.suggestions_new, report.quarantined) == (True, 1, 0)


@pytest.mark.parametrize("origin", ["person", "camera"])
def test_only_models_are_asked(origin: str) -> None:
    assert push(strict(), line("b", origin=origin, model=None, **SYNTHESIS)).ok
    assert not push(strict(), line("b", origin="model", **SYNTHESIS)).ok


def test_what_does_not_say_its_kind_could_be_anything() -> None:
    assert fields(push(strict(), line("b", kind=""))) == [(1, "model")]


def test_what_is_held_back_is_recorded_with_its_rule_and_its_decisions() -> None:
    production = strict()
    report = push(production, line("t", kind="trailer", decisions=[decision()]), line("n"))
    assert (report.ok, report.suggestions_new, report.decisions_new, report.quarantined) == (True, 2, 1, 1)
    assert "it is held in quarantine" in str(report.warnings[0])
    (held,) = held_back(production)
    assert held.suggestion is not None
    assert (held.suggestion.external_id, held.findings, rules_of(held)) == (
        "t", {"policy.no-trailers": 1}, ["no-trailers"],
    )  # fmt: skip
    assert held.event.type == "screening.verdict"
    assert held.event.payload.facts["suggestion"] == str(held.suggestion.uid)
    again = push(production, line("t", kind="trailer", decisions=[decision()]), line("n"))
    assert (again.suggestions_known, again.quarantined, ScreenVerdict.objects.count()) == (2, 0, 1)


def test_a_rule_made_later_leaves_alone_what_is_recorded() -> None:
    production = show()
    assert push(production, line("b", **SYNTHESIS)).ok
    production.ai_policy = {"rules": RULES}
    production.save()
    again = push(production, line("b", **SYNTHESIS, decisions=[decision()]))
    assert (again.ok, again.suggestions_known, again.decisions_new) == (True, 1, 1)
    assert not push(production, line("c", **SYNTHESIS)).ok


def test_the_rules_are_those_of_the_database_not_of_the_row_at_hand() -> None:
    production = show()
    Production.objects.filter(pk=production.pk).update(ai_policy={"rules": RULES})
    assert not push(production, line("b", **SYNTHESIS)).ok


def test_it_is_not_handed_out_while_it_is_held_back() -> None:
    production = strict()
    push(production, line("t", kind="trailer"), line("n", decisions=[decision("skip", by="writer-1")]), line("m"))
    me = Contributor.objects.get(external_id="writer-1")

    def waiting() -> set[str]:
        found = Suggestion.objects.filter(production=production)
        return set(found.filter(state_of(production, WAITING, me, at=now())).values_list("external_id", flat=True))

    assert waiting() == {"m"}
    release(verdict=held_back(production).get(), production=production, reason="seen", actor=SYSTEM)
    assert waiting() == {"m", "t"}


def test_the_log_holds() -> None:
    """Facts and rows of verdicts agree; the rules are set by their verb."""
    production = show()
    assert govern(production=production, actor=SYSTEM, ai_policy={"rules": RULES})
    push(production, line("t", kind="trailer"))
    seal_all()
    assert not verify().problems
