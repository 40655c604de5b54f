"""Who may receive releases."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from loop.audit.record import record
from loop.consent import checks
from loop.consent.agreement import AgreementTerms, check_terms, write_agreement
from loop.consent.models import Recipient
from loop.consent.permission import require_registry
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError


def add_recipient(
    *,
    code: str,
    name: str,
    kind: str,
    actor: Actor,
    agreement: AgreementTerms | None = None,
    at: datetime | None = None,
) -> Recipient:
    """Registers a recipient, with its first agreement if there is one already, in one transaction.

    Raises NotValidError for a bad field, ConflictError if the code is taken: a further agreement of a known recipient
    is recorded by `record_agreement`.
    """
    require_registry(actor)
    moment = at or now()
    code = checks.named("code", code, 64)
    name = checks.named("name", name, 200)
    checks.one_of("kind", kind, Recipient.Kind.values)
    if agreement is not None:
        check_terms(agreement)
    with transaction.atomic(durable=True):
        recipient, is_new = Recipient.objects.get_or_create(
            code=code, defaults={"name": name, "kind": kind, "created_at": moment}
        )
        if not is_new:
            raise ConflictError(f"code: the recipient {code!r} is already registered", field="code")
        record(
            event="recipient.added", actor=actor, obj_table="loop_recipient", obj_uid=recipient.uid,
            production_id=None, at=moment, facts={"code": code, "name": name, "kind": kind},
        )  # fmt: skip
        if agreement is not None:
            write_agreement(recipient, agreement, actor, moment)
    return recipient
