"""Movement: values between marks, and the small unrest of a hand that holds a camera."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Value = float | tuple[float, ...]


def at(frame: float, *marks: tuple[float, Value]) -> np.ndarray:
    """The value at `frame` between marks (frame, value), starting and stopping gently at each."""
    frames = [mark[0] for mark in marks]
    values = np.array([np.atleast_1d(mark[1]) for mark in marks], np.float64)
    if frame <= frames[0]:
        return values[0]
    for place in range(1, len(marks)):
        if frame <= frames[place]:
            share = (frame - frames[place - 1]) / max(frames[place] - frames[place - 1], 1e-9)
            share = share * share * (3 - 2 * share)
            return values[place - 1] + (values[place] - values[place - 1]) * share
    return values[-1]


def one(frame: float, *marks: tuple[float, float]) -> float:
    """`at` for a single number."""
    return float(at(frame, *marks)[0])


def spot(frame: float, *marks: tuple[float, tuple[float, float, float]]) -> tuple[float, float, float]:
    """`at` for a place."""
    x, y, z = at(frame, *marks)
    return float(x), float(y), float(z)


def held(frame: float, seed: int, size: float = 0.012) -> tuple[float, float, float]:
    """How far a held camera has wandered."""
    waves = np.array([(0.041, 0.9), (0.093, 0.5), (0.171, 0.25)])
    phase = np.random.default_rng(seed).uniform(0, 6.28, (3, 3))
    moved = [float(np.sum(waves[:, 1] * np.sin(waves[:, 0] * 6.28 * frame / 1.6 + phase[axis]))) for axis in range(3)]
    return moved[0] * size, moved[1] * size * 0.8, moved[2] * size * 0.3


def walk(frame: float, pace: float = 0.30) -> float:
    """The phase of the step, -1 to 1."""
    return float(np.sin(frame * pace))


def mixed(a: Sequence[float], b: Sequence[float], share: float) -> tuple[float, float, float]:
    """A place between two."""
    x, y, z = (p + (q - p) * share for p, q in zip(a, b, strict=True))
    return x, y, z
