"""The bytes of media over the API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from loop.material.models import Media, Production
from loop.media.places import path_of
from tests.api.conftest import Caller
from tests.media.shelf import clip, digest_of


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return clip(tmp_path)


@pytest.fixture
def named(robot: Caller, source: Path, a_line: Callable[..., dict[str, Any]]) -> str:
    """The address of a file that a suggestion of the robot's names."""
    media = {"uri": "clip.mp4", "sha256": digest_of(source), "mime": "video/mp4"}
    assert robot.post("suggestions", a_line("s1", media=media)).status == 201
    return f"media/{digest_of(source)}/"


def _put(caller: Caller, path: str, body: bytes, **more: Any) -> Any:
    return caller.call("PUT", path, body=body, content_type="application/octet-stream", **more)


def test_the_bytes_are_stored_and_told(robot: Caller, source: Path, named: str) -> None:
    answer = _put(robot, named, source.read_bytes())
    assert answer.status == 201
    told = answer.body
    assert (told["medium"], told["rate"], told["frames"], told["size_bytes"]) == (
        "video", "24/1", 24, source.stat().st_size,
    )  # fmt: skip
    assert told["renditions"] == {"thumb": "waiting", "poster": "waiting", "proxy": "waiting"}
    assert path_of(Media.objects.get().stored_name).read_bytes() == source.read_bytes()
    again = _put(robot, named, source.read_bytes())
    assert (again.status, again.body) == (200, told)


def test_other_bytes_are_refused(robot: Caller, source: Path, named: str, settings: Settings) -> None:
    wrong = _put(robot, named, source.read_bytes() + b"x")
    assert (wrong.status, wrong.body["code"], wrong.body["errors"][0]["field"]) == (400, "not_valid", "sha256")
    assert digest_of(source) in wrong.body["detail"]
    empty = _put(robot, named, b"")
    assert (empty.status, empty.body["code"]) == (411, "length_required")
    settings.CIRCLED_MEDIA_MAX_BYTES = 10
    large = _put(robot, named, source.read_bytes())
    assert (large.status, large.body["code"]) == (413, "too_large")
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    assert Media.objects.get().stored_name == ""
    settings.CIRCLED_MEDIA_MAX_BYTES = source.stat().st_size
    assert _put(robot, named, source.read_bytes()).status == 201


def test_who_may_not_gets_the_same_answers_as_everywhere(
    robot: Caller, stranger: Caller, nobody: Caller, caller_of: Callable[..., Caller], ferry: Production,
    source: Path, named: str,
) -> None:  # fmt: skip
    body = source.read_bytes()
    assert _put(nobody, named, body).status == 401
    assert _put(stranger, named, body).status == 404
    assert _put(stranger, named, body, query={"production": "FERRY"}).status == 404
    reader = _put(caller_of(ferry, scopes=("suggestions:read",), name="reader"), named, body)
    assert (reader.status, reader.body["code"]) == (403, "scope_missing")
    assert _put(robot, f"media/{'0' * 64}/", body).status == 404
    assert _put(robot, "media/abc/", body).status == 404
    assert _put(robot, named, body, query={"product": "FERRY"}).status == 400
    cookie = Client().put(f"/api/v1/{named}", body, content_type="application/octet-stream")
    assert cookie.status_code == 401
    assert Media.objects.get().stored_name == ""
    assert _put(robot, named, body, query={"production": "FERRY"}).status == 201
