"""Who makes which rendition, on the database's clock: taken in one statement, renewed by progress, refused when late.

Each taking raises the row's fence. Every later write names its fence in the WHERE; no row found means that somebody
else took over since, and what the late worker made is dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.db import connection

from loop.kernel.errors import LoopError
from loop.media.rules import LEASE_S, MAX_ATTEMPTS

REPORT_EVERY_S: Final = 1.0

_CLAIM = """
UPDATE loop_media_rendition
SET state = 'running', fence = fence + 1, attempts = attempts + 1, progress = 0, problem = '',
    leased_until = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE id = (SELECT id FROM loop_media_rendition
            WHERE attempts < %(most)s
              AND (state = 'waiting' OR (state = 'running' AND leased_until < clock_timestamp()))
            ORDER BY attempts, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, fence
"""
_RENEW = """
UPDATE loop_media_rendition
SET progress = %(progress)s, leased_until = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE id = %(id)s AND fence = %(fence)s AND state = 'running'
"""
_PUBLISH = """
UPDATE loop_media_rendition
SET state = 'ready', progress = 100, problem = %(problem)s, leased_until = NULL, stored_name = %(stored_name)s,
    mime = %(mime)s, size_bytes = %(size_bytes)s, width = %(width)s, height = %(height)s,
    finished_at = clock_timestamp()
WHERE id = %(id)s AND fence = %(fence)s AND state = 'running'
"""
_GIVE_UP = """
UPDATE loop_media_rendition
SET state = CASE WHEN %(final)s OR attempts >= %(most)s THEN 'failed' ELSE 'waiting' END, problem = %(problem)s,
    leased_until = NULL, finished_at = clock_timestamp()
WHERE id = %(id)s AND fence = %(fence)s AND state = 'running'
"""


class LateError(LoopError):
    """The lease ran out and another worker took over; what was made under it does not count."""

    code = "lease_lost"


@dataclass(slots=True)
class Lease:
    """The right to make one rendition, as long as `fence` is the row's."""

    rendition_id: int
    fence: int
    alive: Callable[[], None] | None = None
    reported: float = 0.0

    def report(self, share: float) -> None:
        """Says how far the work is (0 to 1) and keeps the lease, at most once in REPORT_EVERY_S. Raises LateError."""
        moment = time.monotonic()
        if moment - self.reported < REPORT_EVERY_S:
            return
        self.reported = moment
        self._write(_RENEW, progress=min(99, max(0, int(share * 100))))
        if self.alive is not None:
            self.alive()

    def publish(
        self, *, stored_name: str, mime: str, size_bytes: int, width: int | None, height: int | None, problem: str
    ) -> None:
        """Makes the rendition ready. Raises LateError."""
        self._write(
            _PUBLISH, stored_name=stored_name, mime=mime, size_bytes=size_bytes, width=width, height=height,
            problem=problem[:300],
        )  # fmt: skip

    def give_up(self, problem: str, *, final: bool) -> None:
        """Hands the rendition back, or on the last attempt (or if `final`) leaves it failed with its problem."""
        self._write(_GIVE_UP, problem=problem[:300], final=final)

    def _write(self, statement: str, **values: str | int | bool | None) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                statement,
                {**values, "id": self.rendition_id, "fence": self.fence, "lease": LEASE_S, "most": MAX_ATTEMPTS},
            )
            if cursor.rowcount != 1:
                raise LateError(
                    f"expected to hold the lease of rendition {self.rendition_id}, found that another worker took over"
                )


def claim(alive: Callable[[], None] | None = None) -> Lease | None:
    """The lease of the rendition to make next: one that waits, or whose worker is gone. None: nothing to do.

    `alive` is called with every report: a worker that is busy for an hour still shows itself.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"lease": LEASE_S, "most": MAX_ATTEMPTS})
        row = cursor.fetchone()
    return Lease(row[0], row[1], alive) if row else None
