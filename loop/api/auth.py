"""Bearer tokens: `Authorization: Bearer circled_<uid hex>_<secret>`. The API reads no cookie, so it needs no CSRF."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from loop.api.throttles import count_failed_authentication
from loop.kernel.actor import Actor, tool
from loop.kernel.clock import now
from loop.people.models import Token, User
from loop.people.querysets import actor_for_user, productions_visible_to

TOKEN = re.compile(r"circled_([0-9a-f]{32})_([A-Za-z0-9_-]{20,100})", re.ASCII)
LAST_USED_STEP = timedelta(minutes=1)  # how exact `last_used_at` is; a write per call would be wasted
NOBODY = b"\x00" * 32


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who calls: the token's row and the actor it makes."""

    token: Token
    actor: Actor


class TokenAuthentication(BaseAuthentication):
    """Accepts a live token of an active login; refuses everything else with 401 and one and the same sentence."""

    def authenticate(self, request: Request) -> tuple[User, Bearer]:
        match = TOKEN.fullmatch(_credential(request))
        token = Token.objects.select_related("created_by").filter(uid=UUID(match[1])).first() if match else None
        given = hashlib.sha256(match[2].encode() if match else b"").digest()
        is_same = hmac.compare_digest(given, bytes(token.secret_sha256) if token else NOBODY)
        moment = now()
        if token is None or not is_same or not is_live(token):
            count_failed_authentication(request)
            raise AuthenticationFailed("The token is missing, unknown, expired or revoked.", code="unauthenticated")
        if token.last_used_at is None or token.last_used_at < moment - LAST_USED_STEP:
            # Conditional, so that calls at the same moment write once.
            stale = Q(last_used_at=None) | Q(last_used_at__lt=moment - LAST_USED_STEP)
            Token.objects.filter(stale, pk=token.pk).update(last_used_at=moment)
        return token.created_by, Bearer(token=token, actor=actor_of(token))

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Circled"'


def bearer_of(request: Request) -> Bearer:
    """Who calls. Raises AuthenticationFailed where nobody has been authenticated."""
    bearer: object = request.auth
    if not isinstance(bearer, Bearer):
        raise AuthenticationFailed
    return bearer


def is_live(token: Token) -> bool:
    """Whether the token may act now: not revoked, not expired, its login active."""
    return token.revoked_at is None and token.expires_at > now() and token.created_by.is_active


def actor_of(token: Token) -> Actor:
    """The actor of a token: its scopes, on those of its productions that its login still belongs to. Two queries."""
    visible = productions_visible_to(actor_for_user(token.created_by))
    return tool(
        token.uid,
        label=token.name,
        scopes=frozenset(token.scopes),
        production_ids=frozenset(visible.filter(tokens=token).values_list("pk", flat=True)),
        user_id=token.created_by_id,
    )


def _credential(request: Request) -> str:
    header = request.META.get("HTTP_AUTHORIZATION", "")
    scheme, _, credential = header.partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else ""
