"""Rays from a lens into a set: what each point of the picture shows, how it is lit, and where its edges are."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .solids import FAR, Beam, Floats, Solid, distance, greys, normals

FILM_MM = 24.9  # width of the film behind the lens
BEAM_STEPS = 14
SHADOW = 520  # points each way of what a torch sees


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
    return _shade(stage, np.asarray(lens.at, np.float32), np.stack(rays, axis=2), met)


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


def _shade(stage: Stage, origin: Floats, rays: Floats, met_: Met) -> Seen:
    depth, number = met_.depth, met_.number
    height, width = depth.shape
    normal = np.zeros((height, width, 3), np.float32)
    grey, red, glow = (np.zeros((height, width), np.float32) for _ in range(3))
    points = origin + rays * np.minimum(depth, 1e5)[..., None]
    for index, frame in met_.frames.items():
        on = number[frame] == index
        if on.any():
            solid, spots = stage.solids[index], points[frame][on]
            normal[frame][on] = normals(solid, spots)
            grey[frame][on] = greys(solid, spots)
            red[frame][on], glow[frame][on] = solid.red, solid.glow
    turn = np.einsum("ijk,ijk->ij", normal, rays)
    normal[turn > 0] *= -1
    _soften(stage, normal, number, depth)
    met = number >= 0
    sky = np.float32(0.5) + np.float32(0.5) * normal[..., 1]
    light = (stage.ambient * (np.float32(0.55) + np.float32(0.45) * sky))[..., None] * np.asarray(stage.tint, np.float32)
    light = light * _crevices(depth)[..., None]
    for lamp in stage.lamps:
        light += _lit(stage, lamp, points, normal, met)[..., None] * np.asarray(lamp.tint, np.float32)
    fade = np.exp(-stage.haze * np.minimum(depth, 500)).astype(np.float32)
    seen = Seen(depth, normal, number, grey, red, light, glow)
    rise = np.clip(rays[..., 1], 0, 1)
    air = stage.sky[0] + (stage.sky[1] - stage.sky[0]) * np.sqrt(rise)
    glow[~met] = air[~met]
    light[met] *= fade[met, None]
    glow[met] = glow[met] * fade[met] + stage.fog * (1 - fade[met])
    seen.beam = _beams(stage, origin, rays, depth)
    return seen


def _soften(stage: Stage, normal: Floats, number: np.ndarray, depth: Floats) -> None:
    """Lets the normals of soft solids run into each other, as far as a centimetre and a half goes at their distance."""
    soft = np.isin(number, [index for index, solid in enumerate(stage.solids) if solid.soft])
    if not soft.any():
        return
    reach = max(1, round(normal.shape[1] * 0.0065 / float(np.median(depth[soft]))))
    weight = blurred(soft.astype(np.float32), reach)
    mixed = blurred(normal * soft[..., None], reach) / np.maximum(weight, 1e-3)[..., None]
    mixed /= np.maximum(np.linalg.norm(mixed, axis=2, keepdims=True), 1e-6)
    normal[soft] = mixed[soft]


def _lit(stage: Stage, lamp: Lamp, points: Floats, normal: Floats, met: np.ndarray) -> Floats:
    towards = np.asarray(lamp.at, np.float32) - points
    away = np.maximum(np.linalg.norm(towards, axis=2), 1e-4)
    towards /= away[..., None]
    facing = np.maximum(np.einsum("ijk,ijk->ij", normal, towards), 0)
    amount = lamp.power * facing / (1 + (away / lamp.reach) ** 2) * _cone(lamp, -towards)
    amount[~met] = 0
    if lamp.to is not None and lamp.shadows:
        on = amount > np.float32(0.003)
        amount[on] *= _clear(stage, lamp, points[on] + normal[on] * np.float32(0.01))
    return amount.astype(np.float32)


def _clear(stage: Stage, lamp: Lamp, points: Floats) -> Floats:
    """1 where nothing stands between the points and the lamp, as the lamp itself sees it, with a soft edge."""
    mm = FILM_MM / 2 / np.tan(np.radians(min(lamp.cone * 2.4, 60)))
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
    for dx, dy in ((-0.9, -0.4), (0.4, -0.9), (0.9, 0.4), (-0.4, 0.9)):
        at = np.clip(row + dy, 0, SHADOW - 1).astype(int), np.clip(column + dx, 0, SHADOW - 1).astype(int)
        free += met.depth[at] > far
    return free / 4


def _cone(lamp: Lamp, outward: Floats) -> Floats:
    if lamp.to is None:
        return np.float32(1)
    axis = np.subtract(lamp.to, lamp.at).astype(np.float32)
    axis /= np.linalg.norm(axis)
    angle = np.degrees(np.arccos(np.clip(outward @ axis, -1, 1)))
    return (1 / (1 + (angle / lamp.cone) ** 6) + np.float32(0.10) / (1 + (angle / lamp.cone / 2.6) ** 4)).astype(np.float32)


def _beams(stage: Stage, origin: Floats, rays: Floats, depth: Floats) -> Floats:
    """Light that the air itself gives back on the way, taken at every fourth point and spread."""
    height, width = depth.shape
    total = np.zeros((height, width, 3), np.float32)
    for lamp in stage.lamps:
        if lamp.to is None or not lamp.air:
            continue
        part, ends = rays[::4, ::4], np.minimum(depth[::4, ::4], 14)
        sum_ = np.zeros(ends.shape, np.float32)
        for step in range(BEAM_STEPS):
            points = origin + part * (ends * ((step + 0.5) / BEAM_STEPS))[..., None]
            out = points - np.asarray(lamp.at, np.float32)
            away = np.maximum(np.linalg.norm(out, axis=2), 0.05)
            angle = _cone(lamp, out / away[..., None])
            sum_ += np.clip(angle - np.float32(0.10), 0, 1) / (0.3 + away) * ends / BEAM_STEPS
        wide = np.repeat(np.repeat(sum_, 4, axis=0), 4, axis=1)[:height, :width]
        total += blurred(wide, 6)[..., None] * lamp.air * np.asarray(lamp.tint, np.float32)
    return total


def _crevices(depth: Floats) -> Floats:
    """Darker where something stands close in front: the difference of the depth from its own blur."""
    reach = max(2, depth.shape[1] // 90)
    logs = np.log(np.minimum(depth, 200))
    over = logs - blurred(logs, reach)
    return (1 - np.clip(over * np.float32(2.2), 0, 0.6)).astype(np.float32)


def blurred(values: Floats, reach: int) -> Floats:
    """A soft copy: two passes of a running mean over 2 * reach + 1 points each way."""
    for _ in range(2):
        for axis in (0, 1):
            size = 2 * reach + 1
            padding = [(reach + 1, reach) if one == axis else (0, 0) for one in range(values.ndim)]
            sums = np.cumsum(np.pad(values, padding, mode="edge"), axis=axis, dtype=np.float64)
            high = [slice(size, None) if one == axis else slice(None) for one in range(values.ndim)]
            low = [slice(None, -size) if one == axis else slice(None) for one in range(values.ndim)]
            values = ((sums[tuple(high)] - sums[tuple(low)]) / size).astype(np.float32)
    return values
