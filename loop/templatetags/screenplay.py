"""Plain screenplay text in true page layout: headings, cues, parentheticals, dialogue, transitions.

The reader knows the shape of a page before reading a word of it, so a script page must look like one. The rules are
those of the Fountain syntax that plain text needs; nothing is dropped or reordered, every line appears once.
"""

from __future__ import annotations

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

HEADING = re.compile(
    r"^(?:(?P<number>\d+[A-Z]{0,2})[.)]?\s+)?(?P<text>(?:INT|EXT|EST|INT\.?/EXT|I/E)[. ].*)$", re.IGNORECASE
)
CUE = re.compile(r"^[^a-z]*[A-Z][^a-z]*(?:\([^)]*\))?$")
TRANSITION = re.compile(r"^(?:[A-Z ]+ TO:|FADE (?:IN|OUT)[.:]?|CUT TO BLACK\.?)$")


def elements(text: str) -> list[tuple[str, str, str]]:
    """Split text into (kind, text, scene number). Kinds: heading, action, cue, paren, dialogue, transition."""
    found: list[tuple[str, str, str]] = []
    speaking = False
    lines = text.replace("\r\n", "\n").split("\n")
    for index, raw in enumerate(lines):
        line = raw.strip()
        if not line:
            speaking = False
            continue
        before_blank = index == 0 or not lines[index - 1].strip()
        followed = index + 1 < len(lines) and bool(lines[index + 1].strip())
        heading = HEADING.match(line) if before_blank else None
        if heading:
            found.append(("heading", heading["text"], heading["number"] or ""))
        elif before_blank and TRANSITION.match(line):
            found.append(("transition", line, ""))
        elif before_blank and followed and CUE.match(line):
            found.append(("cue", line, ""))
            speaking = True
        elif speaking and line.startswith("(") and line.endswith(")"):
            found.append(("paren", line, ""))
        elif found and not before_blank and found[-1][0] == ("dialogue" if speaking else "action"):
            kind, earlier, number = found[-1]
            found[-1] = (kind, f"{earlier}\n{line if speaking else raw.rstrip()}", number)
        else:
            found.append(("dialogue" if speaking else "action", line if speaking else raw.rstrip(), ""))
    return found


@register.filter
def screenplay(text: str) -> SafeString:
    """HTML of the page. Everything from the text is escaped; only our own tags are marked safe."""
    parts = []
    for kind, line, number in elements(text):
        scene = f' data-scene="{escape(number)}"' if number else ""
        parts.append(f'<p class="{kind}" dir="auto"{scene}>{escape(line)}</p>')
    return mark_safe("".join(parts))  # noqa: S308 - every piece of the text went through escape()
