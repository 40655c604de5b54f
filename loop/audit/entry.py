"""The exact bytes of an event: canonical JSON {actor, at, commit, id, object, production, type, v}. Pure.

What is stored is what is hashed. Nobody re-canonicalises an entry later: `parse` only reads it.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import orjson

from loop.kernel.canonical import canonical
from loop.kernel.clock import rfc3339

VERSION = 1
COMMIT_SIZE = 32
MOST_BYTES = 65_535  # C2SP tlog-tiles writes the length of an entry in two bytes


class NotAnEntryError(ValueError):
    """Bytes that this version never wrote."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The fields of an entry. `production` is the production's uid, None outside any."""

    uid: UUID
    event: str
    at: datetime
    actor_pid: str
    production: UUID | None
    obj_table: str
    obj_uid: UUID
    commit: bytes


def write(
    *,
    uid: UUID | str,
    event: str,
    at: datetime,
    actor_pid: str,
    production: UUID | None,
    obj_table: str,
    obj_uid: UUID | str,
    commit: bytes,
) -> bytes:
    """The canonical bytes of an entry with these fields (a uid may be given in its canonical text form).

    Equal to `kernel.canonical` of the same object (a test compares them), at a fraction of its time: the keys are
    fixed, and the parts that stay the same through a bulk load are encoded once.
    Raises NotCanonicalError for text with lone surrogates, ValueError for a naive moment or a commit that is not a
    SHA-256.
    """
    if len(commit) != COMMIT_SIZE:
        raise ValueError(f"expected a commit of 32 bytes, found {len(commit)}")
    head, middle, tail = _fixed_parts(event, at, actor_pid, production, obj_table)
    return f'{head}{commit.hex()}","id":"{uid}{middle}{obj_uid}{tail}'.encode()


def parse(data: bytes) -> Entry:
    """Reads entry bytes. Raises NotAnEntryError if they are not an entry of this version."""
    try:
        value = orjson.loads(data)
        if value["v"] != VERSION:
            raise NotAnEntryError(f"expected an entry of version {VERSION}, found {value['v']!r}")
        return Entry(
            uid=UUID(value["id"]),
            event=value["type"],
            at=datetime.fromisoformat(value["at"]),
            actor_pid=value["actor"],
            production=UUID(value["production"]) if value["production"] else None,
            obj_table=value["object"]["table"],
            obj_uid=UUID(value["object"]["uid"]),
            commit=bytes.fromhex(value["commit"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NotAnEntryError(f"expected an entry of version {VERSION}, found other bytes ({error})") from error


@lru_cache(maxsize=256)
def _fixed_parts(
    event: str, at: datetime, actor_pid: str, production: UUID | None, obj_table: str
) -> tuple[str, str, str]:
    def text(value: str) -> str:
        return canonical(value).decode()

    return (
        f'{{"actor":{text(actor_pid)},"at":"{rfc3339(at)}","commit":"',
        f'","object":{{"table":{text(obj_table)},"uid":"',
        f'"}},"production":{text(str(production)) if production else "null"},"type":{text(event)},"v":{VERSION}}}',
    )
