"""Solids that a ray meets: box, ellipsoid, cylinder, floor. Each is a unit shape under a turn, a size and a place."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Beam = tuple[Floats, Floats, Floats]  # x, y and z apart: three long rows are quicker than many short ones
FAR = np.float32(1e9)
NEAR = np.float32(1e-3)
UP = (0.0, 1.0, 0.0)


@dataclass(slots=True)
class Solid:
    """`grey` is how much light it gives back, `red` whether it is of the one accent, `glow` what it shines itself.

    `decals` maps a box's side ("+x" ... "-z") to a picture of greys that lies on it, the right way up from outside.
    """

    shape: str  # box, ball, pipe (along its y), floor
    place: Floats
    size: Floats
    turn: Floats  # columns are the solid's own axes
    grey: float = 0.5
    red: float = 0.0
    glow: float = 0.0
    decals: dict[str, Floats] = field(default_factory=dict)
    casts: bool = True
    soft: bool = False  # of one body with the soft solids beside it: the seams between them do not show

    def own(self, origin: Beam, rays: Beam) -> tuple[Beam, Beam]:
        """Origin and rays in the solid's own measure, where it is a unit shape."""
        shifted = tuple(o - p for o, p in zip(origin, self.place, strict=True))
        return _turned(shifted, self.turn, self.size), _turned(rays, self.turn, self.size)

    def corners(self) -> Floats:
        """The eight corners of the box round it."""
        signs = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float32)
        return self.place + (signs * self.size) @ self.turn.T


def distance(solid: Solid, origin: Beam, rays: Beam) -> Floats:
    """How far along each ray the solid is met, FAR where it is not. Origin and rays come as x, y and z."""
    o, d = solid.own(origin, rays)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return _MEETS[solid.shape](o, d)


def normals(solid: Solid, points: Floats) -> Floats:
    """The outward normal at points on the surface."""
    p = ((points - solid.place) @ solid.turn) / solid.size
    if solid.shape == "floor":
        n = np.zeros_like(p)
        n[:, 1] = 1
    elif solid.shape == "ball":
        n = p / solid.size
    elif solid.shape == "pipe":
        is_cap = np.abs(p[:, 1]) > np.float32(0.999)
        n = np.stack([p[:, 0] / solid.size[0], np.zeros(len(p), np.float32), p[:, 2] / solid.size[2]], axis=1)
        n[is_cap] = 0
        n[is_cap, 1] = np.sign(p[is_cap, 1])
    else:
        axis = np.argmax(np.abs(p), axis=1)
        rows = np.arange(len(p))
        n = np.zeros_like(p)
        n[rows, axis] = np.sign(p[rows, axis])
    n = n @ solid.turn.T
    return n / np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-9)


def greys(solid: Solid, points: Floats) -> Floats:
    """The grey at points on the surface: the solid's own, or that of the picture on that side."""
    found = np.full(len(points), solid.grey, np.float32)
    if not solid.decals:
        return found
    p = ((points - solid.place) @ solid.turn) / solid.size
    for side, picture in solid.decals.items():
        sign, axis = (1 if side[0] == "+" else -1), "xyz".index(side[1])
        on = sign * p[:, axis] > np.float32(0.998)
        if not on.any():
            continue
        across = {0: -sign * p[on, 2], 1: p[on, 0], 2: sign * p[on, 0]}[axis]
        along = p[on, 1] if axis != 1 else -sign * p[on, 2]
        height, width = picture.shape
        column = np.clip(((across + 1) / 2 * width).astype(int), 0, width - 1)
        row = np.clip(((1 - along) / 2 * height).astype(int), 0, height - 1)
        found[on] = picture[row, column]
    return found


def _turned(beam: Beam, turn: Floats, size: Floats) -> Beam:
    x, y, z = beam
    found = []
    for axis in range(3):
        a, b, c = (float(part) / float(size[axis]) for part in turn[:, axis])
        parts = [v * np.float32(k) for v, k in ((x, a), (y, b), (z, c)) if abs(k) > 1e-7]
        found.append(sum(parts[1:], parts[0]))
    return found[0], found[1], found[2]


