"""Every error of the API as problem details (RFC 9457), and the one place where refusals become HTTP.

    {"type": "about:blank", "title": "Conflict", "status": 409, "code": "conflict", "detail": "...",
     "errors": [{"field": "decisions[0].outcome", "message": "..."}], "request_id": "..."}

`code` is stable for machines. Messages repeat at most what the caller sent; nothing of a production gets into them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from loop.kernel.errors import ConflictError, LoopError, NotAllowedError, NotFoundError, NotValidError

CONTENT_TYPE = "application/problem+json"
NOT_FOUND = "There is nothing here, or nothing this token may see."
log = logging.getLogger("circled.api")

STATUS_OF: Mapping[type[LoopError], int] = {
    NotValidError: 400,
    NotFoundError: 404,
    NotAllowedError: 403,
    ConflictError: 409,
}
KEY_REUSED = "key_reused"  # a Conflict in the house, and 422 where the Idempotency-Key draft puts it
CODE_OF_STATUS = {
    400: "not_valid",
    401: "unauthenticated",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    411: "length_required",
    413: "too_large",
    415: "unsupported_media_type",
    429: "throttled",
    500: "internal",
    503: "unavailable",
}


class TooLarge(exceptions.APIException):
    """The body is larger than this route takes."""

    status_code = 413
    default_detail = "The body is too large."
    default_code = "too_large"


class Refused(exceptions.APIException):
    """A refusal with its own status, code and per-field or per-line errors."""

    def __init__(self, status: int, code: str, detail: str, errors: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.code = code
        self.errors = errors


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """The response for any exception in a view. Unknown ones are logged without their message and answered with 500."""
    if isinstance(error, LoopError):
        return _of_refusal(error)
    if isinstance(error, (Http404, exceptions.NotFound)):
        return problem(HTTPStatus.NOT_FOUND, NOT_FOUND)
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    return _of_accident(error)


def _of_accident(error: Exception) -> Response:
    if isinstance(error, PermissionDenied):
        return problem(403, "This is not allowed.")
    if isinstance(error, RequestDataTooBig):
        return problem(413, TooLarge.default_detail)
    if isinstance(error, SuspiciousOperation):
        return problem(400, "The request is malformed.")
    if isinstance(error, (OperationalError, InterfaceError)):
        log.warning("api_database_unavailable", exc_info=error)
        return problem(503, "The database does not answer; try again.", headers={"Retry-After": "5"})
    if isinstance(error, DataError):
        # The last net: a value that passed every check and that PostgreSQL still cannot hold.
        log.warning("api_value_refused_by_database", exc_info=error)
        return problem(400, "A value cannot be stored.")
    log.error("api_error", exc_info=error)
    return problem(500, "Something went wrong here; the log has it under this request's id.")


def problem(
    status: int,
    detail: str,
    *,
    code: str = "",
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document as a response."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code or CODE_OF_STATUS.get(status, "refused"),
        "detail": detail,
    }
    if errors:
        body["errors"] = list(errors)
    if request_id := structlog.contextvars.get_contextvars().get("request_id"):
        body["request_id"] = request_id
    response = Response(body, status=status, headers=dict(headers or {}), content_type=CONTENT_TYPE)
    # Django would log the path of a refused request, and a path can hold words. Our own record names the route.
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return response


def _of_refusal(error: LoopError) -> Response:
    status = (
        422
        if error.code == KEY_REUSED
        else next((status for kind, status in STATUS_OF.items() if isinstance(error, kind)), 422)
    )
    if status == HTTPStatus.NOT_FOUND:
        return problem(404, NOT_FOUND)  # the same words for the foreign and the missing
    field = getattr(error, "field", "") or error.facts.get("field", "")
    errors = [{"field": str(field), "message": str(error)}] if field else []
    return problem(status, str(error), code=error.code, errors=errors)


def _of_framework(error: exceptions.APIException) -> Response:
    if isinstance(error, Refused):
        return problem(error.status_code, str(error.detail), code=error.code, errors=error.errors)
    if isinstance(error, exceptions.ValidationError):
        return problem(error.status_code, "Some fields are not valid.", errors=list(_flatten(error.detail, "")))
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait))
    is_malformed = error.status_code == HTTPStatus.BAD_REQUEST  # a parser names what is wrong with the body
    code = str(error.get_codes()) if is_malformed else CODE_OF_STATUS.get(error.status_code, "")
    return problem(error.status_code, str(error.detail), code=code, headers=headers)


def _flatten(detail: Any, where: str) -> list[dict[str, str]]:
    """Serializer errors as a flat list with paths: {"spans": [{"start": ["..."]}]} -> spans[0].start."""
    if isinstance(detail, Mapping):
        found = []
        for key, item in detail.items():
            place = f"[{key}]" if isinstance(key, int) else f".{key}"
            name = where if key == "non_field_errors" else f"{where}{place}".lstrip(".")
            found += _flatten(item, name)
        return found
    if isinstance(detail, (list, tuple)):
        if all(isinstance(item, str) for item in detail):
            return [{"field": where, "message": str(item), "code": getattr(item, "code", "invalid")} for item in detail]
        return [each for place, item in enumerate(detail) for each in _flatten(item, f"{where}[{place}]")]
    return [{"field": where, "message": str(detail), "code": getattr(detail, "code", "invalid")}]
