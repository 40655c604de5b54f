"""Opening a contributor's own door."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from loop.audit.record import record
from loop.consent.models import ContributorLink
from loop.consent.permission import require_authorise
from loop.kernel.actor import Actor
from loop.kernel.clock import now, rfc3339
from loop.kernel.errors import NotAllowedError, NotValidError
from loop.kernel.ids import uuid7
from loop.material.models import Production
from loop.people.models import Contributor, User

SECRET_BYTES: Final = 32
DAYS: Final = 30
MOST_DAYS: Final = 365


def open_link(
    *, party: Contributor, production: Production, actor: Actor, days: int = DAYS, at: datetime | None = None
) -> tuple[ContributorLink, str]:
    """A link of `party` to what `production` asks of it and holds of it, and its secret, which nobody sees again.

    The secret has 256 bits and only its SHA-256 is kept. Several links of one party may be open beside each other; each
    ends by itself after `days` or when somebody closes it.
    Raises NotValidError (days), NotAllowedError for anybody but a consent officer: a link opens no further link.
    """
    if actor.party_id is not None:
        raise NotAllowedError("A link opens no further link.")
    require_authorise(actor, production, [party])
    if not 1 <= days <= MOST_DAYS:
        raise NotValidError(f"days: expected 1 to {MOST_DAYS}, found {days}", field="days")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    moment = at or now()
    ends = moment + timedelta(days=days)
    uid = uuid7()
    with transaction.atomic(durable=True):
        record(
            event="contributor.link", actor=actor, obj_table="loop_contributor_link", obj_uid=uid,
            production_id=production.pk, at=moment, facts={"contributor": str(party.uid), "expires_at": rfc3339(ends)},
        )  # fmt: skip
        link = ContributorLink.objects.create(
            uid=uid, contributor=party, production=production, secret_sha256=digest_of(secret),
            created_by=User.objects.filter(pk=actor.user_id).first() if actor.user_id else None, created_at=moment,
            expires_at=ends,
        )  # fmt: skip
    return link, secret


def digest_of(secret: str) -> str:
    """What is kept of a secret: its SHA-256 in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()
