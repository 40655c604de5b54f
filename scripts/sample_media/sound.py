"""Sounds of the ferry, computed: hull and engine, the pump in pairs of strokes, fans, plug, alarm, water, gulls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
Wave = NDArray[np.float64]


def seconds(length: float) -> Wave:
    """The moments of the samples."""
    return np.arange(round(length * RATE)) / RATE


def noise(length: float, seed: int, low: float, high: float) -> Wave:
    """Even noise between two pitches."""
    count = round(length * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=count))
    pitch = np.fft.rfftfreq(count, 1 / RATE)
    spectrum *= np.exp(-((pitch / high) ** 4)) * (1 - np.exp(-((pitch / max(low, 1)) ** 4)))
    wave = np.fft.irfft(spectrum, count)
    return wave / (np.abs(wave).max() or 1)


def hull(length: float, seed: int = 1) -> Wave:
    """Engines at night speed, far below."""
    t = seconds(length)
    wave = sum(
        a * np.sin(2 * np.pi * f * t + a * 9)
        for f, a in ((31, 0.5), (46.5, 0.34), (62.4, 0.22), (93, 0.12), (124.6, 0.06))
    )
    beat = 1 + 0.22 * np.sin(2 * np.pi * 0.43 * t) + 0.12 * np.sin(2 * np.pi * 1.31 * t)
    return 0.20 * wave * beat + 0.07 * noise(length, seed, 20, 260) + 0.012 * noise(length, seed + 1, 200, 2400)


def placed(length: float, at: Sequence[float], one: Wave) -> Wave:
    """`one` heard at each of the moments."""
    wave = np.zeros(round(length * RATE))
    for moment in at:
        start = round(moment * RATE)
        if 0 <= start < len(wave):
            part = one[: len(wave) - start]
            wave[start : start + len(part)] += part
    return wave


def stroke(strength: float = 1.0) -> Wave:
    """One stroke of the live tank's compressor."""
    t = seconds(0.22)
    thump = np.sin(2 * np.pi * (92 - 70 * t) * t) * np.exp(-t * 22)
    valve = noise(0.22, 7, 500, 2600) * np.exp(-t * 60) * 0.5
    breath = noise(0.22, 8, 900, 5200) * np.exp(-((t - 0.09) ** 2) / 0.0012) * 0.14
    return strength * (thump + valve + breath)


def pairs(length: float, rests: Sequence[float], *, first: float = 0.3, apart: float = 0.34) -> list[float]:
    """When the strokes come: pairs, with those rests between them, the last rest for ever."""
    moments, now, number = [], first, 0
    while now < length:
        moments += [now, now + apart]
        now += apart + rests[min(number, len(rests) - 1)]
        number += 1
    return moments


def clack(pitch: float = 1400, length: float = 0.09) -> Wave:
    """A plug against metal."""
    t = seconds(length)
    ring = sum(np.sin(2 * np.pi * pitch * k * t) * np.exp(-t * d) for k, d in ((1, 70), (1.73, 95), (2.41, 130)))
    return 0.5 * ring + noise(length, 9, 300, 4000) * np.exp(-t * 120)


def fans(length: float, stop: float, run_down: float = 4.5) -> Wave:
    """A reefer's fans, running down from `stop`."""
    t = seconds(length)
    pace = np.clip(1 - (t - stop) / run_down, 0.0, 1.0)
    whine = np.sin(2 * np.pi * np.cumsum(178 * (0.35 + 0.65 * pace)) / RATE) * 0.10
    return pace**1.4 * (whine + 0.20 * noise(length, 11, 80, 1500))


def alarm(length: float) -> Wave:
    """A door alarm of two tones."""
    t = seconds(length)
    tone = np.where((t * 2.2) % 1 < 0.5, 880.0, 660.0)
    wave = np.sign(np.sin(2 * np.pi * np.cumsum(tone) / RATE)) * 0.4 + 0.6 * np.sin(2 * np.pi * np.cumsum(tone) / RATE)
    return 0.32 * wave * np.clip(t * 20, 0, 1)


def chains(length: float, at: Sequence[float], seed: int = 21) -> Wave:
    """Lashings that take up on one side."""
    rng = np.random.default_rng(seed)
    wave = np.zeros(round(length * RATE))
    for moment in at:
        links = moment + np.cumsum(rng.exponential(0.05, 9))
        for link in links:
            wave += placed(
                length, [float(link)], clack(float(rng.uniform(900, 2300)), 0.12) * float(rng.uniform(0.03, 0.12))
            )
    return wave


def wake(length: float, seed: int = 31) -> Wave:
    """Water behind the ship, and wind."""
    t = seconds(length)
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * t / 3.4) ** 2
    return swell * 0.30 * noise(length, seed, 120, 2200) + 0.10 * noise(length, seed + 1, 900, 7000) * swell**2


def gulls(length: float, at: Sequence[float]) -> Wave:
    """Cries, falling."""
    t = seconds(0.42)
    pitch = 1500 + 700 * np.exp(-((t - 0.10) ** 2) / 0.004) - 900 * t
    turn = 2 * np.pi * np.cumsum(pitch) / RATE
    cry = (np.sin(turn) + 0.4 * np.sin(2 * turn)) * np.sin(np.pi * t / 0.42) ** 1.5
    return placed(length, at, 0.16 * cry)


def murmur(length: float, start: float, end: float, seed: int = 41) -> Wave:
    """A line of which one hears the tune and no word."""
    t = seconds(length)
    share = np.clip((t - start) / (end - start), 0, 1)
    turn = 2 * np.pi * np.cumsum(196 + 26 * np.sin(share * 9) + 40 * share) / RATE
    voice = sum(np.sin(k * turn) / k**1.1 for k in range(1, 14))
    spectrum = np.fft.rfft(voice)
    pitch = np.fft.rfftfreq(len(voice), 1 / RATE)
    spectrum *= sum(
        g * np.exp(-(((pitch - f) / w) ** 2)) for f, w, g in ((420, 140, 1.0), (1150, 220, 0.4), (2500, 400, 0.12))
    )
    voice = np.fft.irfft(spectrum, len(voice))
    beats = np.abs(np.sin(np.pi * share * 4)) ** 0.7 * ((share > 0) & (share < 1))
    return 0.24 * voice / (np.abs(voice).max() or 1) * beats


def levelled(wave: Wave, peak: float = 0.72) -> Wave:
    """With its loudest moment at `peak`, and soft at both ends."""
    wave = wave / (np.abs(wave).max() or 1) * peak
    edge = round(0.02 * RATE)
    wave[:edge] *= np.linspace(0, 1, edge)
    wave[-edge:] *= np.linspace(1, 0, edge)
    return wave


def clipped(wave: Wave, start: float, end: float, gain: float = 7.0) -> Wave:
    """Overdriven between two moments: flat tops at full level."""
    t = np.arange(len(wave)) / RATE
    share = np.clip(np.minimum((t - start) / 0.02, (end - t) / 0.02), 0, 1)
    return np.clip(wave * (1 + (gain - 1) * share), -1.0, 1.0)
