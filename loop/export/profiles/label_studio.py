"""Profile `label_studio`: the rows of `signals` as tasks with their annotations, for import into Label Studio."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, islice
from operator import itemgetter
from typing import Any
from xml.sax.saxutils import quoteattr

import orjson

from loop.export.profiles import signals
from loop.export.profiles.rendering import Files, Reader, Row, array, codes, ranges

TASKS_A_FILE = 10_000  # an import takes 200 MB at once

SHAPE = replace(
    signals.SHAPE,
    name="label_studio",
    about="Tasks for Label Studio: a suggestion with the decisions on it as annotations, and a labelling set-up.",
    notes=(
        "Import interchange/config.xml as the labelling set-up, then interchange/tasks-*.json.",
        "Whoever imports the annotations becomes their author; data.fb_rows says the roles, in the same order.",
        "Ranges of frames or regions, points, and ranges into the revision stand in the Parquet alone.",
    ),
)  # fmt: skip
_FACTS = ("fb_row_id", "fb_effective", "fb_decider_role", "fb_decided_on", "fb_auth_ids", "fb_expires_on",
          "fb_use_generative_training", "fb_use_training", "fb_use_inference", "fb_use_data_mining")  # fmt: skip
_TASK = ("fb_suggestion", "fb_brief", "fb_stage", "fb_kind", "fb_model", "fb_media_sha256", "fb_media_mime")
COLUMNS = ("prompt", "suggestion", "verdict", "revision", "rationale", "reasons", "beats", "spans", "fb_severity",
           *_FACTS, *_TASK)  # fmt: skip


def render(read: Reader) -> Files:
    """The set-up, and the tasks in files of TASKS_A_FILE."""
    yield "config.xml", iter([_config(*codes(read)).encode()])
    tasks = (orjson.dumps(_task(list(rows))) for _, rows in groupby(read(COLUMNS), itemgetter("fb_suggestion")))
    number = 0
    while (part := list(islice(tasks, TASKS_A_FILE))) or number == 0:
        yield f"tasks-{number:05d}.json", array(part)
        number += 1


def _task(rows: list[Row]) -> dict[str, Any]:
    first = rows[0]
    data = {name: first[name] for name in ("prompt", "suggestion", *_TASK)}
    data["fb_rows"] = [{name: row[name] for name in _FACTS} for row in rows]
    task: dict[str, Any] = {"data": data, "annotations": [{"result": list(_results(row))} for row in rows]}
    if first["fb_model"] and first["suggestion"]:
        proposed = _result(first, "model", "answer", "prompt", "textarea", {"text": [first["suggestion"]]})
        task["predictions"] = [{"model_version": first["fb_model"], "result": [proposed]}]
    return task


def _results(row: Row) -> Iterator[dict[str, Any]]:
    said: list[tuple[str, str, str, dict[str, Any]]] = [
        ("verdict", "suggestion", "choices", {"choices": [row["verdict"]]})
    ]
    said += [(name, "suggestion", "choices", {"choices": row[name]}) for name in ("reasons", "beats") if row[name]]
    if row["fb_severity"] is not None:
        said.append(("severity", "suggestion", "rating", {"rating": row["fb_severity"]}))
    for name, column, target in (("rationale", "rationale", "suggestion"), ("answer", "revision", "prompt")):
        if row[column] is not None:
            said.append((name, target, "textarea", {"text": [row[column]]}))
    for name, target, pointed in (("span", "content", "suggestion"), ("prompt_span", "prompt", "prompt")):
        for start, end, text, reason in ranges(row, target, row[pointed]):
            said.append((name, pointed, "labels", {"start": start, "end": end, "text": text, "labels": [reason]}))
    for number, (control, target, kind, value) in enumerate(said):
        yield _result(row, number, control, target, kind, value)


def _result(row: Row, number: int | str, control: str, target: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    name = f"{row['fb_row_id']}-{number}"
    return {"id": name, "from_name": control, "to_name": target, "type": kind, "value": value}


def _config(reasons: list[str], beats: list[str]) -> str:
    def choices(name: str, values: list[str], how: str) -> list[str]:
        inner = [f"    <Choice value={quoteattr(value)}/>" for value in values]
        return [f'  <Choices name="{name}" toName="suggestion" choice="{how}">', *inner, "  </Choices>"]

    def labels(name: str, target: str) -> list[str]:
        inner = [f"    <Label value={quoteattr(value)}/>" for value in reasons]
        return [f'  <Labels name="{name}" toName="{target}">', *inner, "  </Labels>"]

    lines = [
        "<View>",
        '  <Header value="Prompt"/>',
        '  <Text name="prompt" value="$prompt"/>',
        *labels("prompt_span", "prompt"),
        '  <Header value="Suggestion"/>',
        '  <Text name="suggestion" value="$suggestion"/>',
        *labels("span", "suggestion"),
        *choices("verdict", ["accept", "reject", "revise"], "single"),
        *choices("reasons", reasons, "multiple"),
        *choices("beats", beats, "multiple"),
        '  <Rating name="severity" toName="suggestion" maxRating="4"/>',
        '  <TextArea name="rationale" toName="suggestion"/>',
        '  <TextArea name="answer" toName="prompt"/>',
        "</View>",
    ]
    return "\n".join(lines) + "\n"
