"""Recording that a guild was told or consulted before something leaves a production for somebody else."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from loop.audit.record import record
from loop.consent import checks
from loop.consent.evidence import Document, store_evidence
from loop.consent.models import GuildNotice, Recipient
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import NotValidError
from loop.kernel.ids import uuid7
from loop.material.models import Production
from loop.people.querysets import require
from loop.people.roles import Permission


def record_guild_notice(
    *,
    production: Production,
    guild: str,
    kind: str,
    sent_on: date,
    evidence: Document,
    actor: Actor,
    recipient: Recipient | None = None,
    at: datetime | None = None,
) -> GuildNotice:
    """Records a notice to, or a consultation of, `guild` about `recipient` (None: whoever receives). Durable.

    The guild must cover the production. A notice of a later day than today is refused: it has not been sent. Raises
    NotValidError with the field, NotAllowedError for anybody but a consent officer.
    """
    require(actor, production, Permission.AUTHORISE)
    moment = at or now()
    checks.one_of("guild", guild, production.guilds)
    checks.one_of("kind", kind, GuildNotice.Kind.values)
    if sent_on > moment.date():
        raise NotValidError(f"sent_on: expected {moment.date()} or earlier, found {sent_on}", field="sent_on")
    uid = uuid7()
    with transaction.atomic(durable=True):
        stored = store_evidence(document=evidence, actor=actor, production_id=production.pk, at=moment)
        event = record(
            event="guild.notice", actor=actor, obj_table="loop_guild_notice", obj_uid=uid,
            production_id=production.pk, at=moment,
            facts={
                "guild": guild, "kind": kind, "sent_on": sent_on.isoformat(),
                "recipient": None if recipient is None else recipient.code, "evidence_sha256": stored.sha256,
            },
        )  # fmt: skip
        return GuildNotice.objects.create(
            uid=uid, production=production, guild=guild, kind=kind, recipient=recipient, sent_on=sent_on,
            evidence=stored, event=event, recorded_at=moment,
        )  # fmt: skip
