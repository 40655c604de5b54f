"""The two families the pages use, for signs, captions and burn-ins."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import ImageFont

_VENDOR = Path(__file__).resolve().parents[2] / "loop" / "static" / "loop" / "vendor"
_FILES = {
    "type": ("courier-prime/courier-prime-latin-400.woff2", None),
    "type-bold": ("courier-prime/courier-prime-latin-700.woff2", None),
    "plain": ("inter/inter-latin-variable.woff2", 500),
    "bold": ("inter/inter-latin-variable.woff2", 800),
}


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """`type`, `type-bold`, `plain` or `bold`, `size` points of the picture high."""
    file, weight = _FILES[name]
    found = ImageFont.truetype(_VENDOR / file, size)
    if weight is not None:
        found.set_variation_by_axes([weight])
    return found
