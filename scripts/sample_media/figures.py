"""Stand-in figures: clay mannequins without anybody's likeness, their heads for close shots, and hands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .solids import Floats, Solid, ball, box, limb, pipe, turned

Point = tuple[float, float, float]
SKIN, COAT, DARK = 0.62, 0.30, 0.12


def figure(
    at: Point, *, yaw: float = 0.0, stride: float = 0.0, bend: float = 0.0, reach: Point | None = None,
    coat: float = COAT, skin: float = SKIN, tall: float = 1.72, skirt: bool = False, float_at_hip: bool = False,
) -> list[Solid]:  # fmt: skip
    """A standing or walking figure: `stride` -1 to 1 is its step, `bend` degrees forward, `reach` a hand."""
    scale = tall / 1.72
    turn, x0, y0, z0 = turned(yaw), *at

    def put(x: float, y: float, z: float) -> Point:
        lean = np.radians(bend)
        if y > 0.9:
            y, z = 0.9 + (y - 0.9) * np.cos(lean) - z * np.sin(lean), z * np.cos(lean) + (y - 0.9) * np.sin(lean)
        px, py, pz = turn @ np.array([x, y, z], np.float32) * scale
        return float(x0 + px), float(y0 + py), float(z0 + pz)

    step = 0.30 * stride
    found: list[Solid] = []
    for side, phase in ((-1, step), (1, -step)):
        hip, knee = put(0.10 * side, 0.88, 0), put(0.11 * side, 0.47, 0.05 + phase * 0.75)
        foot = put(0.11 * side, 0.07, phase - 0.02)
        found += limb(hip, knee, 0.085 * scale, grey=DARK)
        found += limb(knee, foot, 0.065 * scale, grey=DARK)
        found.append(ball(put(0.11 * side, 0.05, phase + 0.06), (0.055, 0.05, 0.13), yaw=yaw, grey=0.08))
        shoulder = put(0.21 * side, 1.38, 0)
        if reach is not None and side == 1:
            elbow = tuple((np.add(shoulder, reach) / 2 - (0, 0.06, 0)).tolist())
            hand = reach
        else:
            elbow, hand = put(0.26 * side, 1.10, -0.05 - phase * 0.3), put(0.25 * side, 0.84, 0.06 - phase * 0.55)
        found += limb(shoulder, elbow, 0.06 * scale, grey=coat)
        found += limb(elbow, hand, 0.045 * scale, grey=coat)
        found.append(ball(hand, 0.05 * scale, grey=skin))
    found.append(ball(put(0, 1.20, 0), (0.235 * scale, 0.34 * scale, 0.15 * scale), yaw=yaw, pitch=bend, grey=coat))
    found.append(ball(put(0, 0.95, 0), (0.20 * scale, 0.20 * scale, 0.145 * scale), yaw=yaw, grey=coat))
    if skirt:
        found.append(ball(put(0, 0.72, 0), (0.21 * scale, 0.32 * scale, 0.16 * scale), yaw=yaw, grey=coat))
    found.append(pipe(put(0, 1.42, 0), put(0, 1.54, 0.01), 0.055 * scale, grey=skin))
    found.append(ball(put(0, 1.63, 0.015), (0.085 * scale, 0.115 * scale, 0.10 * scale), yaw=yaw, grey=skin))
    found.append(ball(put(0, 1.665, -0.02), (0.092 * scale, 0.10 * scale, 0.10 * scale), yaw=yaw, grey=DARK))
    for side in (-1, 1):
        found.append(ball(put(0.032 * side, 1.645, 0.103), 0.0115 * scale, grey=0.05))
    found.append(ball(put(0, 1.615, 0.113), (0.012, 0.024, 0.018), yaw=yaw, grey=skin))
    if float_at_hip:
        found.append(ball(put(0.20, 0.80, 0.10), (0.045, 0.07, 0.045), grey=0.5, red=1))
    return found


@dataclass(frozen=True, slots=True)
class Face:
    """The measures of a head, in metres. A face that is another's differs in these."""

    eyes: float = 0.034  # from the middle to each
    jaw: float = 0.060
    chin: float = 0.0
    ear: float = 0.0
    nose: float = 1.0
    fringe: float = 0.0  # how far the hair comes down
    hair: float = 0.10
    brow: float = 0.0
    bun: float = 0.0

    def towards(self, other: Face, share: float) -> Face:
        """A face between this one and `other`."""
        mine = {name: getattr(self, name) for name in Face.__dataclass_fields__}
        return Face(**{name: value + (getattr(other, name) - value) * share for name, value in mine.items()})


