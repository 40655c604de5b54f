"""Pages of long lists by key: the address names the row at the edge, so nothing shifts while rows arrive."""

from __future__ import annotations

from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import HttpRequest

PAGE: Final = 50
M = TypeVar("M", bound=Model)


def page_of(request: HttpRequest, found: QuerySet[M], *, size: int = PAGE) -> tuple[list[M], dict[str, str]]:
    """One page of rows ordered by id ascending, and the context of shared/_pager.html.

    `?after=<uid>` and `?before=<uid>` go on from a row; an unknown one begins at the beginning. At most two queries.
    """
    after, before = _edge(request, found, "after"), _edge(request, found, "before")
    if before is not None:
        rows = list(found.filter(pk__lt=before).order_by("-pk")[: size + 1])
        more_before, more_after = len(rows) > size, True
        rows = rows[:size][::-1]
    else:
        start = found.filter(pk__gt=after) if after is not None else found
        rows = list(start.order_by("pk")[: size + 1])
        more_before, more_after = after is not None, len(rows) > size
        rows = rows[:size]
    return rows, {
        "newer": _link(request, "before", rows[0]) if rows and more_before else "",
        "older": _link(request, "after", rows[-1]) if rows and more_after else "",
        "newer_word": "Previous",
        "older_word": "Next",
        "shown": f"{len(rows)} rows",
    }


def _edge(request: HttpRequest, found: QuerySet[M], name: str) -> int | None:
    try:
        uid = UUID(request.GET.get(name, ""))
    except ValueError:
        return None
    # The row at the edge may have left the list (it was decided meanwhile), so it is looked up without the filters.
    key = found.model._default_manager.filter(uid=uid).values_list("pk", flat=True).first()  # noqa: SLF001 - Django's own API
    return None if key is None else int(key)


def _link(request: HttpRequest, name: str, row: Any) -> str:
    query = request.GET.copy()
    for each in ("after", "before"):
        query.pop(each, None)
    query[name] = str(row.uid)
    return f"{request.path}?{query.urlencode()}"
