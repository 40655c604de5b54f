"""What a production's rules and a supplier's terms say of one suggestion, for its dossier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from loop.kernel.clock import now, utc_date
from loop.material import ai_policy
from loop.material.models import Production
from loop.screening import codes
from loop.screening.models import ScreenVerdict
from loop.screening.querysets import POLICY_CODE
from loop.suggestion.models import ModelTerms, Suggestion

SCREENED: Final = "screened"
TERMS: Final = "terms"


def with_provenance(found: QuerySet[Suggestion]) -> QuerySet[Suggestion]:
    """Brings along the newest verdict on a suggestion and the newest terms of its model: no query of their own."""
    verdicts = ScreenVerdict.objects.filter(suggestion=OuterRef("pk")).order_by("-id")
    terms = ModelTerms.objects.filter(model=OuterRef("model")).order_by("-id")
    said = JSONObject(uid="uid", verdict="verdict", findings="findings", places="places", version="version")
    owned = JSONObject(training="training_on_outputs", owner="output_owner", evidence="evidence__file_name")
    return found.annotate(
        **{SCREENED: Subquery(verdicts.values(said=said)[:1]), TERMS: Subquery(terms.values(owned=owned)[:1])}
    )


def provenance(production: Production, suggestion: Suggestion, *, is_hidden: bool) -> dict[str, Any]:
    """The rule that speaks of it today, the supplier's terms, what holds it back, and what holds the production.

    Nothing that gives the model away while it is hidden. `suggestion` was read `with_provenance`. No query.
    """
    screened = getattr(suggestion, SCREENED) or {}
    is_held = screened.get("verdict") == ScreenVerdict.Verdict.QUARANTINED
    found: dict[str, Any] = {
        "held": screened["uid"] if is_held else None,
        "held_by": ", ".join(code.removeprefix(POLICY_CODE) for code in screened["findings"]) if is_held else "",
        "released": screened.get("verdict") == ScreenVerdict.Verdict.RELEASED,
        "found": [(code, codes.words_of(code), count) for code, count in (screened.get("findings") or {}).items()],
        "places": places_of(screened.get("places")),
        "screening": screened.get("version", ""),
        "holds": _holds(production),
    }
    if suggestion.origin != Suggestion.Origin.MODEL or is_hidden:
        return found
    label = suggestion.model.label if suggestion.model else ""
    rule = ai_policy.asked(
        ai_policy.read(production.ai_policy), stage=suggestion.stage, kind=suggestion.kind, tool=label
    )
    return found | {"asked": True, "rule": rule, "terms": getattr(suggestion, TERMS)}


def places_of(places: Sequence[Sequence[Any]] | None) -> list[str]:
    """Where the findings are, without a word of the text: "content 10-22 control.token"."""
    return [f"{text} {start}-{end} {code}" for text, code, start, end in places or ()]


def _holds(production: Production) -> str:
    held = []
    if production.legal_hold:
        held.append("legal hold")
    if production.embargo_until is not None and production.embargo_until >= utc_date(now()):
        held.append(f"embargo until {production.embargo_until:%Y-%m-%d}")
    return ", ".join(held)
