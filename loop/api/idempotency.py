"""The `Idempotency-Key` header. The key is kept with the row it made, so a replay finds the row itself."""

from __future__ import annotations

import hashlib
import re

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from loop.api.problems import Refused
from loop.people.models import Token

KEY = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)


def idempotency_key(request: Request) -> str | None:
    """The header's value, None without one. Raises Refused 400 for anything but 1 to 200 visible ASCII characters."""
    value = request.headers.get("Idempotency-Key")
    if value is None:
        return None
    value = value.strip().strip('"')  # the draft standard writes it as a quoted string
    if not KEY.fullmatch(value):
        message = "Expected 1 to 200 visible ASCII characters."
        raise Refused(
            400, "not_valid", "The Idempotency-Key is not valid.", [{"field": "Idempotency-Key", "message": message}]
        )
    return value


def stored_key(token: Token, key: str) -> str:
    """What is stored for `key`: 97 characters, bound to the token, so that nobody meets another client's key."""
    return f"{token.uid.hex}:{hashlib.sha256(key.encode()).hexdigest()}"


REPLAYED = {"Idempotent-Replayed": "true"}

KEY_HEADER = OpenApiParameter(
    "Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER,
    description="1 to 200 visible ASCII characters; the same key again answers with what it made first.",
)  # fmt: skip
