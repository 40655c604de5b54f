"""Keys, tokens and passwords by their published forms, with a check of how random the rest is. Pure."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from loop.screening.finding import Finding

RANDOM: Final = 3.0  # bits a character, by the characters' own frequencies; a placeholder of one letter has none
_KNOWN: Final = re.compile(
    r"(?P<private_key>-----BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----)"
    r"|(?P<cloud_key>A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}(?![A-Za-z0-9])"
    r"|AIza[\w\-]{35}(?![\w\-])"
    r"|[sr]k_live_[A-Za-z0-9]{16,128}"
    r"|sk-(?:ant-|proj-|svcacct-|admin-)?[A-Za-z0-9_\-]{32,200}"
    r"|SG\.[\w\-]{22}\.[\w\-]{43})"
    r"|(?P<token>gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{60,90}|glpat-[\w\-]{20,60}"
    r"|xox[abeoprs]-[A-Za-z0-9\-]{20,200}|hf_[A-Za-z0-9]{34,40}|npm_[A-Za-z0-9]{36}|pypi-AgEIcHlwaS5vcmc[\w\-]{40,400})"
    r"|(?P<jwt>eyJ[\w\-]{8,2000}\.eyJ[\w\-]{8,6000}\.[\w\-]{16,2000})",
    re.ASCII,
)
_BEGIN: Final = (
    "-----BEGIN", "AKIA", "ASIA", "ABIA", "ACCA", "AIza", "sk_live_", "rk_live_", "sk-", "SG.", "ghp_", "gho_", "ghu_",
    "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "hf_", "npm_", "pypi-", "eyJ",
)  # fmt: skip
_IN_ADDRESS: Final = re.compile(r"://[\w.%+\-]{1,64}:(?P<word>[^\s/@:\x00]{3,128})@[\w\-]", re.ASCII)
_ASSIGNED: Final = re.compile(
    r"(?:api[_\- ]?key|secret[_\- ]?key|secret|passw(?:or)?d|passphrase|access[_\- ]?token|auth[_\- ]?token)"
    r"[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?P<word>[A-Za-z0-9+/=_\-.~!@#$%^&*]{12,200})",
    re.ASCII | re.IGNORECASE,
)
_ASSIGNED_STEMS: Final = ("key", "secret", "passw", "passphrase", "token")
_BEFORE: Final = re.compile(r"[A-Za-z0-9_]", re.ASCII)
_LONGEST_WORD: Final = 24


def find(text: str, lowered: str) -> Iterator[Finding]:
    """The secrets in `text`; `lowered` is as long and has its ASCII letters in lower case."""
    for match in _known(text):
        start, end, kind = match.start(), match.end(), match.lastgroup
        if kind != "private_key" and start and _BEFORE.match(text, start - 1):
            continue
        if kind in ("cloud_key", "token") and randomness(match[0].split("_")[-1].split("-", 1)[-1]) < RANDOM:
            continue
        if kind == "jwt" and not _is_jwt(match[0]):
            continue
        yield Finding(f"secret.{kind}", start, end)
    if "://" in text:
        for match in _IN_ADDRESS.finditer(text):
            yield Finding("secret.in_address", match.start("word"), match.end("word"))
    done = 0
    for at in _places(lowered):
        for found in _ASSIGNED.finditer(text, max(done, at - _LONGEST_WORD), at + _LONGEST_WORD + 220):
            if found.start() <= at < found.end() and _is_secret(found["word"]):
                done = found.end()
                yield Finding("secret.assigned", found.start("word"), found.end("word"))


def _known(text: str) -> Iterator[re.Match[str]]:
    """Where one of the forms stands, found by how it begins: several times faster than trying all forms everywhere."""
    for begins in _BEGIN:
        at = text.find(begins)
        while at >= 0:
            match = _KNOWN.match(text, at)
            if match is not None:
                yield match
            at = text.find(begins, at + 1 if match is None else match.end())


def randomness(word: str) -> float:
    """Bits a character, by how often each stands in `word`."""
    size = len(word)
    return -sum(count / size * math.log2(count / size) for count in Counter(word).values()) if size else 0.0


def _places(lowered: str) -> Iterator[int]:
    """Where a word of the matter stands, in order. Texts without = and : assign nothing."""
    if "=" not in lowered and ":" not in lowered:
        return
    found: set[int] = set()
    for stem in _ASSIGNED_STEMS:
        at = lowered.find(stem)
        while at >= 0:
            found.add(at)
            at = lowered.find(stem, at + 1)
    yield from sorted(found)


def _is_secret(word: str) -> bool:
    """Random enough, and not a word: digits beside letters."""
    return (
        randomness(word) >= RANDOM + 0.3
        and any(each.isdigit() for each in word)
        and any(each.isalpha() for each in word)
    )


def _is_jwt(word: str) -> bool:
    head = word.split(".", 1)[0]
    try:
        value = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (binascii.Error, ValueError):
        return False
    return isinstance(value, dict) and "alg" in value
