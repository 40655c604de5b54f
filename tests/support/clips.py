"""Clips whose every frame says which one it is: as blocks that a program reads, and as digits that a person reads.

The number stands as 16 black or white blocks along the top ninth of the picture, the most significant bit first. Their
size follows the picture's, so the number survives lossy coding, other codecs and scaling.
"""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np

BITS = 16
STRIP = 9  # the strip is one ninth of the height
SAMPLE_RATE = 48_000
VARIABLE_STEPS = (1, 1, 2, 1, 3, 1, 1, 4)  # how long each frame of an uneven clip stands, in turn
_FONT = {
    "0": "111101101101111", "1": "010110010010111", "2": "111001111100111", "3": "111001111001111",
    "4": "101101111001001", "5": "111100111001111", "6": "111100111101111", "7": "111001001001001",
    "8": "111101111101111", "9": "111101111001111",
}  # fmt: skip


def make_clip(
    path: Path,
    *,
    rate: Fraction,
    frames: int,
    codec: Literal["h264", "vp9"] = "h264",
    size: tuple[int, int] = (320, 180),
    gop: int = 12,
    b_frames: int = 0,
    sound: bool = False,
    timecode: str | None = None,
    vfr: bool = False,
) -> Path:
    """Writes a clip to `path` (.mp4, .mov, .mkv or .webm) and answers with the path.

    `gop` is the distance of key frames. `sound` adds a beep of one frame's length at the start of each second.
    `timecode` starts the clip ("01:00:00;00" is drop-frame; .mov and .mp4). `vfr` spaces frames unevenly.
    """
    with av.open(str(path), "w") as container:
        if timecode is not None:
            container.metadata["timecode"] = timecode
        stream: Any = container.add_stream({"h264": "libx264", "vp9": "libvpx-vp9"}[codec], rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = 1 / rate
        stream.codec_context.gop_size = gop
        if codec == "h264":
            stream.codec_context.max_b_frames = b_frames
            stream.options = {"preset": "ultrafast", "crf": "18", "x264-params": f"scenecut=0:bframes={b_frames}"}
        else:
            stream.options = {"deadline": "realtime", "cpu-used": "8", "crf": "20", "b": "2M"}
        beep: Any = _sound_stream(container, codec) if sound else None
        at = 0
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(number, size), format="rgb24")
            frame.pts, frame.time_base = at, 1 / rate
            container.mux(stream.encode(frame))
            at += VARIABLE_STEPS[number % len(VARIABLE_STEPS)] if vfr else 1
        container.mux(stream.encode(None))
        if beep is not None:
            for heard in _beeps(frames, rate):
                container.mux(beep.encode(heard))
            container.mux(beep.encode(None))
    return path


def picture(number: int, size: tuple[int, int]) -> np.ndarray[Any, Any]:
    """The RGB picture of frame `number`: its strip of blocks, its digits, and a bar that moves."""
    width, height = size
    shown = np.full((height, width, 3), 96, dtype=np.uint8)
    shown[:, (number * 7) % width :][:, :4] = (160, 60, 60)
    strip = height // STRIP
    edges = [round(width * place / BITS) for place in range(BITS + 1)]
    for place, (left, right) in enumerate(pairwise(edges)):
        bit = number >> (BITS - 1 - place) & 1
        shown[:strip, left:right] = 235 if bit else 16
    _write_digits(shown, f"{number:05d}", scale=max(1, height // 30), top=height // 2)
    return shown


def frame_number(rgb_array: np.ndarray[Any, Any]) -> int:
    """The number that a picture (height, width, 3 or 4) carries in its strip."""
    height, width = rgb_array.shape[:2]
    row = slice(max(0, height // STRIP // 4), max(1, height // STRIP * 3 // 4))
    found = 0
    for place in range(BITS):
        left, right = width * place / BITS, width * (place + 1) / BITS
        quarter = (right - left) / 4
        middle = slice(int(left + quarter), max(int(left + quarter) + 1, int(right - quarter)))
        found = found << 1 | int(float(rgb_array[row, middle, :3].mean()) > 127)
    return found


def frame_numbers(path: Path) -> list[int]:
    """The numbers of every frame of a file, in the order in which they are shown."""
    with av.open(str(path)) as container:
        return [frame_number(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def _write_digits(shown: np.ndarray[Any, Any], text: str, *, scale: int, top: int) -> None:
    for place, digit in enumerate(text):
        for position, bit in enumerate(_FONT[digit]):
            if bit == "1":
                y = top + position // 3 * scale
                x = scale * 2 + (place * 4 + position % 3) * scale
                shown[y : y + scale, x : x + scale] = 235


def _sound_stream(container: Any, codec: str) -> Any:
    stream = container.add_stream("aac" if codec == "h264" else "libopus", rate=SAMPLE_RATE)
    stream.layout = "mono"
    return stream


def _beeps(frames: int, rate: Fraction) -> list[av.AudioFrame]:
    """Sound as long as the clip: 1 kHz for the first frame of each second, silence otherwise."""
    length = int(frames / rate * SAMPLE_RATE)
    moments = np.arange(length)
    beeping = moments % SAMPLE_RATE < int(SAMPLE_RATE / rate)
    wave = np.where(beeping, 0.8 * np.sin(2 * np.pi * 1000 * moments / SAMPLE_RATE), 0.0).astype(np.float32)
    found = []
    for start in range(0, length, 1024):
        frame = av.AudioFrame.from_ndarray(wave[start : start + 1024].reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
        found.append(frame)
    return found
