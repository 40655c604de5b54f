"""Bringing in the bytes of a media file."""

from __future__ import annotations

import hashlib
import io
import stat
from fractions import Fraction
from pathlib import Path

import pytest
from pytest_django import Settings

from loop.audit.models import AuditEvent
from loop.kernel.actor import SYSTEM, Actor
from loop.kernel.clock import now
from loop.kernel.errors import NotAllowedError, NotFoundError, NotValidError
from loop.material.models import Media
from loop.media.models import MediaFacts, Rendition
from loop.media.places import path_of
from loop.media.store import store
from loop.people.querysets import actor_for_user
from tests.media.shelf import clip, expected
from tests.support.cutting_room import Room, open_room

pytestmark = pytest.mark.django_db


@pytest.fixture
def room() -> Room:
    return open_room(suggestions=1)


def _files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_it_keeps_the_bytes_under_their_digest(room: Room, tmp_path: Path, settings: Settings) -> None:
    source = clip(tmp_path, rate=Fraction(24000, 1001), timecode="01:00:00:00", sound=True)
    media = expected(room.production, source)
    assert store(media=media, source=source, actor=SYSTEM, at=now()) == media
    media.refresh_from_db()
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    assert media.stored_name == f"{digest[:2]}/{digest[2:4]}/{digest}"
    stored = path_of(media.stored_name)
    assert stored.read_bytes() == source.read_bytes()
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    assert stat.S_IMODE(stored.parent.stat().st_mode) == 0o700
    facts = media.facts
    assert (facts.medium, facts.rate_num, facts.rate_den, facts.frame_count) == ("video", 24000, 1001, 24)
    assert (facts.start_frame, facts.has_sound, facts.width, facts.height) == (86400, True, 320, 180)
    kinds = list(media.renditions.order_by("id").values_list("kind", "state"))
    assert kinds == [("thumb", "waiting"), ("poster", "waiting"), ("peaks", "waiting"), ("proxy", "waiting")]
    assert AuditEvent.objects.filter(type="media.stored", object_uid=media.uid).count() == 1
    assert _files(Path(settings.MEDIA_ROOT)) == [media.stored_name]


def test_the_same_bytes_again_change_nothing(room: Room, tmp_path: Path) -> None:
    source = clip(tmp_path)
    media = expected(room.production, source)
    store(media=media, source=source, actor=SYSTEM, at=now())
    probed = MediaFacts.objects.get(media=media).probed_at
    store(media=media, source=io.BytesIO(source.read_bytes()), actor=SYSTEM, at=now())
    assert MediaFacts.objects.get(media=media).probed_at == probed
    assert Rendition.objects.filter(media=media).count() == 3
    assert AuditEvent.objects.filter(type="media.stored").count() == 1


def test_other_bytes_are_refused_and_nothing_stays(room: Room, tmp_path: Path, settings: Settings) -> None:
    source = clip(tmp_path)
    media = expected(room.production, source)
    other = clip(tmp_path, name="other.mp4", frames=25)
    with pytest.raises(NotValidError) as refused:
        store(media=media, source=other, actor=SYSTEM, at=now())
    assert refused.value.field == "sha256"
    assert media.sha256 in str(refused.value)
    assert hashlib.sha256(other.read_bytes()).hexdigest() in str(refused.value)
    media.refresh_from_db()
    assert media.stored_name == ""
    assert _files(Path(settings.MEDIA_ROOT)) == []
    assert not AuditEvent.objects.filter(type="media.stored").exists()


def test_what_came_as_a_video_and_is_none_is_refused(room: Room, tmp_path: Path, settings: Settings) -> None:
    source = tmp_path / "clip.mp4"
    source.write_text("This is a note, not a clip.")
    with pytest.raises(NotValidError, match="expected a video"):
        store(media=expected(room.production, source), source=source, actor=SYSTEM, at=now())
    assert _files(Path(settings.MEDIA_ROOT)) == []


@pytest.mark.parametrize("mime", ["application/pdf", "image/svg+xml", "application/octet-stream"])
def test_another_file_is_kept_unseen(room: Room, tmp_path: Path, mime: str) -> None:
    source = tmp_path / "note"
    source.write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    media = store(media=expected(room.production, source, mime=mime), source=source, actor=SYSTEM, at=now())
    assert media.facts.medium == "other"
    assert not Rendition.objects.filter(media=media).exists()


def test_more_than_the_limit_is_refused(room: Room, tmp_path: Path, settings: Settings) -> None:
    source = clip(tmp_path)
    settings.CIRCLED_MEDIA_MAX_BYTES = source.stat().st_size - 1
    with pytest.raises(NotValidError, match="expected at most"):
        store(media=expected(room.production, source), source=source, actor=SYSTEM, at=now())
    assert _files(Path(settings.MEDIA_ROOT)) == []
    settings.CIRCLED_MEDIA_MAX_BYTES += 1
    assert store(media=Media.objects.get(), source=source, actor=SYSTEM, at=now()).stored_name


def test_only_whoever_brings_in_may(room: Room, tmp_path: Path) -> None:
    source = clip(tmp_path)
    media = expected(room.production, source)
    with pytest.raises(NotAllowedError):
        store(media=media, source=source, actor=actor_for_user(room.users["data"]), at=now())
    with pytest.raises(NotFoundError):
        store(media=media, source=source, actor=Actor(pid="user:x", label="x", user_id=0), at=now())
    assert store(media=media, source=source, actor=actor_for_user(room.users["editor"]), at=now()).stored_name
