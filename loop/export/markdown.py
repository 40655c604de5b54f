"""Text that came from outside, made harmless for Markdown."""

import re

_SPECIAL = re.compile(r"([\\`*{}\[\]<>|#])")


def plain(text: str) -> str:
    """One line with marks escaped, so that it cannot shape the document it stands in."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
