"""Files to bring in, and the rows that wait for them."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from loop.kernel.clock import now
from loop.material.models import Media, Production
from tests.support.clips import make_clip, picture

MIMES = {".mp4": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm", ".mkv": "video/x-matroska",
         ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".tif": "image/tiff", ".gif": "image/gif",
         ".wav": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac", ".m4a": "audio/mp4"}  # fmt: skip
ENCODERS = {".png": ("png", "rgb24"), ".jpg": ("mjpeg", "yuvj420p"), ".webp": ("libwebp", "yuv420p"),
            ".tif": ("tiff", "rgb24"), ".bmp": ("bmp", "bgr24"), ".dpx": ("dpx", "rgb24"),
            ".exr": ("exr", "gbrpf32le")}  # fmt: skip


def clip(folder: Path, *, name: str = "clip.mp4", rate: Fraction = Fraction(24), frames: int = 24, **more: Any) -> Path:
    """A small clip with burnt-in frame numbers."""
    return make_clip(folder / name, rate=rate, frames=frames, **more)


def still(path: Path, *, size: tuple[int, int] = (160, 90), number: int = 7) -> Path:
    """A picture in the format of its suffix that carries `number`."""
    frame = av.VideoFrame.from_ndarray(picture(number, size), format="rgb24")
    frame.pts = 0
    if path.suffix == ".gif":
        with av.open(str(path), "w") as container:
            stream: Any = container.add_stream("gif", rate=1)
            stream.width, stream.height, stream.pix_fmt = *size, "rgb8"
            container.mux(stream.encode(frame.reformat(format="rgb8")))
            container.mux(stream.encode(None))
        return path
    codec, pixels = ENCODERS[path.suffix]
    encoder: Any = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = *size, pixels, Fraction(1, 25)
    packets = encoder.encode(frame.reformat(format=pixels)) + encoder.encode(None)
    path.write_bytes(b"".join(bytes(packet) for packet in packets))
    return path


def sound(path: Path, *, seconds: int = 2, loud_from: float = 1.0) -> Path:
    """A stereo sound that is silent before `loud_from` and a tone after it."""
    codec = {".wav": "pcm_s16le", ".mp3": "libmp3lame", ".flac": "flac", ".m4a": "aac"}[path.suffix]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=48_000)
        stream.layout = "stereo"
        moments = np.arange(seconds * 48_000)
        wave = np.where(moments >= loud_from * 48_000, 0.5 * np.sin(moments / 20), 0.0).astype(np.float32)
        for start in range(0, len(wave), 1152):
            part = np.repeat(wave[start : start + 1152].reshape(1, -1), 2, axis=0)
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def expected(production: Production, source: Path, *, mime: str = "", uri: str = "") -> Media:
    """The row of a suggestion's file whose bytes have not come yet."""
    return Media.objects.create(
        production=production,
        sha256=digest_of(source),
        mime=mime or MIMES.get(source.suffix, "application/octet-stream"),
        uri=uri or source.name,
        created_at=now(),
    )


def digest_of(source: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(source.read_bytes()).hexdigest()
