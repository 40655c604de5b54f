"""Plain screenplay text in true page layout: headings, cues, parentheticals, dialogue, transitions.

The reader knows the shape of a page before reading a word of it, so a script page must look like one. The rules are
those of the Fountain syntax that plain text needs; nothing is dropped or reordered, every line appears once.

The page leaves indents and empty lines out, so every line says where in the text it begins (`data-start`, in code
points): what somebody marks on the page is a range of the text as it is stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

HEADING = re.compile(
    r"^(?:(?P<number>\d+[A-Z]{0,2})[.)]?\s+)?(?P<text>(?:INT|EXT|EST|INT\.?/EXT|I/E)[. ].*)$", re.IGNORECASE
)
CUE = re.compile(r"^[^a-z]*[A-Z][^a-z]*(?:\([^)]*\))?$")
TRANSITION = re.compile(r"^(?:[A-Z ]+ TO:|FADE (?:IN|OUT)[.:]?|CUT TO BLACK\.?)$")


@dataclass(slots=True)
class Element:
    """One paragraph of the page: its lines, each with the code point of the text that it begins at."""

    kind: str  # heading, action, cue, paren, dialogue, transition
    lines: list[tuple[int, str]] = field(default_factory=list)
    number: str = ""  # of the scene, for a heading

    @property
    def text(self) -> str:
        return "\n".join(line for _, line in self.lines)


def placed(text: str) -> list[Element]:
    """The paragraphs of a text in their order. Every line with anything on it appears once."""
    found: list[Element] = []
    speaking = False
    lines = text.split("\n")
    start = 0
    for index, raw in enumerate(lines):
        line, at = raw.strip(), start + len(raw) - len(raw.lstrip())
        whole = (start, raw.rstrip())
        start += len(raw) + 1
        if not line:
            speaking = False
            continue
        before_blank = index == 0 or not lines[index - 1].strip()
        followed = index + 1 < len(lines) and bool(lines[index + 1].strip())
        heading = HEADING.match(line) if before_blank else None
        if heading:
            found.append(Element("heading", [(at + heading.start("text"), heading["text"])], heading["number"] or ""))
        elif before_blank and TRANSITION.match(line):
            found.append(Element("transition", [(at, line)]))
        elif before_blank and followed and CUE.match(line):
            found.append(Element("cue", [(at, line)]))
            speaking = True
        elif speaking and line.startswith("(") and line.endswith(")"):
            found.append(Element("paren", [(at, line)]))
        else:
            kind, shown = ("dialogue", (at, line)) if speaking else ("action", whole)
            if found and not before_blank and found[-1].kind == kind:
                found[-1].lines.append(shown)
            else:
                found.append(Element(kind, [shown]))
    return found


def elements(text: str) -> list[tuple[str, str, str]]:
    """Split text into (kind, text, scene number). Kinds: heading, action, cue, paren, dialogue, transition."""
    return [(each.kind, each.text, each.number) for each in placed(text)]


@register.filter
def screenplay(text: str) -> SafeString:
    """HTML of the page. Everything from the text is escaped; only our own tags are marked safe."""
    parts = []
    for each in placed(text):
        scene = f' data-scene="{escape(each.number)}"' if each.number else ""
        lines = "\n".join(f'<span data-start="{start}">{escape(line)}</span>' for start, line in each.lines)
        parts.append(f'<p class="{each.kind}" dir="auto"{scene}>{lines}</p>')
    return mark_safe("".join(parts))  # noqa: S308 - every piece of the text went through escape()


@register.filter
def exact(text: str) -> SafeString:
    """A text whose every character reaches the page: a parser of HTML would make one line end of CR and LF."""
    return mark_safe(escape(text).replace("\r", "&#13;"))  # noqa: S308 - the text went through escape()