def _box(o: Beam, d: Beam) -> Floats:
    enter = leave = None
    for start, ray in zip(o, d, strict=True):
        over = 1 / ray
        one, two = (-1 - start) * over, (1 - start) * over
        low, high = np.minimum(one, two), np.maximum(one, two)
        enter = low if enter is None else np.maximum(enter, low)
        leave = high if leave is None else np.minimum(leave, high)
    near = np.where(enter > NEAR, enter, leave)
    return np.where((leave >= enter) & (near > NEAR), near, FAR)


def _ball(o: Beam, d: Beam) -> Floats:
    a = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
    b = o[0] * d[0] + o[1] * d[1] + o[2] * d[2]
    c = o[0] * o[0] + o[1] * o[1] + o[2] * o[2] - 1
    return _nearest(a, b, c)


def _nearest(a: Floats, b: Floats, c: Floats) -> Floats:
    under = b * b - a * c
    root = np.sqrt(np.maximum(under, 0))
    near = (-b - root) / a
    near = np.where(near > NEAR, near, (root - b) / a)
    return np.where((under > 0) & (near > NEAR), near, FAR)


def _pipe(o: Beam, d: Beam) -> Floats:
    a = d[0] * d[0] + d[2] * d[2]
    b = o[0] * d[0] + o[2] * d[2]
    c = o[0] * o[0] + o[2] * o[2] - 1
    best = _nearest(a, b, c)
    best = np.where(np.abs(o[1] + best * d[1]) <= 1, best, FAR)
    for end in (-1, 1):
        t = (end - o[1]) / d[1]
        x, z = o[0] + t * d[0], o[2] + t * d[2]
        best = np.where((t > NEAR) & (t < best) & (x * x + z * z <= 1), t, best)
    return best


def _floor(o: Beam, d: Beam) -> Floats:
    t = -o[1] / d[1]
    return np.where((t > NEAR) & np.isfinite(t), t, FAR)


_MEETS = {"box": _box, "ball": _ball, "pipe": _pipe, "floor": _floor}


def _vector(value: tuple[float, float, float] | Floats) -> Floats:
    return np.asarray(value, np.float32)


def turned(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Floats:
    """A turn by degrees: about the upright, then the cross, then the depth axis."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return (about_y @ about_x @ about_z).astype(np.float32)


def box(place, size, *, yaw=0.0, pitch=0.0, roll=0.0, **more) -> Solid:  # noqa: ANN001, ANN003
    """A box by its middle and its whole width, height and depth."""
    return Solid("box", _vector(place), _vector(size) / 2, turned(yaw, pitch, roll), **more)


def ball(place, size, *, yaw=0.0, pitch=0.0, roll=0.0, **more) -> Solid:  # noqa: ANN001, ANN003
    """An ellipsoid by its middle and its three half axes; one number makes a sphere."""
    half = _vector((size,) * 3 if isinstance(size, (int, float)) else size)
    return Solid("ball", _vector(place), half, turned(yaw, pitch, roll), **more)


def pipe(start, end, radius, **more) -> Solid:  # noqa: ANN001, ANN003
    """A round bar from `start` to `end`."""
    start, end = _vector(start), _vector(end)
    along = end - start
    length = float(np.linalg.norm(along)) or 1e-6
    y = along / length
    aside = np.cross(y, (0, 0, 1) if abs(y[2]) < 0.9 else (1, 0, 0))
    x = aside / np.linalg.norm(aside)
    turn = np.stack([x, y, np.cross(x, y)], axis=1).astype(np.float32)
    return Solid("pipe", (start + end) / 2, _vector((radius, length / 2, radius)), turn, **more)


def limb(start, end, radius, **more) -> list[Solid]:  # noqa: ANN001, ANN003
    """A round bar with round ends."""
    return [pipe(start, end, radius, **more), ball(start, radius, **more), ball(end, radius, **more)]


def floor(height: float = 0.0, **more) -> Solid:  # noqa: ANN003
    """The endless ground."""
    return Solid("floor", _vector((0, height, 0)), np.ones(3, np.float32), turned(), **more)
