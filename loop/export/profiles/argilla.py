"""Profile `argilla`: the rows of `signals` as a data set on disk that Argilla reads."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from loop.export.profiles import signals
from loop.export.profiles.rendering import Files, Reader, Row, array, codes, ranges

SHAPE = replace(
    signals.SHAPE,
    name="argilla",
    about="Records for Argilla: a suggestion and what a person decided, ready to be looked at again there.",
    notes=(
        "argilla.Dataset.from_disk('interchange', workspace=...) reads it.",
        "What people said stands as suggestions of type human, as a response there needs an account there.",
        "Ranges of frames or regions, points, and ranges into prompt or revision stand in the Parquet alone.",
    ),
)  # fmt: skip
_FACTS = (
    "fb_effective", "fb_decider_role", "fb_decided_on", "fb_stage", "fb_kind", "fb_brief", "fb_suggestion", "fb_model",
    "fb_label_policy", "fb_negative_kind", "fb_use_generative_training", "fb_use_training", "fb_use_inference",
    "fb_use_data_mining", "fb_media_sha256", "fb_media_mime",
)  # fmt: skip
COLUMNS = ("prompt", "suggestion", "verdict", "revision", "rationale", "reasons", "beats", "spans", "fb_severity",
           "fb_row_id", "fb_auth_ids", "fb_expires_on", *_FACTS)  # fmt: skip
_GUIDELINES = "What people at work on a production decided on suggestions. Use it for the purpose it was released for."
_NOBODY: dict[str, Any] = {"id": None, "inserted_at": None, "updated_at": None, "dataset_id": None}


def render(read: Reader) -> Files:
    """The data set, its fields and questions, and the records."""
    yield ".argilla/dataset.json", iter([_json(_dataset())])
    yield ".argilla/settings.json", iter([_json(_settings(*codes(read)))])
    yield "records.json", array(orjson.dumps(_record(row)) for row in read(COLUMNS))


def _record(row: Row) -> dict[str, Any]:
    said: list[tuple[str, Any]] = [("verdict", row["verdict"]), ("reasons", row["reasons"]), ("beats", row["beats"])]
    said += [("severity", row["fb_severity"]), ("rationale", row["rationale"]), ("revision", row["revision"])]
    said.append(("spans", list(_spans(row))))
    agent = row["fb_decider_role"] or None
    metadata = {name: _plain(row[name]) for name in _FACTS if row[name] not in (None, "")}
    metadata["fb_auth_ids"] = row["fb_auth_ids"]
    metadata["fb_expires_on"] = row["fb_expires_on"].isoformat()
    return {
        "id": row["fb_row_id"],
        "fields": {"prompt": row["prompt"], "suggestion": row["suggestion"]},
        "metadata": metadata,
        "suggestions": {
            name: {"value": value, "score": None, "agent": agent, "type": "human"}
            for name, value in said
            if value is not None and value != []
        },
        "responses": {},
        "vectors": {},
        "status": "pending",
        "_server_id": None,
    }


def _plain(value: Any) -> Any:
    """Terms are texts there."""
    return str(value).lower() if isinstance(value, bool) else value


def _spans(row: Row) -> Iterator[dict[str, Any]]:
    for start, end, _, reason in ranges(row, "content", row["suggestion"]):
        yield {"start": start, "end": end, "label": reason}


def _dataset() -> dict[str, Any]:
    return {
        "id": None, "inserted_at": None, "updated_at": None, "name": "circled", "status": "draft",
        "guidelines": _GUIDELINES, "allow_extra_metadata": True,
        "distribution": {"strategy": "overlap", "min_submitted": 1}, "workspace_id": None, "last_activity_at": None,
    }  # fmt: skip


def _settings(reasons: list[str], beats: list[str]) -> dict[str, Any]:
    def options(values: list[str]) -> dict[str, Any]:
        return {"options": [{"text": value, "value": value} for value in values], "visible_options": len(values)}

    many: dict[str, Any] = {"type": "multi_label_selection", "options_order": "natural"}
    text = {"type": "text", "use_markdown": False}
    spans = {"type": "span", "allow_overlapping": True, "field": "suggestion"}
    return {
        "guidelines": _GUIDELINES,
        "questions": [
            _part("verdict", {"type": "label_selection", **options(["accept", "reject", "revise"])}, required=True),
            _part("reasons", {**many, **options(reasons)}),
            _part("beats", {**many, **options(beats)}),
            _part("severity", {"type": "rating", "options": [{"value": value} for value in range(1, 5)]}),
            _part("rationale", text),
            _part("revision", text),
            _part("spans", {**spans, **options(reasons)}),
        ],
        "fields": [_part("prompt", text), _part("suggestion", text, required=True)],
        "vectors": [],
        "metadata": [_term(name) for name in _FACTS],
        "allow_extra_metadata": True,
        "distribution": {"strategy": "overlap", "min_submitted": 1},
        "mapping": None,
    }


def _part(name: str, settings: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    title, kind = name.capitalize(), settings["type"]
    return {**_NOBODY, "name": name, "title": title, "description": None, "required": required, "type": kind,
            "settings": settings}  # fmt: skip


def _term(name: str) -> dict[str, Any]:
    settings = {"type": "terms", "values": None, "visible_for_annotators": True}
    return {**_NOBODY, "name": name, "title": name, "settings": settings, "visible_for_annotators": True}


def _json(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
