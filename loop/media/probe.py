"""What a file is: found from its packets, not from what its header claims, and without decoding a picture."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from loop.kernel.errors import NotValidError
from loop.material.timecode import may_drop, to_frames
from loop.media.rates import Spacing, spacing_of
from loop.media.reading import MOST_FRAMES, check_codec, check_length, check_size, opened

PROBE_S: Final = 60.0
EARLY_S: Final = Fraction(1, 2)  # streams of one file end at different moments by nature, not by this much
STILL_BRANDS: Final = frozenset({"avif", "heic", "heix", "mif1"})
ENDINGS: Final = {"png": b"IEND\xaeB`\x82", "mjpeg": b"\xff\xd9"}
UNTIMED_FORMATS: Final = frozenset({"avi"})  # its frames carry the moment of their neighbour in coding order
RIFF_FORMATS: Final = frozenset({"wav", "avi"})
RIFF_UNKNOWN: Final = 0xFFFF_FF00
CLAIMING_FORMATS: Final = frozenset({"matroska,webm", "flv"})  # whose header states a length that was measured
TAIL_BYTES: Final = 65_536  # some cameras write a few bytes after the end


@dataclass(frozen=True, slots=True)
class Probe:
    """What is known of a file. `medium` is video, still or audio; `container` is FFmpeg's name of the format.

    `width` and `height` are those of the picture as shown, with square pixels. `starts` is when the first frame
    stands, in the file's own seconds: sound is placed by it. `is_timed` is false where frames have an order and no
    moments of their own (AVI): they are then as evenly spaced as the container says.
    """

    medium: str
    codec: str
    container: str
    width: int | None = None
    height: int | None = None
    rate: Fraction | None = None
    drop_frame: bool = False
    frame_count: int | None = None
    start_frame: int = 0
    duration_ms: int | None = None
    is_variable: bool = False
    has_sound: bool = False
    sample_rate: int | None = None
    starts: Fraction = Fraction(0)
    is_timed: bool = True


@dataclass(slots=True)
class _Track:
    """One stream's packets: the moments of its frames, and where it ends, in ticks."""

    tick: Fraction
    moments: list[int] = field(default_factory=list)
    last: int = 0  # how long the frame that stands last lasts
    ends: int = 0
    is_timed: bool = True
    _latest: int = -(2**62)

    def add(self, moment: int, duration: int) -> None:
        self.moments.append(moment)
        self.ends = max(self.ends, moment + duration)
        if moment >= self._latest:
            self._latest, self.last = moment, duration


def probe(path: Path) -> Probe:
    """What the file at `path` is. Reads every packet once and decodes none; at most PROBE_S seconds.

    1. The first picture stream that is no cover art makes a video, or a still in a format of pictures; else the first
       sound stream makes a sound.
    2. Frames are counted from packets. The rate is the fraction on whose grid their moments lie; the rest is variable.
    3. The timecode of the file gives the number of the first frame; ";" is drop-frame where the rate has it.

    Raises NotValidError for what is no media, is empty, is cut short, or exceeds what `reading` allows.
    """
    with opened(path) as container:
        picture, sound = streams_of(container)
        for stream in (picture, sound):
            if stream is not None:
                check_codec(stream.codec_context.name)
        name = container.format.name
        if picture is not None and _is_picture_format(container):
            return _still(path, picture, name)
        if picture is not None:
            check_size(picture.codec_context.width, picture.codec_context.height)
        main = picture or sound
        if main is None:
            raise NotValidError("file: expected a picture or a sound, found neither in it", field="file")
        tracks = _read(container)
        _check_whole(path, container, tracks)
        track = tracks.get(main.index)
        if track is None or not track.moments:
            raise NotValidError("file: expected at least one frame, found none", field="file")
        if picture is None:
            return _sound(main, track, name)
        if name in {"gif", "apng"} and len(track.moments) == 1:
            return _still(path, picture, name)
        return _video(container, picture, sound, track)


def streams_of(container: InputContainer) -> tuple[VideoStream | None, AudioStream | None]:
    """The picture and the sound that count: the first of each; a cover is no picture."""
    pictures = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    sounds = container.streams.audio
    return (pictures[0] if pictures else None), (sounds[0] if sounds else None)


def shown_size(stream: VideoStream) -> tuple[int, int]:
    """The picture's size with square pixels."""
    width, height = stream.codec_context.width, stream.codec_context.height
    aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    if aspect and aspect != 1 and Fraction(1, 8) <= aspect <= 8:  # noqa: PLR2004  (others are mistakes of a muxer)
        return round(width * aspect), height
    return width, height


def _is_picture_format(container: InputContainer) -> bool:
    brand = container.metadata.get("major_brand", "").strip()
    return container.format.name.endswith("_pipe") or brand in STILL_BRANDS


def _still(path: Path, stream: VideoStream, container: str) -> Probe:
    codec = stream.codec_context.name
    _check_ending(path, codec)
    check_size(stream.codec_context.width, stream.codec_context.height)
    width, height = shown_size(stream)
    return Probe("still", codec, container, width=width, height=height)


