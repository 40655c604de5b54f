"""Pages by cursor: rows in the order they were recorded, each page beginning behind the last row of the one before."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.pagination import BasePagination

DEFAULT_SIZE = 100
MOST = 500


class CursorPagination(BasePagination):
    """`page()` is what the views call; the class exists so that the settings can name one paginator.

    A cursor is opaque and names a row the caller was shown, so it stays good for as long as the row is visible. Rows
    are append-only and ordered by their internal key, so no page repeats or drops one. A transaction that was still
    open when a later one committed can add a row before a cursor already handed out; who must miss nothing reads
    again from the cursor before.
    """

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> None:
        return None


class PageQuery(serializers.Serializer[Any]):
    """The parameters of every list."""

    limit = serializers.IntegerField(
        min_value=1, max_value=MOST, default=DEFAULT_SIZE, help_text=f"Rows a page, at most {MOST}."
    )
    cursor = serializers.CharField(
        max_length=64, required=False, help_text="The `next_cursor` of the page before; opaque."
    )


def page(
    queryset: QuerySet[Any], *, query: dict[str, Any], show: Callable[[list[Any]], list[dict[str, Any]]]
) -> dict[str, Any]:
    """One page {items, next_cursor} of `queryset`, which must be scoped already and have `uid`. Two queries at most.

    Raises serializers.ValidationError for a cursor that names no row of the queryset's model that is visible here.
    """
    rows = queryset.order_by("pk")
    if cursor := query.get("cursor"):
        rows = rows.filter(pk__gt=_place(rows, cursor))
    limit: int = query["limit"]
    found = list(rows[: limit + 1])
    following = _cursor(found[limit - 1]) if len(found) > limit else None
    return {"items": show(found[:limit]), "next_cursor": following}


def _cursor(row: Model) -> str:
    uid: UUID = row.uid  # type: ignore[attr-defined]  # every paged model has one
    return base64.urlsafe_b64encode(uid.bytes).decode().rstrip("=")


def _place(rows: QuerySet[Any], cursor: str) -> int:
    refusal = serializers.ValidationError({"cursor": ["Expected the next_cursor of a page of this list."]})
    try:
        uid = UUID(bytes=base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise refusal from error
    place = rows.filter(uid=uid).values_list("pk", flat=True).first()
    if place is None:
        raise refusal
    return int(place)
