"""How many keys a decision takes: pressed in the review room, counted from key events, checked in the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.review import Bench

TRANSPORT = "ArrowRight"
FRAMES = 12
COUNTED = "JSON.parse(sessionStorage.getItem('bench.keys') || '0')"


@dataclass(frozen=True)
class Case:
    """What somebody wants, on which item of the sample, by which keys, and what must be stored then."""

    name: str
    item: str
    keys: tuple[str, ...]
    is_stored: Callable[[], bool]


def cases() -> list[Case]:
    from loop.decision.models import Decision

    def stored(item: str, outcome: str, **more: Any) -> Callable[[], bool]:
        found = Decision.objects.filter(suggestion__external_id=item, outcome=outcome, decided_by__external_id="editor")
        return found.filter(**more).exists

    accepted, rejected = undecided_texts(2)
    return [
        Case("accept", accepted, ("a",), stored(accepted, "accept")),
        Case("reject_reason", rejected, ("x", "2"), stored(rejected, "reject", reasons__len=1)),
        Case(
            "reject_span", "nf-11-a", ("i", *[TRANSPORT] * FRAMES, "o", "1", "x"),
            stored("nf-11-a", "reject", span_count=1),
        ),
        Case("best_of_four", "nf-10-b", ("Shift+N", "Shift+N", "b"), stored("nf-10-d", "accept")),
    ]  # fmt: skip


def undecided_texts(count: int) -> list[str]:
    from loop.suggestion.models import Suggestion

    found = Suggestion.objects.filter(production__code="NIGHTFERRY", media=None, decisions=None).order_by("id")
    return list(found.values_list("external_id", flat=True)[:count])


def counted(bench: Bench, editor: Any) -> dict[str, float]:
    """Keys by case, without those that only move the picture. Stops if something else was stored."""
    from loop.suggestion.models import Suggestion

    found: dict[str, float] = {}
    for case in cases():
        uid = Suggestion.objects.get(external_id=case.item).uid
        with bench.page(editor) as page:
            page.goto(f"/p/NIGHTFERRY/review/?item={uid}")
            for key in case.keys:
                page.wait_for_selector("#main[aria-busy='false']")
                page.wait_for_load_state("networkidle")
                page.keyboard.press(key)
                page.wait_for_timeout(100)
            page.wait_for_selector("#sync[data-waiting='0']", state="attached")
            moves = sum(key == TRANSPORT for key in case.keys)
            found[f"keys_{case.name}"] = page.evaluate(COUNTED) - moves
        if not case.is_stored():
            raise SystemExit(f"keystrokes: expected {case.name} of {case.item} to be stored, found that it is not")
    return found
