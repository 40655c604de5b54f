"""`croissant.json`: the release as Croissant 1.1 describes datasets, with RAI, PROV-O and ODRL parts.

Written by hand, as the format is plain JSON-LD; the tests validate and read it with `mlcroissant`. Its days and names
come from the order (the day that consent was judged for, a URI made of the order's digest), so equal orders of equal
version give equal bytes; release id and times stand in the manifest.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from loop.export.columns import Column
from loop.export.croissant_context import CONTEXT
from loop.export.croissant_splits import split_field, splits
from loop.export.licence import LICENCE_NAME
from loop.export.manifest import FileEntry, pretty
from loop.export.media_files import MEDIA, SUFFIXES
from loop.export.naming import home_page, house, order_uri, title
from loop.export.record import ReleaseRecord
from loop.export.responsibility import responsibility
from loop.export.rows import columns
from loop.export.rules import CONSENTS, CROISSANT
from loop.kernel.canonical import Json

CONFORMS_TO = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
PARQUET = "application/x-parquet"
UNKNOWN = "application/octet-stream"
MEDIA_TYPES = {
    ".parquet": PARQUET, ".jsonl": "application/jsonlines", ".json": "application/json", ".md": "text/markdown",
    ".csv": "text/csv", ".tar": "application/x-tar",
}  # fmt: skip
# What a column says in the words of PROV-O, where it says something about where a row comes from.
SAME_AS = {
    "fb_model": "prov:wasAttributedTo",
    "fb_rejected_model": "prov:wasAttributedTo",
    "fb_decided_on": "prov:generatedAtTime",
    "fb_log_index": "prov:hadPrimarySource",
    "fb_content_sha256": "prov:specializationOf",
}
AUTHORISATION_FIELDS = (
    "auth_id", "party", "party_kind", "basis", "state", "recipient", "valid_from", "valid_until", "evidence_sha256",
)  # fmt: skip


def croissant(record: ReleaseRecord, files: Sequence[FileEntry]) -> bytes:
    """The bytes of the file; `files` are those it describes, each with its digest."""
    export = record.export
    day = export.gate_date.isoformat()
    return pretty(
        {
            "@context": CONTEXT,
            "@type": "sc:Dataset",
            "conformsTo": list(CONFORMS_TO),
            "name": title(export),
            "description": f"{record.shape.about} Judgements of people at work on one production; see README.md.",
            "identifier": order_uri(export),
            "url": home_page(),
            "license": f"{LICENCE_NAME}: LICENSE.md",
            "creator": {"@type": "sc:Organization", "name": house(), "url": home_page()},
            "publisher": {"@type": "sc:Organization", "name": house(), "url": home_page()},
            "dateCreated": day,
            "datePublished": day,
            "version": export.version,
            "isLiveDataset": False,
            "citeAs": f"{title(export)}, version {export.version}, order {bytes(export.order_digest).hex()}",
            "keywords": ["human feedback", "consent recorded", record.shape.name],
            **responsibility(record),
            **_provenance(record),
            "usageInfo": _usage(record),
            "distribution": _distribution(record, files),
            "recordSet": [_rows(record), *splits(record), *_authorisations(record)],
        }
    )


def _distribution(record: ReleaseRecord, files: Sequence[FileEntry]) -> list[Json]:
    entries: list[Json] = [
        {
            "@type": "cr:FileObject",
            "@id": entry.path,
            "name": entry.path,
            "contentUrl": entry.path,
            "contentSize": f"{entry.size_bytes} B",
            "encodingFormat": _media_type(entry.path),
            "sha256": entry.sha256,
        }
        for entry in sorted(files, key=lambda entry: entry.path)
        if entry.path != CROISSANT and not entry.path.startswith(f"{MEDIA}/")
    ]
    shards: Json = {
        "@type": "cr:FileSet",
        "@id": _file_set(record),
        "name": _file_set(record),
        "description": "The rows, in the order of the files.",
        "encodingFormat": PARQUET,
        "includes": f"data/{record.shape.name}/*.parquet",
    }
    return [*entries, shards, *_media(files)]


def _media(files: Sequence[FileEntry]) -> list[Json]:
    """Media as one set by kind: a FileObject each would outgrow the rest. Their digests are their names."""
    kinds = sorted({Path(entry.path).suffix for entry in files if entry.path.startswith(f"{MEDIA}/")} - {".json"})
    return [
        {
            "@type": "cr:FileSet",
            "@id": f"media-{kind[1:]}",
            "name": f"media-{kind[1:]}",
            "encodingFormat": next((mime for mime, suffix in SUFFIXES.items() if f".{suffix}" == kind), UNKNOWN),
            "includes": f"{MEDIA}/*{kind}",
        }
        for kind in kinds
    ]


def _media_type(path: str) -> str:
    return next((kind for suffix, kind in MEDIA_TYPES.items() if path.endswith(suffix)), UNKNOWN)


def _file_set(record: ReleaseRecord) -> str:
    return f"{record.shape.name}-parquet"


def _rows(record: ReleaseRecord) -> Json:
    name = record.shape.name
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": record.shape.about,
        "key": {"@id": f"{name}/fb_row_id"},
        "field": [
            *(_field(column, name, _file_set(record)) for column in columns(record.shape)),
            *split_field(record, _file_set(record)),
        ],
    }


def _field(column: Column, record_set: str, file_set: str) -> Json:
    source: dict[str, Json] = {"fileSet": {"@id": file_set}, "extract": {"column": column.name}}
    place = f"{record_set}/{column.name}"
    found: dict[str, Json] = {
        "@type": "cr:Field",
        "@id": place,
        "name": column.name,
        "description": column.meaning,
    }
    if column.name in SAME_AS:
        found["equivalentProperty"] = SAME_AS[column.name]
    kind = column.type
    if pa.types.is_list(kind):
        found["repeated"] = True
        kind = kind.value_type
    if pa.types.is_struct(kind):
        repeated = {"repeated": True} if "repeated" in found else {}
        return {**found, "subField": [_part(part, place, source, repeated) for part in kind]}
    return {**found, "dataType": _type(kind), "source": source}


def _part(part: pa.Field, place: str, source: Mapping[str, Json], repeated: Mapping[str, Json]) -> Json:
    path = f"$[*].{part.name}" if repeated else f"$.{part.name}"
    return {
        "@type": "cr:Field",
        "@id": f"{place}/{part.name}",
        "name": part.name,
        "dataType": _type(part.type),
        **repeated,
        "source": {**source, "transform": {"jsonPath": path}},
    }


def _type(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    if pa.types.is_floating(kind):
        return "sc:Float"
    if pa.types.is_date(kind):
        return "sc:Date"
    if pa.types.is_string(kind):
        return "sc:Text"
    raise ValueError(f"expected a type that Croissant has a word for, found {kind}")


def _authorisations(record: ReleaseRecord) -> list[Json]:
    if not record.tally.auths:  # nobody reads records out of an empty file
        return []
    fields: list[Json] = [
        {
            "@type": "cr:Field",
            "@id": f"authorisations/{name}",
            "name": name,
            "dataType": "sc:Date" if name.startswith("valid_") else "sc:Text",
            "source": {"fileObject": {"@id": CONSENTS}, "extract": {"column": name}},
        }
        for name in AUTHORISATION_FIELDS
    ]
    about = "What the rows leave under, without names; `fb_auth_ids` of a row points here."
    return [
        {
            "@type": "cr:RecordSet",
            "@id": "authorisations",
            "name": "authorisations",
            "description": about,
            "key": {"@id": "authorisations/auth_id"},
            "field": fields,
        }
    ]


def _provenance(record: ReleaseRecord) -> dict[str, Json]:
    """PROV-O: made from frozen rows of the house's log, out of what models suggested and people judged."""
    export, tally = record.export, record.tally
    made: list[Json] = [
        {
            "@type": "prov:Activity",
            "prov:label": f"suggestions of {model or 'people and cameras'}: {number} row(s)",
            "prov:wasAssociatedWith": {
                "@type": "prov:SoftwareAgent" if model else "prov:Agent",
                "prov:label": model or "people and cameras",
            },
        }
        for model, number in tally.of("fb_model").items()
    ]
    judged: list[Json] = [
        {
            "@type": "prov:Activity",
            "prov:label": f"judgements in the role {role or 'not recorded'}: {number} row(s)",
            "prov:wasAssociatedWith": {"@type": "prov:Agent", "prov:label": role or "a person, role not recorded"},
        }
        for role, number in tally.of("fb_decider_role").items()
    ]
    return {
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "@id": order_uri(export),
            "prov:label": "the rows were frozen, judged by the gate and written to files",
            "prov:wasAssociatedWith": {"@type": "prov:Organization", "prov:label": house()},
            "prov:wasInformedBy": [*made, *judged],
        },
        "prov:wasDerivedFrom": {
            "@type": "prov:Entity",
            "prov:label": f"the first {export.checkpoint_size} entries of the audit log {house()}",
        },
    }


