"""Single pictures out of any file: decoded upright, made smaller, written as WebP or PNG."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream

from loop.kernel.errors import NotValidError
from loop.media.probe import shown_size, streams_of
from loop.media.reading import MOST_PIXELS, check_size, opened

POSTER_SIDE: Final = 1280
THUMB_SIDE: Final = 256
MOST_LOOKED_AT: Final = 600  # frames decoded to reach the one in the middle; then the one reached will do
QUALITY: Final = "82"


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded picture, upright; `width` and `height` are its size with square pixels, `turns` how it was turned."""

    frame: VideoFrame
    width: int
    height: int
    turns: int


def first(source: Path) -> Picture:
    """The first picture of a file. Raises NotValidError if none can be decoded."""
    return at(source, Fraction(0))


def at(source: Path, seconds: Fraction) -> Picture:
    """The picture that stands at `seconds` on the file's clock. Raises NotValidError if none can be decoded."""
    # Where a search ends behind the last key frame, or there is none at all, the file is read from its start.
    for is_searched in (True, False) if seconds > 0 else (False,):
        with opened(source) as container:
            stream, _ = streams_of(container)
            if stream is None:
                raise NotValidError("file: expected a picture, found none in it", field="file")
            prepare(stream)
            found = _reached(container, stream, seconds, is_searched=is_searched)
            if found is not None:
                width, height = shown_size(stream)
                turns = turns_of(found)
                if turns % 2:
                    width, height = height, width
                return Picture(upright(found), width, height, turns)
    raise NotValidError("file: expected a picture that can be decoded, found none", field="file")


def _reached(
    container: InputContainer, stream: VideoStream, seconds: Fraction, *, is_searched: bool
) -> VideoFrame | None:
    tick = stream.time_base or Fraction(1)
    found: VideoFrame | None = None
    try:
        if is_searched:
            container.seek(int(seconds / tick), stream=stream)
        for number, frame in enumerate(container.decode(stream)):
            check_size(frame.width, frame.height)
            found = frame
            if frame.pts is None or frame.pts * tick >= seconds or number >= MOST_LOOKED_AT:
                break
    except av.error.FFmpegError:
        if found is None and not is_searched:
            raise
    return found


def prepare(stream: Any) -> None:
    """Sets a stream up for decoding: several threads, bounded pictures, and film's linear light made visible."""
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = 2
    options = {"max_pixels": str(MOST_PIXELS)}
    if stream.codec_context.name == "exr":
        options["apply_trc"] = "iec61966_2_1"
    stream.codec_context.options = options


def upright(frame: VideoFrame) -> VideoFrame:
    """The picture turned as its camera says that it was held."""
    turns = turns_of(frame)
    if not turns:
        return frame
    pixels: Any = np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), turns))
    turned = VideoFrame.from_ndarray(pixels, "rgb24")
    turned.pts, turned.time_base = frame.pts, frame.time_base
    return turned


def turns_of(frame: VideoFrame) -> int:
    """How many quarter turns against the clock make the picture upright: 0 to 3."""
    return round(frame.rotation / 90) % 4


def fitted(width: int, height: int, side: int, *, even: bool = False) -> tuple[int, int]:
    """The largest size of the same shape whose longer side is at most `side`; `even` for codecs that halve colours."""
    scale = min(Fraction(1), Fraction(side, max(width, height)))
    step = 2 if even else 1
    return tuple(max(step, round(one * scale / step) * step) for one in (width, height))  # type: ignore[return-value]


def webp(frame: VideoFrame, size: tuple[int, int]) -> bytes:
    """The picture as a lossy WebP of that size; what shines through stays so."""
    pixels = "yuva420p" if has_alpha(frame) else "yuv420p"
    return encoded(frame, size, "libwebp", pixels, {"quality": QUALITY, "compression_level": "4"})


def png(frame: VideoFrame, size: tuple[int, int]) -> bytes:
    """The picture as a PNG of that size, 8 bits a channel."""
    return encoded(frame, size, "png", "rgba" if has_alpha(frame) else "rgb24", {})


def has_alpha(frame: VideoFrame) -> bool:
    """Whether parts of the picture are transparent."""
    return any(part.is_alpha for part in frame.format.components)


def encoded(frame: VideoFrame, size: tuple[int, int], codec: str, pixels: str, options: dict[str, str]) -> bytes:
    """One picture in the bytes of a picture codec."""
    smaller = frame.reformat(*size, format=pixels, interpolation=Interpolation.AREA)
    smaller.pts = 0
    encoder: Any = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = *size, pixels, Fraction(1, 25)
    encoder.options = options
    return b"".join(bytes(packet) for packet in [*encoder.encode(smaller), *encoder.encode(None)])
