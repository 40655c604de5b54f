"""A worker says that it is alive, on the database's clock."""

from datetime import timedelta

from django.db import connection

ALIVE_S = 45

_BEAT = """
INSERT INTO loop_heartbeat (name, at) VALUES (%s, clock_timestamp())
ON CONFLICT (name) DO UPDATE SET at = excluded.at
"""
_NEWEST = "SELECT clock_timestamp() - max(at) FROM loop_heartbeat WHERE name LIKE 'worker%%'"


def beat(name: str) -> None:
    """Notes that the worker `name` ("worker" or "worker ...") is alive now."""
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, [name])


def since_last() -> timedelta | None:
    """How long ago any worker was last seen; None: never."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [])
        row = cursor.fetchone()
    return row[0] if row else None


def is_worker_alive() -> bool:
    """Whether a worker was seen within the last ALIVE_S seconds."""
    found = since_last()
    return found is not None and found <= timedelta(seconds=ALIVE_S)
