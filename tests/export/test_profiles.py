"""Every profile, whole: ordered, frozen, built, verified here and outside, described; counted by hand."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loop.audit.keys import load_or_create, trusted
from loop.consent.models import Authorisation
from loop.consent.terms import PROFILE_PURPOSE
from loop.export.models import Export, ExportExclusion, ExportRow
from loop.export.order import OrderRefusedError
from loop.export.preview import preview
from loop.export.profiles.registry import SHAPES
from loop.export.recipe import TALKING
from loop.export.verify import Report, verify
from loop.export.verify_rows import check_rows
from loop.kernel.actor import SYSTEM
from loop.kernel.errors import NotValidError
from loop.recall.models import RecallRow
from loop.recall.withdraw import withdraw
from tests.support.databases import REPOSITORY, FreshDatabase
from tests.support.releases import ALL_PROFILES, Stage, decision, few_lines, purpose_of, stage, suggestion

VERIFIER = REPOSITORY / "loop" / "verifier" / "circled_verify.py"
NOTE = "Note {}: the turn comes too early — «la bascule»."
SCENE_0, SCENE_1 = "Scene 0: what is wrong with it?", "Scene 1: what is wrong with it?"
PROP = "continuity.prop"


def clip(name: str) -> dict[str, str]:
    return {"uri": f"clips/{name}.mp4", "sha256": hashlib.sha256(name.encode()).hexdigest(), "mime": "video/mp4"}


def takes() -> list[dict[str, Any]]:
    """Four takes of one set-up as the camera gave them, and a fifth that is the first one's file again."""
    common: dict[str, Any] = {
        "group_id": "19A", "kind": "take", "stage": "production", "origin": "camera", "model": None, "content": None,
        "prompt": "19A", "latency_ms": None, "cost_usd": None,
    }  # fmt: skip
    frames = [{"target": "media", "start_frame": 24, "end_frame": 48, "rate": "24/1", "reason": PROP}]
    said = [
        decision("accept", by="director-1", rationale="She finds it."),
        decision("reject", by="director-1", spans=frames, rationale="Flat."),
        decision("reject", by="editor-1"),
        decision("skip", by="director-1"),
        decision("reject", by="director-1"),
    ]
    files = ["one", "two", "three", "four", "one"]
    return [
        {**suggestion(30 + n, said[n]), **common, "external_id": f"take-{n}", "media": clip(files[n])} for n in range(5)
    ]


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in([*few_lines(), *takes()])
    return made


