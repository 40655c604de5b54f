"""Recording what was said of a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from loop.audit.record import record
from loop.kernel.actor import Actor
from loop.kernel.canonical import Json
from loop.kernel.ids import uuid7
from loop.screening.models import ScreenVerdict

MOST_PLACES: Final = 200  # kept with a verdict; the counts are of all
Place = tuple[str, str, int, int]
"""Which text, which code, and the range in code points."""


class Screened(Protocol):
    """The row whose text it is: a Suggestion or a Decision."""

    @property
    def pk(self) -> Any:
        """Its key inside."""

    @property
    def uid(self) -> UUID:
        """Its name outside."""


def record_verdict(
    *,
    verdict: str,
    version: str,
    findings: Mapping[str, int],
    actor: Actor,
    production_id: int,
    at: datetime,
    suggestion: Screened | None = None,
    decision: Screened | None = None,
    reason: str = "",
    places: Sequence[Place] | None = None,
) -> ScreenVerdict:
    """Records one verdict on the texts of a suggestion or of a decision, with its event; the newest one counts.

    `findings` are codes and counts, `places` where they are, neither ever text. A verb of verbs: it joins the caller's
    transaction, and a caller that holds back what may be part of a release under way takes the lock of publishing
    first. Raises ValueError unless exactly one of `suggestion` and `decision` is given.
    """
    if (suggestion is None) == (decision is None):
        raise ValueError("expected a suggestion or a decision, one of them")
    uid = uuid7()
    subject: dict[str, Json] = (
        {"suggestion": str(suggestion.uid)} if suggestion is not None else {"decision": str(decision.uid)}  # type: ignore[union-attr]
    )
    facts: dict[str, Json] = {"verdict": verdict, "version": version, "findings": dict(findings), **subject}
    if reason:
        facts["reason"] = reason
    event = record(
        event="screening.verdict", actor=actor, obj_table="loop_screen_verdict", obj_uid=uid,
        production_id=production_id, at=at, facts=facts,
    )  # fmt: skip
    return ScreenVerdict.objects.create(
        uid=uid, suggestion_id=suggestion.pk if suggestion else None, decision_id=decision.pk if decision else None,
        version=version, verdict=verdict, findings=dict(findings),
        places=None if places is None else [list(place) for place in places[:MOST_PLACES]], event=event, recorded_at=at,
    )  # fmt: skip
