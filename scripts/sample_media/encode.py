"""Writes what was drawn and computed: H.264 or VP9 with a timecode track, WAV, FLAC, Opus, WebP."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from .develop import SIZE
from .sound import RATE, Wave

CODECS = {".mp4": ("libx264", "aac"), ".webm": ("libvpx-vp9", "libopus")}
_HEAD = {".mp4": {"movflags": "+faststart", "fflags": "+bitexact"}, ".webm": {"fflags": "+bitexact"}}
SOUNDS = {".wav": "pcm_s16le", ".flac": "flac", ".opus": "libopus"}


def write_clip(
    path: Path, frames: Iterable[np.ndarray], rate: Fraction, *, start: str, crf: int, sound: Wave | None = None
) -> None:
    """Writes the frames, one thread at a time, so that the same machine makes the same bytes."""
    picture_codec, sound_codec = CODECS[path.suffix]
    with av.open(str(path), "w", options=_HEAD[path.suffix]) as container:
        if path.suffix == ".mp4":
            container.metadata["timecode"] = start
        stream: Any = container.add_stream(picture_codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.time_base = 1 / rate
        stream.codec_context.thread_count = 1
        stream.codec_context.gop_size = 48
        if path.suffix == ".mp4":
            stream.options = {"preset": "veryslow", "crf": str(crf), "tune": "animation", "flags": "+bitexact"}
        else:
            stream.options = {"crf": str(crf + 12), "b": "0", "deadline": "good", "cpu-used": "1", "flags": "+bitexact"}
        heard: Any = None
        if sound is not None:
            heard = container.add_stream(sound_codec, rate=RATE)
            heard.layout, heard.bit_rate = "mono", 56_000
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            _write_wave(container, heard, sound)


def write_sound(path: Path, wave: Wave) -> None:
    """Writes one channel of sound."""
    with av.open(
        str(path), "w", format="ogg" if path.suffix == ".opus" else None, options={"fflags": "+bitexact"}
    ) as container:
        stream: Any = container.add_stream(SOUNDS[path.suffix], rate=RATE // 2 if path.suffix == ".wav" else RATE)
        stream.layout = "mono"
        if path.suffix == ".opus":
            stream.bit_rate = 56_000
        _write_wave(container, stream, wave)


def write_still(path: Path, picture: Image.Image) -> None:
    """Writes a still as WebP, small and without visible loss."""
    picture.save(path, "WEBP", quality=74, method=6)


def _write_wave(container: Any, stream: Any, wave: Wave) -> None:
    samples = (np.clip(wave, -1, 1) * 32767).astype(np.int16)
    for start in range(0, len(samples), 960):
        frame = av.AudioFrame.from_ndarray(samples[start : start + 960].reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
