"""What candidates of one brief were made with: a row a fact, only where they are not all alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from loop.suggestion.models import Suggestion
from loop.templatetags.circled import latency, usd
from loop.web.editor.diff import Piece, compare
from loop.web.editor.item import content_of

MAX_FACTS: Final = 24
MAX_VALUE: Final = 120  # characters of one value
CONTEXT: Final = 40  # characters of an unchanged stretch kept beside a change of the prompt
PROMPT_LIMIT: Final = 20_000  # characters; two longer prompts are only said to differ


@dataclass(frozen=True, slots=True)
class Value:
    """What one candidate has of a fact; `pieces` for a prompt, where it differs from the first one's."""

    uid: str
    name: str
    text: str
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One row: `same` is the value all share, None where they differ."""

    label: str
    values: tuple[Value, ...]
    same: str | None


def differences(found: Sequence[Suggestion], names: Sequence[str]) -> list[Fact]:
    """Model, cost, time and seed, what of the parameters differs, the prompts. No query if texts came along."""
    rows: list[tuple[str, list[str]]] = [
        ("Model", [each.model.label if each.model else each.get_origin_display().lower() for each in found]),
        ("Cost", [usd(each.cost_usd) if each.cost_usd is not None else "" for each in found]),
        ("Time", [latency(each.latency_ms) if each.latency_ms is not None else "" for each in found]),
        ("Seed", ["" if each.seed is None else str(each.seed) for each in found]),
    ]
    rows += _unequal([each.parameters if isinstance(each.parameters, dict) else {} for each in found])
    if all(each.kind == "take" for each in found):
        rows += [row for row in _unequal([content_of(each)[2] for each in found]) if row[0] != "Take"]
    facts = [_fact(label, values, found, names) for label, values in rows[:MAX_FACTS] if any(values)]
    prompt = _prompts(found, names)
    return facts + ([prompt] if prompt else [])


def _unequal(told: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    keys = sorted({key for each in told for key, value in each.items() if not isinstance(value, (dict, list))})
    rows = []
    for key in keys:
        values = [_word(each.get(key)) for each in told]
        if len(set(values)) > 1:
            rows.append((key.replace("_", " ").capitalize(), values))
    return rows


def _word(value: object) -> str:
    if value is None:
        return ""
    text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}\N{HORIZONTAL ELLIPSIS}"


def _fact(label: str, values: Sequence[str], found: Sequence[Suggestion], names: Sequence[str]) -> Fact:
    told = tuple(Value(str(each.uid), name, value) for each, name, value in zip(found, names, values, strict=True))
    return Fact(label, told, values[0] if len(set(values)) == 1 else None)


def _prompts(found: Sequence[Suggestion], names: Sequence[str]) -> Fact | None:
    """Each prompt as what it changes in the first one's; None when there is none, or when all are the same."""
    prompts = [content_of(each)[1] or "" for each in found]
    if len(set(prompts)) < 2:  # noqa: PLR2004 - one prompt for all of them
        return None
    values = []
    for each, name, prompt in zip(found, names, prompts, strict=True):
        if prompt == prompts[0]:
            words = "the first of them" if each == found[0] else f"as {names[0]}"
            values.append(Value(str(each.uid), name, words))
        elif max(len(prompt), len(prompts[0])) > PROMPT_LIMIT:
            values.append(Value(str(each.uid), name, f"another one, of {len(prompt):,} characters"))
        else:
            values.append(Value(str(each.uid), name, "", _changes(prompts[0], prompt)))
    return Fact("Prompt", tuple(values), None)


def _changes(before: str, after: str) -> tuple[Piece, ...]:
    """What was taken out and put in, with a little of what stands beside it."""
    pieces = [piece for line in compare(before, after) for piece in (*line.pieces, Piece("same", "\n"))]
    kept: list[Piece] = []
    for place, piece in enumerate(pieces):
        if piece.kind != "same" or len(piece.text) <= 2 * CONTEXT:
            kept.append(piece)
        else:
            head = piece.text[:CONTEXT] if place else ""
            tail = piece.text[-CONTEXT:] if place + 1 < len(pieces) else ""
            kept.append(Piece("same", f"{head} \N{HORIZONTAL ELLIPSIS} {tail}"))
    return tuple(kept)
