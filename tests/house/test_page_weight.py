"""The pages stay light: what a browser must load before the first verdict, compressed as it is served."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "loop" / "static" / "loop"
SCRIPTS_MAX_BYTES = 40_000
SHEET_MAX_BYTES = 12_000
IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*"(\./[\w-]+\.js)\"""")


def packed(paths: list[Path]) -> int:
    """Bytes on the wire, each file compressed by itself."""
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def closure(entry: str) -> list[Path]:
    """A module with everything it may import, at once or when a medium asks for it."""
    found: dict[str, Path] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = STATIC / "js" / name
        waiting += [each.removeprefix("./") for each in IMPORT.findall(found[name].read_text(encoding="utf-8"))]
    return list(found.values())


def test_the_review_room_fits_the_budget() -> None:
    scripts = closure("review.js")
    assert len(scripts) > 5
    assert packed(scripts) <= SCRIPTS_MAX_BYTES, "take something out, or load it only where it is used"


def test_pages_with_htmx_fit_the_budget() -> None:
    scripts = [*closure("app.js"), STATIC / "vendor" / "htmx" / "htmx.min.js"]
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
