"""Erasing what a party left on a production, under a legal basis, while the log's proofs stay valid."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction

from loop.audit.record import record
from loop.consent import lock
from loop.consent.models import Evidence
from loop.kernel.actor import Actor
from loop.kernel.errors import NotFoundError, NotValidError
from loop.kernel.ids import uuid7
from loop.material.models import Media, Production
from loop.media.models import Rendition
from loop.media.places import path_of
from loop.people.models import Contributor
from loop.people.querysets import require
from loop.people.roles import Permission
from loop.recall.models import Erasure, RecallNotice
from loop.recall.notify import DEFAULT_ACTIONS, STOP_USE, notify
from loop.recall.remains import Remains, remains_of
from loop.recall.trace import Reach
from loop.recall.unwritten import reach_of, remove_files, take_out
from loop.recall.wipe import refuse_while_held, tally, wipe

BASIS: Final = "erased"  # of the notices
DEADLINE: Final = timedelta(days=14)
ASKED: Final = (STOP_USE, *DEFAULT_ACTIONS)
_BASIS: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/()-]{1,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """What an erasure did, or would do. `excepted` names what it does not reach. A preview has no `erasure`."""

    party: Contributor
    counts: dict[str, int]
    published: tuple[Reach, ...]
    in_progress: tuple[Reach, ...]
    excepted: tuple[str, ...]
    erasure: Erasure | None = None
    notices: tuple[RecallNotice, ...] = ()


def erase(
    *,
    party: Contributor,
    production: Production,
    basis: str,
    actor: Actor,
    with_evidence: bool = False,
    with_derived: bool = False,
    is_preview: bool = False,
) -> ErasureReport:
    """Erases the words, files and name of `party` on `production`; remains.py says what is whose.

    In one transaction, the lock of publishing first:

    1. Texts go from their side tables with their salts, each with a text.erased event: what commits to them stays.
    2. The party and its login get pseudonyms; drafts, claims and views go; open doors of the party close.
    3. Releases in progress lose the rows and are written again without them; each published one with such rows gets a
       notice that names them, with a deadline, as a withdrawal does.
    4. One party.erased event says how much of what went, and never what.

    After the commit the files go. `is_preview`: it is worked out what would go, and nothing is written. What the
    answer calls excepted is not reached: write-ahead log, backups, published releases, what is kept as proof.
    Raises NotAllowedError for anybody but a consent officer and the system, NotFoundError for another production's
    party, NotValidError for the basis, ConflictError under a legal hold, for somebody with a role on the production,
    and where nothing is left to erase. Durable. Some six statements a text.
    """
    require(actor, production, Permission.AUTHORISE)
    if not _BASIS.fullmatch(basis):
        raise NotValidError(
            "basis: expected 2 to 64 letters, digits and signs that name the law, as gdpr_art17_1_b, without a name in "
            f"it, found {len(basis)} characters",
            field="basis",
        )
    if party.namespace != production.code:
        raise NotFoundError(f"party: {production.code} knows no such party")
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        at = lock.hold([production.pk])
        own = Contributor.objects.select_for_update().get(pk=party.pk)
        show = Production.objects.get(pk=production.pk)
        found = remains_of(own, show, with_evidence=with_evidence, with_derived=with_derived)
        refuse_while_held(found)
        files, user = _files_of(found), found.login
        published, unfinished = reach_of(cursor, found)
        if is_preview:
            return ErasureReport(own, tally(found), tuple(published), tuple(unfinished), _excepted(found, published))
        counts = wipe(found, basis=basis, actor=actor, at=at)
        take_out(cursor, unfinished, at=at)
        uid = uuid7()
        event = record(
            event="party.erased", actor=actor, obj_table="loop_erasure", obj_uid=uid, production_id=show.pk, at=at,
            facts={"basis": basis, "party": str(own.uid), "erased": dict(counts)},
        )  # fmt: skip
        erasure = Erasure.objects.create(
            uid=uid, party=own, production=show, basis=basis, erased=counts, event=event, erased_at=at
        )
        notices = notify(
            cursor, reached=published, causes=erasure, basis=BASIS, actions=list(ASKED), deadline=at + DEADLINE,
            actor=actor, at=at,
        )  # fmt: skip
        if user is not None:
            _end_sessions(user.pk)
        transaction.on_commit(partial(_remove, files))
        transaction.on_commit(partial(remove_files, unfinished))
    return ErasureReport(
        own, counts, tuple(published), tuple(unfinished), _excepted(found, published), erasure, tuple(notices)
    )


def _excepted(found: Remains, published: Sequence[Reach]) -> tuple[str, ...]:
    return (*found.kept, *map(_release, published))


def _release(reach: Reach) -> str:
    export = reach.export
    return (
        f"the published release E-{export.number} to {export.recipient.code}, {reach.rows} "
        f"row{'' if reach.rows == 1 else 's'} of it, below {export.folder}: its recipient is told"
    )


def _files_of(found: Remains) -> list[str]:
    """Stored names of files that nothing else will have a name for."""
    media = [each.pk for each in found.media]
    originals = {each.stored_name for each in found.media if each.stored_name}
    others = Media.objects.exclude(pk__in=media).filter(stored_name__in=originals)
    originals -= set(others.values_list("stored_name", flat=True))
    made = Rendition.objects.filter(media__in=media).exclude(stored_name="").values_list("stored_name", flat=True)
    proofs = {each.stored_name for each in found.evidence}
    kept = Evidence.objects.exclude(pk__in=[each.pk for each in found.evidence]).filter(stored_name__in=proofs)
    return [*originals, *made, *(proofs - set(kept.values_list("stored_name", flat=True)))]


def _remove(names: Collection[str]) -> None:
    root = Path(settings.MEDIA_ROOT)
    for name in names:
        path = path_of(name)
        if path.resolve().is_relative_to(root.resolve()):
            path.unlink(missing_ok=True)


def _end_sessions(user_id: int) -> None:
    """A session may hold what a page said last."""
    for session in Session.objects.all().iterator():
        if session.get_decoded().get("_auth_user_id") == str(user_id):
            session.delete()