def head(
    at: Point, face: Face, *, yaw: float = 0.0, pitch: float = 0.0, gaze: tuple[float, float] = (0, 0),
    coat: float = COAT, lids: float = 0.0, skin: float = SKIN,
) -> list[Solid]:  # fmt: skip
    """A head with neck and shoulders for a close shot. It looks along +z at yaw 0; `lids` 1 closes the eyes."""
    turn = turned(yaw, pitch)
    base = np.asarray(at, np.float32)

    def put(x: float, y: float, z: float) -> Floats:
        return base + turn @ np.array([x, y, z], np.float32)

    tilt = {"yaw": yaw, "pitch": pitch}
    flesh = {"grey": skin, "soft": True, **tilt}
    found = [
        ball(put(0, 0.034, -0.012), (0.078, 0.098, 0.096), **flesh),
        ball(put(0, -0.030, 0.016), (face.jaw + 0.010, 0.072, 0.070), **flesh),
        ball(put(0, -0.062, 0.024), (face.jaw, 0.056, 0.060), **flesh),
        ball(put(0, -0.090 - face.chin, 0.046), (face.jaw * 0.55, 0.026, 0.034), **flesh),
        ball(put(0, 0.004, 0.079), (0.0115 * face.nose, 0.028, 0.016), **flesh),
        ball(put(0, -0.012, 0.089), (0.0130 * face.nose, 0.022, 0.016), **flesh),
        ball(put(0, -0.024, 0.093), (0.0165 * face.nose, 0.0115, 0.0135), **flesh),
        ball(put(0, -0.058, 0.078), (0.026, 0.0060, 0.0085), grey=skin * 0.60, **tilt),
        ball(put(0, -0.066, 0.077), (0.021, 0.0065, 0.0085), grey=skin * 0.70, **tilt),
    ]
    for side in (-1, 1):
        socket = put(face.eyes * side, 0.012, 0.068)
        found.append(ball(put(face.eyes * side, 0.014, 0.074), (0.021, 0.014, 0.010), grey=skin * 0.82,
                          soft=True, **tilt))  # fmt: skip
        found.append(ball(socket, 0.0155, grey=0.86))
        eye = turned(yaw + gaze[0], pitch + gaze[1]) @ np.array([0, 0, 0.0105], np.float32)
        found.append(ball(socket + eye, 0.0078, grey=0.04))
        lid = 0.0115 - 0.012 * lids
        found.append(ball(put(face.eyes * side, 0.012 + lid, 0.0685), (0.0175, 0.0085 + 0.004 * lids, 0.0175),
                          grey=skin * 0.9, **tilt))  # fmt: skip
        found.append(ball(put(face.eyes * side * 1.06, 0.041 + face.brow, 0.078), (0.021, 0.0050, 0.009),
                          roll=-7 * side, grey=0.16, **tilt))  # fmt: skip
        found.append(ball(put(0.080 * side, -0.004 + face.ear, -0.008), (0.011, 0.029, 0.019), grey=skin * 0.9, **tilt))
    top = 0.052 - face.fringe
    found += [
        ball(put(0, top + 0.008, -0.026), (0.087, face.hair * 0.98, 0.098), grey=0.10, **tilt),
        ball(put(0.012, 0.098 - face.fringe * 0.9, 0.034), (0.068, 0.030, 0.052), grey=0.10, roll=-8, **tilt),
    ]
    if face.bun:
        found.append(ball(put(0, 0.02, -0.115), face.bun, grey=0.10))
    found += [
        pipe(np.add(base, (0, -0.26, -0.03)), put(0, -0.03, -0.015), 0.050, grey=skin * 0.92, soft=True),
        ball(np.add(base, (0, -0.31, -0.03)), (0.215, 0.10, 0.105), yaw=yaw * 0.5, grey=coat),
        ball(np.add(base, (0, -0.205, -0.035)), (0.085, 0.045, 0.075), yaw=yaw * 0.5, grey=coat * 0.8),
    ]
    return found


def hand(
    wrist: Point, to: Point, *, curl: float = 0.5, fingers: int = 4, side: int = 1, sleeve: float = COAT,
    skin: float = SKIN, spread: float = 1.0,
) -> list[Solid]:  # fmt: skip
    """A hand from its wrist towards `to`, palm down, with so many fingers and a thumb on `side`."""
    start, end = np.asarray(wrist, np.float64), np.asarray(to, np.float64)
    ahead = (end - start) / np.linalg.norm(end - start)
    across = np.cross(ahead, (0, 1, 0))
    across /= np.linalg.norm(across)
    down = np.cross(across, ahead)
    down *= -np.sign(down[1]) or 1
    palm = start + ahead * 0.055
    axes = np.stack([across, -down, -ahead], axis=1).astype(np.float32)
    found = [*limb(start - ahead * 0.62, start - ahead * 0.015, 0.040, grey=sleeve)]
    found += limb(start - ahead * 0.02, start + ahead * 0.02, 0.027, grey=skin)
    body = ball(palm, (0.043 + 0.004 * max(0, fingers - 4), 0.020, 0.052), grey=skin)
    body.turn = axes
    found.append(body)
    wide = 0.062 * spread
    for number in range(fingers):
        off = (number / max(1, fingers - 1) - 0.5) * wide
        length = 0.036 - 0.012 * abs(number / max(1, fingers - 1) - 0.42)
        root = palm + across * off + ahead * 0.042
        first = ahead * np.cos(curl) + down * np.sin(curl) + across * off * 1.5
        knuckle = root + first * length
        second = ahead * np.cos(curl * 2.3) + down * np.sin(curl * 2.3)
        tip = knuckle + second * length * 0.8
        found += limb(root, knuckle, 0.0105, grey=skin)
        found += limb(knuckle, tip, 0.0092, grey=skin)
    root = palm + across * side * -0.040 - ahead * 0.01
    middle = root + across * side * -0.018 + ahead * 0.026 + down * 0.012
    found += limb(root, middle, 0.012, grey=skin)
    found += limb(middle, middle + ahead * 0.024 + down * 0.016 + across * side * 0.010, 0.0105, grey=skin)
    return found


def crate(at: Point, size: Point, *, yaw: float = 0.0, grey: float = 0.42) -> list[Solid]:
    """A slatted crate."""
    found = [box(at, size, yaw=yaw, grey=grey * 0.6)]
    turn = turned(yaw)
    for row in (-0.34, 0.0, 0.34):
        found.append(
            box(np.add(at, (0, row * size[1], 0)), (size[0] + 0.03, size[1] * 0.22, size[2] + 0.03), yaw=yaw, grey=grey)
        )
    for x, z in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        corner = turn @ np.array([x * size[0] / 2, 0, z * size[2] / 2], np.float32)
        found.append(box(np.add(at, corner), (0.06, size[1] + 0.02, 0.06), yaw=yaw, grey=grey * 0.85))
    return found
