"""`dps.json`: the release in the terms of the OASIS Data Provenance Standards (`prov-meta` 1.0, draft CSD02).

Days and names come from the order, as in `croissant.json`: equal orders of equal version give equal bytes. What the
schema has no word for (Parquet) is `other`; what the house does not record (where people sat) says so.
"""

from calendar import monthrange
from collections.abc import Sequence

from loop.export.licence import LICENCE_NAME
from loop.export.limits import limits
from loop.export.manifest import FileEntry, pretty
from loop.export.naming import home_page, house, order_uri, title
from loop.export.record import ReleaseRecord
from loop.export.rules import CONSENTS
from loop.kernel.canonical import Json

SCHEMA = "https://docs.oasis-open.org/dps/prov-meta/v1.0/schema/data-provenance.json"
SCHEMA_VERSION = "1.0"
NOT_RECORDED = "not recorded"
PURPOSES = {
    "ai_training": "alignment",
    "ai_generative_training": "alignment",
    "ai_evaluation": "evaluation",
    "research": "research",
    "synthetic_data": "synthetic-data-generation",
    "workflow_operation": "production",
}
METHODS = {
    "ai": ("machine-generated-ml-ops", "Suggestions by generative models"),
    "human": ("primary-user-source", "Texts by people at work on the production"),
    "ai_edited_by_human": ("user-generated-content", "Suggestions of models, edited by people"),
    "camera": ("primary-user-source", "Takes of the production"),
}
JUDGED: Json = {
    "code": "primary-user-source",
    "long-description": "Verdicts, reasons and notes by people at work on the production, in its own review pages.",
}


def dps(record: ReleaseRecord, files: Sequence[FileEntry]) -> bytes:
    """The bytes of the file; `files` are those whose digests identify the dataset."""
    return pretty(
        {
            "$schema": SCHEMA,
            "set": _set(record),
            "source": _source(record, files),
            "provenance": _provenance(record),
            "use": _use(record),
        }
    )


def _set(record: ReleaseRecord) -> Json:
    export = record.export
    day = f"{export.gate_date.isoformat()}T00:00:00Z"
    return {
        "category": "human feedback on suggestions",
        "schema-version": SCHEMA_VERSION,
        "publisher": {"name": house(), "namespace": home_page()},
        "label": f"{title(export)}, order {bytes(export.order_digest).hex()[:16]}",
        "language": "en",
        "tracking": {
            "id": order_uri(export),
            "status": "final",
            "version": export.version,
            "initial-release-date": day,
            "current-release-date": day,
            "revision-history": [
                {
                    "date": day,
                    "number": export.version,
                    "summary": "Dated with the day that consent was judged for; manifest.json has the times.",
                }
            ],
        },
    }


def _source(record: ReleaseRecord, files: Sequence[FileEntry]) -> Json:
    export = record.export
    hashes: list[Json] = [
        {"path": entry.path, "tree-hashes": [{"algorithm": "sha256", "value": entry.sha256}]}
        for entry in sorted(files, key=lambda entry: entry.path)
        if entry.path.startswith("data/")
    ]
    return {
        "about": {
            "content": f"{record.shape.about} {record.tally.rows} row(s){_splits(record)}. README.md says the rest.",
            "purpose": f"{export.purpose}, by {export.recipient.code}.",
            "scope": " ".join(limits(record)),
        },
        "id": {
            "uris": [order_uri(export)],
            "custom-ids": [{"method": "order-digest", "value": bytes(export.order_digest).hex()}],
            "hashes": hashes,
        },
        "issuer": [{"legal-name": house(), "url": home_page()}],
        "location": order_uri(export),
        "name": title(export),
        "data-version": export.version,
    }


def _splits(record: ReleaseRecord) -> str:
    counted = [f"{name} {each.rows}" for name, each in record.tally.splits.items()]
    return f", split by brief into {', '.join(counted)}" if counted else ""


def _provenance(record: ReleaseRecord) -> Json:
    tally = record.tally
    origins = sorted({origin for name in record.shape.origins for origin in tally.of(name)} & set(METHODS))
    methods: list[Json] = [{"code": METHODS[name][0], "long-description": METHODS[name][1]} for name in origins]
    found: dict[str, Json] = {
        "origin-geography": [{"country": NOT_RECORDED}],
        "date": record.export.gate_date.isoformat(),
        "generation-method": [*methods, JUDGED],
        "format": ["other"],
    }
    if tally.first_month and tally.last_month:
        found["generation-period"] = {
            "start": f"{tally.first_month}-01T00:00:00Z",
            "end": f"{tally.last_month}-{_last_day(tally.last_month):02d}T23:59:59Z",
        }
    before = record.export.replaces or record.export.next_of
    if before is not None:
        found["previous-date"] = before.gate_date.isoformat()
    return found


def _last_day(month: str) -> int:
    return monthrange(int(month[:4]), int(month[5:]))[1]


def _use(record: ReleaseRecord) -> Json:
    export, agreement = record.export, record.agreement
    until = record.tally.expires_on
    found: dict[str, Json] = {
        "intended-purpose": [
            {
                "code": PURPOSES.get(export.purpose, "other"),
                "long-description": f"{export.purpose} by {export.recipient.code}"
                + (f", until {until.isoformat()} at the latest" if until else ""),
            }
        ],
        "classification": [
            {
                "regulation": {"code": "pi", "long-description": "Judgements of people, under pseudonyms."},
                "evaluated": True,
            },
        ],
        "consents": [CONSENTS],
        "data-risk-reducing": [
            {
                "tool-used": "Circled",
                "technology": "pseudonymization",
                "parameters": [{"name": "method", "value": "HMAC-SHA-256, keyed by recipient and order"}],
                "results": ["No name and no id of the house leaves it."],
            },
            {
                "tool-used": "Circled",
                "technology": "data-minimization",
                "results": ["Roles instead of persons, months instead of days, numbers below 5 suppressed."],
            },
        ],
        "license": [f"{LICENCE_NAME}: LICENSE.md"],
        "copyright": ["Rights in the texts stay with their owners; see LICENSE.md and fb_output_owner."],
    }
    if agreement is not None and agreement.places:
        places: list[Json] = [{"country": place} for place in sorted(agreement.places)]
        found |= {"processing-included": places, "storage-allowed": places}
    return found
