"""The filters of an order: what each may say, what of it stays in the house, and which rows they keep.

Stages, kinds, models, origins and briefs choose suggestions before anything is labelled or paired (signal/pairs.py).
The others choose among the rows that the labels made, so that a label stays what the policy says of everybody's
decisions: a row is kept if its decision has one of the outcomes, if a decision it rests on has one of the reasons, and
if all decisions it rests on are by these people, in these roles and of these days (UTC; unknown days are of none).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet

from loop.decision.models import Decision
from loop.export.recipe import Recipe
from loop.export.rules import DAYS, LABELLED_OUTCOMES, OF_ROWS
from loop.kernel.errors import NotValidError
from loop.material.models import Production, Stage
from loop.suggestion.models import Suggestion

NAMED = 8  # of what there is, in a refusal

# A decision that a row rests on and that does not fit; the parameters are `kept_values`.
KEEP: Final = """
DELETE FROM candidates c WHERE
    (%(outcomes)s::text[] IS NOT NULL AND NOT EXISTS (
        SELECT FROM loop_decision d WHERE d.id = c.decision_id AND d.outcome = ANY(%(outcomes)s)))
    OR (%(reasons)s::text[] IS NOT NULL AND NOT EXISTS (
        SELECT FROM loop_decision d WHERE d.id IN (c.decision_id, c.other_decision_id)
            AND d.reasons && %(reasons)s::varchar[]))
    OR EXISTS (
        SELECT FROM loop_decision d WHERE d.id IN (c.decision_id, c.other_decision_id) AND NOT (
            (%(roles)s::text[] IS NULL OR d.decider_role = ANY(%(roles)s))
            AND (%(decided_from)s::timestamptz IS NULL OR coalesce(d.decided_at >= %(decided_from)s, false))
            AND (%(decided_before)s::timestamptz IS NULL OR coalesce(d.decided_at < %(decided_before)s, false))
            AND (%(people)s::text[] IS NULL OR EXISTS (
                SELECT FROM loop_contributor p WHERE p.id IN (d.decided_by_id, d.on_behalf_of_id)
                    AND p.external_id = ANY(%(people)s)))))
