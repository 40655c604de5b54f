"""Who gets in: a live token in the header, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from loop.api import auth, throttles
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.disable import disable_user
from loop.people.leave import end_membership
from loop.people.models import Member, Token, User
from loop.people.revoke import revoke_token
from tests.api.conftest import Caller

UNAUTHENTICATED = {
    "type": "about:blank", "title": "Unauthorized", "status": 401, "code": "unauthenticated",
    "detail": "The token is missing, unknown, expired or revoked.",
}  # fmt: skip


def test_it_says_who_calls(robot: Caller, ferry: Production) -> None:
    answer = robot.get("me")
    assert answer.status == 200
    assert answer.body["name"] == "robot"
    assert answer.body["productions"] == ["FERRY"]
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert robot.get("productions").body["items"][0]["rate"] == "24/1"


def refused(caller: Caller) -> None:
    answer = caller.get("me")
    assert answer.status == 401
    body = dict(answer.body)
    assert body.pop("request_id")
    assert body == UNAUTHENTICATED
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_without_a_live_token_every_answer_is_the_same(robot: Caller, nobody: Caller) -> None:
    assert robot.text
    assert robot.token
    refused(nobody)
    for wrong in (
        "", "x", robot.text[:-1] + ("A" if robot.text[-1] != "A" else "B"), robot.text + "A", robot.text.upper(),
        f"circled_{'0' * 32}_{robot.text.split('_', 2)[2]}", f"circled_{robot.token.uid.hex}_", "\u00e9",
        robot.text + " " + robot.text,
    ):  # fmt: skip
        refused(Caller(wrong))


def test_a_revoked_an_expired_and_an_ownerless_token_are_dead_at_once(
    caller_of: Callable[..., Caller], ferry: Production
) -> None:
    revoked, expired, ownerless = caller_of(ferry), caller_of(ferry), caller_of(ferry, name="leaver")
    assert revoked.token
    assert expired.token
    assert ownerless.token
    for caller in (revoked, expired, ownerless):
        assert caller.get("me").status == 200
    revoke_token(token=revoked.token, actor=SYSTEM)
    Token.objects.filter(pk=expired.token.pk).update(expires_at=now() - timedelta(seconds=1))
    disable_user(user=ownerless.token.created_by, actor=SYSTEM)
    for caller in (revoked, expired, ownerless):
        refused(caller)


def test_a_token_reaches_no_further_than_its_owner(robot: Caller, ferry: Production) -> None:
    assert robot.token
    end_membership(member=Member.objects.get(user=robot.token.created_by), actor=SYSTEM)
    assert robot.get("productions").body == {"items": []}
    assert robot.get("suggestions", {"production": "FERRY"}).status == 404


def test_a_session_is_no_token(ferry: Production) -> None:
    client = Client()
    client.force_login(User.objects.create(username="root", is_superuser=True))
    assert client.get("/api/v1/me").status_code == 401


def test_a_token_in_the_address_is_refused_and_not_repeated(robot: Caller, nobody: Caller) -> None:
    assert robot.text
    for name in ("token", "access_token", robot.text):
        refused(nobody) if name == "token" else None
        answer = robot.get("me", {name: robot.text})
        assert answer.status == 400
        assert robot.text not in str(answer.body)
        assert nobody.get("me", {name: robot.text}).status == 401


def test_last_use_is_written_once_a_minute(robot: Caller) -> None:
    assert robot.token
    robot.get("me")
    first = Token.objects.get(pk=robot.token.pk).last_used_at
    robot.get("me")
    assert first
    assert Token.objects.get(pk=robot.token.pk).last_used_at == first
    Token.objects.filter(pk=robot.token.pk).update(last_used_at=now() - 2 * auth.LAST_USED_STEP)
    robot.get("me")
    assert Token.objects.get(pk=robot.token.pk).last_used_at >= first


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "suggestions", "suggestions:read"),
        ("POST", "suggestions", "suggestions:write"),
        ("POST", "suggestions/bulk", "suggestions:write"),
        ("GET", "decisions", "decisions:read"),
        ("POST", "decisions", "decisions:write"),
        ("GET", "exports", "exports:read"),
        ("POST", "exports", "exports:order"),
        ("POST", "exports/preview", "exports:order"),
    ],
)
def test_each_route_needs_its_scope(
    caller_of: Callable[..., Caller], ferry: Production, method: str, path: str, scope: str
) -> None:
    others = tuple(name for name in auth_scopes() if name != scope)
    if scope == "exports:read":  # the other scopes of exports see that exports exist
        others = tuple(name for name in others if not name.startswith("exports:"))
    answer = caller_of(ferry, scopes=others).call(method, path, body={} if method == "POST" else None)
    assert (answer.status, answer.body["code"]) == (403, "scope_missing")
    assert caller_of(ferry, scopes=(scope,)).call(method, path, body={} if method == "POST" else None).status != 403


def auth_scopes() -> tuple[str, ...]:
    from loop.people.roles import SCOPES

    return tuple(SCOPES)


def test_one_token_asks_too_much_and_the_other_goes_on(
    monkeypatch: pytest.MonkeyPatch, caller_of: Callable[..., Caller], ferry: Production
) -> None:
    monkeypatch.setattr(throttles, "CALLS_A_MINUTE", 3)
    eager, calm = caller_of(ferry), caller_of(ferry)
    statuses = [eager.get("me").status for _ in range(10)]
    assert 429 in statuses
    limited = next(answer for answer in (eager.get("me"),) if answer.status == 429)
    assert int(limited.headers["Retry-After"]) >= 1
    assert limited.body["code"] == "throttled"
    assert calm.get("me").status == 200


def test_guessing_is_slowed_down_and_good_tokens_still_pass(monkeypatch: pytest.MonkeyPatch, robot: Caller) -> None:
    monkeypatch.setattr(throttles, "FAILURES_A_MINUTE", 3)
    assert 429 in [Caller("circled_wrong").get("me").status for _ in range(10)]
    assert robot.get("me").status == 200
