"""Erasing what remains.py found: texts on the record, rows that come and go, the name. In the caller's transaction."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from loop.audit.erase import erase_fields, erase_text
from loop.audit.record import record
from loop.consent.models import ContributorLink
from loop.kernel.actor import Actor
from loop.kernel.errors import ConflictError
from loop.material.models import Material
from loop.media.models import Rendition
from loop.people.models import Credit, Token
from loop.recall.remains import PSEUDONYM, Remains

SHORTEST: Final = 4  # letters of a name that is looked for within longer text; a shorter one must be the whole value

# Facts of events that are about the party, that name it, or that keep its reasons for taking something back.
_FACTS: Final = """
SELECT e.id, e.uid FROM loop_audit_event e JOIN loop_audit_payload p ON p.event_id = e.id
WHERE e.type <> ALL(%(not_these)s) AND (
    e.object_uid = ANY(%(objects)s)
    OR ((e.production_id = %(production)s OR e.production_id IS NULL) AND (
        p.facts::text ~ ANY(%(words)s)
        OR EXISTS (SELECT FROM unnest(%(values)s::text[]) v
                   WHERE jsonb_path_exists(p.facts, '$.** ? (@ == $v)', jsonb_build_object('v', v)))))
    OR (p.facts ? 'reason' AND p.facts ->> 'reason' <> '' AND (
        e.object_uid IN (SELECT s.uid FROM loop_authorisation_event s
                         JOIN loop_authorisation a ON a.id = s.authorisation_id WHERE a.party_id = %(party)s)
        OR e.object_uid IN (SELECT uid FROM loop_approval_request WHERE subject = %(subject)s)))
) ORDER BY e.id
"""
_LOGIN_ROWS: Final = (
    """DELETE FROM account_emailconfirmation WHERE email_address_id IN
       (SELECT id FROM account_emailaddress WHERE user_id = %s)""",
    "DELETE FROM account_emailaddress WHERE user_id = %s",
    "DELETE FROM mfa_authenticator WHERE user_id = %s",
    "DELETE FROM django_admin_log WHERE user_id = %s",
)


@dataclass(frozen=True, slots=True)
class Fact:
    """An event whose facts go, as `erase_text` takes it."""

    pk: int
    uid: UUID


def tally(found: Remains) -> dict[str, int]:
    """What `wipe` would erase, counted. As many queries as there are kinds, however much there is."""
    counts = {
        "suggestion texts": sum(getattr(row, "text", None) is not None for row in found.suggestions),
        "decision texts": sum(getattr(row, "text", None) is not None for row in found.decisions),
        "material texts": len(found.versions),
        "parameters of suggestions": sum(bool(row.parameters) for row in found.suggestions),
        "screens of decisions": sum(bool(row.context) for row in found.decisions),
        "demands of briefs": len(found.briefs),
        "names of documents": len(found.evidence),
        "facts of events": len(_facts(found)),
        "drafts": found.drafts.count(),
        "titles of materials": len(found.materials),
        "files": len(found.media),
        "open doors": ContributorLink.objects.filter(contributor=found.party, revoked_at=None).count(),
        **{name: rows.count() for name, rows in found.queue.items()},
        "names": int(found.has_name) + (found.login is not None),
    }
    return {name: number for name, number in counts.items() if number}


def wipe(found: Remains, *, basis: str, actor: Actor, at: datetime) -> dict[str, int]:
    """Erases what `tally` counts, and answers the same. Files on the disk are the caller's, after the commit."""
    counts = tally(found)
    given: dict[str, Any] = {"production_id": found.production.pk, "actor": actor, "basis": basis, "at": at}
    rows: tuple[tuple[Any, Iterable[Any]], ...] = (
        ("suggestion", found.suggestions),
        ("decision", found.decisions),
        ("material", found.versions),
        ("audit", _facts(found)),
    )
    for kind, each in rows:
        for row in each:
            erase_text(kind=kind, row=row, **given)
    fields: tuple[tuple[Any, Iterable[Any]], ...] = (
        ("suggestion", (row for row in found.suggestions if row.parameters)),
        ("decision", (row for row in found.decisions if row.context)),
        ("brief", found.briefs),
        ("evidence", found.evidence),
    )
    for kind, each in fields:
        for row in each:
            erase_fields(kind=kind, row=row, **given)
    found.drafts.delete()
    Material.objects.filter(pk__in=[each.pk for each in found.materials]).update(title="")
    _files(found)
    _doors(found, actor, at)
    for queued in found.queue.values():
        _gone(queued)
    _identity(found, actor, at)
    return counts


