"""How JSON that came from outside is brought into the canonical form, so that it can be committed to.

`canonical` refuses floats, integers beyond 53 bits and keys outside ASCII; what a tool sends has them all. The rules:

1. A number without a fraction of at most 53 bits is itself, however it was written (`1e2`, `100.0` and `100` are one).
2. Any other number is {"$number": text}: all digits of an integer, else the shortest text that reads back the float.
3. An object with a key outside ASCII, or one that begins with "$", is {"$pairs": [[key, value], ...]} sorted by code
   points.

The rules survive a round trip through PostgreSQL's jsonb, which keeps values and drops the way they were written, so
a verifier that reads the stored row gets the form that was committed to.
"""

import math
from collections.abc import Mapping
from decimal import Decimal

from loop.kernel.canonical import MAX_SAFE_INTEGER, Json, NotCanonicalError


def commit_form(value: object) -> Json:
    """The canonical form of any finite JSON value. Raises NotCanonicalError for what is no JSON."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return value if abs(value) <= MAX_SAFE_INTEGER else {"$number": str(value)}
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        if all(isinstance(key, str) and key.isascii() and not key.startswith("$") for key in value):
            return {key: commit_form(item) for key, item in value.items()}
        return {"$pairs": [[key, commit_form(value[key])] for key in sorted(value)]}
    if isinstance(value, (list, tuple)):
        return [commit_form(item) for item in value]
    raise NotCanonicalError(f"expected a JSON value, found {type(value).__name__}")


def _number(value: float) -> Json:
    if not math.isfinite(value):
        raise NotCanonicalError(f"expected a finite number, found {value}")
    if value.is_integer():
        # Through the shortest text, not int(value): jsonb keeps the digits that were written, not the binary value.
        whole = int(Decimal(repr(value)))
        return whole if abs(whole) <= MAX_SAFE_INTEGER else {"$number": str(whole)}
    return {"$number": repr(value)}
