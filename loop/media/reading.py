"""Opening a file that a stranger made: which containers and codecs are read at all, and how much of anything.

Every reader of media goes through `opened`. Containers that lead to other files or addresses (playlists, image
sequences, session descriptions) are not read, nor any protocol but the file itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer

from loop.kernel.errors import NotValidError

FORMATS: Final = (
    "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "mpegts", "mpeg", "avi", "mxf", "flv", "gxf", "dv",
    "wav", "w64", "aiff", "flac", "mp3", "ogg", "aac", "caf", "au", "gif", "apng", "png_pipe", "jpeg_pipe", "webp_pipe",
    "tiff_pipe", "bmp_pipe", "exr_pipe", "dpx_pipe", "j2k_pipe", "gif_pipe",
)  # fmt: skip
CODECS: Final = frozenset({
    "h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg1video", "mpeg2video", "mpeg4", "prores", "dnxhd", "cfhd",
    "mjpeg", "jpeg2000", "ffv1", "huffyuv", "rawvideo", "v210", "v410", "qtrle", "dvvideo", "h263", "flv1", "theora",
    "png", "apng", "gif", "webp", "tiff", "bmp", "exr", "dpx",
    "aac", "mp3", "mp3float", "mp2", "opus", "vorbis", "flac", "alac", "ac3", "eac3", "amrnb", "amrwb",
})  # fmt: skip
MOST_PIXELS: Final = 160_000_000  # a picture; no frame of film comes near
MOST_SIDE: Final = 30_000
MOST_FRAMES: Final = 3_000_000  # 24 hours at 30 a second
MOST_SECONDS: Final = 24 * 3600
OPEN_S: Final = 20.0
READ_S: Final = 30.0
MEANT: Final = "a video, a picture or a sound that can be read"

av.logging.set_level(None)  # what a decoder mutters about a file is no business of our logs


@contextmanager
def opened(path: Path, *, field: str = "file") -> Iterator[InputContainer]:
    """The container in the file at `path`. Reads its head and no picture; FFmpeg's own limits are set as well.

    Raises NotValidError for no file, an empty file, and what is no media; what a damaged file makes FFmpeg raise
    inside the block becomes one too.
    """
    if not path.is_file():
        raise NotValidError(f"{field}: expected {MEANT}, found no file", field=field)
    if path.stat().st_size == 0:
        raise NotValidError(f"{field}: expected {MEANT}, found an empty file (0 bytes)", field=field)
    limits = {
        "protocol_whitelist": "file",
        "format_whitelist": ",".join(FORMATS),
        "max_pixels": str(MOST_PIXELS),
        "threads": "1",
    }
    try:
        with av.open(f"file:{path}", "r", options=limits, metadata_errors="replace", timeout=(OPEN_S, READ_S)) as found:
            yield found
    except av.error.FFmpegError as error:
        raise NotValidError(f"{field}: expected {MEANT}, found {said(error)}", field=field) from error


def said(error: av.error.FFmpegError) -> str:
    """What FFmpeg found, in words."""
    words = (error.strerror or type(error).__name__).rstrip(".")
    if isinstance(error, av.error.InvalidDataError | av.error.ArgumentError):
        return "none, or a damaged one"
    if isinstance(error, av.error.EOFError):
        return "a file that ends too early"
    if isinstance(error, av.error.ExitError):
        return f"one that took longer than {READ_S:.0f} s to read"
    return f"“{words[:100]}”"


def check_codec(name: str, *, field: str = "file") -> None:
    """Raises NotValidError for a codec that is not read."""
    if name not in CODECS and not name.startswith("pcm_"):
        raise NotValidError(f"{field}: expected a codec that is read, found {name or 'an unknown one'}", field=field)


def check_size(width: int, height: int, *, field: str = "file") -> None:
    """Raises NotValidError for a picture without extent or too large to decode."""
    if width <= 0 or height <= 0:
        raise NotValidError(f"{field}: expected a picture, found one of {width}x{height} pixels", field=field)
    if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE:
        raise NotValidError(
            f"{field}: expected at most {MOST_PIXELS:,} pixels and {MOST_SIDE:,} a side, found {width}x{height}",
            field=field,
        )


def check_length(*, frames: int, seconds: Fraction, field: str = "file") -> None:
    """Raises NotValidError for more than a day of film."""
    if frames > MOST_FRAMES or seconds > MOST_SECONDS:
        raise NotValidError(
            f"{field}: expected at most {MOST_FRAMES:,} frames and {MOST_SECONDS // 3600} hours,"
            f" found {frames:,} frames and {float(seconds):.0f} s",
            field=field,
        )
