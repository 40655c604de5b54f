"""Orders to the model that will read a text, in several languages. Pure, and shy: people give each other orders too.

Held back is only a verb of disregarding, a word for what came before, and a word for instructions or prompts, close
together in one sentence. The noun is looked for first, which is quick, and the sentence around it read then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from loop.screening.finding import Finding

_GAP: Final = r"[^.!?。！？\n\x00]{0,40}?"
_AROUND: Final = 120  # code points on either side of the noun

# (the noun's stem as it stands in lower case, the whole phrase)
_ORDERS: Final = tuple(
    (stems, re.compile(pattern, re.IGNORECASE))
    for stems, pattern in (
        (
            ("instruction", "prompt", "directive", "guideline"),
            (
                rf"\b(?:ignore|disregard|forget|override|bypass)\b{_GAP}\b(?:previous|prior|above|preceding|earlier|foregoing"
                rf"|system|initial|original)\b{_GAP}\b(?:instruction|prompt|directive|guideline)s?\b"
            ),
        ),
        (
            ("anweisung", "vorgabe", "instruktion"),
            (
                rf"\b(?:ignorier|vergiss|vergesst|missachte)\w*{_GAP}\b(?:vorherig|vorig|bisherig|obig|früher|vorangegangen"
                rf"|ursprünglich)\w*{_GAP}\b(?:anweisung|vorgabe|instruktion)\w*"
            ),
        ),
        (
            ("instruction", "consigne"),
            (
                rf"\b(?:ignore[zr]?|oublie[zr]?)\b{_GAP}\b(?:instructions|consignes)\b{_GAP}\b(?:précédentes|antérieures"
                rf"|ci-dessus|initiales)\b"
            ),
        ),
        (
            ("instruccion", "indicacion"),
            (
                rf"\b(?:ignor[ae]|ignoren|olvid[ae]|olviden)\b{_GAP}\b(?:instrucciones|indicaciones)\b{_GAP}"
                rf"\b(?:anteriores|previas|iniciales)\b"
            ),
        ),
        (
            ("instruç",),
            rf"\b(?:ignor[ae]|ignorem|esqueç[ae]|desconsidere)\b{_GAP}\binstruções\b{_GAP}\b(?:anteriores|prévias|acima)\b",
        ),
        (
            ("istruzion",),
            rf"\b(?:ignora|ignorate|dimentica|dimenticate)\b{_GAP}\bistruzioni\b{_GAP}\b(?:precedenti|iniziali)\b",
        ),
        (("instructies",), rf"\b(?:negeer|vergeet)\b{_GAP}\b(?:vorige|eerdere|voorgaande)\b{_GAP}\binstructies\b"),
        (
            ("instrukcj", "polece"),
            rf"\b(?:zignoruj|ignoruj|zapomnij)\b{_GAP}\bpoprzedni\w+{_GAP}\b(?:instrukcj|polece)\w+",
        ),
        (
            ("инструкц", "указани"),
            rf"\b(?:игнорируй|проигнорируй|забудь)\w*{_GAP}\bпредыдущи\w+{_GAP}\b(?:инструкц|указани)\w+",
        ),
        (
            ("指令", "指示"),
            r"(?:忽略|无视|無視|忘记|忘記)[^。！？\n\x00]{0,12}(?:之前|以前|先前|上述|以上|前面)[^。！？\n\x00]{0,8}(?:指令|指示)",
        ),
        (
            ("指示", "命令"),
            r"(?:以前|これまで|上記|前)の[^。！？\n\x00]{0,10}(?:指示|命令)[^。！？\n\x00]{0,6}(?:無視|忘れ)",
        ),
        (("지시", "명령"), r"(?:이전|위의|앞의)[^.!?\n\x00]{0,12}(?:지시|명령)[^.!?\n\x00]{0,8}(?:무시|잊)"),
        (("تعليمات",), r"(?:تجاهل|انس)[^.!؟\n\x00]{0,20}(?:التعليمات|تعليمات)[^.!؟\n\x00]{0,12}(?:السابقة|أعلاه)"),
        (("निर्देश",), r"(?:पिछले|पहले)[^।!?\n\x00]{0,16}निर्देश[^।!?\n\x00]{0,16}(?:अनदेखा|अनदेखी|नज़रअंदाज़|भूल)"),
    )
)
_SUSPECTED: Final = re.compile(
    rf"\b(?:ignore|disregard|forget)\b{_GAP}\b(?:all|any|your|these|those)\b{_GAP}\b(?:instructions|prompts|guidelines)\b"
    rf"|\b(?:reveal|print|repeat|show|leak)\b{_GAP}\b(?:system|hidden|initial)\s+prompt\b"
    r"|\byou are now (?:dan|in developer mode|an? unrestricted|jailbroken)\b|\bdeveloper mode enabled\b",
    re.IGNORECASE,
)
_SUSPECTED_STEMS: Final = ("instruction", "prompt", "guideline", "you are now", "developer mode")
_BY_STEM: Final[dict[str, list[tuple[re.Pattern[str], bool]]]] = {}  # so that each stem is looked for once
for _stems, _pattern, _is_order in (
    *((stems, pattern, True) for stems, pattern in _ORDERS), (_SUSPECTED_STEMS, _SUSPECTED, False),
):  # fmt: skip
    for _stem in _stems:
        _BY_STEM.setdefault("instru" if _stem.startswith("instru") else _stem, []).append((_pattern, _is_order))
_IMAGE: Final = re.compile(r"!\[[^\]\n\x00]{0,200}\]\(https?://[^\s)\x00]{1,500}\?[^\s)\x00]{1,2000}\)")
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/_\-]{240,}={0,2}")
_LONG: Final = 240


def find(text: str, folded: str) -> Iterator[Finding]:
    """The orders in `text`, which may be several texts with a seam between them; `folded` has its plain letters."""
    lowered = folded.lower()
    if len(lowered) != len(text):  # a letter that is longer in lower case: ranges must stay true
        lowered = "".join(low if len(low := each.lower()) == 1 else each for each in folded)
    seen: set[tuple[int, int]] = set()
    doubted: set[tuple[int, int]] = set()
    for stem, patterns in _BY_STEM.items():
        for start, end, is_order in _near(lowered, stem, patterns):
            (seen if is_order else doubted).add((start, end))
    for start, end in sorted(seen):
        yield Finding("injection.override", start, end)
    for start, end in sorted(doubted):
        if not any(a < end and start < b for a, b in seen):
            yield Finding("injection.suspected", start, end)
    if "![" in text:
        for match in _IMAGE.finditer(text):
            yield Finding("injection.remote_image", match.start(), match.end())
    yield from _encoded(text)


def _near(lowered: str, stem: str, patterns: Sequence[tuple[re.Pattern[str], bool]]) -> Iterator[tuple[int, int, bool]]:
    at = lowered.find(stem)
    while at >= 0:
        begin = max(0, at - _AROUND)
        for pattern, is_order in patterns:
            for match in pattern.finditer(lowered, begin, at + _AROUND):
                if match.start() <= at < match.end():
                    yield match.start(), match.end(), is_order
        at = lowered.find(stem, at + 1)


def _encoded(text: str) -> Iterator[Finding]:
    """Long runs without a gap: every such run covers a multiple of `_LONG` - 1, so only those places are looked at."""
    step, done = _LONG - 1, 0
    for at in range(step, len(text), step):
        if at < done or not _is_code(text[at]):
            continue
        start = at
        while start > done and _is_code(text[start - 1]):
            start -= 1
        match = _ENCODED.match(text, start)
        if match is not None:
            done = match.end()
            if _is_mixed(match[0]):
                yield Finding("injection.encoded", match.start(), match.end())


def _is_code(letter: str) -> bool:
    return letter.isascii() and (letter.isalnum() or letter in "+/_-")


def _is_mixed(run: str) -> bool:
    """Letters and digits: a line of dashes is none, and no word is that long."""
    return any(each.isdigit() for each in run) and any(each.isalpha() for each in run)
