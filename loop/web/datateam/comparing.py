"""Two releases side by side, and the order for the one that follows: what came, went and changed, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from loop.export.balance import BY, Drift, balance_of, drift
from loop.export.difference import CONSENT, WHY, Cause, NotComparableError, difference, differing_rows
from loop.export.models import Export
from loop.export.order import OrderRefusedError
from loop.export.order_next import order_next
from loop.gate.reasons import BY_CODE
from loop.kernel.errors import ConflictError, NotValidError
from loop.people.roles import Permission
from loop.tasks import nudge
from loop.web.csv import csv_response
from loop.web.datateam.releases import release_at
from loop.web.desk import Desk, page

NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
COLUMNS = ("change", "why", "code", "old_row_id", "new_row_id", "decision", "other_decision", "side")


@dataclass(frozen=True, slots=True)
class Told:
    """A cause in words."""

    cause: Cause
    words: str


@page
@require_safe
def choose(request: HttpRequest, code: str, number: int) -> HttpResponseBase:
    """Leads from the form of a release to the comparison with the one that was chosen."""
    _, production, export = release_at(request, code, number)
    wanted = request.GET.get("with", "")
    found = get_object_or_404(Export, production=production, number=int(wanted) if NUMBER.fullmatch(wanted) else 0)
    return redirect("export-compare", code, export.number, found.number)


@page
@require_safe
def compare(request: HttpRequest, code: str, number: int, other: int) -> HttpResponseBase:
    """From the release `other` to the release `number`. Three questions beside the desk's and the releases'."""
    desk, old, new = _both(request, code, number, other)
    about: dict[str, object] = {"export": new, "other": old}
    try:
        found = difference(old, new, sees_codes=_sees(desk))
    except NotComparableError as error:
        text = str(error)
        about["refused"] = f"{text[:1].upper()}{text[1:]}."
        return render(request, "datateam/compare.html", about, status=409)
    lines = drift(balance_of(old), balance_of(new))
    return render(
        request,
        "datateam/compare.html",
        about
        | {
            "found": found,
            "causes": [Told(each, _words(each)) for each in found.causes],
            "tables": [(BY[by], list(group)) for by, group in groupby(lines, key=lambda each: each.by)],
            "sees_codes": _sees(desk),
        },
    )


@page
@require_safe
def rows(request: HttpRequest, code: str, number: int, other: int) -> HttpResponse:
    """Every row that differs as CSV; codes of consent for whoever may see the registry."""
    desk, old, new = _both(request, code, number, other)
    found = differing_rows(old, new, sees_codes=_sees(desk))
    cells = (tuple(getattr(row, name) for name in COLUMNS) for row in found)
    try:
        return csv_response(_name(old, new, "rows"), COLUMNS, cells)
    except NotComparableError as error:
        return HttpResponse(f"{error}\n", status=409, content_type="text/plain; charset=utf-8")


@page
@require_safe
def balance(request: HttpRequest, code: str, number: int, other: int) -> HttpResponse:
    """The tables of the balance as one CSV, shares unrounded."""
    _, old, new = _both(request, code, number, other)
    head = ("by", "value", "outcome", "old_rows", "new_rows", "old_share", "new_share", "difference")
    return csv_response(_name(old, new, "balance"), head, _cells(drift(balance_of(old), balance_of(new))))


@page
@require_POST
def follow(request: HttpRequest, code: str, number: int) -> HttpResponseBase:
    """Orders the next release by the same recipe, as of now."""
    desk, _, export = release_at(request, code, number, Permission.ORDER_EXPORT)
    try:
        ordered = order_next(export=export, actor=desk.actor, idempotency_key=request.POST.get("key") or None)
    except (ConflictError, NotValidError, OrderRefusedError) as error:
        messages.error(request, f"Nothing was ordered: {error}.")
        return redirect("export", code, number)
    nudge(ordered)
    messages.success(request, f"Ordered E-{ordered.number}, the next of E-{export.number}.")
    return redirect("export", code, ordered.number)


def _both(request: HttpRequest, code: str, number: int, other: int) -> tuple[Desk, Export, Export]:
    desk, production, new = release_at(request, code, number)
    found = Export.objects.select_related("recipient", "production")
    return desk, get_object_or_404(found, production=production, number=other), new


def _sees(desk: Desk) -> bool:
    return desk.may(Permission.SEE_REGISTRY)


def _words(cause: Cause) -> str:
    reason = BY_CODE.get(cause.code)
    if reason is not None:
        return reason.sentence
    return "its terms are others" if cause.why == CONSENT and cause.change == "changed" else WHY[cause.why]


def _cells(lines: list[Drift]) -> Iterator[tuple[object, ...]]:
    for each in lines:
        yield (
            each.by, each.value, each.outcome, each.old_rows, each.new_rows,
            *("" if share is None else f"{share:.6f}" for share in (each.old_share, each.new_share, each.difference)),
        )  # fmt: skip


def _name(old: Export, new: Export, what: str) -> str:
    return f"{new.production.code}-E-{old.number}-to-E-{new.number}-{what}.csv"
