"""Rays from a lens into a set: what each point of the picture shows, how it is lit, and where its edges are."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .solids import FAR, Beam, Floats, Solid, distance, greys, normals

FILM_MM = 24.9  # width of the film behind the lens
BEAM_STEPS = 14
SHADOW = 640  # points each way of what a torch sees
SPREAD = ((-1.4, -0.5), (0.5, -1.4), (1.4, 0.5), (-0.5, 1.4), (0.0, 0.0))


@dataclass(slots=True)
class Lens:
    """A camera: where it stands, what it looks at, its focal length in millimetres and its tilt about the axis."""

    at: tuple[float, float, float]
    to: tuple[float, float, float]
    mm: float = 35.0
    roll: float = 0.0

    def axes(self) -> tuple[Floats, Floats, Floats]:
        """Right, up and forward."""
        ahead = np.subtract(self.to, self.at).astype(np.float64)
        ahead /= np.linalg.norm(ahead)
        right = np.cross(ahead, (0, 1, 0))
        right /= np.linalg.norm(right)
        up = np.cross(right, ahead)
        turn = np.radians(self.roll)
        right, up = right * np.cos(turn) + up * np.sin(turn), up * np.cos(turn) - right * np.sin(turn)
        return right.astype(np.float32), up.astype(np.float32), ahead.astype(np.float32)


@dataclass(slots=True)
class Lamp:
    """A light. With `to` it is a torch with a cone of `cone` degrees that throws shadows and shows in the air."""

    at: tuple[float, float, float]
    power: float = 1.0
    to: tuple[float, float, float] | None = None
    cone: float = 14.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    air: float = 0.0
    shadows: bool = True
    reach: float = 3.0  # metres over which it loses half


@dataclass(slots=True)
class Stage:
    """A set with its lights. `fog` is the grey into which distance fades, by `haze` a metre."""

    solids: list[Solid]
    lamps: list[Lamp]
    ambient: float = 0.16
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    fog: float = 0.03
    haze: float = 0.03
    sky: tuple[float, float] = (0.03, 0.03)  # at the horizon, overhead


@dataclass(slots=True)
class Seen:
    """What the rays met, row by row: depth, normal, number of the solid, own grey, accent, light by colour, glow."""

    depth: Floats
    normal: Floats
    number: np.ndarray
    grey: Floats
    red: Floats
    light: Floats
    glow: Floats
    beam: Floats = field(default_factory=lambda: np.zeros(1, np.float32))

    def picture(self) -> Floats:
        """Light on the surfaces, as colours from 0 to 1 and above."""
        lit = self.grey[..., None] * self.light
        accent = np.array([1.0, 0.16, 0.12], np.float32)
        red = self.red[..., None]
        colour = lit * (1 - red) + red * accent * (0.06 + np.minimum(self.light, 1.1)) * np.float32(0.8)
        return colour + self.glow[..., None] * (1 - red + red * accent) + self.beam


@dataclass(slots=True)
class Met:
    """What rays from one point met: the distance, the number of the solid, and where in the picture each solid is."""

    depth: Floats
    number: np.ndarray
    frames: dict[int, tuple[slice, slice]]


def look(stage: Stage, lens: Lens, width: int, height: int) -> Seen:
    """Traces `stage` through `lens` onto `width` by `height` points."""
    met, rays = _meet(stage.solids, lens, width, height)
    return _shade(stage, np.asarray(lens.at, np.float32), rays, met)


def _meet(solids: list[Solid], lens: Lens, width: int, height: int) -> tuple[Met, Beam]:
    axes = lens.axes()
    right, up, ahead = axes
    half = FILM_MM / 2 / lens.mm
    xs = (((np.arange(width, dtype=np.float32) + 0.5) / width * 2 - 1) * half)[None, :]
    ys = ((1 - (np.arange(height, dtype=np.float32) + 0.5) / height * 2) * half * height / width)[:, None]
    length = 1 / np.sqrt(1 + xs * xs + ys * ys)
    x, y, z = ((ahead[axis] + xs * right[axis] + ys * up[axis]) * length for axis in range(3))
    rays = (x.astype(np.float32), y.astype(np.float32), z.astype(np.float32))
    origin = np.asarray(lens.at, np.float32)
    met = Met(np.full((height, width), FAR, np.float32), np.full((height, width), -1, np.int16), {})
    for index, solid in enumerate(solids):
        frame = _frame_of(solid, origin, axes, half, width, height)
        if frame is None:
            continue
        t = distance(solid, tuple(origin), tuple(ray[frame] for ray in rays))
        nearer = t < met.depth[frame]
        met.depth[frame][nearer] = t[nearer]
        met.number[frame][nearer] = index
        met.frames[index] = frame
    return met, rays


_EDGES = [(one, two) for one in range(8) for two in range(one) if (one ^ two).bit_count() == 1]


def _frame_of(solid, origin, axes, half, width, height):  # noqa: ANN001, ANN202
    """The part of the picture in which the solid can be, None if it is behind or beside."""
    if solid.shape == "floor":
        return slice(0, height), slice(0, width)
    away = (solid.corners() - origin) @ np.stack(axes, axis=1)
    near = np.float32(0.03)
    front = [corner for corner in away if corner[2] >= near]
    for one, two in _EDGES:
        a, b = away[one], away[two]
        if (a[2] >= near) != (b[2] >= near):
            front.append(a + (b - a) * (near - a[2]) / (b[2] - a[2]))
    if not front:
        return None
    spots = np.array(front)
    x, y = spots[:, 0] / spots[:, 2] / half, spots[:, 1] / spots[:, 2] / half * width / height
    left, stop = np.clip([(x.min() + 1) / 2 * width - 1, (x.max() + 1) / 2 * width + 2], 0, width).astype(int)
    top, end = np.clip([(1 - y.max()) / 2 * height - 1, (1 - y.min()) / 2 * height + 2], 0, height).astype(int)
    return None if left >= stop or top >= end else (slice(top, end), slice(left, stop))


def _shade(stage: Stage, origin: Floats, rays: Beam, met: Met) -> Seen:
    depth, number = met.depth, met.number
    height, width = depth.shape
    normal = np.zeros((3, height, width), np.float32)
    grey, red, glow = (np.zeros((height, width), np.float32) for _ in range(3))
    reach = np.minimum(depth, np.float32(1e5))
    points = tuple(start + ray * reach for start, ray in zip(origin, rays, strict=True))
    for index, frame in met.frames.items():
        on = number[frame] == index
        if on.any():
            solid, spots = stage.solids[index], np.stack([axis[frame][on] for axis in points], axis=1)
            for axis, values in enumerate(normals(solid, spots).T):
                normal[axis][frame][on] = values
            grey[frame][on] = greys(solid, spots)
            red[frame][on], glow[frame][on] = solid.red, solid.glow
    away = normal[0] * rays[0] + normal[1] * rays[1] + normal[2] * rays[2]
    normal *= np.where(away > 0, np.float32(-1), np.float32(1))
    _soften(stage, normal, number, depth)
    hit = number >= 0
    base = stage.ambient * (np.float32(0.775) + np.float32(0.225) * normal[1]) * _crevices(depth)
    light = np.stack([base * np.float32(tint) for tint in stage.tint])
    for lamp in stage.lamps:
        amount = _lit(stage, lamp, points, normal) * hit
        for channel, tint in enumerate(lamp.tint):
            light[channel] += amount * np.float32(tint)
    fade = np.exp(-np.float32(stage.haze) * np.minimum(depth, 500)) * hit
    light *= fade
    rise = np.sqrt(np.clip(rays[1], 0, 1))
    glow = glow * fade + np.where(hit, stage.fog * (1 - fade), stage.sky[0] + (stage.sky[1] - stage.sky[0]) * rise)
    seen = Seen(depth, normal, number, grey, red, np.moveaxis(light, 0, 2), glow.astype(np.float32))
    seen.beam = _beams(stage, origin, rays, depth)
    return seen


def _soften(stage: Stage, normal: Floats, number: np.ndarray, depth: Floats) -> None:
    """Lets the normals of soft solids run into each other, as far as a centimetre and a half goes at their distance."""
    soft = np.isin(number, [index for index, solid in enumerate(stage.solids) if solid.soft])
    if not soft.any():
        return
    reach = max(1, round(normal.shape[2] * 0.0075 / float(np.median(depth[soft]))))
    rows, columns = np.flatnonzero(soft.any(axis=1)), np.flatnonzero(soft.any(axis=0))
    part = slice(max(0, rows[0] - 2), rows[-1] + 3), slice(max(0, columns[0] - 2), columns[-1] + 3)
    on = soft[part]
    mixed = np.stack([blurred(axis[part] * on, reach) for axis in normal])
    mixed /= np.maximum(np.sqrt((mixed * mixed).sum(axis=0)), 1e-6)
    for axis, values in zip(normal, mixed, strict=True):
        axis[part][on] = values[on]


def _lit(stage: Stage, lamp: Lamp, points: Beam, normal: Floats) -> Floats:
    x, y, z = (np.float32(at) - axis for at, axis in zip(lamp.at, points, strict=True))
    square = x * x + y * y + z * z
    facing = np.maximum(normal[0] * x + normal[1] * y + normal[2] * z, 0) / np.sqrt(square + np.float32(1e-6))
    amount = np.float32(lamp.power) * facing / (1 + square / np.float32(lamp.reach**2))
    if lamp.to is None:
        return amount
    amount *= _cone(lamp, (-x, -y, -z), np.sqrt(square))
    if lamp.shadows:
        on = amount > np.float32(0.003)
        spots = np.stack(
            [axis[on] + side[on] * np.float32(0.01) for axis, side in zip(points, normal, strict=True)], axis=1
        )
        amount[on] *= _clear(stage, lamp, spots)
    return amount


def _clear(stage: Stage, lamp: Lamp, points: Floats) -> Floats:
    """1 where nothing stands between the points and the lamp, as the lamp itself sees it, with a soft edge."""
    mm = FILM_MM / 2 / np.tan(np.radians(min(lamp.cone * 2.2, 58)))
    lens = Lens(lamp.at, lamp.to or lamp.at, mm)
    met, _ = _meet([solid for solid in stage.solids if solid.casts], lens, SHADOW, SHADOW)
    right, up, ahead = lens.axes()
    away = points - np.asarray(lamp.at, np.float32)
    z = np.maximum(away @ ahead, 1e-3)
    half = FILM_MM / 2 / mm
    column = (away @ right / z / half + 1) / 2 * SHADOW
    row = (1 - away @ up / z / half) / 2 * SHADOW
    far = np.linalg.norm(away, axis=1) * np.float32(0.985) - np.float32(0.008)
    free = np.zeros(len(points), np.float32)
    for dx, dy in SPREAD:
        at = np.clip(row + dy, 0, SHADOW - 1).astype(np.intp), np.clip(column + dx, 0, SHADOW - 1).astype(np.intp)
        free += met.depth[at] > far
    return free / len(SPREAD)


def _cone(lamp: Lamp, outward: Beam, away: Floats) -> Floats:
    axis = np.subtract(lamp.to or lamp.at, lamp.at).astype(np.float32)
    axis /= np.linalg.norm(axis)
    along = (outward[0] * axis[0] + outward[1] * axis[1] + outward[2] * axis[2]) / np.maximum(away, np.float32(1e-4))
    # The square of the angle, near enough: 2 (1 - cos a).
    spread = np.maximum(1 - along, 0) * np.float32(2 / np.radians(lamp.cone) ** 2)
    return 1 / (1 + spread**3) + np.float32(0.10) / (1 + (spread / np.float32(6.76)) ** 2)


def _beams(stage: Stage, origin: Floats, rays: Beam, depth: Floats) -> Floats:
    """Light that the air itself gives back on the way, taken at every fourth point and spread."""
    height, width = depth.shape
    total = np.zeros((height, width, 3), np.float32)
    for lamp in stage.lamps:
        if lamp.to is None or not lamp.air:
            continue
        part, ends = tuple(ray[::4, ::4] for ray in rays), np.minimum(depth[::4, ::4], 14)
        sum_ = np.zeros(ends.shape, np.float32)
        for step in range(BEAM_STEPS):
            far = ends * np.float32((step + 0.5) / BEAM_STEPS)
            out = tuple(
                start + ray * far - np.float32(at) for start, ray, at in zip(origin, part, lamp.at, strict=True)
            )
            away = np.maximum(np.sqrt(out[0] ** 2 + out[1] ** 2 + out[2] ** 2), np.float32(0.05))
            sum_ += (
                np.clip(_cone(lamp, out, away) - np.float32(0.10), 0, 1) / (np.float32(0.3) + away) * ends / BEAM_STEPS
            )
        wide = np.repeat(np.repeat(blurred(sum_, 2), 4, axis=0), 4, axis=1)[:height, :width]
        total += blurred(wide, 2)[..., None] * lamp.air * np.asarray(lamp.tint, np.float32)
    return total


def _crevices(depth: Floats) -> Floats:
    """Darker where something stands close in front: the difference of the depth from its own blur."""
    logs = np.log(np.minimum(depth, 200))
    small = blurred(logs[::2, ::2], max(1, depth.shape[1] // 180))
    over = logs - np.repeat(np.repeat(small, 2, axis=0), 2, axis=1)[: depth.shape[0], : depth.shape[1]]
    return (1 - np.clip(over * np.float32(2.2), 0, 0.6)).astype(np.float32)


def blurred(values: Floats, reach: int) -> Floats:
    """A soft copy: two passes of a running mean over 2 * reach + 1 points each way."""
    for _ in range(2):
        for axis in (0, 1):
            size = 2 * reach + 1
            padding = [(reach + 1, reach) if one == axis else (0, 0) for one in range(values.ndim)]
            sums = np.cumsum(np.pad(values, padding, mode="edge"), axis=axis, dtype=np.float32)
            high = [slice(size, None) if one == axis else slice(None) for one in range(values.ndim)]
            low = [slice(None, -size) if one == axis else slice(None) for one in range(values.ndim)]
            values = (sums[tuple(high)] - sums[tuple(low)]) / np.float32(size)
    return values
