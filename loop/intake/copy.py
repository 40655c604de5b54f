"""Rows into tables by COPY, and ids from sequences beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from django.db.backends.utils import CursorWrapper

_ARRAY_SPECIAL = str.maketrans({"\\": "\\\\", '"': '\\"'})


def reserve(cursor: CursorWrapper, table: str, count: int) -> list[int]:
    """`count` fresh ids of `table`, ascending. Gaps are possible."""
    if not count:
        return []
    cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
    return [row[0] for row in cursor.fetchall()]


def copy_rows(cursor: CursorWrapper, table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
    """COPY of `rows` in the order of `columns`. Table and columns are names of ours, never input."""
    if not rows:
        return
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def json_text(value: object) -> str:
    """JSON for a jsonb column; null is a JSON null, not SQL's."""
    return orjson.dumps(value).decode()


def array_text(items: Sequence[str]) -> str:
    """A text[] literal: quoted, which is several times faster than the driver's general way."""
    if not items:
        return "{}"
    return "{" + ",".join(f'"{item.translate(_ARRAY_SPECIAL)}"' for item in items) + "}"