def _gone(rows: Any) -> None:
    credited = list(rows) if rows.model is Credit else []
    rows.delete()
    if credited:  # it stays a party of the production: rules ask for it by that
        first = credited[0]
        Credit.objects.get_or_create(
            contributor_id=first.contributor_id, production_id=first.production_id, function="erased",
            defaults={"created_at": first.created_at},
        )  # fmt: skip


def _words(found: Remains) -> list[str]:
    """What it is called: its id and name, and those of its login."""
    called = {found.party.external_id, found.party.name}
    if found.login is not None:
        called |= {found.login.username, found.login.email, found.login.get_full_name()}
    return sorted(word for word in called if word and not word.startswith(PSEUDONYM))


def _facts(found: Remains) -> list[Fact]:
    called = _words(found)
    objects = [found.party.uid, *(each.uid for each in found.evidence)]
    if found.login is not None:
        objects.append(found.login.uid)
    written = [re.escape(json.dumps(word, ensure_ascii=False)[1:-1]) for word in called if len(word) >= SHORTEST]
    with connection.cursor() as cursor:
        cursor.execute(
            _FACTS,
            {
                "not_these": ["text.erased", "party.erased"],
                "objects": objects,
                "production": found.production.pk,
                "words": [f"(^|[^[:alnum:]_-]){word}($|[^[:alnum:]_-])" for word in written],
                "values": called,
                "party": found.party.pk,
                "subject": found.party.uid,
            },
        )
        return [Fact(*row) for row in cursor.fetchall()]


def _files(found: Remains) -> None:
    for media in found.media:
        Rendition.objects.filter(media=media).delete()
        media.uri, media.stored_name = f"{PSEUDONYM}{media.uid}", ""
        media.save(update_fields=["uri", "stored_name"])


def _doors(found: Remains, actor: Actor, at: datetime) -> None:
    doors = ContributorLink.objects.filter(contributor=found.party, revoked_at=None).select_for_update()
    for link in doors:
        link.revoked_at = at
        link.save(update_fields=["revoked_at"])
        record(
            event="contributor.link_closed", actor=actor, obj_table="loop_contributor_link", obj_uid=link.uid,
            production_id=link.production_id, at=at, facts={"contributor": str(found.party.uid)},
        )  # fmt: skip


def _identity(found: Remains, actor: Actor, at: datetime) -> None:
    """A stable pseudonym made of the public identifier, for the party and for its login."""
    party = found.party
    if found.login is not None:
        user = found.login
        user.username = f"{PSEUDONYM}{user.uid.hex}"
        user.first_name = user.last_name = user.email = ""
        user.is_active, user.preferences = False, {}
        user.set_unusable_password()
        user.save()
        with connection.cursor() as cursor:
            for statement in _LOGIN_ROWS:
                cursor.execute(statement, [user.pk])
        Token.objects.filter(created_by=user, revoked_at=None).update(revoked_at=at)
        record(
            event="user.changed", actor=actor, obj_table="loop_user", obj_uid=user.uid, production_id=None, at=at,
            facts={"erased": True},
        )  # fmt: skip
    if not found.has_name:
        return
    party.external_id, party.name, party.minor_until = f"{PSEUDONYM}{party.uid.hex}", "", None
    party.save(update_fields=["external_id", "name", "minor_until"])
    record(
        event="contributor.changed", actor=actor, obj_table="loop_contributor", obj_uid=party.uid,
        production_id=found.production.pk, at=at, facts={"erased": True},
    )  # fmt: skip


def refuse_while_held(found: Remains) -> None:
    """Raises ConflictError under a legal hold, and for somebody who still works on the production."""
    if found.production.legal_hold:
        raise ConflictError(
            f"production: expected no legal hold, found one on {found.production.code}; nothing is erased while it "
            "stands",
            field="production",
        )
    if found.party.memberships.filter(active=True).exists():
        raise ConflictError(
            f"party: expected nobody with a role on {found.production.code}, found an active membership; end it first",
            field="party",
        )
    if not found.has_name and not any((*found.texts, found.versions, found.media, found.evidence)):
        raise ConflictError("party: expected something to erase, found that it was erased already", field="party")
