"""Environment variables are read strictly, and what is wrong is said without repeating a password."""

import pytest

from studio import env


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("Yes", True), ("off", False), ("", True)])
def test_flags(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv("X", value)
    assert env.flag("X", default=True) is expected


@pytest.mark.parametrize("value", ["maybe", "2", "tru"])
def test_a_flag_that_is_none_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("X", value)
    with pytest.raises(env.EnvError, match="X: expected 1 or 0"):
        env.flag("X", default=False)


@pytest.mark.parametrize("value", ["-1", "1.5", "٣", "ten", "0"])
def test_numbers_are_whole_and_large_enough(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("X", value)
    with pytest.raises(env.EnvError, match="at least 1"):
        env.number("X", default=3, least=1)


def test_a_database_url_is_taken_apart() -> None:
    url = env.parse_database_url("postgresql://a%40b:p%2Fw@db.example:6543/na%20me?sslmode=require", source="X")
    assert (url.user, url.password, url.host, url.port, url.name) == ("a@b", "p/w", "db.example", 6543, "na me")
    assert url.options == {"sslmode": "require"}
    assert env.parse_database_url(url.uri(), source="X") == url


def test_a_socket_directory_may_stand_in_the_query() -> None:
    url = env.parse_database_url("postgresql:///circled?host=%2Frun%2Fpg&user=me", source="X")
    assert (url.user, url.host, url.port, url.name) == ("me", "/run/pg", 5432, "circled")
    assert url.uri("other") == "postgresql://me@/other?host=%2Frun%2Fpg&port=5432"


@pytest.mark.parametrize(
    "value",
    ["mysql://u:secret@h/d", "postgresql://u:secret@h", "postgresql://:secret@h/d", "postgresql://u:secret@h:port/d"],
)
def test_a_wrong_database_url_is_refused_without_its_password(value: str) -> None:
    with pytest.raises(env.EnvError) as refused:
        env.parse_database_url(value, source="DATABASE_URL")
    assert "DATABASE_URL" in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(refused.value)


def test_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "secret" not in repr(env.parse_database_url("postgresql://u:secret@h/d", source="X"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("unix:///run/x.sock?db=1", "redis+socket:///run/x.sock?virtual_host=1"),
    ],
)
def test_broker_urls(monkeypatch: pytest.MonkeyPatch, value: str, expected: str) -> None:
    monkeypatch.setenv("X", value)
    assert env.redis_url("X") == expected


def test_a_broker_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", "amqp://h")
    with pytest.raises(env.EnvError, match="expected redis://"):
        env.redis_url("X")
