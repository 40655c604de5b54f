"""./manage.py member, user and token as somebody types them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.models import Member, Token, User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ferry() -> Production:
    return Production.objects.create(code="FERRY", title="Night Ferry", rate_num=24, created_at=now())


def run(*words: str, stdin: str = "", monkeypatch: pytest.MonkeyPatch | None = None, **options: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    if monkeypatch is not None:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    call_command(*words, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_member_add_makes_a_missing_login_and_prints_its_password_once() -> None:
    out, _ = run("member", "add", "mara", "--production", "FERRY", "--role", "editor", "--name", "Mara")
    password = out.split("Password, shown once: ")[1].split("\n")[0]
    assert User.objects.get(username="mara").check_password(password)
    out, _ = run("member", "add", "mara", "--production", "FERRY", "--role", "data")
    assert "Password" not in out
    assert set(Member.objects.values_list("role", flat=True)) == {"editor", "data"}
    assert "mara: editor" in run("member", "list", "--production", "FERRY")[0]
    assert "editor on FERRY" in run("user", "list")[0]


def test_member_add_takes_a_password_from_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    out, _ = run(
        "member", "add", "mara", "--production", "FERRY", "--role", "editor", "--password-stdin",
        stdin="a long way over the water\n", monkeypatch=monkeypatch,
    )  # fmt: skip
    assert "a long way" not in out
    assert User.objects.get(username="mara").check_password("a long way over the water")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("member", "add", "mara", "--production", "NOWHERE", "--role", "editor"), "FERRY"),
        (("member", "add", "mara", "--production", "FERRY", "--role", "admin"), "script_supervisor"),
        (
            ("member", "add", "mara", "--production", "FERRY", "--role", "editor", "--actor", "ghost"),
            "no login 'ghost'",
        ),
        (("member", "add", "ma ra", "--production", "FERRY", "--role", "editor"), "Username"),
        (("member", "end", "mara", "--production", "FERRY", "--role", "editor"), "no login 'mara'"),
        (("user", "disable", "mara"), "no login 'mara'"),
        (("token", "create", "--user", "mara", "--scope", "exports:read", "--production", "FERRY"), "no login 'mara'"),
        (("token", "revoke", "x"), "id"),
        (("token", "revoke", "018f0000-0000-7000-8000-000000000000"), "no token"),
    ],
)
def test_a_refusal_says_what_to_do_and_leaves_nothing(words: tuple[str, ...], expected: str) -> None:
    with pytest.raises(CommandError) as refusal:
        run(*words)
    assert expected in str(refusal.value)
    assert not User.objects.exists()
    assert not Member.objects.exists()


def test_a_token_is_printed_once_and_alone_on_stdout() -> None:
    run("member", "add", "mara", "--production", "FERRY", "--role", "editor")
    out, err = run(
        "token", "create", "--user", "mara", "--scope", "suggestions:write", "--production", "FERRY", "--days", "30"
    )
    token = Token.objects.get()
    assert out.strip().startswith(f"circled_{token.uid.hex}_")
    assert len(out.strip().split("\n")) == 1
    assert str(token.uid) in err
    listed, _ = run("token", "list")
    assert out.strip() not in listed
    assert "on FERRY" in listed
    run("token", "revoke", str(token.uid))
    assert "revoked" in run("token", "list")[0]
    with pytest.raises(CommandError, match="1 to 90"):
        run(
            "token", "create", "--user", "mara", "--scope", "suggestions:write", "--production", "FERRY", "--days", "91"
        )


def test_disabling_and_ending() -> None:
    run("user", "add", "root", "--admin")
    run("member", "add", "mara", "--production", "FERRY", "--role", "editor", "--actor", "root")
    run("member", "end", "mara", "--production", "FERRY", "--role", "editor", "--actor", "root")
    assert not Member.objects.get().active
    run("user", "disable", "mara")
    assert "mara: disabled" in run("user", "list")[0]
    with pytest.raises(CommandError, match="disabled"):
        run("user", "disable", "root", "--actor", "mara")
