"""Personal data by pattern, each proved as far as its form allows: e-mail, telephone, IBAN, card, address. Pure.

Timecode (01:02:03:04), frames, feet and frames, takes ("27A-3"), versions and dates are no telephone numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from loop.screening.finding import Finding

_AT: Final = re.compile(
    r"@[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62})(?:\.[A-Za-z0-9\-]{1,63}){0,6}\.(?P<top>[A-Za-z]{2,24})(?![A-Za-z0-9\-@])",
    re.ASCII,
)
_LOCAL: Final = re.compile(r"[A-Za-z0-9_%+\-](?:[A-Za-z0-9._%+\-]{0,63})\Z", re.ASCII)
# + and 8 to 15 digits in groups (E.164); North America; 0 and 10 to 12 digits in groups; France's pairs.
_PHONE: Final = re.compile(
    r"\+[1-9](?:[ .\-]?\(?\d\)?){7,14}(?![\d:+])"
    r"|\(?[2-9]\d{2}\)?[ .\-][2-9]\d{2}[ .\-]\d{4}(?![\d:+])"
    r"|0[1-9](?: \d{2}){4}(?![\d:+])"
    r"|\(?0[1-9]\d{1,3}\)?[ /\-]\d{3,8}(?:[ \-]\d{2,8}){0,2}(?![\d:+])",
    re.ASCII,
)
_PHONE_BEFORE: Final = re.compile(r"[\w:.,+/\-#]", re.ASCII)
_LEAST, _MOST = 10, 12  # digits of a national number
_FEW: Final = 2  # different digits: a ruler, no number
_NINE: Final = 9
_CARD: Final = re.compile(r"[2-6](?:[ \-]?\d){12,18}(?![\d.:])", re.ASCII)
_CARD_BEGINS: Final = re.compile(r"4|5[1-5]|2(?:2[2-9]|[3-6]|7[01]|720)|3[47]|6(?:011|5|4[4-9])", re.ASCII)
_IBAN: Final = re.compile(
    r"(?P<country>[A-Z]{2})\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])", re.ASCII
)
_LENGTHS: Final = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "CH": 21,
    "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18,
    "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23,
    "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27,
    "MD": 24, "ME": 22, "MK": 19, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
    "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TN": 24, "TR": 26, "UA": 29,
    "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
_NUMBER: Final = re.compile(r"[(+0-9][0-9 ()./\-]{6,120}", re.ASCII)
_IP4: Final = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w.]|-\d)", re.ASCII)
_IP6: Final = re.compile(r"[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]{2,34}(?![\w:.])", re.ASCII)
_BEFORE: Final = re.compile(r"[\w.:\-+]", re.ASCII)


def find(text: str) -> Iterator[Finding]:
    """The personal data in `text`, which may be several texts with a seam between them."""
    if "@" in text:
        yield from _emails(text)
    taken: list[tuple[int, int]] = []
    for start, end in _ibans(text):
        taken.append((start, end))
        yield Finding("personal.iban", start, end)
    for start, end in _addresses(text, _IP6, IPv6Address, 0, len(text)):
        yield Finding("personal.ip", start, end)
    for run in _NUMBER.finditer(text):
        yield from _number(text, run.start(), run.end() + 1, taken)


def _number(text: str, begin: int, until: int, taken: Sequence[tuple[int, int]]) -> Iterator[Finding]:
    """What a run of digits and their signs is. One character more than the run: what may not follow must be seen."""
    parts = [each for each in taken if each[0] < until and begin < each[1]]
    for code, found in (
        ("card", _cards(text, begin, until)),
        ("ip", _addresses(text, _IP4, IPv4Address, begin, until)),
        ("phone", _phones(text, begin, until)),
    ):
        for start, end in found:
            if not any(a < end and start < b for a, b in parts):
                parts.append((start, end))
                yield Finding(f"personal.{code}", start, end)


def _emails(text: str) -> Iterator[Finding]:
    for match in _AT.finditer(text):
        local = _LOCAL.search(text, max(0, match.start() - 64), match.start())
        if local is not None:
            yield Finding("personal.email", local.start(), match.end())


def _phones(text: str, begin: int, until: int) -> Iterator[tuple[int, int]]:
    for match in _PHONE.finditer(text, begin, until):
        if _is_phone(text, match):
            yield match.start(), match.end()


def _is_phone(text: str, match: re.Match[str]) -> bool:
    if match.start() and _PHONE_BEFORE.match(text, match.start() - 1):
        return False
    digits = "".join(each for each in match[0] if each.isdigit())
    if len(set(digits)) <= _FEW or match[0].count("(") != match[0].count(")"):
        return False
    return match[0][0] == "+" or _LEAST <= len(digits) <= _MOST


def _cards(text: str, begin: int, until: int) -> Iterator[tuple[int, int]]:
    for match in _CARD.finditer(text, begin, until):
        if match.start() and _BEFORE.match(text, match.start() - 1):
            continue
        digits = match[0].replace(" ", "").replace("-", "")
        if _CARD_BEGINS.match(digits) and len(set(digits)) > 1 and _is_luhn(digits):
            yield match.start(), match.end()


def _is_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - _NINE if value > _NINE else value
    return total % 10 == 0


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for match in _IBAN.finditer(text):
        if match.start() and _BEFORE.match(text, match.start() - 1):
            continue
        size = _LENGTHS.get(match["country"], 0)
        end, kept = match.start(), ""
        while len(kept) < size and end < match.end():
            kept += text[end] if text[end] != " " else ""
            end += 1
        if size and len(kept) == size and int("".join(str(int(each, 36)) for each in kept[4:] + kept[:4])) % 97 == 1:
            yield match.start(), end


def _addresses(
    text: str, pattern: re.Pattern[str], kind: type[IPv4Address | IPv6Address], begin: int, until: int
) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(text, begin, until):
        if match.start() and _BEFORE.match(text, match.start() - 1):
            continue
        try:
            address = kind(match[0])
        except AddressValueError:
            continue
        if address.is_global:  # what names nobody's connection is nobody's datum
            yield match.start(), match.end()