def _usage(record: ReleaseRecord) -> Json:
    """ODRL: the one purpose to the one recipient, until the first authorisation ends; no passing on."""
    export, until = record.export, record.tally.expires_on
    constraints: list[Json] = [_constraint("purpose", "eq", export.purpose)]
    if until is not None:
        constraints.append(_constraint("dateTime", "lteq", until.isoformat()))
    places = sorted(record.agreement.places) if record.agreement else []
    if places:
        constraints.append(_constraint("spatial", "isAnyOf", ", ".join(places)))
    return {
        "@type": ["CreativeWork", "odrl:Agreement"],
        "name": f"{LICENCE_NAME}, told to machines",
        "text": "LICENSE.md says it for people and prevails; each row has its own flags and its own last day.",
        "odrl:assigner": house(),
        "odrl:assignee": export.recipient.code,
        "odrl:permission": {
            "@type": "odrl:Permission",
            "odrl:action": {"@id": "odrl:use"},
            "odrl:constraint": constraints,
        },
        "odrl:prohibition": {"@type": "odrl:Prohibition", "odrl:action": {"@id": "odrl:distribute"}},
        "odrl:obligation": {
            "@type": "odrl:Duty",
            "odrl:action": {"@id": "odrl:delete"},
            "odrl:constraint": [_constraint("event", "eq", "a recall names the row (fb_row_id)")],
        },
    }


def _constraint(operand: str, operator: str, value: str) -> Json:
    return {
        "@type": "odrl:Constraint",
        "odrl:leftOperand": {"@id": f"odrl:{operand}"},
        "odrl:operator": {"@id": f"odrl:{operator}"},
        "odrl:rightOperand": value,
    }
