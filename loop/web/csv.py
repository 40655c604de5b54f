"""Tables as CSV that a spreadsheet opens without running anything (OWASP: CSV injection)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from loop.kernel.spreadsheet import harmless


def csv_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table as comma-separated values (RFC 4180).

    Text that a spreadsheet would take for a formula, also in full-width form, gets an apostrophe in front.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([_harmless(value) for value in row] for row in rows)
    return text.getvalue()


def csv_response(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """The table (see `csv_text`) as a UTF-8 file called `name`."""
    response = HttpResponse(csv_text(head, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return response


def _harmless(value: object) -> object:
    if not isinstance(value, str):
        return "" if value is None else value
    return harmless(value)
