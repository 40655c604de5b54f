"""Which part of a production's suggestions somebody looks at: the filters of the queue, as its address has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from loop.kernel.clock import now
from loop.material.models import Production, Stage
from loop.people.models import Contributor
from loop.queue.models import Assignment
from loop.queue.querysets import (
    ALL,
    ASSIGNED,
    DISAGREED,
    HELD,
    MINE,
    OPINION,
    SKIPPED,
    WAITING,
    assigned_to,
    is_assigned,
    state_of,
    walked,
)
from loop.suggestion.models import Suggestion

STATES: Final[dict[str, str]] = {
    WAITING: "waiting for me",
    ASSIGNED: "assigned to me",
    OPINION: "second opinion",
    SKIPPED: "skipped by me",
    MINE: "decided by me",
    DISAGREED: "disagreed on",
    HELD: "held by others",
    ALL: "all",
}
STATES_OF_READERS: Final[dict[str, str]] = {
    OPINION: "second opinion",
    DISAGREED: "disagreed on",
    ASSIGNED: "assigned",
    HELD: "held",
    ALL: "all",
}
FIELDS: Final = ("stage", "kind", "model", "scene", "person", "state")
NOBODY: Final = "nobody"  # as `person`: what is assigned to nobody
OPEN: Final = (WAITING, SKIPPED, OPINION, ASSIGNED)  # states whose rows leave when one has judged them


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters. `dropped` are the words of the address that mean nothing here: they are ignored and named."""

    stage: str = ""
    kind: str = ""
    model: str = ""
    state: str = WAITING
    scene: str = ""
    person: str = ""  # the uid of whom it is assigned to, or NOBODY
    dropped: tuple[str, ...] = field(default=(), compare=False)

    @property
    def query(self) -> str:
        """As it stands in an address, without the question mark; "" for no filter."""
        return urlencode({name: value for name in FIELDS if (value := getattr(self, name))})

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the state is filtered."""
        return bool(self.stage or self.kind or self.model or self.scene or self.person)

    @property
    def words(self) -> str:
        """For people: "previs, shot list"."""
        stage = str(Stage(self.stage).label) if self.stage else ""
        scene = f"scene {self.scene}" if self.scene else ""
        person = {"": "", NOBODY: "assigned to nobody"}.get(self.person, "assigned to one person")
        state = STATES[self.state] if self.state else ""
        return ", ".join(filter(None, (stage, kind_words(self.kind), self.model, scene, person, state)))


def wanted(given: Mapping[str, str], *, judges: bool, hides_model: bool = False) -> Wanted:
    """The filters of an address. Who only reads has no queue of their own, so sees all.

    `hides_model`: where the policy keeps the model from whoever has not judged yet, its filter would tell it.
    """
    values = {name: given.get(name, "").strip()[:200].replace("\x00", "") for name in FIELDS}
    dropped = []
    if values["model"] and hides_model:
        dropped.append("model")
        values["model"] = ""
    if values["stage"] not in ("", *Stage.values):
        dropped.append(f"stage {values['stage']}")
        values["stage"] = ""
    if values["person"] not in ("", NOBODY) and not _is_uid(values["person"]):
        dropped.append(f"person {values['person']}")
        values["person"] = ""
    states = STATES if judges else STATES_OF_READERS
    if values["state"] not in states:
        if values["state"]:
            dropped.append(f"state {values['state']}")
        values["state"] = WAITING if judges else ALL
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
    if filters.scene:
        # The scene that came with a suggestion counts where its brief names none.
        told = Q(brief__scene=None, text__meta__scene=filters.scene)
        found = found.filter(Q(brief__scene__number=filters.scene) | told)
    if filters.person == NOBODY:
        found = found.filter(~Q(is_assigned()))
    elif filters.person:
        meant = Assignment.objects.filter(suggestion=OuterRef("pk"), contributor__uid=filters.person)
        found = found.filter(Exists(meant))
    return found


def in_state(
    found: QuerySet[Suggestion], production: Production, filters: Wanted, me: Contributor | None
) -> QuerySet[Suggestion]:
    """Narrowed to the state of the filters, at this moment."""
    return found.filter(state_of(production, filters.state, me, at=now()))


def listed(
    found: QuerySet[Suggestion], production: Production, filters: Wanted, me: Contributor | None
) -> QuerySet[Suggestion]:
    """What is gone through: the open queue, or what is assigned, with the judged rows; else the state."""
    if me is not None and filters.state == WAITING:
        return found.filter(walked(production, me))
    if me is not None and filters.state == ASSIGNED:
        return found.filter(assigned_to(me))
    return in_state(found, production, filters, me)


def _is_uid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False
