"""The bytes of a file on the page: whole, in parts, to whom, and how they are sealed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from loop.material.models import Media
from loop.media.models import Rendition
from loop.media.places import path_of
from loop.web.ranges import MOST_BYTES, Part, UnsatisfiableError, part_of
from tests.media.conftest import Screening
from tests.media.shelf import clip, still
from tests.support.cutting_room import open_room


def _get(client: Client, url: str, **headers: str) -> Any:
    """The answer with its `body`, read to the end."""
    response: Any = client.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response.body = b"".join(response.streaming_content) if response.streaming else response.content
    return response


@pytest.fixture
def proxy(screening: Screening, tmp_path: Path) -> tuple[str, bytes]:
    """Where a proxy is, and its bytes."""
    media = screening.shows(clip(tmp_path)).media
    assert media is not None
    return screening.address(media, "proxy"), path_of(media.renditions.get(kind="proxy").stored_name).read_bytes()


@pytest.mark.parametrize(("header", "part"), [
    ("bytes=0-0", Part(0, 0)), ("bytes=2-5", Part(2, 5)), ("bytes=4-", Part(4, 9)), ("bytes=4-99", Part(4, 9)),
    ("bytes=-3", Part(7, 9)), ("bytes=-99", Part(0, 9)), ("bytes=9-9", Part(9, 9)),
    ("bytes=5-2", None), ("bytes=-", None), ("bytes=0-1,4-5", None), ("items=0-1", None), ("bytes=a-b", None),
    ("bytes=" + "9" * 30 + "-", None),
])  # fmt: skip
def test_a_single_range_names_its_part(header: str, part: Part | None) -> None:
    assert part_of(header, 10) == part


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_a_range_behind_the_end_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(UnsatisfiableError):
        part_of(header, 10)


def test_an_open_range_of_a_large_file_gets_a_first_part() -> None:
    assert part_of("bytes=0-", 10 * MOST_BYTES) == Part(0, MOST_BYTES - 1)
    assert part_of("bytes=5-", 10 * MOST_BYTES) == Part(5, MOST_BYTES + 4)


def test_the_whole_file(screening: Screening, proxy: tuple[str, bytes]) -> None:
    url, body = proxy
    response = _get(screening.clients["editor"], url)
    assert response.status_code == 200
    assert response.body == body
    headers = response.headers
    assert headers["Content-Type"] == "video/mp4"
    assert headers["Content-Length"] == str(len(body))
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["Content-Disposition"].startswith("inline")
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_parts_of_it(screening: Screening, proxy: tuple[str, bytes]) -> None:
    (url, body), editor = proxy, screening.clients["editor"]
    size = len(body)
    for header, first, last in (
        ("bytes=0-99", 0, 99), (f"bytes={size - 10}-", size - 10, size - 1), ("bytes=-7", size - 7, size - 1),
    ):  # fmt: skip
        response = _get(editor, url, Range=header)
        assert response.status_code == 206
        assert response.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert response.headers["Content-Length"] == str(last - first + 1)
        assert response.body == body[first : last + 1]
    behind = _get(editor, url, Range=f"bytes={size}-")
    assert (behind.status_code, behind.headers["Content-Range"]) == (416, f"bytes */{size}")
    assert behind.content == b""
    several = _get(editor, url, Range="bytes=0-1,5-6")
    assert (several.status_code, several.body) == (200, body)


def test_tags(screening: Screening, proxy: tuple[str, bytes]) -> None:
    (url, body), editor = proxy, screening.clients["editor"]
    head = editor.head(url, headers={"Range": "bytes=0-1"})
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, str(len(body)), b"")
    tag = head.headers["ETag"]
    assert _get(editor, url, If_None_Match=tag).status_code == 304
    assert _get(editor, url, If_None_Match=f'"other", W/{tag}').status_code == 304
    assert _get(editor, url, If_None_Match='"other"').status_code == 200
    assert _get(editor, url, Range="bytes=0-1", If_Range=tag).status_code == 206
    assert _get(editor, url, Range="bytes=0-1", If_Range='"other"').status_code == 200
    assert _get(editor, url, Range="bytes=0-1", If_Range=f"W/{tag}").status_code == 200
    assert editor.post(url).status_code == 405


@pytest.mark.parametrize(("who", "status"), [
    ("director", 200), ("editor", 200), ("scripty", 200), ("producer", 200),
    ("data", 404), ("consent", 404), ("auditor", 404), ("admin", 404), ("stranger", 404),
])  # fmt: skip
@pytest.mark.parametrize("kind", ["proxy", "original", "thumb"])
def test_only_who_sees_unreleased_media_gets_it(
    screening: Screening, proxy: tuple[str, bytes], who: str, status: int, kind: str
) -> None:
    response = _get(screening.clients[who], proxy[0].replace("proxy", kind))
    assert response.status_code == status
    if status == 404:
        assert "immutable" not in response.headers["Cache-Control"]
        assert "ETag" not in response.headers


def test_nobody_gets_it_without_a_login(proxy: tuple[str, bytes]) -> None:
    assert _get(Client(), proxy[0]).status_code == 302


def test_it_is_not_found_under_another_production(screening: Screening, proxy: tuple[str, bytes]) -> None:
    other = open_room("OTHER", suggestions=1, prefix="o-")
    editor_there = Client()
    editor_there.force_login(other.users["editor"], backend="allauth.account.auth_backends.AuthenticationBackend")
    assert _get(editor_there, proxy[0]).status_code == 404
    assert _get(editor_there, proxy[0].replace("FERRY", "OTHER")).status_code == 404
    assert _get(screening.clients["editor"], proxy[0].replace("proxy", "peaks")).status_code == 404  # it has no sound
    assert _get(screening.clients["editor"], proxy[0].replace("proxy", "nonsense")).status_code == 404


def test_four_queries_and_the_file(
    screening: Screening, proxy: tuple[str, bytes], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(6):  # session and login are two of them
        assert _get(screening.clients["editor"], proxy[0]).status_code == 200


@pytest.mark.parametrize(("name", "mime"), [("drawing.svg", "image/svg+xml"), ("page.html", "text/html")])
def test_what_could_run_is_never_shown(screening: Screening, tmp_path: Path, name: str, mime: str) -> None:
    source = tmp_path / name
    source.write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    media = screening.shows(source, mime=mime).media
    assert media is not None
    response = _get(screening.clients["editor"], screening.address(media, "original"))
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "sandbox" in response.headers["Content-Security-Policy"]


def test_what_calls_itself_a_picture_is_served_as_what_it_is(screening: Screening, tmp_path: Path) -> None:
    media = screening.shows(still(tmp_path / "still.png"), mime="text/html").media
    assert media is not None
    response = _get(screening.clients["editor"], screening.address(media, "original"))
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Content-Disposition"] == 'inline; filename="still.png"'


def test_a_proxy_in_front_sends_it(screening: Screening, proxy: tuple[str, bytes], settings: Settings) -> None:
    settings.CIRCLED_ACCEL_PREFIX = "/sent-by-the-front"
    response = _get(screening.clients["editor"], proxy[0])
    row = Rendition.objects.get(kind="proxy")
    assert response.headers["X-Accel-Redirect"] == f"/sent-by-the-front/{row.stored_name}"
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Type"] == "video/mp4"
    assert _get(screening.clients["data"], proxy[0]).headers.get("X-Accel-Redirect") is None


def test_a_file_that_is_gone_is_a_404(screening: Screening, proxy: tuple[str, bytes]) -> None:
    path_of(Rendition.objects.get(kind="proxy").stored_name).unlink()
    assert _get(screening.clients["editor"], proxy[0]).status_code == 404


def test_the_wait_is_told(screening: Screening, tmp_path: Path) -> None:
    media = screening.suggests(clip(tmp_path)).media
    assert media is not None
    url = reverse("media-state", args=["FERRY", media.uid])
    assert _get(screening.clients["editor"], url).json() == {"state": "missing", "progress": 0, "problem": ""}
    assert _get(screening.clients["data"], url).status_code == 404


def test_who_may_retry(screening: Screening, proxy: tuple[str, bytes]) -> None:
    media = Media.objects.get()
    Rendition.objects.filter(kind="proxy").update(state="failed", problem="file: expected ...", attempts=3)
    url = reverse("media-retry", args=["FERRY", media.uid])
    for who in ("data", "auditor", "stranger"):
        assert screening.clients[who].post(url).status_code == 404
    assert _get(screening.clients["editor"], url).status_code == 405
    assert Rendition.objects.get(kind="proxy").state == "failed"
    item = media.suggestions.get().uid
    response = screening.clients["editor"].post(url, {"item": str(item)})
    assert (response.status_code, response.headers["Location"]) == (302, f"/p/FERRY/review/?item={item}")
    assert Rendition.objects.get(kind="proxy").state == "waiting"
    assert screening.clients["editor"].post(url, {"item": "//evil.example"}).headers["Location"] == "/p/FERRY/review/"
