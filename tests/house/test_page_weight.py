"""The review page stays light: what a browser must load before the first verdict, compressed as it is served."""

from __future__ import annotations

import gzip
from pathlib import Path

STATIC = Path(__file__).resolve().parents[2] / "loop" / "static" / "loop"
SCRIPTS_MAX_BYTES = 40_000
SHEET_MAX_BYTES = 12_000


def packed(paths: list[Path]) -> int:
    """Bytes on the wire, each file compressed by itself."""
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def test_scripts_fit_the_budget() -> None:
    scripts = [*sorted(STATIC.glob("js/**/*.js")), STATIC / "vendor" / "htmx" / "htmx.min.js"]
    assert packed(scripts) <= SCRIPTS_MAX_BYTES, "take something out, or load it only where it is used"


def test_the_sheet_fits_the_budget() -> None:
    assert packed([STATIC / "css" / "circled.css"]) <= SHEET_MAX_BYTES


def test_nothing_is_fetched_from_elsewhere() -> None:
    for path in [*STATIC.glob("js/**/*.js"), *STATIC.glob("css/*.css")]:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, f"{path.name} names a host: everything is served from here"