def _sound(stream: Stream, track: _Track, container: str) -> Probe:
    seconds = (track.ends - min(track.moments)) * track.tick
    check_length(frames=0, seconds=seconds)
    context = stream.codec_context
    return Probe(
        "audio", context.name, container, duration_ms=round(seconds * 1000), has_sound=True,
        sample_rate=getattr(context, "sample_rate", None) or None, starts=min(track.moments) * track.tick,
    )  # fmt: skip


def _video(container: InputContainer, picture: VideoStream, sound: AudioStream | None, track: _Track) -> Probe:
    track.moments.sort()
    hints = [one for one in (picture.average_rate, picture.guessed_rate, picture.base_rate) if one]
    spacing: Spacing = spacing_of(track.moments, track.tick, hints, last=track.last)
    seconds = spacing.frames / spacing.rate
    check_length(frames=spacing.frames, seconds=seconds)
    width, height = shown_size(picture)
    drop_frame, start_frame = _timecode(container, picture, spacing.rate)
    return Probe(
        "video", picture.codec_context.name, container.format.name, width=width, height=height, rate=spacing.rate,
        drop_frame=drop_frame, frame_count=spacing.frames, start_frame=start_frame,
        duration_ms=round(seconds * 1000), is_variable=spacing.is_variable, has_sound=sound is not None,
        sample_rate=sound.codec_context.sample_rate if sound is not None else None,
        starts=track.moments[0] * track.tick, is_timed=track.is_timed and container.format.name not in UNTIMED_FORMATS,
    )  # fmt: skip


def _read(container: InputContainer) -> dict[int, _Track]:
    tracks = {
        stream.index: _Track(stream.time_base)
        for stream in container.streams
        if stream.time_base is not None and stream.type in {"video", "audio"}
    }
    until = time.monotonic() + PROBE_S
    packets = container.demux(*[container.streams[index] for index in tracks])
    for number, packet in enumerate(packets):
        if number % 4096 == 0 and (number > 8 * MOST_FRAMES or time.monotonic() > until):
            raise NotValidError(f"file: expected one that is read through in {PROBE_S:.0f} s", field="file")
        moment = packet.pts if packet.pts is not None else packet.dts
        if moment is None or packet.is_discard or packet.size == 0:  # the last of each stream is empty
            continue
        track = tracks[packet.stream_index]
        track.is_timed = track.is_timed and packet.pts is not None
        track.add(moment, packet.duration or 0)
    return tracks


def _check_whole(path: Path, container: InputContainer, tracks: dict[int, _Track]) -> None:
    """A file cut short still has the header of the whole: its index points behind the end, or it ends early."""
    size = path.stat().st_size
    for index in tracks:
        entries = container.streams[index].index_entries
        ends = max((entry.pos + entry.size for entry in entries), default=0)
        if ends > size:
            raise NotValidError(
                f"file: expected at least {ends:,} bytes as its index says, found {size:,}: it is cut short",
                field="file",
            )
    if container.format.name in RIFF_FORMATS:
        _check_riff(path)
    if container.format.name not in CLAIMING_FORMATS:
        return
    claimed = Fraction(container.duration or 0, 1_000_000)
    found = [(track.ends * track.tick, min(track.moments) * track.tick) for track in tracks.values() if track.moments]
    if not found or claimed <= 0:
        return
    length = max(end for end, _ in found) - min(start for _, start in found)
    if length < claimed - EARLY_S:
        raise NotValidError(
            f"file: expected {float(claimed):.2f} s as its header says, found {float(length):.2f} s: it is cut short",
            field="file",
        )


def _check_ending(path: Path, codec: str) -> None:
    ending = ENDINGS.get(codec)
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        tail = file.read()
    if ending is not None and ending not in tail:
        raise NotValidError("file: expected a whole picture, found one that is cut short", field="file")
    if codec == "webp":
        _check_riff(path)


def _check_riff(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(8)
        size = file.seek(0, 2)
    claimed = int.from_bytes(head[4:8], "little") + 8
    # A recorder that could not go back leaves 0 or the largest number there.
    if head[:4] == b"RIFF" and size < claimed < RIFF_UNKNOWN:
        raise NotValidError(
            f"file: expected {claimed:,} bytes as its header says, found {size:,}: it is cut short", field="file"
        )


def _timecode(container: InputContainer, picture: VideoStream, rate: Fraction) -> tuple[bool, int]:
    """Whether the file counts drop-frame, and the number of its first frame; (False, 0) without a timecode."""
    sources = [picture.metadata, container.metadata, *(one.metadata for one in container.streams.data)]
    text = next((found["timecode"] for found in sources if found.get("timecode")), "")
    is_drop = any(mark in text for mark in ";.,") and may_drop(rate)
    try:
        return is_drop, to_frames(text, rate, drop_frame=is_drop) if text else 0
    except NotValidError:  # a label that does not exist at this rate names no frame
        return is_drop, 0
