"""One canonical JSON form (RFC 8785 restricted to what we store) and its SHA-256.

The restriction makes a C encoder exact: object keys are ASCII, numbers are integers of at most 53 bits, no floats.
Within it orjson with sorted keys writes the same bytes as RFC 8785 (a test compares them with `rfc8785`).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Union

import orjson

# A quoted recursive name cannot stand beside | at run time.
Json = Union[  # noqa: UP007
    str, int, bool, None, Sequence["Json"], Mapping[str, "Json"]
]

MAX_SAFE_INTEGER = 2**53 - 1
SALT_BYTES = 32


class NotCanonicalError(ValueError):
    """A value has no canonical form here; the message names the place and what was found."""


def canonical(value: Json) -> bytes:
    """The canonical UTF-8 bytes of `value`.

    Raises NotCanonicalError for floats, integers beyond 53 bits, non-ASCII or non-string keys and lone surrogates.
    """
    if not _is_plain(value):
        _check(value, "$")
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONEncodeError, UnicodeEncodeError) as error:
        raise NotCanonicalError(f"expected JSON text in valid Unicode, found: {error}") from error


def digest(value: Json) -> bytes:
    """SHA-256 over `canonical(value)`: 32 bytes."""
    return hashlib.sha256(canonical(value)).digest()


def commitment(salt: bytes, value: Json) -> bytes:
    """SHA-256 over a 32-byte salt followed by `canonical(value)`.

    Without the salt the value cannot be guessed from the commitment, so erasing salt and value leaves every proof
    standing and nothing to read.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"expected a salt of {SALT_BYTES} bytes, found {len(salt)}")
    return hashlib.sha256(salt + canonical(value)).digest()


def _is_plain(value: object) -> bool:
    """The common case at a third of `_check`'s time: exact built-in types, nothing to object to."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER  # type: ignore[operator]  # an int, seen by its type
    if kind is dict:
        return all(
            type(key) is str and key.isascii() and _is_plain(item)
            for key, item in value.items()  # type: ignore[attr-defined]
        )
    if kind is list:
        return all(map(_is_plain, value))  # type: ignore[call-overload]
    return False


def _check(value: Json, where: str) -> None:
    if value is None or isinstance(value, (str, bool)):
        return
    if isinstance(value, int):
        if abs(value) > MAX_SAFE_INTEGER:
            raise NotCanonicalError(f"{where}: expected an integer of at most 53 bits, found {value}")
        return
    if isinstance(value, Mapping):
        pairs: Iterable[tuple[Any, Json]] = value.items()
        for key, item in pairs:
            if not isinstance(key, str) or not key.isascii():
                raise NotCanonicalError(f"{where}: expected an ASCII string as key, found {key!r}")
            _check(item, f"{where}.{key}")
        return
    if isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _check(item, f"{where}[{index}]")
        return
    raise NotCanonicalError(
        f"{where}: expected text, integer, boolean, null, list or object, found {type(value).__name__}"
    )