"""


def kept_values(recipe: Recipe) -> dict[str, list[str] | datetime | None] | None:
    """The parameters of KEEP; None if the recipe filters no rows."""
    if not set(recipe.filters) & set(OF_ROWS):
        return None
    values: dict[str, list[str] | datetime | None] = {
        name: list(recipe.filters.get(name, ())) or None for name in OF_ROWS if name not in DAYS
    }
    begins, ends = days_of(recipe.filters)
    return values | {"decided_from": begins, "decided_before": ends}


def days_of(filters: Mapping[str, Sequence[str]]) -> tuple[datetime | None, datetime | None]:
    """The first moment that counts and the first that does not any more."""
    first, last = (next(iter(filters.get(name, ())), None) for name in DAYS)
    begins = datetime.combine(date.fromisoformat(first), time(), UTC) if first else None
    ends = datetime.combine(date.fromisoformat(last) + timedelta(days=1), time(), UTC) if last else None
    return begins, ends


def check_filters(production: Production, recipe: Recipe) -> None:
    """Raises NotValidError for a filter that nothing of the production meets, or that nothing meets with the others.

    Each names its field and the way out. A query for each value, and one for all filters together.
    """
    filters = recipe.filters
    _one_of("stages", filters, Stage.values)
    _one_of("origins", filters, Suggestion.Origin.values)
    suggestions = Suggestion.objects.filter(production=production)
    labelled = Decision.objects.filter(production=production, outcome__in=LABELLED_OUTCOMES)
    code = production.code
    _known("kinds", filters, f"a kind of {code}", lambda kind: suggestions.filter(kind=kind),
           suggestions.order_by("kind").values_list("kind", flat=True))  # fmt: skip
    _known("models", filters, f"the label of a model version of {code}",
           lambda model: suggestions.filter(model__label=model),
           suggestions.order_by("model__label").values_list("model__label", flat=True))  # fmt: skip
    _known("briefs", filters, f"a brief of {code}", lambda brief: suggestions.filter(brief__external_id=brief))
    _known("reasons", filters, f"a reason that a decision of {code} has",
           lambda reason: labelled.filter(reasons__contains=[reason]))  # fmt: skip
    _known("roles", filters, f"a role that somebody of {code} decided in",
           lambda role: labelled.filter(decider_role=role),
           labelled.order_by("decider_role").values_list("decider_role", flat=True))  # fmt: skip
    _known("people", filters, f"the id of somebody who decided for {code}", lambda person: labelled.filter(_by(person)))
    _check_days(filters, labelled, code)
    if len(filters) > 1 and not _matching(labelled, filters).exists():
        raise NotValidError(
            f"filters: expected at least one decision of {code} that meets all of {', '.join(sorted(filters))}, found "
            "none. Take one of them away, or add values to it.",
            field="filters",
        )


def _matching(labelled: QuerySet[Decision], filters: Mapping[str, Sequence[str]]) -> QuerySet[Decision]:
    """Decisions that meet every filter. A row of two decisions may still fit none; the preview counts rows."""
    columns = {
        "stages": "suggestion__stage__in", "kinds": "suggestion__kind__in", "models": "suggestion__model__label__in",
        "origins": "suggestion__origin__in", "briefs": "suggestion__brief__external_id__in",
        "roles": "decider_role__in",
    }  # fmt: skip
    found = labelled.filter(**{columns[name]: values for name, values in filters.items() if name in columns})
    if filters.get("people"):
        found = found.filter(_by(*filters["people"]))
    # Of a pair the reason may stand on the one decision and the outcome on the other.
    reasons, outcomes = list(filters.get("reasons", ())), filters.get("outcomes", ())
    if reasons and not outcomes:
        found = found.filter(reasons__overlap=reasons)
    if outcomes and not reasons:
        found = found.filter(outcome__in=outcomes)
    return _within(found, filters)


def _within(found: QuerySet[Decision], filters: Mapping[str, Sequence[str]]) -> QuerySet[Decision]:
    begins, ends = days_of(filters)
    if begins is not None:
        found = found.filter(decided_at__gte=begins)
    return found.filter(decided_at__lt=ends) if ends is not None else found


def _by(*people: str) -> Q:
    return Q(decided_by__external_id__in=people) | Q(on_behalf_of__external_id__in=people)


def _one_of(name: str, filters: Mapping[str, Sequence[str]], allowed: Sequence[str]) -> None:
    for value in filters.get(name, ()):
        if value not in allowed:
            raise NotValidError(f"{name}: expected {' or '.join(allowed)}, found {value!r}", field=name)


def _known(
    name: str, filters: Mapping[str, Sequence[str]], expected: str, of: Callable[[str], QuerySet[Any]],
    there: Iterable[str] = (),
) -> None:  # fmt: skip
    for value in filters.get(name, ()):
        if not of(value).exists():
            listed = [each for each in dict.fromkeys(there) if each]
            known = f" (there are {', '.join(listed[:NAMED])}{' ...' if len(listed) > NAMED else ''})" if listed else ""
            raise NotValidError(f"{name}: expected {expected}{known}, found {value!r}", field=name)


def _check_days(filters: Mapping[str, Sequence[str]], labelled: QuerySet[Decision], code: str) -> None:
    if not set(filters) & set(DAYS) or _within(labelled, filters).exists():
        return
    known = labelled.exclude(decided_at=None).order_by("decided_at").values_list("decided_at", flat=True)
    first, last = known.first(), known.last()
    name = next(each for each in DAYS if each in filters)
    told = f"they are of {first:%Y-%m-%d} to {last:%Y-%m-%d}" if first and last else "no day of any is known"
    raise NotValidError(f"{name}: expected days on which {code} has decisions ({told}), found none there", field=name)
