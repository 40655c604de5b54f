"""Is the process alive, and can it work? For supervisors and load balancers; no login, no details."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse


def live(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers; touches nothing."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 if the database answers as the runtime role, 503 if not. One query.

    The broker does not count: without it decisions are still recorded, and what waits for a worker is swept up later.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM loop_user LIMIT 1")
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "does not answer"}, status=503)
    return JsonResponse({"status": "ok", "database": "ok"})
