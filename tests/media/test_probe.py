"""What a probe finds: over rates, containers, stills and sounds; and what it refuses."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from loop.kernel.errors import NotValidError
from loop.material.timecode import to_timecode
from loop.media import reading
from loop.media.pictures import first, fitted
from loop.media.probe import probe
from loop.media.rates import spacing_of
from tests.media.shelf import clip, sound, still
from tests.support.clips import frame_number, frame_numbers

RATES = ["24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001"]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("name", "codec", "b_frames"), [
    ("a.mp4", "h264", 2), ("a.mov", "h264", 0), ("a.mkv", "h264", 2), ("a.webm", "vp9", 0), ("a.ts", "h264", 2),
    ("a.avi", "h264", 2),
])  # fmt: skip
def test_the_rate_is_exact_and_frames_are_counted(
    tmp_path: Path, rate: str, name: str, codec: Any, b_frames: int
) -> None:
    frames = 3 if rate == "24" and name == "a.mp4" else 67
    source = clip(tmp_path, name=name, rate=Fraction(rate), frames=frames, codec=codec, b_frames=b_frames)
    found = probe(source)
    assert (found.medium, found.rate, found.frame_count) == ("video", Fraction(rate), frames)
    assert (found.is_variable, found.has_sound, found.width, found.height) == (False, False, 320, 180)
    assert found.duration_ms == round(frames / Fraction(rate) * 1000)
    assert frame_numbers(source) == list(range(frames))  # the clip is what the test takes it for


@pytest.mark.parametrize(("rate", "timecode", "drop_frame", "start"), [
    ("30000/1001", "01:00:00;00", True, 107_892), ("30000/1001", "01:00:00:00", False, 108_000),
    ("60000/1001", "00:01:00;04", True, 3_600), ("24000/1001", "23:59:59:23", False, 2_073_599),
    ("25", "10:00:00:00", False, 900_000), ("30000/1001", None, False, 0),
])  # fmt: skip
def test_the_timecode_names_the_first_frame(
    tmp_path: Path, rate: str, timecode: str | None, *, drop_frame: bool, start: int
) -> None:
    found = probe(clip(tmp_path, name="a.mov", rate=Fraction(rate), timecode=timecode))
    assert (found.drop_frame, found.start_frame) == (drop_frame, start)
    if timecode is not None:
        shown = to_timecode(found.start_frame, Fraction(rate), drop_frame=drop_frame)
        assert shown.replace(";", ":") == timecode.replace(";", ":")


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_uneven_spacing_is_said(tmp_path: Path, name: str) -> None:
    found = probe(clip(tmp_path, name=name, rate=Fraction(25), frames=16, vfr=True))
    assert (found.is_variable, found.rate, found.frame_count) == (True, 25, 25)


@pytest.mark.parametrize(("moments", "hints", "expected"), [
    ([0, 42, 83, 125, 167, 209], ["24000/1001"], ("24000/1001", 6, False)),  # milliseconds
    ([0, 17, 33, 50, 67, 83], ["19001/317"], ("60000/1001", 6, False)),  # a rate worked out from them
    ([0, 40, 80, 120], [], ("25", 4, False)),  # nothing is stated
    ([0, 40, 80, 120], ["90000"], ("25", 4, False)),  # nonsense is stated
    ([0, 40, 120, 160], ["25"], ("25", 5, True)),  # a frame is missing
    ([0], ["25"], ("25", 1, False)), ([7], [], ("24", 1, False)),
    ([0, 10, 90, 100, 230, 300], [], ("16", 6, True)),
])  # fmt: skip
def test_a_rate_is_what_every_frame_fits(moments: list[int], hints: list[str], expected: tuple[str, int, bool]) -> None:
    found = spacing_of(moments, Fraction(1, 1000), [Fraction(one) for one in hints], last=40 if len(hints) else 0)
    assert (found.rate, found.frames, found.is_variable) == (Fraction(expected[0]), *expected[1:])


def test_a_long_clip_is_told_from_its_neighbour_rate() -> None:
    for rate in ("24", "24000/1001", "30", "30000/1001", "60", "60000/1001"):
        moments = [round(number / Fraction(rate) * 1000) for number in range(20_000)]
        assert spacing_of(moments, Fraction(1, 1000), []).rate == Fraction(rate)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".gif", ".tif", ".bmp", ".dpx", ".exr"])
def test_a_still_is_one(tmp_path: Path, suffix: str) -> None:
    source = still(tmp_path / f"still{suffix}", number=5)
    found = probe(source)
    assert (found.medium, found.width, found.height, found.rate) == ("still", 160, 90, None)
    if suffix != ".exr":  # its linear light is brightened for the page
        assert frame_number(first(source).frame.to_ndarray(format="rgb24")) == 5


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".flac", ".m4a"])
def test_a_sound_is_one(tmp_path: Path, suffix: str) -> None:
    found = probe(sound(tmp_path / f"sound{suffix}"))
    assert (found.medium, found.has_sound, found.sample_rate, found.frame_count) == ("audio", True, 48_000, None)
    assert found.duration_ms == pytest.approx(2000, abs=60)


def test_a_picture_is_measured_as_it_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "turned.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.set_display_rotation(-90)
        frame = av.VideoFrame(320, 180, "yuv420p")
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    picture = first(path)
    assert (picture.width, picture.height, picture.frame.width, picture.frame.height) == (180, 320, 180, 320)
    assert fitted(1998, 1080, 1920, even=True) == (1920, 1038)
    assert fitted(100, 100, 256) == (100, 100)


@pytest.mark.parametrize("name", ["a.mp4", "faststart.mp4", "a.webm", "a.mkv", "a.wav", "a.png", "a.jpg", "a.webp"])
def test_a_file_that_was_cut_short_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix == ".wav":
        sound(path)
    elif path.suffix in {".png", ".jpg", ".webp"}:
        still(path)
    else:
        clip(tmp_path, name=name, frames=72, codec="vp9" if path.suffix == ".webm" else "h264", sound=True)
    if name == "faststart.mp4":
        path = _with_the_index_first(path)
    assert probe(path).medium
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10])
    with pytest.raises(NotValidError, match="expected"):
        probe(path)


@pytest.mark.parametrize(("content", "found"), [
    (b"", "an empty file"), (b"A note, and no film at all.\n" * 40, "found none"), (bytes(5000), "found none"),
    (b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n", "found none"),
    (b"ffconcat version 1.0\nfile /etc/hostname\n", "found none"),
    (b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "found none"),
    (b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n", "found none"),
])  # fmt: skip
def test_what_is_no_media_is_refused(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(NotValidError, match="expected a video, a picture or a sound") as refused:
        probe(path)
    assert found in str(refused.value)
    with pytest.raises(NotValidError, match="found no file"):
        probe(tmp_path / "nowhere.mp4")


def test_what_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = clip(tmp_path)
    monkeypatch.setattr(reading, "MOST_PIXELS", 320 * 180 - 1)
    with pytest.raises(NotValidError, match="expected at most 57,599 pixels"):
        probe(source)
    monkeypatch.setattr(reading, "MOST_PIXELS", 320 * 180)
    assert probe(source).frame_count == 24
    monkeypatch.setattr(reading, "MOST_FRAMES", 23)
    with pytest.raises(NotValidError, match="found 24 frames"):
        probe(source)


def _with_the_index_first(path: Path) -> Path:
    made = path.with_name("index-first.mp4")
    with av.open(str(path)) as given, av.open(str(made), "w", options={"movflags": "+faststart"}) as out:
        streams = {one.index: out.add_stream_from_template(one) for one in given.streams if one.type != "data"}
        for packet in given.demux():
            if packet.dts is not None and packet.stream.index in streams:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
    return made
