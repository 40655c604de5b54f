"""JSON from outside, read so that nothing surprising gets in: one meaning per document, or a refusal.

Refused, beside malformed JSON: invalid UTF-8, a byte order mark, duplicate keys, NaN and Infinity, numbers that no
double can hold, integers of 64 bits or more, NUL and lone surrogates in any text (PostgreSQL stores neither), nesting
deeper than 64 and more than 200,000 values. Every refusal is a StrictJsonError; none quotes the document.
"""

import json
import math
from typing import Any, NoReturn

from loop.kernel.errors import NotValidError

MAX_DEPTH = 64
MAX_VALUES = 200_000
MAX_INTEGER = 2**63
_MAX_DIGITS = 20


class StrictJsonError(NotValidError):
    """The bytes are not JSON as this house reads it. The message says what was expected and where, never the text."""

    code = "not_json"


def loads(data: bytes) -> Any:
    """The value of the JSON document `data`: dict, list, str, int, float, bool or None. Raises StrictJsonError."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StrictJsonError(f"Expected UTF-8, found an invalid byte at offset {error.start}.") from error
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise StrictJsonError(
            f"Expected JSON, found an error at line {error.lineno}, column {error.colno}: {error.msg}."
        ) from error
    except RecursionError as error:
        raise StrictJsonError(f"Expected at most {MAX_DEPTH} levels of nesting.") from error
    _check(value)
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise StrictJsonError("Expected every key of an object once, found a duplicate.")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS or not -MAX_INTEGER < (number := int(digits)) < MAX_INTEGER:
        raise StrictJsonError("Expected integers below 2^63, found a larger one.")
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise StrictJsonError("Expected numbers that a double can hold, found a larger one.")
    return number


def _constant(name: str) -> NoReturn:
    raise StrictJsonError(f"Expected a number, found {name}.")


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_integer, parse_float=_float, parse_constant=_constant)


def _check(value: Any) -> None:
    # By levels, not by recursion: the depth is what is being checked.
    level, depth, seen = [value], 0, 0
    while level:
        seen += len(level)
        if seen > MAX_VALUES:
            raise StrictJsonError(f"Expected at most {MAX_VALUES} values in one document.")
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                _check_text(item)
            elif isinstance(item, dict):
                for key in item:
                    _check_text(key)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if any(isinstance(item, (dict, list)) for item in level):
            depth += 1
            if depth > MAX_DEPTH:
                raise StrictJsonError(f"Expected at most {MAX_DEPTH} levels of nesting.")
        level = below


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise StrictJsonError("Expected text without NUL characters, found one.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise StrictJsonError("Expected valid Unicode, found half of a surrogate pair.") from error
