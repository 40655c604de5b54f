"""What a browser does not need of our own scripts and sheets, taken out when they are collected: words for people."""

import re
from typing import Final

_SHEET: Final = re.compile(
    r"""("[^"]*"|'[^']*')|/\*.*?\*/|;?\s*(\})\s*|\s*([{;,>~])\s*|(:)\s+|(?<![\w.])0(?=\.\d)|\s+(?=!)|\s+""", re.DOTALL
)
_SCRIPT: Final = re.compile(r"^[ \t]+|^[ \t]*//.*$", re.MULTILINE)


def slim_sheet(text: str) -> str:
    """The sheet without comments, and without blanks and zeros that mean nothing. Strings stay as they are."""

    def keep(found: re.Match[str]) -> str:
        kept = next(filter(None, found.groups()), None)
        if kept is not None:
            return str(kept)
        return " " if found[0].isspace() and not found.string.startswith("!", found.end()) else ""

    return _SHEET.sub(keep, _SHEET.sub(keep, text)).strip()


def slim_script(text: str) -> str:
    """The script without lines that are comments, and without indents. Lines keep the numbers that errors name.

    No string of ours spans lines (a test sees to that): what looks like such a line is one.
    """
    return _SCRIPT.sub("", _SCRIPT.sub("", text))