def rows_of(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(folder / "data").to_pylist()
    return found


def own(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def test_every_profile_has_the_rows_that_a_hand_counts(show: Stage) -> None:
    """Nine notes of few_lines() with eight labels, and four labelled takes without text or rationale of a model."""
    show.authorises()
    found = {}
    for profile in ALL_PROFILES:
        export, folder = show.releases(profile)
        found[profile] = (rows_of(folder), export.not_made)
        assert verify(folder, keys=trusted()).ok, profile
    counts = {profile: (len(rows), not_made) for profile, (rows, not_made) in found.items()}
    assert counts == {
        "signals": (12, {}),
        "label_studio": (12, {}),
        "argilla": (12, {}),
        "preference": (4, {"no_text": 2}),  # takes 1 and 4 under take 0 have no text
        "reward": (4, {"no_text": 2}),
        "unpaired_preference": (9, {"no_text": 4}),
        "sft": (5, {"no_text": 1}),
        "openai_ft": (4, {"no_text": 1, "empty": 1}),
        "prompt_only": (3, {"no_text": 1, "repeated": 8}),
        "stepwise": (1, {"no_text": 4, "no_spans": 7}),
        "span_critique": (3, {"no_spans": 10}),
        "pairs_of_takes": (1, {"no_media": 2, "identical": 1}),
        "evaluation": (8, {}),
    }
    rows = {profile: rows for profile, (rows, _) in found.items()}
    assert [own(row, "prompt", "completion", "fb_side") for row in rows["sft"]] == [
        (SCENE_0, NOTE.format(0), "suggestion"),
        (SCENE_1, "The turn waits for the door.", "revision"),
        (SCENE_1, "", "revision"),
        (SCENE_1, NOTE.format(5), "suggestion"),
        ("", NOTE.format(8), "suggestion"),
    ]
    assert [own(row, "prompt", "completion") for row in rows["openai_ft"]] == [
        own(row, "prompt", "completion") for row in rows["sft"] if row["completion"]
    ]
    assert [row["prompt"] for row in rows["prompt_only"]] == [SCENE_0, SCENE_1, "19A"]
    assert [own(row, "prompt", "completions", "labels") for row in rows["stepwise"]] == [
        (SCENE_1, ["Note", NOTE.format(3)[4:]], [False, True])
    ]
    assert [(row["chosen"], row["rejected"], row["fb_prompt_length"]) for row in rows["reward"]] == [
        (row["prompt"] + row["chosen"], row["prompt"] + row["rejected"], len(row["prompt"]))
        for row in rows["preference"]
    ]
    critique = ("target", "unit", "start", "end", "excerpt", "reason", "name", "rationale", "fb_verdict", "fb_span")
    assert [own(row, *critique) for row in rows["span_critique"]] == [
        ("content", "code_point", 0, 4, "Note", PROP, "weak", None, "revise", 0),
        ("content", "code_point", 5, 5, "", "", None, None, "revise", 1),
        ("media", "frame", 24, 48, None, PROP, None, "Flat.", "reject", 0),
    ]
    (pair,) = rows["pairs_of_takes"]
    assert (pair["chosen_sha256"], pair["rejected_sha256"]) == (clip("one")["sha256"], clip("two")["sha256"])
    assert own(pair, "prompt", "chosen_because", "rejected_because", "chosen_note") == (
        "19A", "She finds it.", "Flat.", None,
    )  # fmt: skip
    assert [(span["start"], span["end"], span["unit"]) for span in pair["spans"]] == [(24, 48, "frame")]
    assert [own(row, "prompt", "rejected_answer", "reference", "reasons") for row in rows["evaluation"]] == [
        (SCENE_0, NOTE.format(1), None, [PROP]),
        (SCENE_0, NOTE.format(2), None, ["unstated"]),
        (SCENE_1, NOTE.format(3), "The turn waits for the door.", ["unstated"]),
        (SCENE_1, NOTE.format(4), "", ["unstated"]),
        (SCENE_1, NOTE.format(5), None, ["unstated"]),
        *[("19A", "", None, ["unstated"])] * 3,
    ]
    failed = [row["fb_media_sha256"] for row in rows["evaluation"] if not row["fb_suggestion_recorded"]]
    assert failed == [clip(name)["sha256"] for name in ("two", "three", "one")]
    for profile, each in rows.items():  # a skip is no label, and a name stands once
        assert {row["fb_verdict"] for row in each} <= {"accept", "reject", "revise"}, profile
        assert len({row["fb_row_id"] for row in each}) == len(each), profile
    names = [row["fb_row_id"] for each in rows.values() for row in each]
    assert len(names) == len(set(names))  # another order, other names


def forms() -> list[tuple[str, str]]:
    return [(p, "standard") for p in ALL_PROFILES] + [(p, "conversational") for p in sorted(TALKING)]


def test_the_same_order_twice_has_the_same_bytes_and_an_outsider_verifies_it(show: Stage, tmp_path: Path) -> None:
    show.authorises()
    key = tmp_path / "house.vkey"
    key.write_text(f"{load_or_create().verifier}\n")
    for profile, form in forms():
        _, first = show.releases(profile, form=form)
        _, again = show.releases(profile, form=form)
        files = {
            path.relative_to(first).as_posix(): path.read_bytes()
            for below in ("data", "interchange")
            for path in sorted((first / below).rglob("*"))
            if path.is_file()
        }
        assert files
        for name, content in files.items():
            assert (again / name).read_bytes() == content, (profile, form, name)
        command = [sys.executable, "-I", str(VERIFIER), "export", str(first), "--key", str(key)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, (profile, form, done.stdout)
        assert SHAPES[profile].about in (first / "README.md").read_text(), profile


def test_a_changed_text_is_found_in_pieces_too(show: Stage) -> None:
    show.authorises()
    for profile, column in (("stepwise", "completions"), ("prompt_only", "prompt")):
        form = "conversational" if profile in TALKING else "standard"
        _, folder = show.releases(profile, form=form)
        (path,) = (folder / "data" / profile).iterdir()
        table = pq.read_table(path)
        place = table.column_names.index(column)
        values = table.column(column).to_pylist()
        if form == "standard":
            values[0][0] += " "
        else:
            values[0][0]["content"] += " "
        changed = table.set_column(place, table.schema.field(column), pa.array(values, table.schema.field(column).type))
        pq.write_table(changed, path)
        report = Report()
        check_rows(folder, json.loads((folder / "manifest.json").read_bytes()), report)
        assert any("its texts do not have the digest" in str(found) for found in report.findings), profile


def test_the_conversational_form_says_the_same_in_messages(show: Stage) -> None:
    show.authorises()
    for profile in sorted(TALKING):
        standard, messages = (rows_of(show.releases(profile, form=f)[1]) for f in ("standard", "conversational"))
        for one, other in zip(standard, messages, strict=True):
            assert one["fb_content_sha256"] == other["fb_content_sha256"]
            for column in ("prompt", "chosen", "rejected", "completion"):
                if column in one:
                    assert "".join(turn["content"] for turn in other[column]) == one[column]
    (row, *_) = rows_of(show.releases("reward", form="conversational")[1])
    assert row["chosen"] == [
        {"role": "user", "content": SCENE_0},
        {"role": "assistant", "content": NOTE.format(0)},
    ]


@pytest.mark.parametrize("profile", [name for name in ALL_PROFILES if name not in TALKING])
def test_a_profile_without_messages_is_refused_in_that_form(show: Stage, profile: str) -> None:
    with pytest.raises(NotValidError, match=f"expected standard for {profile}") as refused:
        show.orders(profile, form="conversational")
    assert refused.value.field == "form"
    with pytest.raises(NotValidError, match="form: expected standard or conversational"):
        show.orders("preference", form="verse")
    assert not Export.objects.exists()


@pytest.mark.parametrize("profile", [name for name, purpose in PROFILE_PURPOSE.items() if purpose])
def test_another_purpose_is_refused_before_anything_runs(show: Stage, profile: str) -> None:
    wrong = "ai_evaluation" if purpose_of(profile) != "ai_evaluation" else "ai_generative_training"
    with pytest.raises(OrderRefusedError, match=r"rule 2 .*choose the purpose that the profile needs") as refused:
        show.orders(profile, purpose=wrong)
    assert refused.value.facts["codes"][0] == "FORMAT_PURPOSE_MISMATCH"
    assert not Export.objects.exists()
    assert show.orders(profile).profile == profile


@pytest.mark.parametrize("profile", [name for name, purpose in PROFILE_PURPOSE.items() if not purpose])
def test_the_others_take_the_purpose_of_the_order(show: Stage, profile: str) -> None:
    assert show.orders(profile, purpose="ai_evaluation").purpose == "ai_evaluation"


def test_without_consent_every_profile_has_no_rows_and_says_why(show: Stage) -> None:
    for profile in ALL_PROFILES:
        export, folder = show.releases(profile)
        seen = preview(
            production=show.production, profile=profile, purpose=purpose_of(profile), recipient=show.recipient,
            actor=SYSTEM,
        )  # fmt: skip
        assert (seen.rows, seen.excluded, seen.not_made) == (0, export.excluded_by_code, export.not_made), profile
        assert rows_of(folder) == []
        assert export.excluded_by_code == {"CONSENT_MISSING": export.rows_considered}, profile
        assert verify(folder, keys=trusted()).ok, profile


def test_a_withdrawal_reaches_every_profile(show: Stage) -> None:
    show.authorises()
    released = {profile: show.releases(profile)[0] for profile in ALL_PROFILES}
    with_editor = Authorisation.objects.filter(party__external_id="editor-1")
    party = with_editor.get().party_id
    expected = {
        profile: set(
            ExportRow.objects.filter(export=export, contributor_ids__contains=[party]).values_list("row_id", flat=True)
        )
        for profile, export in released.items()
    }
    withdraw(authorisations=list(with_editor), actor=SYSTEM, reason="changed my mind")
    for profile, export in released.items():
        named = RecallRow.objects.filter(notice__export=export).values_list("row__row_id", flat=True)
        assert set(named) == expected[profile], profile
        again, _ = show.releases(profile)
        assert not ExportRow.objects.filter(export=again, contributor_ids__contains=[party]).exists(), profile
        left = (export.rows_included or 0) - len(expected[profile])
        if profile == "prompt_only":
            left = 2  # another answer to the prompt of scene 1 may leave, and one to the take's
        assert again.rows_included == left, profile
    reached = {profile for profile, rows in expected.items() if rows}
    assert reached == set(ALL_PROFILES) - {"pairs_of_takes"}  # the editor judged no pair of takes by one person


@pytest.mark.parametrize("profile", ["preference", "reward", "pairs_of_takes"])
def test_both_sides_of_a_pair_are_asked(fresh_database: FreshDatabase, profile: str) -> None:
    """One person accepted, another rejected; under `majority` the two make a pair, and both must allow it."""
    show = stage()
    media = profile == "pairs_of_takes"
    lines = [
        suggestion(0, decision("accept", by="director-1"), media=clip("a") if media else None),
        suggestion(1, decision("reject", by="editor-1"), media=clip("b") if media else None),
    ]
    show.brings_in(lines)
    show.authorises("director-1")
    export, folder = show.releases(profile, labels="majority")
    assert (rows_of(folder), export.excluded_by_code) == ([], {"CONSENT_MISSING": 1})
    assert ExportExclusion.objects.get(export=export).other_decision is not None
    show.authorises("editor-1")
    assert len(rows_of(show.releases(profile, labels="majority")[1])) == 1


def test_a_prompt_leaves_with_the_first_answer_that_may(fresh_database: FreshDatabase) -> None:
    show = stage()
    show.brings_in([
        suggestion(0, decision("reject", by="director-1")), suggestion(1, decision("accept", by="editor-1")),
        suggestion(2, decision("accept", by="editor-1")),
    ])  # fmt: skip
    export, folder = show.releases("prompt_only")
    assert (rows_of(folder), export.excluded_by_code, export.not_made) == ([], {"CONSENT_MISSING": 1}, {"repeated": 2})
    show.authorises("editor-1")
    export, folder = show.releases("prompt_only")
    (row,) = rows_of(folder)
    assert (row["prompt"], row["fb_verdict"]) == (SCENE_0, "accept")
    assert (export.excluded_by_code, export.not_made) == ({}, {"repeated": 2})
    show.authorises("director-1")
    (row,) = rows_of(show.releases("prompt_only")[1])
    assert row["fb_verdict"] == "reject"
    (row,) = rows_of(show.releases("prompt_only", filters={"outcomes": ["accept"]})[1])
    assert row["fb_verdict"] == "accept"
