"""Reading JSON lines strictly and with bounded memory, pure: bytes in, an object or a reason with its place out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Final

from loop.kernel.problem import Problem

MAX_INT64: Final = 2**63 - 1
MAX_LINE_BYTES: Final = 8 * 2**20
MAX_DEPTH: Final = 32
MAX_INTEGER_DIGITS: Final = 20
MAX_NUMBER_DIGITS: Final = 400
MAX_SHOWN: Final = 80  # characters of what was found that an error repeats

_SUSPECT_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_BOM: Final = b"\xef\xbb\xbf"


class BadLineError(ValueError):
    """A line that is no JSON object we can keep."""

    def __init__(self, field: str, expected: str, found: str) -> None:
        super().__init__(f"{field}: expected {expected}, found {found}")
        self.problem = Problem(field, expected, found)


def read(source: Path | Iterable[bytes]) -> Iterator[tuple[int, bytes | BadLineError]]:
    """(line number from 1, the line without its end) of a file or of lines; blank lines are passed over.

    A line of more than MAX_LINE_BYTES comes as an error and is never held as a whole when read from a file.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            yield from _numbered(_bounded(file))
        return
    yield from _numbered(source)


def parse(line: bytes) -> dict[str, Any]:
    """The JSON object of one line. Numbers with a fraction or an exponent come as Decimal, exactly as written.

    Raises BadLineError: not UTF-8, not JSON, no object, a key twice, NaN or Infinity, an integer beyond 64 bits, a
    number beyond a double's range, nesting beyond MAX_DEPTH, U+0000 or half a surrogate pair anywhere.
    """
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadLineError("line", "UTF-8", f"byte 0x{line[error.start]:02x} at offset {error.start}") from error
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        found = f"{error.msg} at column {error.colno}: {show(text[error.pos : error.pos + 20])}"
        raise BadLineError("line", "a JSON object", found) from error
    except RecursionError as error:
        raise BadLineError("line", f"at most {MAX_DEPTH} levels", "deeper nesting") from error
    if not isinstance(value, dict):
        raise BadLineError("line", "a JSON object", kind_of(value))
    if _SUSPECT_ESCAPE.search(line) or b"\x00" in line:
        _check_text(value, "")
    return value


def show(value: object) -> str:
    """What was found, cut to MAX_SHOWN characters (the cut is said), safe to print."""
    text = ascii(value) if isinstance(value, str) else str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}... ({len(text)} characters)"


def kind_of(value: object) -> str:
    """The JSON name of a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    names = {str: "text", int: "a number", Decimal: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def plain(value: object, where: str, depth: int = 0) -> Any:
    """`value` with numbers as jsonb keeps them: integers as int, others as float. For `parameters` and `meta`.

    Raises BadLineError for nesting beyond MAX_DEPTH.
    """
    if depth > MAX_DEPTH:
        raise BadLineError(where, f"at most {MAX_DEPTH} levels", "deeper nesting")
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: plain(item, where, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, where, depth + 1) for item in value]
    return value


def _numbered(lines: Iterable[bytes | None]) -> Iterator[tuple[int, bytes | BadLineError]]:
    too_long = BadLineError("line", f"at most {MAX_LINE_BYTES} bytes", "more")
    for number, line in enumerate(lines, start=1):
        if line is None or len(line) > MAX_LINE_BYTES:
            yield number, too_long
            continue
        body = line.rstrip(b"\r\n")
        if number == 1 and body.startswith(_BOM):
            body = body[len(_BOM) :]
        if body.strip():
            yield number, body


def _bounded(file: BinaryIO) -> Iterator[bytes | None]:
    """The lines of a file; None for one that is too long, which is skipped in pieces."""
    while line := file.readline(MAX_LINE_BYTES + 1):
        if len(line) <= MAX_LINE_BYTES or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE_BYTES)
        yield None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise BadLineError(key, "a key once", "twice")
            seen.add(key)
    return found


def _integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_DIGITS or abs(int(digits)) > MAX_INT64:
        raise BadLineError("line", "integers of at most 64 bits", show(digits))
    return int(digits)


def _decimal(digits: str) -> Decimal:
    if len(digits) > MAX_NUMBER_DIGITS or float(digits) in (float("inf"), float("-inf")):
        raise BadLineError("line", "numbers within a double's range", show(digits))
    return Decimal(digits)


def _no_constant(name: str) -> Any:
    raise BadLineError("line", "finite numbers", name)


def _check_text(value: object, where: str) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise BadLineError(where, "text without U+0000", "U+0000")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise BadLineError(where, "text in whole characters", "half a surrogate pair")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key, where or "line")
            _check_text(item, f"{where}.{key}" if where else key)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _check_text(item, f"{where}[{position}]")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_decimal, parse_constant=_no_constant
)
