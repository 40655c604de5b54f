"""Who is logged in now, for pages that stayed open while a session ended: the browser asks before it sends again."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.http import require_GET


@require_GET
def session(request: HttpRequest) -> JsonResponse:
    """{user, csrf} of whoever is logged in, 401 for nobody. The token is for this origin only: no other may read it."""
    if not request.user.is_authenticated:
        return JsonResponse({"user": "", "csrf": ""}, status=401)
    return JsonResponse({"user": str(request.user.uid), "csrf": get_token(request)})
