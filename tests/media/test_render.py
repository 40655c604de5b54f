"""Making renditions: what is in them, whose they are, and what happens to those that cannot be made."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from django.db import connection
from pytest_django import Settings

from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.kernel.errors import NotAllowedError
from loop.material.models import Media
from loop.media import lease, render
from loop.media.lease import LateError
from loop.media.models import Rendition
from loop.media.places import INCOMING, RENDITIONS, path_of
from loop.media.probe import probe
from loop.media.render import render_next
from loop.media.retry import retry
from loop.media.store import store
from loop.media.sweep import sweep
from loop.people.querysets import actor_for_user
from tests.media.shelf import clip, expected, sound, still
from tests.support.clips import frame_number, frame_numbers
from tests.support.cutting_room import Room, open_room

pytestmark = pytest.mark.django_db

RATES = ["24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001"]


@pytest.fixture
def room() -> Room:
    return open_room(suggestions=1)


@pytest.fixture
def shelve(room: Room) -> Callable[[Path], Media]:
    """Stores a file."""
    return lambda source: store(media=expected(room.production, source), source=source, actor=SYSTEM, at=now())


def _made(media: Media) -> dict[str, Rendition]:
    while render_next() is not None:
        pass
    return {each.kind: each for each in media.renditions.all()}


def _pixels(row: Rendition) -> tuple[str, int, int, int]:
    with av.open(str(path_of(row.stored_name))) as container:
        frame = next(container.decode(video=0))
        assert isinstance(frame, av.VideoFrame)
        return container.format.name, frame.width, frame.height, frame_number(frame.to_ndarray(format="rgb24"))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("codec", ["h264", "vp9"])
def test_a_proxy_has_every_frame_and_each_is_a_key_frame(
    shelve: Callable[[Path], Media], tmp_path: Path, rate: str, codec: str
) -> None:
    name = "clip.mp4" if codec == "h264" else "clip.webm"
    b_frames = 2 if codec == "h264" else 0
    source = clip(tmp_path, name=name, rate=Fraction(rate), frames=40, codec=codec, gop=24, b_frames=b_frames)
    row = _made(shelve(source))["proxy"]
    assert (row.state, row.problem, row.mime, row.progress) == ("ready", "", "video/mp4", 100)
    proxy = path_of(row.stored_name)
    assert frame_numbers(proxy) == list(range(40))
    found = probe(proxy)
    assert (found.rate, found.frame_count, found.codec, found.starts) == (Fraction(rate), 40, "h264", 0)
    with av.open(str(proxy)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        assert all(packet.is_keyframe for packet in packets)
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"
    head = proxy.read_bytes()[:4096]
    assert b"moov" in head  # the index comes first: playing begins before the end has arrived
    assert row.size_bytes == proxy.stat().st_size


def test_a_variable_rate_is_evened_out_and_said(shelve: Callable[[Path], Media], tmp_path: Path) -> None:
    media = shelve(clip(tmp_path, rate=Fraction(25), frames=16, vfr=True))
    row = _made(media)["proxy"]
    assert media.facts.is_variable
    assert "not evenly spaced" in row.problem
    numbers = frame_numbers(path_of(row.stored_name))
    assert len(numbers) == media.facts.frame_count
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(16))


def test_sound_stays_beside_its_frame(shelve: Callable[[Path], Media], tmp_path: Path) -> None:
    media = shelve(clip(tmp_path, rate=Fraction(24), frames=60, sound=True))
    rows = _made(media)
    with av.open(str(path_of(rows["proxy"].stored_name))) as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.name == "aac"
        assert stream.duration is not None
        assert stream.duration * stream.time_base == pytest.approx(2.5, abs=0.05)
    told = json.loads(path_of(rows["peaks"].stored_name).read_text())
    assert 1000 <= len(told["peaks"]) <= 2000
    loud = [place / told["rate"] for place, (least, most) in enumerate(told["peaks"]) if most - least > 0.5]
    # The beep lasts for the first frame of each second.
    assert {int(moment) for moment in loud} == {0, 1, 2}
    assert all(moment % 1 < 1 / 24 + 0.01 for moment in loud)
    assert all(-1 <= least <= most <= 1 for least, most in told["peaks"])


@pytest.mark.parametrize(("size", "poster", "thumb"), [
    ((320, 180), (320, 180), (256, 144)), ((2000, 1000), (1280, 640), (256, 128)), ((90, 160), (90, 160), (90, 160)),
])  # fmt: skip
def test_poster_and_thumb_keep_the_shape(
    shelve: Callable[[Path], Media], tmp_path: Path, size: tuple[int, int], poster: tuple[int, int],
    thumb: tuple[int, int],
) -> None:  # fmt: skip
    rows = _made(shelve(clip(tmp_path, size=size, frames=12)))
    for kind, wanted, number in (("poster", poster, 0), ("thumb", thumb, 4)):
        row = rows[kind]
        assert (row.state, row.mime, row.width, row.height) == ("ready", "image/webp", *wanted)
        assert _pixels(row) == ("webp_pipe", *wanted, number)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".gif", ".tif", ".bmp", ".dpx"])
def test_a_still_gets_small_copies_and_a_png_if_browsers_cannot(
    shelve: Callable[[Path], Media], tmp_path: Path, suffix: str
) -> None:
    media = shelve(still(tmp_path / f"still{suffix}", size=(400, 200), number=21))
    rows = _made(media)
    assert {row.state for row in rows.values()} == {"ready"}
    needs_copy = suffix in {".tif", ".bmp", ".dpx"}
    assert set(rows) == {"thumb", "poster"} | ({"proxy"} if needs_copy else set())
    assert _pixels(rows["thumb"]) == ("webp_pipe", 256, 128, 21)
    if needs_copy:
        assert _pixels(rows["proxy"]) == ("png_pipe", 400, 200, 21)


@pytest.mark.parametrize(("suffix", "kinds"), [
    (".wav", {"peaks", "proxy"}), (".mp3", {"peaks"}), (".flac", {"peaks"}), (".m4a", {"peaks", "proxy"}),
])  # fmt: skip
def test_a_sound_gets_its_waveform(
    shelve: Callable[[Path], Media], tmp_path: Path, suffix: str, kinds: set[str]
) -> None:
    rows = _made(shelve(sound(tmp_path / f"sound{suffix}")))
    assert set(rows) == kinds
    assert {row.state for row in rows.values()} == {"ready"}
    told = json.loads(path_of(rows["peaks"].stored_name).read_text())
    half = len(told["peaks"]) // 2
    assert max(most for _, most in told["peaks"][: half - 30]) < 0.05
    assert max(most for _, most in told["peaks"][half:]) == pytest.approx(0.5, abs=0.1)
    if "proxy" in rows:
        assert probe(path_of(rows["proxy"].stored_name)).codec == "aac"


def test_a_damaged_file_is_said_and_can_be_tried_again(
    room: Room, shelve: Callable[[Path], Media], tmp_path: Path
) -> None:
    source = clip(tmp_path, frames=48, gop=48)
    body = bytearray(source.read_bytes())
    start = body.index(b"mdat") + 8
    body[start + 20 : start + 4000] = bytes(3980)  # the only key frame, and what follows from it
    source.write_bytes(bytes(body))
    media = shelve(source)
    rows = _made(media)
    failed = {kind for kind, row in rows.items() if row.state == "failed"}
    assert "proxy" in failed
    assert rows["proxy"].problem.startswith("Expected ")
    assert rows["proxy"].attempts == 1  # the file will not get better
    with pytest.raises(NotAllowedError):
        retry(media=media, actor=actor_for_user(room.users["data"]), at=now())
    assert retry(media=media, actor=actor_for_user(room.users["editor"]), at=now()) == len(failed)
    assert retry(media=media, actor=SYSTEM, at=now()) == 0
    assert Rendition.objects.filter(media=media, state="waiting", attempts=0).count() == len(failed)


def test_trouble_of_ours_is_tried_three_times(
    shelve: Callable[[Path], Media], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = shelve(still(tmp_path / "still.png"))

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(render, "_made", full)
    for attempt in range(1, 4):
        for _ in range(2):
            assert render_next() is not None
        assert set(media.renditions.values_list("attempts", flat=True)) == {attempt}
    assert render_next() is None
    assert set(media.renditions.values_list("state", flat=True)) == {"failed"}


def test_whoever_finishes_late_is_refused(
    shelve: Callable[[Path], Media], tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = shelve(still(tmp_path / "still.png"))
    Rendition.objects.filter(media=media, kind="poster").delete()
    make = render._made

    def overtaken(*args: object) -> object:
        made = make(*args)
        _let_leases_run_out()
        taken = lease.claim()
        assert taken is not None
        taken.publish(stored_name="of the other", mime="image/webp", size_bytes=1, width=1, height=1, problem="")
        return made

    monkeypatch.setattr(render, "_made", overtaken)
    assert render_next() is None
    row = media.renditions.get()
    assert (row.state, row.stored_name, row.fence, row.attempts) == ("ready", "of the other", 2, 2)
    assert not [path for path in (Path(settings.MEDIA_ROOT) / RENDITIONS).rglob("*") if path.is_file()]
    assert not list((Path(settings.MEDIA_ROOT) / INCOMING).iterdir())


def test_a_lease_is_one_workers_and_reports_keep_it(shelve: Callable[[Path], Media], tmp_path: Path) -> None:
    media = shelve(still(tmp_path / "still.png"))
    first, second = lease.claim(), lease.claim()
    assert first is not None
    assert second is not None
    assert first.rendition_id != second.rendition_id
    assert lease.claim() is None
    first.report(0.5)
    row = Rendition.objects.get(pk=first.rendition_id)
    assert (row.state, row.progress) == ("running", 50)
    first.report(0.9)  # within the same second: nothing is written
    row.refresh_from_db()
    assert row.progress == 50
    _let_leases_run_out()
    third = lease.claim()
    assert third is not None
    assert (third.rendition_id, third.fence) == (first.rendition_id, first.fence + 1)
    first.reported = 0
    with pytest.raises(LateError):
        first.report(0.95)
    assert media.renditions.filter(state="running").count() == 2


def test_a_file_that_kills_its_workers_is_given_up(shelve: Callable[[Path], Media], tmp_path: Path) -> None:
    shelve(still(tmp_path / "still.png"))
    for _ in range(3):
        while lease.claim() is not None:
            pass
        _let_leases_run_out()
    assert lease.claim() is None
    assert sweep() == 0
    assert set(Rendition.objects.values_list("state", flat=True)) == {"failed"}
    assert "died 3 times" in Rendition.objects.all()[0].problem


def test_missing_bytes_are_said(shelve: Callable[[Path], Media], tmp_path: Path) -> None:
    media = shelve(still(tmp_path / "still.png"))
    path_of(media.stored_name).unlink()
    rows = _made(media)
    assert {row.state for row in rows.values()} == {"failed"}
    assert "bring the file in again" in rows["thumb"].problem


def _let_leases_run_out() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE loop_media_rendition SET leased_until = clock_timestamp() - interval '1 s'")
