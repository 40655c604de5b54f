"""Keeping the text that people are shown when they are asked."""

import hashlib
from datetime import datetime

from django.db import transaction

from loop.audit.record import record
from loop.consent import checks
from loop.consent.models import Notice
from loop.consent.permission import require_registry
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, NotValidError


def record_notice(*, version: str, language: str, text: str, actor: Actor, at: datetime | None = None) -> Notice:
    """Records version `version` of the notice in `language`; the same again answers with the first.

    Raises NotValidError for a bad field, ConflictError if that version has another text: a new text is a new version;
    NotAllowedError for anybody but a consent officer or an admin: a notice belongs to no single production.
    Joins the caller's transaction or opens one.
    """
    require_registry(actor)
    moment = at or now()
    checks.named("version", version, 32)
    checks.named("language", language, 16)
    if not text.strip():
        raise NotValidError("text: expected the words of the notice, found none", field="text")
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    with transaction.atomic():
        notice, is_new = Notice.objects.get_or_create(
            version=version,
            language=language,
            defaults={"text_sha256": sha256, "text": text, "recorded_at": moment},
        )
        if notice.text_sha256 != sha256:
            raise ConflictError(
                f"version: {version!r} in {language!r} has another text already; name a new version", field="version"
            )
        if is_new:
            record(
                event="notice.recorded", actor=actor, obj_table="loop_notice", obj_uid=notice.uid, production_id=None,
                at=moment, facts={"version": version, "language": language, "text_sha256": sha256},
            )  # fmt: skip
    return notice
