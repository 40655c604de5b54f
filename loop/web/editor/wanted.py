"""Which part of a production's suggestions somebody looks at: the filters of the queue, as its address has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from loop.decision.models import Decision
from loop.decision.querysets import live
from loop.decision.rules import LABELLED
from loop.material.models import Production, Stage
from loop.people.models import Contributor
from loop.suggestion.models import Suggestion

WAITING: Final = ""  # what nobody has to say: the queue of whoever judges
STATES: Final[dict[str, str]] = {
    WAITING: "waiting for me",
    "skipped": "skipped by me",
    "mine": "decided by me",
    "disagreed": "disagreed on",
    "all": "all",
}
STATES_OF_READERS: Final[dict[str, str]] = {"disagreed": "disagreed on", "all": "all"}
FIELDS: Final = ("stage", "kind", "model", "state")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters. `dropped` are the words of the address that mean nothing here: they are ignored and named."""

    stage: str = ""
    kind: str = ""
    model: str = ""
    state: str = WAITING
    dropped: tuple[str, ...] = field(default=(), compare=False)

    @property
    def query(self) -> str:
        """As it stands in an address, without the question mark; "" for no filter."""
        return urlencode({name: value for name in FIELDS if (value := getattr(self, name))})

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the state is filtered."""
        return bool(self.stage or self.kind or self.model)

    @property
    def words(self) -> str:
        """For people: "previs, shot list"."""
        stage = str(Stage(self.stage).label) if self.stage else ""
        state = STATES[self.state] if self.state else ""
        return ", ".join(filter(None, (stage, kind_words(self.kind), self.model, state)))


def wanted(given: Mapping[str, str], *, judges: bool) -> Wanted:
    """The filters of an address. Who only reads has no queue of their own, so sees all."""
    values = {name: given.get(name, "").strip()[:200].replace("\x00", "") for name in FIELDS}
    dropped = []
    if values["stage"] not in ("", *Stage.values):
        dropped.append(f"stage {values['stage']}")
        values["stage"] = ""
    states = STATES if judges else STATES_OF_READERS
    if values["state"] not in states:
        if values["state"]:
            dropped.append(f"state {values['state']}")
        values["state"] = WAITING if judges else "all"
    return Wanted(**values, dropped=tuple(dropped))


def kind_words(kind: str) -> str:
    """script_note -> script note."""
    return kind.replace("_", " ")


def scope(production: Production, filters: Wanted) -> QuerySet[Suggestion]:
    """The suggestions of the filters apart from the state, in the order of the queue: as they arrived."""
    found = Suggestion.objects.filter(production=production).order_by("id")
    if filters.stage:
        found = found.filter(stage=filters.stage)
    if filters.kind:
        found = found.filter(kind=filters.kind)
    if filters.model:
        found = found.filter(model__label=filters.model)
    return found


def verdicts(production: Production) -> QuerySet[Decision]:
    """Everybody's live verdicts, skips included."""
    return live(Decision.objects.filter(production=production).exclude(outcome="retract"))


def whose(me: Contributor | None) -> Q:
    """Verdicts that count as done by somebody: their judgement, or entered by them for somebody else."""
    return Q(decided_by=me) | Q(on_behalf_of=me) if me else Q(pk__in=[])


def in_state(
    found: QuerySet[Suggestion], production: Production, filters: Wanted, me: Contributor | None
) -> QuerySet[Suggestion]:
    """Narrowed to the state. What others disagree on is shown to a judge only where their own verdict stands."""
    mine = verdicts(production).filter(whose(me), suggestion=OuterRef("pk"))
    labelled = mine.filter(outcome__in=LABELLED)
    if filters.state == WAITING:
        return found.filter(~Exists(mine))
    if filters.state == "skipped":
        return found.filter(Exists(mine.filter(outcome="skip")), ~Exists(labelled))
    if filters.state == "mine":
        return found.filter(Exists(labelled))
    if filters.state == "disagreed":
        split = (
            verdicts(production)
            .filter(outcome__in=LABELLED)
            .values("suggestion")
            .annotate(outcomes=Count("outcome", distinct=True))
            .filter(outcomes__gt=1)
            .values("suggestion")
        )
        found = found.filter(pk__in=split)
        return found.filter(Exists(labelled)) if me else found
    return found
