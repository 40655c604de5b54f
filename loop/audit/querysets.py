"""Named reads of the log. The doors read it through these; nobody else names its tables.

Who may see what is decided by the caller (people/roles.py) and passed as a Q: `by_actor`, `of_productions`,
`consent_events`, `everything`, joined with `|`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from loop.audit import vocabulary
from loop.audit.models import AuditCheckpoint, AuditEvent, AuditLeaf
from loop.kernel.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """What a reader looks for; None leaves a field open. Moments: `since` inclusive, `until` exclusive."""

    actor_pid: str | None = None
    event: str | None = None  # a type, or a family with a trailing dot: "export."
    obj_table: str | None = None
    obj_uid: UUID | None = None
    production_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def by_actor(pid: str) -> Q:
    """One's own actions."""
    return Q(actor_pid=pid)


def of_productions(production_ids: Collection[int]) -> Q:
    """What happened in these productions."""
    return Q(production_id__in=production_ids)


def consent_events() -> Q:
    """What a consent officer reads."""
    return Q(type__in=vocabulary.CONSENT_EVENTS)


def everything() -> Q:
    """What an auditor reads."""
    return Q()


def trail(filters: TrailFilter, *, visible: Q) -> QuerySet[AuditEvent]:
    """The events that match, newest first, with their leaf and payload joined: one query."""
    wanted = Q()
    for field, value in (
        ("actor_pid", filters.actor_pid),
        ("object_table", filters.obj_table),
        ("object_uid", filters.obj_uid),
        ("production_id", filters.production_id),
        ("at__gte", filters.since),
        ("at__lt", filters.until),
    ):
        if value is not None:
            wanted &= Q(**{field: value})
    if filters.event:
        wanted &= Q(type__startswith=filters.event) if filters.event.endswith(".") else Q(type=filters.event)
    return AuditEvent.objects.filter(wanted).filter(visible).select_related("leaf", "payload").order_by("-id")


def event_by_uid(uid: UUID, *, visible: Q) -> AuditEvent:
    """One event with its leaf and payload. Raises NotFoundError if there is none or the reader may not see it."""
    event = AuditEvent.objects.filter(visible, uid=uid).select_related("leaf", "payload").first()
    if event is None:
        raise NotFoundError(f"expected an event, found none with the id {uid}")
    return event


def describe(event: AuditEvent) -> str:
    """What happened, for people, to be read after the actor's name."""
    payload = getattr(event, "payload", None)
    return vocabulary.sentence(event.type, payload.facts if payload else None)


def log_index(event: AuditEvent) -> int | None:
    """The event's place in the log; None until the next seal."""
    leaf = getattr(event, "leaf", None)
    return leaf.log_index if leaf else None


def log_index_of(event_id: int) -> int | None:
    """The place in the log of the event with this internal id; None until the next seal. One query."""
    return AuditLeaf.objects.filter(event_id=event_id).values_list("log_index", flat=True).first()


def latest_checkpoint() -> AuditCheckpoint | None:
    """The newest signed statement of the log, None before the first seal."""
    return AuditCheckpoint.objects.order_by("-size").first()


def checkpoint_at(size: int) -> AuditCheckpoint:
    """The checkpoint of exactly this size. Raises NotFoundError."""
    found = AuditCheckpoint.objects.filter(size=size).first()
    if found is None:
        raise NotFoundError(f"expected a signed checkpoint of size {size}, found none")
    return found


def cutoff_for_export() -> AuditCheckpoint:
    """The smallest checkpoint that covers every sealed event that may change what an export contains.

    Orders, downloads, logins and the like (vocabulary.NOT_DATA) do not move it, so that the same order given twice
    without new data has the same cut-off and the same bytes. Seal first (`seal_all`).
    Two queries. Raises NotFoundError before the first seal.
    """
    newest = (
        AuditLeaf.objects.exclude(event__type__in=vocabulary.NOT_DATA)
        .order_by("-log_index")
        .values_list("log_index", flat=True)
        .first()
    )
    found = AuditCheckpoint.objects.filter(size__gt=-1 if newest is None else newest).order_by("size").first()
    if found is None:
        raise NotFoundError("expected a signed checkpoint, found none: seal the log first")
    return found
