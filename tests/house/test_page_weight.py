"""The pages stay light: what a browser must load before the first verdict, compressed as it is served."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from pathlib import Path

from studio.slim import slim_script, slim_sheet

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "loop" / "static" / "loop"
SCRIPTS_MAX_BYTES = 40_000
SHEET_MAX_BYTES = 12_000
OF_A_MEDIUM = ("text.js", "still.js", "player.js", "wait.js")
OF_A_POLICY = ("claims.js",)
ON_DEMAND = ("words.js",)  # once somebody writes
IMPORT = re.compile(r"""(?:from|import)\s*"(\./[\w-]+\.js)\"""")
LATER = re.compile(r"""import\(\s*"(\./[\w-]+\.js)\"""")
SLIM = {".css": slim_sheet, ".js": slim_script}


def packed(paths: Iterable[Path]) -> int:
    """Bytes on the wire, each file as it is collected and compressed by itself."""
    total = 0
    for path in paths:
        text = path.read_text(encoding="utf-8")
        served = text if "vendor" in path.parts else SLIM[path.suffix](text)
        total += len(gzip.compress(served.encode(), 9))
    return total


def closure(entry: str) -> dict[str, Path]:
    """A module with everything it imports at once."""
    found: dict[str, Path] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = STATIC / "js" / name
        waiting += [each.removeprefix("./") for each in IMPORT.findall(found[name].read_text(encoding="utf-8"))]
    return found


def later(modules: dict[str, Path]) -> set[str]:
    """What these modules import when they need it."""
    texts = [path.read_text(encoding="utf-8") for path in modules.values()]
    return {each.removeprefix("./") for text in texts for each in LATER.findall(text)} - modules.keys()


def test_the_review_room_fits_the_budget() -> None:
    """With the modules of any one medium, and with those that a production may want of every page."""
    at_once = closure("review.js")
    assert len(at_once) > 5
    assert {*OF_A_MEDIUM, *OF_A_POLICY, *ON_DEMAND} == later(at_once), "say which of these a page loads by itself"
    for medium in OF_A_MEDIUM:
        modules = at_once | closure(medium)
        for name in OF_A_POLICY:
            modules |= closure(name)
        weight = packed(modules.values())
        assert weight <= SCRIPTS_MAX_BYTES, (
            f"{weight} bytes with {medium}: take something out, or load it only where it is used"
        )


def test_no_text_of_a_script_spans_lines() -> None:
    """`studio.slim` takes out lines that are comments; within a text of several lines it could not tell."""
    for path in STATIC.glob("js/*.js"):
        for line in slim_script(path.read_text(encoding="utf-8")).splitlines():
            assert line.count("`") % 2 == 0, f"{path.name}: begin and end a text on one line: {line.strip()[:80]}"


def test_pages_with_htmx_fit_the_budget() -> None:
    scripts = [*closure("app.js").values(), STATIC / "vendor" / "htmx" / "htmx.min.js"]
    assert packed(scripts) <= SCRIPTS_MAX_BYTES, "take something out, or load it only where it is used"


def test_htmx_is_loaded_where_it_is_used_and_nowhere_else() -> None:
    pages = {path: path.read_text(encoding="utf-8") for path in (ROOT / "templates").rglob("*.html")}
    fragments = {str(path.relative_to(ROOT / "templates")) for path, text in pages.items() if " hx-" in text}
    for path, text in pages.items():
        if "{% extends" in text:
            uses = " hx-" in text or any(name in text for name in fragments)
            assert uses == ("shared/_htmx.html" in text), f"{path.name}: load htmx only where hx- is used"


def test_the_sheet_fits_the_budget() -> None:
    assert packed([STATIC / "css" / "circled.css"]) <= SHEET_MAX_BYTES


def test_nothing_is_fetched_from_elsewhere() -> None:
    for path in [*STATIC.glob("js/**/*.js"), *STATIC.glob("css/*.css")]:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, f"{path.name} names a host: everything is served from here"
