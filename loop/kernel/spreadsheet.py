"""Text that a spreadsheet opens without running anything (OWASP: CSV injection)."""

import unicodedata
from typing import Final

STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00")


def harmless(text: str) -> str:
    """`text`, with an apostrophe in front if a spreadsheet would take it for a formula, also in full-width form."""
    return f"'{text}" if unicodedata.normalize("NFKC", text[:1]).startswith(STARTS_A_FORMULA) else text
