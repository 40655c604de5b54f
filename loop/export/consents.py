"""`consents.jsonl`: the authorisations a release leaves under, without names."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection

from loop.consent.models import Authorisation
from loop.consent.terms import CONSTRAINED
from loop.export.keys import Pseudonyms
from loop.export.models import Export
from loop.kernel.canonical import Json, canonical

# The gate judged the state at the freeze and again before publishing; this is the state it permitted under.
_STATE = """
SELECT DISTINCT ON (e.authorisation_id) e.authorisation_id, e.state FROM loop_authorisation_event e
WHERE e.authorisation_id = ANY(%s) AND e.effective_at <= %s
ORDER BY e.authorisation_id, e.effective_at DESC, e.id DESC
"""


def snapshot(
    export: Export, ids: Sequence[int], names: Pseudonyms, rows: Mapping[str, int], *, moment: datetime
) -> bytes:
    """The lines of the file, ordered by pseudonym: canonical JSON, one object a line.

    `ids` are the authorisations that rows leave under; `rows` is {auth pseudonym: rows} as counted in the files. The
    party is a pseudonym of this release too; who signed for it, the evidence's place and the terms of payment stay in
    the house.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STATE, [list(ids), moment])
        states: dict[int, str] = dict(cursor.fetchall())
    used = Authorisation.objects.filter(pk__in=ids).select_related("party", "evidence", "production")
    lines = [_line(each, export, names, rows, states.get(each.pk, "")) for each in used]
    return b"".join(canonical(line) + b"\n" for line in sorted(lines, key=lambda line: str(line["auth_id"])))


def _line(
    each: Authorisation, export: Export, names: Pseudonyms, rows: Mapping[str, int], state: str
) -> dict[str, Json]:
    auth_id = names.of("auth", each.uid)
    return {
        "auth_id": auth_id,
        "party": names.of("party", each.party.uid),
        "party_kind": each.party.kind,
        "basis": each.basis,
        "state": state,
        "scope": "production" if each.production_id else "every production",
        "material_kinds": sorted(each.material_kinds),
        "capacities": sorted(each.capacities),
        "uses": {purpose: _value(use) for purpose, use in sorted(each.uses.items())},
        "condition": _condition(each.uses.get(export.purpose), export),
        "recipient": export.recipient.code,
        "named_by": "code" if export.recipient.code in each.recipients else "kind",
        "territory_allow": sorted(each.territory_allow),
        "territory_deny": sorted(each.territory_deny),
        "valid_from": each.valid_from.isoformat(),
        "valid_until": each.valid_until.isoformat(),
        "retention_days": each.retention_days,
        "on_withdrawal": sorted(each.on_withdrawal),
        "jurisdiction": each.jurisdiction,
        "evidence_sha256": each.evidence.sha256,
        "rows": rows.get(auth_id, 0),
    }


def _value(use: object) -> str:
    value = use.get("value") if isinstance(use, Mapping) else None
    return value if isinstance(value, str) else "notAllowed"


def _condition(use: object, export: Export) -> dict[str, Json] | None:
    """Under which condition the purpose of the release is allowed; None: under none. Names no other recipient."""
    if _value(use) != CONSTRAINED or not isinstance(use, Mapping):
        return None
    condition = dict(use.get("constraint") or {})
    for key, own in (("recipients", export.recipient.code), ("recipient_kinds", export.recipient.kind)):
        if key in condition:
            condition[key] = [own] if own in condition[key] else []
    return condition
