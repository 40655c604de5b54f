"""Parents that a file promises and never brings, and circles of parents: seen only at its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db.backends.utils import CursorWrapper

from loop.kernel.problem import Problem

# Suggestions below others, and suggestions that are their own ancestors.
_BELOW: Final = """
WITH RECURSIVE below AS (
    SELECT id, external_id FROM loop_suggestion WHERE parent_id = ANY(%s)
    UNION SELECT s.id, s.external_id FROM below JOIN loop_suggestion s ON s.parent_id = below.id
) SELECT external_id FROM below
"""
_CIRCLES: Final = """
WITH RECURSIVE above AS (
    SELECT id AS child, parent_id FROM loop_suggestion WHERE id = ANY(%s)
    UNION SELECT above.child, s.parent_id FROM above JOIN loop_suggestion s ON s.id = above.parent_id
) SELECT child FROM above WHERE parent_id = child
"""


def late_problems(cursor: CursorWrapper, *, missing: Sequence[int], forward: Sequence[int]) -> dict[str, Problem]:
    """The problem of each suggestion, by external id, that descends from one of `missing` or from a circle.

    `missing` are ids that were given to parents nobody brought; `forward` are the ids of suggestions that came before
    their parent: every circle has one of them. At most three queries, none for a file in order.
    """
    found: dict[str, Problem] = {}
    if missing:
        cursor.execute(_BELOW, [list(missing)])
        absent = Problem("parent", "a suggestion on another good line or recorded", "none")
        found |= {name: absent for (name,) in cursor.fetchall()}
    if forward:
        cursor.execute(_CIRCLES, [list(forward)])
        within = [child for (child,) in cursor.fetchall()]
        cursor.execute(_BELOW, [within])  # the whole circle descends from each of its members
        circle = Problem("parent", "a suggestion that descends from none of its descendants", "a circle")
        found |= {name: circle for (name,) in cursor.fetchall()}
    return found
