"""Bringing in productions and versions of material."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final

from django.db import IntegrityError, connection, transaction

from loop.audit.record import record
from loop.kernel.actor import Actor
from loop.kernel.canonical import commitment
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, NotAllowedError, NotValidError
from loop.kernel.ids import uuid7
from loop.material import ai_policy as ai_rules
from loop.material.models import (
    Capacity,
    Material,
    MaterialContribution,
    MaterialText,
    MaterialVersion,
    Media,
    Production,
    Scene,
)
from loop.material.timecode import may_drop
from loop.people.models import Contributor
from loop.people.querysets import is_system, require
from loop.people.roles import Permission

MAX_RATE_TERM: Final = 1_000_000
MAX_TITLE: Final = 200  # characters, as stored
MAX_EXTERNAL_ID: Final = 200
MAX_KIND: Final = 40
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)


def add_production(
    *,
    code: str,
    title: str,
    rate: Fraction,
    actor: Actor,
    drop_frame: bool = False,
    guilds: Sequence[str] = (),
    entity_name: str = "",
    ai_policy: Mapping[str, Any] | None = None,
    embargo_until: date | None = None,
    reason_required: bool = False,
    is_demo: bool = False,
    at: datetime | None = None,
) -> Production:
    """Adds a production at `rate` frames a second and records it.

    Only the system or an admin adds one. Raises NotAllowedError, NotValidError for a malformed code, title, rate or
    rule for the use of AI, or drop-frame where there is none, ConflictError for a code that is taken. Durable.
    """
    if not (is_system(actor) or actor.is_admin):
        raise NotAllowedError("Only an admin adds a production.")
    if not _CODE.fullmatch(code):
        raise NotValidError(
            f"code: expected 1 to 32 letters, digits, dots, dashes or underscores, found {code!r}", field="code"
        )
    if not title.strip() or len(title) > MAX_TITLE:
        raise NotValidError(f"title: expected 1 to {MAX_TITLE} characters, found {len(title)}", field="title")
    if rate <= 0 or max(rate.numerator, rate.denominator) > MAX_RATE_TERM:
        raise NotValidError(f"rate: expected a positive frame rate such as 24000/1001, found {rate}", field="rate")
    if drop_frame and not may_drop(rate):
        raise NotValidError(
            f"drop_frame: expected 30000/1001 or 60000/1001 for drop-frame, found {rate}", field="drop_frame"
        )
    rules = ai_rules.read(ai_policy or {})
    moment = at or now()
    try:
        with transaction.atomic(durable=True):
            production = Production.objects.create(
                code=code,
                title=title,
                rate_num=rate.numerator,
                rate_den=rate.denominator,
                drop_frame=drop_frame,
                guilds=list(guilds),
                entity_name=entity_name,
                ai_policy=ai_rules.written(rules),
                embargo_until=embargo_until,
                reason_required=reason_required,
                is_demo=is_demo,
                created_at=moment,
            )
            record(
                event="production.added",
                actor=actor,
                obj_table="loop_production",
                obj_uid=production.uid,
                production_id=production.pk,
                at=moment,
                facts={"code": code, "title": title, "rate": f"{rate.numerator}/{rate.denominator}"},
            )
    except IntegrityError as error:
        raise ConflictError(f"code: expected a new code, found {code!r}, which is taken") from error
    return production


def add_material_version(
    *,
    production: Production,
    external_id: str,
    kind: str,
    actor: Actor,
    text: str | None = None,
    media: Media | None = None,
    sha256: str = "",
    title: str = "",
    label: str = "",
    source_format: str = "",
    scene: Scene | None = None,
    contributors: Sequence[tuple[Contributor, str]] = (),
    at: datetime | None = None,
) -> MaterialVersion:
    """Adds the next version of a material (and the material, when it is new), or answers with the version it equals.

    `text` or `media` says what it is; `sha256` is that of the source file (default: of the text's UTF-8 bytes, or the
    medium's). `contributors` are (contributor, capacity); an empty capacity is unknown, which denies.
    Raises NotValidError, NotAllowedError, ConflictError if the material is recorded with another kind.
    Joins the caller's transaction or opens one.
    """
    require(actor, production, Permission.BRING_IN)
    if text is None and media is None:
        raise NotValidError("text: expected a text or a medium, found neither", field="text")
    for name, value, longest in (("external_id", external_id, MAX_EXTERNAL_ID), ("kind", kind, MAX_KIND)):
        if not value or len(value) > longest:
            raise NotValidError(f"{name}: expected 1 to {longest} characters, found {len(value)}", field=name)
    for _, capacity in contributors:
        if capacity and capacity not in Capacity.values:
            raise NotValidError(
                f"capacity: expected {' or '.join(Capacity.values)}, found {capacity!r}", field="capacity"
            )
    digest = sha256 or (hashlib.sha256(text.encode()).hexdigest() if text is not None else "")
    digest = digest or (media.sha256 if media is not None else "")
    moment = at or now()
    with transaction.atomic():
        with connection.cursor() as cursor:  # versions of one material are numbered one after the other
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"material {production.pk} {external_id}"]
            )
        material, is_new = Material.objects.get_or_create(
            production=production,
            external_id=external_id,
            defaults={"kind": kind, "title": title, "scene": scene, "created_at": moment},
        )
        if not is_new and material.kind != kind:
            raise ConflictError(f"kind: expected {material.kind!r} as recorded for {external_id!r}, found {kind!r}")
        for contributor, capacity in contributors:
            MaterialContribution.objects.get_or_create(material=material, contributor=contributor, capacity=capacity)
        last = material.versions.order_by("-number").first()
        if last is not None and last.sha256 == digest:
            return last
        number = last.number + 1 if last else 1
        return _write(material, number, digest, text, media, label, source_format, actor, moment)


def _write(
    material: Material,
    number: int,
    sha256: str,
    text: str | None,
    media: Media | None,
    label: str,
    source_format: str,
    actor: Actor,
    at: datetime,
) -> MaterialVersion:
    salt, uid = os.urandom(32), uuid7()
    event = record(
        event="material.version",
        actor=actor,
        obj_table="loop_material_version",
        obj_uid=uid,
        production_id=material.production_id,
        at=at,
        facts={"number": number, "sha256": sha256},
    )
    version = MaterialVersion.objects.create(
        uid=uid,
        material=material,
        number=number,
        label=label,
        source_format=source_format,
        sha256=sha256,
        media=media,
        text_commit=None if text is None else commitment(salt, {"body": text}),
        event=event,
        recorded_at=at,
    )
    if text is not None:
        MaterialText.objects.create(version=version, salt=salt, body=text)
    return version
