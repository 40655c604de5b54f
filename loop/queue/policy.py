"""How a production reviews: reading its policy, and setting it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, TypedDict, Unpack

from django.db import transaction

from loop.audit.record import record
from loop.decision.querysets import vocabulary_of
from loop.decision.rules import unknown_code
from loop.kernel.actor import Actor
from loop.kernel.canonical import Json
from loop.kernel.clock import now
from loop.kernel.errors import NotValidError
from loop.material.models import Production
from loop.people.querysets import require
from loop.people.roles import Permission
from loop.queue.models import ReviewPolicy

MAX_REVIEWERS: Final = 20
MIN_LEASE_S: Final = 30
MAX_LEASE_S: Final = 4 * 3600  # a lease of a day is how other tools came to "locked by somebody who went home"
MAX_CHIPS: Final = 12  # more than that is a list to search, not a row to glance at


class Settings(TypedDict, total=False):
    """What may be set; a name left out stays as it is. `reviewers_per_item` None: everybody judges everything."""

    reviewers_per_item: int | None
    blind_until_decided: bool
    hide_model: bool
    shuffle_candidates: bool
    skip: str
    lease_s: int
    accept_chips: Sequence[str]
    beat_chips: Sequence[str]
    reason_required: bool


def policy_of(production: Production) -> ReviewPolicy:
    """The policy; one that was never set is an unsaved row with the defaults.

    One query the first time; none if the production was read together with it, as a desk's is.
    """
    known: ReviewPolicy | None = getattr(production, "policy", None)
    return known or ReviewPolicy(production_id=production.pk)


def set_policy(
    *, production: Production, actor: Actor, at: datetime | None = None, **wanted: Unpack[Settings]
) -> ReviewPolicy:
    """Sets what is named in `wanted` and returns the policy.

    1. Values are checked: NotValidError with the field for a number out of range, an unknown choice or an unknown code.
    2. The production's row is locked, so that two settings at once are both kept, one after the other.
    3. One event says what changed, with the values before and after. Nothing changed: nothing is written.

    Verdicts on record stay as they are; what is claimed at the moment stays claimed until it lapses. Raises
    NotAllowedError without the permission for people and policy. Durable.
    """
    require(actor, production, Permission.MANAGE_PEOPLE)
    moment = at or now()
    with transaction.atomic(durable=True):
        show = Production.objects.select_for_update().get(pk=production.pk)
        policy = policy_of(show)
        named: dict[str, Any] = dict(wanted)
        _check(show, named)
        before = _values(show, policy)
        after = before | {name: _plain(value) for name, value in named.items()}
        changed = [name for name in before if before[name] != after[name]]
        if not changed:
            return policy
        for name in changed:
            setattr(show if name == "reason_required" else policy, name, after[name])
        policy.save()
        if "reason_required" in changed:
            show.save(update_fields=["reason_required"])
        record(
            event="production.review_policy",
            actor=actor,
            obj_table="loop_production",
            obj_uid=show.uid,
            production_id=show.pk,
            at=moment,
            facts={"settings": _facts(after, changed), "before": _facts(before, changed)},
        )
    return policy


def _values(show: Production, policy: ReviewPolicy) -> dict[str, Any]:
    columns = [name for name in Settings.__annotations__ if name != "reason_required"]
    return {name: _plain(getattr(policy, name)) for name in columns} | {"reason_required": show.reason_required}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value


def _facts(values: dict[str, Any], changed: list[str]) -> Json:
    # Numbers as text: facts have no floats and need no arithmetic.
    facts: dict[str, Json] = {}
    for name in changed:
        value = values[name]
        facts[name] = value if isinstance(value, list | str) or value is None else str(value).lower()
    return facts


def _check(production: Production, wanted: dict[str, Any]) -> None:
    _within("reviewers_per_item", wanted.get("reviewers_per_item"), 1, MAX_REVIEWERS)
    _within("lease_s", wanted.get("lease_s"), MIN_LEASE_S, MAX_LEASE_S)
    if "lease_s" in wanted and wanted["lease_s"] is None:
        raise NotValidError("lease_s: expected a number of seconds, found none", field="lease_s")
    if wanted.get("skip", ReviewPolicy.Skip.ALLOWED) not in ReviewPolicy.Skip.values:
        expected = ", ".join(ReviewPolicy.Skip.values)
        raise NotValidError(f"skip: expected one of {expected}, found {wanted['skip']!r}", field="skip")
    if "accept_chips" in wanted or "beat_chips" in wanted:
        known = vocabulary_of(production.pk)
        _codes("accept_chips", "a reason of the taxonomy", wanted.get("accept_chips", ()), known.reasons)
        _codes("beat_chips", "a beat of the list", wanted.get("beat_chips", ()), known.beats)


def _within(field: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise NotValidError(f"{field}: expected {least} to {most}, found {value}", field=field)


def _codes(field: str, what: str, codes: Sequence[str], known: Collection[str]) -> None:
    if len(codes) > MAX_CHIPS or len(set(codes)) < len(codes):
        raise NotValidError(f"{field}: expected at most {MAX_CHIPS} different codes, found {len(codes)}", field=field)
    for code in codes:
        if code not in known:
            raise NotValidError(str(unknown_code(field, what, code, known)), field=field)
