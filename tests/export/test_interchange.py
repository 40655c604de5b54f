"""What other tools import: in their form, with nothing that the rows do not say, and checked to follow from them.

The forms are those that label-studio-sdk 2.1.2 and argilla 2.8.0 check by their own code and the chat form of OpenAI's
fine-tuning; here they stand as JSON Schema and as the tools' rules over names, since both bring hundreds of megabytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pyarrow.parquet as pq
import pytest

from loop.decision.taxonomy import CORE
from loop.export.interchange import FOLDER, check_interchange
from loop.export.profiles import label_studio
from loop.export.verify import Report
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, decision, few_lines, stage, suggestion

ODD = "  «Ünïcode» 😀\r\n\tzwölf \u200b kämpfer  "  # outer blanks, a code point beyond 16 bits, an invisible one
TEXT = {"type": "string"}
NULLABLE = {"type": ["string", "null"]}


def exactly(**properties: Any) -> dict[str, Any]:
    """An object of these properties and no other; those whose name ends in _ may be missing."""
    named = {name.removesuffix("_"): value for name, value in properties.items()}
    required = [name for name in properties if not name.endswith("_")]
    return {"type": "object", "properties": named, "required": required, "additionalProperties": False}


CHAT = exactly(
    messages={
        "type": "array",
        "minItems": 1,
        "maxItems": 2,
        "items": exactly(role={"enum": ["user", "assistant"]}, content={"type": "string", "minLength": 1}),
        "contains": {"properties": {"role": {"const": "assistant"}}},
    }
)
REGION = exactly(id=TEXT, from_name=TEXT, to_name=TEXT, type=TEXT, value={"type": "object"})
ANNOTATED = {"result": {"type": "array", "items": REGION}}
TASK = exactly(
    data={"type": "object", "required": ["prompt", "suggestion", "fb_rows"]},
    annotations={"type": "array", "items": exactly(**ANNOTATED), "minItems": 1},
    predictions_={"type": "array", "items": exactly(model_version=TEXT, **ANNOTATED)},
)
VALUES = {
    "choices": exactly(choices={"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True}),
    "labels": exactly(
        start={"type": "integer"}, end={"type": "integer"}, text=TEXT, labels={"type": "array", "items": TEXT}
    ),
    "rating": exactly(rating={"type": "integer", "minimum": 1, "maximum": 4}),
    "textarea": exactly(text={"type": "array", "items": TEXT, "minItems": 1, "maxItems": 1}),
}
SAID = exactly(value={}, score={"type": "null"}, agent=NULLABLE, type={"const": "human"})
RECORD = exactly(
    id=TEXT, fields=exactly(prompt=TEXT, suggestion=TEXT),
    metadata={"type": "object", "additionalProperties": {"type": ["string", "array"]}},
    suggestions={"type": "object", "additionalProperties": SAID}, responses=exactly(), vectors=exactly(),
    status={"const": "pending"}, _server_id={"type": "null"},
)  # fmt: skip


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    spans = [
        {"start": 2, "end": 13, "reason": "continuity.prop"},
        {"target": "prompt", "start": 0, "end": 5, "reason": "continuity.prop"},
        {"start": 3, "end": 3, "reason": "continuity.prop"},
    ]
    said = decision("reject", spans=spans, reasons=["zz.new"], beats=["dread"], rationale=ODD, severity=2)
    made.brings_in([*few_lines(), suggestion(9, said, decision("accept", by="director-1"), content=ODD)])
    made.authorises()
    return made


def rows_of(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(folder / "data").to_pylist()
    return found


def test_the_chat_lines_are_those_of_the_service(show: Stage) -> None:
    _, folder = show.releases("openai_ft", rows_per_shard=2)
    raw = (folder / FOLDER / "chat.jsonl").read_bytes()
    assert b"\r" not in raw
    assert raw.endswith(b"\n")
    lines = [json.loads(line) for line in raw.splitlines()]
    for line in lines:
        jsonschema.validate(line, CHAT)
    expected = [
        [*([("user", row["prompt"])] if row["prompt"] else []), ("assistant", row["completion"])]
        for row in rows_of(folder)
    ]
    assert [[(each["role"], each["content"]) for each in line["messages"]] for line in lines] == expected
    assert ODD in [line["messages"][-1]["content"] for line in lines]
    assert [len(line["messages"]) for line in lines] == [2, 2, 2, 1, 2]  # one has no prompt


def controls(folder: Path) -> dict[str, tuple[str, str, set[str]]]:
    """{name: (type of its results, what it is about, what may be chosen)} of the labelling set-up."""
    root = ET.fromstring((folder / FOLDER / "config.xml").read_text())  # noqa: S314 -- our own file
    assert root.tag == "View"
    found = {}
    for tag in root.iter():
        if "toName" in tag.attrib:
            found[tag.attrib["name"]] = (
                tag.tag.lower(), tag.attrib["toName"], {each.attrib["value"] for each in tag if "value" in each.attrib},
            )  # fmt: skip
    return found


def tasks_of(folder: Path) -> list[dict[str, Any]]:
    paths = sorted((folder / FOLDER).glob("tasks-*.json"))
    return [task for path in paths for task in json.loads(path.read_bytes())]


def test_label_studio_gets_tasks_that_fit_its_set_up(show: Stage) -> None:
    _, folder = show.releases("label_studio", rows_per_shard=3)
    known, tasks, rows = controls(folder), tasks_of(folder), rows_of(folder)
    assert set(CORE) <= known["reasons"][2]
    assert "imported.zz.new" in known["reasons"][2]
    for task in tasks:
        jsonschema.validate(task, TASK)
        for annotated in (*task["annotations"], *task.get("predictions", ())):
            for region in annotated["result"]:
                kind, about, offered = known[region["from_name"]]
                assert (region["type"], region["to_name"]) == (kind, about)
                jsonschema.validate(region["value"], VALUES[kind])
                assert set(region["value"].get("choices", [])) <= offered
                assert set(region["value"].get("labels", [])) <= offered
                if kind == "labels":
                    text = task["data"][about]
                    assert text[region["value"]["start"] : region["value"]["end"]] == region["value"]["text"]
    names = [each["fb_row_id"] for task in tasks for each in task["data"]["fb_rows"]]
    assert names == [row["fb_row_id"] for row in rows]  # each row once, in order
    assert [task["data"]["fb_suggestion"] for task in tasks] == list(dict.fromkeys(r["fb_suggestion"] for r in rows))
    verdicts = [
        region["value"]["choices"][0]
        for task in tasks
        for annotation in task["annotations"]
        for region in annotation["result"]
        if region["from_name"] == "verdict"
    ]
    assert verdicts == [row["verdict"] for row in rows]
    odd = tasks[-1]
    assert odd["data"]["suggestion"] == odd["predictions"][0]["result"][0]["value"]["text"][0] == ODD
    (first, _) = odd["annotations"]
    said = {region["from_name"]: region["value"] for region in first["result"]}
    assert said["span"] == {"start": 2, "end": 13, "text": ODD[2:13], "labels": ["continuity.prop"]}
    assert said["prompt_span"]["text"] == "Scene"
    assert (said["rationale"], said["severity"], said["beats"]) == (
        {"text": [ODD]}, {"rating": 2}, {"choices": ["dread"]},
    )  # fmt: skip
    answers = [
        r["value"]["text"] for t in tasks for a in t["annotations"] for r in a["result"] if r["type"] == "textarea"
    ]
    assert ["The turn waits for the door."] in answers
    assert [""] in answers  # "" is a text


def test_tasks_come_in_files_of_a_size_that_is_imported(show: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tasks_of(show.releases("label_studio")[1])
    monkeypatch.setattr(label_studio, "TASKS_A_FILE", 3)
    _, folder = show.releases("label_studio")
    names = [path.name for path in sorted((folder / FOLDER).glob("tasks-*"))]
    assert names == ["tasks-00000.json", "tasks-00001.json", "tasks-00002.json"]
    assert [len(task["annotations"]) for task in tasks_of(folder)] == [len(task["annotations"]) for task in whole]


def test_argilla_gets_a_data_set_that_it_reads_from_disk(show: Stage) -> None:
    _, folder = show.releases("argilla")
    below = folder / FOLDER
    records, rows = json.loads((below / "records.json").read_bytes()), rows_of(folder)
    settings = json.loads((below / ".argilla" / "settings.json").read_bytes())
    dataset = json.loads((below / ".argilla" / "dataset.json").read_bytes())
    assert (dataset["name"], dataset["status"], dataset["workspace_id"]) == ("circled", "draft", None)
    questions = {each["name"]: each for each in settings["questions"]}
    fields = {each["name"]: each["required"] for each in settings["fields"]}
    assert fields == {"prompt": False, "suggestion": True}
    assert all(each["settings"]["type"] == each["type"] for each in (*settings["questions"], *settings["fields"]))
    options = {
        name: {option["value"] for option in each["settings"].get("options", [])} for name, each in questions.items()
    }
    assert [record["id"] for record in records] == [row["fb_row_id"] for row in rows]
    for record, row in zip(records, rows, strict=True):
        jsonschema.validate(record, RECORD)
        said = {name: each["value"] for name, each in record["suggestions"].items()}
        assert set(said) <= set(questions)
        assert record["fields"] == {"prompt": row["prompt"], "suggestion": row["suggestion"]}
        assert said["verdict"] == row["verdict"] in options["verdict"]
        assert said.get("reasons", []) == row["reasons"]
        assert set(row["reasons"]) <= options["reasons"]
        assert (said.get("rationale"), said.get("revision")) == (row["rationale"], row["revision"])
        assert said.get("severity") == row["fb_severity"]
        for span in said.get("spans", []):
            assert 0 <= span["start"] < span["end"] <= len(row["suggestion"])
            assert span["label"] in options["spans"]
        terms = {each["name"] for each in settings["metadata"]}
        assert set(record["metadata"]) - {"fb_auth_ids", "fb_expires_on"} <= terms
        assert record["metadata"]["fb_auth_ids"] == row["fb_auth_ids"]
    assert records[-2]["suggestions"]["spans"]["value"] == [{"start": 2, "end": 13, "label": "continuity.prop"}]


def test_without_rows_the_files_are_whole(fresh_database: FreshDatabase) -> None:
    made = stage()
    made.brings_in(few_lines())
    assert (made.releases("openai_ft")[1] / FOLDER / "chat.jsonl").read_bytes() == b""
    assert tasks_of(made.releases("label_studio")[1]) == []
    assert json.loads((made.releases("argilla")[1] / FOLDER / "records.json").read_bytes()) == []


def test_a_file_that_does_not_follow_from_the_rows_is_found(show: Stage) -> None:
    """Whoever signs could sign anything; the house's own check before publishing makes the files again."""
    _, folder = show.releases("argilla")
    manifest = json.loads((folder / "manifest.json").read_bytes())
    report = Report()
    check_interchange(folder, manifest, report)
    assert report.ok
    for entry in manifest["files"]:
        if entry["path"].endswith("records.json"):
            entry["sha256"] = "0" * 64
    manifest["files"].append({"path": f"{FOLDER}/more.json", "sha256": "1" * 64})
    check_interchange(folder, manifest, report)
    assert [finding.path for finding in report.findings] == [f"{FOLDER}/more.json", f"{FOLDER}/records.json"]


def test_no_name_of_a_person_stands_in_them(show: Stage) -> None:
    for profile in ("openai_ft", "label_studio", "argilla"):
        _, folder = show.releases(profile)
        whole = b"".join(path.read_bytes() for path in (folder / FOLDER).rglob("*") if path.is_file())
        for name in (b"editor-1", b"director-1"):
            assert name not in whole
