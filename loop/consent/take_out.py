"""The registry of a production as the JSON lines that `bring_in` reads."""

from __future__ import annotations

from collections.abc import Iterator

from loop.consent.lines import LISTS, TEXTS
from loop.consent.models import Authorisation
from loop.kernel.actor import Actor
from loop.kernel.canonical import Json, canonical
from loop.kernel.clock import rfc3339
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.querysets import require
from loop.people.roles import Permission

COLUMN = {"territory": "territory_allow", "deny_territory": "territory_deny"}


def take_out(*, production: Production, actor: Actor) -> Iterator[str]:
    """One line for each party credited on the production, then one for each of its authorisations, as recorded.

    What happened to a record later is in no line: states are history and stand in the log. Evidence is named by its
    digest, so the lines can be read again where the documents are stored. Two queries, and one for the credits.
    Raises NotAllowedError for whoever may not see the registry, NotFoundError where even that may not be known.
    """
    require(actor, production, Permission.SEE_REGISTRY)
    parties = Contributor.objects.filter(credits__production=production).distinct().order_by("external_id")
    for party in parties.prefetch_related("credits"):
        functions = sorted({each.function for each in party.credits.all() if each.production_id == production.pk})
        yield _line(
            {
                "record": "party", "id": party.external_id, "kind": party.kind, "name": party.name,
                "functions": list(functions),
                "minor_until": party.minor_until.isoformat() if party.minor_until else None,
            }
        )  # fmt: skip
    records = Authorisation.objects.filter(production=production).order_by("id")
    for record in records.select_related("party", "evidence", "notice", "supersedes").iterator(chunk_size=2000):
        yield _line(_authorisation(record))


def _authorisation(record: Authorisation) -> dict[str, Json]:
    evidence, notice = record.evidence, record.notice
    found: dict[str, Json] = {
        "record": "authorisation", "id": str(record.uid), "party": record.party.external_id, "basis": record.basis,
        "uses": record.uses, "valid_from": record.valid_from.isoformat(),
        "valid_until": record.valid_until.isoformat(), "retention_days": record.retention_days,
        "compensation": record.compensation, "guild": record.guild,
        "supersedes": str(record.supersedes.uid) if record.supersedes else None,
        "notice": {"version": notice.version, "language": notice.language} if notice else None,
        "evidence": {
            "sha256": evidence.sha256, "kind": evidence.kind, "method": evidence.method,
            "signed_at": rfc3339(evidence.signed_at) if evidence.signed_at else None,
        },
    }  # fmt: skip
    found |= {name: list(getattr(record, COLUMN.get(name, name))) for name in LISTS}
    return found | {name: getattr(record, name) for name in TEXTS}


def _line(value: dict[str, Json]) -> str:
    """Without what says nothing."""
    return canonical({name: each for name, each in value.items() if each not in (None, "", [], {})}).decode()
