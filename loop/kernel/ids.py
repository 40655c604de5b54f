"""Time-ordered public identifiers (UUIDv7, RFC 9562 section 5.7)."""

import os
import time
import uuid


def uuid7(at_ms: int | None = None) -> uuid.UUID:
    """A UUIDv7: 48 bits of Unix milliseconds, then 74 random bits.

    `at_ms` fixes the time part (for rows that carry an older moment); the default is now.
    """
    milliseconds = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    random_bits = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7 << 76
    value |= ((random_bits >> 62) & 0xFFF) << 64
    value |= 0b10 << 62
    value |= random_bits & 0x3FFF_FFFF_FFFF_FFFF
    return uuid.UUID(int=value)


def uid_of(text: str) -> uuid.UUID | None:
    """The identifier that `text` writes, or None if it is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
