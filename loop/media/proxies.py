"""The copy that the page plays: every frame a key frame, evenly spaced, as many as the source has; its sound beside it.

A browser goes to any frame of it at once, backwards too, and frame f stands at f / rate seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation

from loop.kernel.errors import NotValidError
from loop.media import pictures
from loop.media.probe import Probe, streams_of
from loop.media.rates import slot_of
from loop.media.reading import check_size, opened
from loop.media.sounds import RATE, Placed, decoded, frame_of

SIDE: Final = 1920
HIGH: Final = 720  # without a word about it, what is at least this high was coded as HD
LEAST_SHARE: Final = 0.5  # of the frames; a copy with fewer would show what was never there
SOUND_BITS: Final = 160_000
X264: Final = {
    "preset": "veryfast", "crf": "20", "profile": "high", "maxrate": "60M", "bufsize": "60M",
    "x264-params": "keyint=1:bframes=0:scenecut=0",
}  # fmt: skip
BT709, BT601, UNSAID = 1, 5, 2


def video(source: Path, draft: Path, found: Probe, tick: Callable[[float], None]) -> tuple[int, int, str]:
    """Writes the copy of a video to `draft` as MP4. Answers with its width, its height and what to say of it.

    The copy has `found.frame_count` frames at `found.rate`. Where frames of the source are damaged or unevenly spaced,
    the frame before stands on. Raises NotValidError if less than half of them can be decoded.
    """
    if found.rate is None or found.frame_count is None:
        raise ValueError("expected what a probe finds of a video, found no rate")
    first = pictures.first(source)
    size = pictures.fitted(first.width, first.height, SIDE, even=True)
    with opened(source) as container:
        picture, sound = streams_of(container)
        with av.open(str(draft), "w", format="mp4", options={"movflags": "+faststart"}) as out:
            frames = _Frames(out, found, size, tick)
            heard = _Sound(out, found.starts, found.frame_count / found.rate) if sound is not None else None
            pictures.prepare(picture)
            for packet in container.demux(*[one for one in (picture, sound) if one is not None]):
                if packet.stream is picture:
                    for frame in decoded(packet):
                        frames.add(frame)
                elif heard is not None:
                    heard.add(packet)
            frames.finish()
            if heard is not None:
                heard.finish()
    return *size, frames.remark()


def sound(source: Path, draft: Path, found: Probe, tick: Callable[[float], None]) -> None:
    """Writes the copy of a sound to `draft` as AAC in MP4. Raises NotValidError if nothing can be decoded."""
    seconds = Fraction(found.duration_ms or 0, 1000)
    with opened(source) as container:
        _, stream = streams_of(container)
        with av.open(str(draft), "w", format="mp4", options={"movflags": "+faststart"}) as out:
            heard = _Sound(out, found.starts, None)
            for packet in container.demux(stream):
                heard.add(packet)
                tick(float(heard.seconds / seconds) if seconds else 0.0)
            heard.finish()
    if not heard.seconds:
        raise NotValidError("file: expected a sound that can be decoded, found none", field="file")


class _Frames:
    """Puts decoded frames on the even grid of the copy: the one that stands at a slot, else the one before it."""

    def __init__(self, out: Any, found: Probe, size: tuple[int, int], tick: Callable[[float], None]) -> None:
        self._out, self._size, self._tick, self._starts = out, size, tick, found.starts
        self._rate, self._count = found.rate or Fraction(24), found.frame_count or 0
        self._is_variable, self._is_timed = found.is_variable, found.is_timed
        self._stream: Any = out.add_stream("libx264", rate=self._rate, options=dict(X264))
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base = 1 / self._rate
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = 1
        self._pending: VideoFrame | None = None
        self._pending_slot = self._written = self._filled = 0

    def add(self, frame: VideoFrame) -> None:
        check_size(frame.width, frame.height)
        slot = self._filled
        if self._is_timed and frame.pts is not None and frame.time_base is not None:
            slot = slot_of(frame.pts * frame.time_base - self._starts, self._rate)
        slot = min(max(slot, 0), self._count - 1)
        if self._pending is not None and slot < self._pending_slot:
            return  # out of order: a damaged file; what is shown stays
        if self._pending is None or slot > self._pending_slot:
            self._write_until(slot)
            self._filled += 1
        self._pending, self._pending_slot = frame, slot

    def finish(self) -> None:
        if self._filled == 0 or (self._filled < self._count * LEAST_SHARE and not self._is_variable):
            raise NotValidError(
                f"file: expected {self._count} frames that can be decoded, found {self._filled}", field="file"
            )
        self._write_until(self._count)
        self._out.mux(self._stream.encode(None))

    def remark(self) -> str:
        if self._is_variable:
            return f"The frames of the file are not evenly spaced; they are shown at {self._rate} frames a second."
        lost = self._count - self._filled
        return f"{lost} of {self._count} frames could not be decoded; the frame before stands for each." if lost else ""

    def _write_until(self, slot: int) -> None:
        if self._pending is None:
            return
        copy = self._copied(self._pending)
        for number in range(self._written, slot):
            copy.pts, copy.time_base = number, 1 / self._rate
            self._out.mux(self._stream.encode(copy))
            self._tick(number / self._count)
        self._written = max(self._written, slot)

    def _copied(self, frame: VideoFrame) -> VideoFrame:
        coded = int(frame.colorspace)
        if frame.format.is_rgb:
            coded = BT709
        elif coded == UNSAID:
            coded = BT709 if frame.height >= HIGH else BT601
        return pictures.upright(frame).reformat(
            *self._size, format="yuv420p", src_colorspace=coded, dst_colorspace=BT709, dst_color_range=1,
            interpolation=Interpolation.BICUBIC,
        )  # fmt: skip


class _Sound:
    """Puts decoded sound beside the copy's frames, as AAC."""

    def __init__(self, out: Any, starts: Fraction, seconds: Fraction | None) -> None:
        self._out = out
        self._placed = Placed(starts, seconds)
        self._stream: Any = out.add_stream("aac", rate=RATE)
        self._stream.layout = "stereo"
        self._stream.bit_rate = SOUND_BITS

    @property
    def seconds(self) -> Fraction:
        return Fraction(self._placed.written, RATE)

    def add(self, packet: Any) -> None:
        for frame in decoded(packet):
            for samples in self._placed.add(frame):
                at = self._placed.written - samples.shape[1]
                self._out.mux(self._stream.encode(frame_of(samples, at)))

    def finish(self) -> None:
        self._out.mux(self._stream.encode(None))
