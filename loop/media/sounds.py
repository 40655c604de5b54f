"""Sound out of any file: as 48 kHz stereo placed on the picture's time, and as the extremes that a waveform shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from loop.kernel.errors import NotValidError
from loop.media.probe import Probe, streams_of
from loop.media.reading import opened

RATE: Final = 48_000
CHANNELS: Final = 2
SLACK: Final = RATE // 100  # 10 ms: clocks of recorders wander, gaps are longer
MOST_PAIRS: Final = 2000
FINE: Final = 500  # extremes a second that are kept while reading

Samples = np.ndarray[Any, np.dtype[np.float32]]


class Placed:
    """Decoded sound as one gapless row of samples that begins with the picture's first frame.

    Sound before the picture and after `seconds` is cut; where there is none there is silence.
    """

    def __init__(self, starts: Fraction, seconds: Fraction | None) -> None:
        self._starts = starts
        self._end = None if seconds is None else round(seconds * RATE)
        self._resampler: AudioResampler | None = None
        self.written = 0

    def add(self, frame: AudioFrame) -> Iterator[Samples]:
        """The samples (2, n) that this frame contributes, silence before it included."""
        if frame.pts is None:
            frame.pts, frame.time_base = self.written, Fraction(1, RATE)
        for heard in self._resampled(frame):
            samples: Any = heard.to_ndarray()
            if samples.shape[0] == 1:
                samples = np.repeat(samples, CHANNELS, axis=0)
            moment = Fraction(heard.pts or 0) * (heard.time_base or Fraction(1, RATE)) - self._starts
            yield from self._placed(samples[:CHANNELS].astype(np.float32), round(moment * RATE))

    def _resampled(self, frame: AudioFrame) -> list[AudioFrame]:
        if self._resampler is None:
            # One channel is doubled by us: mixed to two it would lose half of its power.
            layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
            self._resampler = AudioResampler(format="fltp", layout=layout, rate=RATE)
            try:
                return self._resampler.resample(frame)
            except (av.error.ArgumentError, ValueError):
                # Eight loose channels have no way to become two: the first two are heard.
                self._resampler = AudioResampler(format="fltp", layout=frame.layout, rate=RATE)
        return self._resampler.resample(frame)

    def _placed(self, samples: Samples, at: int) -> Iterator[Samples]:
        if at > self.written + SLACK:
            gap = at - self.written
            if self._end is not None:
                gap = min(gap, max(0, self._end - self.written))
            for start in range(0, gap, RATE):
                length = min(RATE, gap - start)
                self.written += length
                yield np.zeros((CHANNELS, length), dtype=np.float32)
        elif at < self.written - SLACK:
            samples = samples[:, self.written - at :]
        if self._end is not None:
            samples = samples[:, : max(0, self._end - self.written)]
        if samples.shape[1]:
            self.written += samples.shape[1]
            yield samples


def frame_of(samples: Samples, at: int) -> AudioFrame:
    """The samples (2, n) as a frame that begins with sample `at`."""
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
    return frame


def peaks(source: Path, found: Probe, tick: Callable[[float], None]) -> dict[str, Any]:
    """The extremes of a file's sound for a waveform: {"rate": pairs a second, "peaks": [[least, most], ...]}.

    Pair i spans i/rate to (i+1)/rate seconds after the first frame (the first sound, without a picture). Values lie
    between -1 and 1; there are at most MOST_PAIRS pairs. Raises NotValidError if no sound can be decoded.
    """
    seconds = Fraction(found.duration_ms or 0, 1000)
    bucket = RATE // FINE
    parts: list[Samples] = []
    rest = np.zeros((CHANNELS, 0), dtype=np.float32)
    placed = Placed(found.starts, seconds if found.rate else None)
    with opened(source) as container:
        _, stream = streams_of(container)
        if stream is None:
            raise NotValidError("file: expected a sound, found none in it", field="file")
        for packet in container.demux(stream):
            for frame in decoded(packet):
                for samples in placed.add(frame):
                    rest = np.concatenate([rest, samples], axis=1)
                    whole = rest.shape[1] // bucket * bucket
                    if whole:
                        parts.append(_extremes(rest[:, :whole], bucket))
                        rest = rest[:, whole:]
            tick(float(placed.written / RATE / seconds) if seconds else 0.0)
    if not placed.written:
        raise NotValidError("file: expected a sound that can be decoded, found none", field="file")
    if rest.shape[1]:
        parts.append(_extremes(rest, rest.shape[1]))
    fine = np.concatenate(parts)
    step = max(1, -(-len(fine) // MOST_PAIRS))
    starts = np.arange(0, len(fine), step)
    least, most = np.minimum.reduceat(fine[:, 0], starts), np.maximum.reduceat(fine[:, 1], starts)
    pairs = (np.clip(np.stack([least, most], axis=1), -1, 1).astype(float) + 0.0).round(3).tolist()
    return {"rate": FINE / step, "peaks": pairs}


def decoded(packet: Any) -> list[Any]:
    """The frames of a packet; none if it is damaged, as what stands around it may still be good."""
    try:
        return list(packet.decode())
    except (av.error.InvalidDataError, av.error.PatchWelcomeError):
        return []


def _extremes(samples: Samples, bucket: int) -> Samples:
    shaped = samples.reshape(CHANNELS, -1, bucket)
    return np.stack([shaped.min(axis=(0, 2)), shaped.max(axis=(0, 2))], axis=1)
