"""The places of the film as solids: car deck, socket wall, information desk, corridor, ramp and aft deck."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from .letters import font
from .solids import Floats, Solid, ball, box, floor, pipe

Point = tuple[float, float, float]


@cache
def words(text: str, width: int, height: int, *, ground: float = 0.34, ink: float = 0.85, size: float = 0.5) -> Floats:
    """A painted sign: `text` in greys, letters so high as `size` of the height allows and no wider than the sign."""
    sheet = Image.new("L", (width, height), round(ground * 255))
    pen = ImageDraw.Draw(sheet)
    high = round(height * size)
    while font("bold", high).getlength(text) > width * 0.88:
        high -= 1
    pen.text((width / 2, height / 2), text, fill=round(ink * 255), font=font("bold", high), anchor="mm")
    return np.asarray(sheet, np.float32) / 255


@cache
def _doors(text: str) -> Floats:
    sheet = words(text, 500, 520, ground=0.36, ink=0.86, size=0.24).copy()
    for x in (4, 248, 252, 496):
        sheet[:, x - 2 : x + 2] *= 0.55
    for x in (120, 128, 372, 380):
        sheet[300:, x - 2 : x + 2] *= 0.6
    sheet[486:, :] *= 0.7
    return sheet


def trailer(x: float, z: float, text: str, *, length: float = 9.0, light: float = 0.34) -> list[Solid]:
    """A reefer's trailer whose doors face +z, with its wheels and the plate below."""
    found = [
        box((x, 2.35, z - length / 2), (2.5, 2.6, length), grey=light, decals={"+z": _doors(text)} if text else {})
    ]
    found.append(box((x, 0.82, z - 0.15), (2.4, 0.16, 0.16), grey=0.2))
    found.append(box((x, 0.98, z - length / 2), (1.0, 0.14, length), grey=0.12))
    for back in (0.9, 2.1):
        for side in (-1, 1):
            middle = x + side * 0.98
            found.append(pipe((middle - 0.16, 0.5, z - back), (middle + 0.16, 0.5, z - back), 0.5, grey=0.07))
            found.append(
                pipe((middle + side * 0.165, 0.5, z - back), (middle + side * 0.17, 0.5, z - back), 0.22, grey=0.3)
            )
    for side in (-1, 1):
        found.append(box((x + side * 1.05, 0.98, z + 0.01), (0.22, 0.10, 0.03), grey=0.5, glow=0.10))
    return found


def deck(*, near: float = 8.0, far: float = -34.0, lanes: int = 4, width: float = 3.4) -> list[Solid]:
    """The car deck: floor with lane lines, side walls with ribs, low ceiling with beams and its emergency lamps."""
    half = lanes * width / 2
    found = [floor(grey=0.30)]
    for lane in range(1, lanes):
        found.append(box((-half + lane * width, 0.004, (near + far) / 2), (0.12, 0.008, near - far), grey=0.62))
    for side in (-1, 1):
        found.append(box((side * (half + 0.6), 2.3, (near + far) / 2), (0.3, 4.6, near - far), grey=0.33))
        for z in np.arange(far, near, 3.0):
            found.append(box((side * (half + 0.35), 2.3, float(z)), (0.25, 4.6, 0.22), grey=0.40))
        found.append(pipe((side * (half + 0.3), 3.5, near), (side * (half + 0.3), 3.5, far), 0.09, grey=0.42))
    found.append(box((0, 4.7, (near + far) / 2), (2 * half + 2, 0.2, near - far), grey=0.24))
    for z in np.arange(far, near, 3.0):
        found.append(box((0, 4.45, float(z)), (2 * half + 1.4, 0.34, 0.2), grey=0.30))
    found.append(box((0, 2.3, far), (2 * half + 2, 4.8, 0.3), grey=0.3))
    return found


def lamps_on(places: list[Point]) -> list[Solid]:
    """The glass of emergency lamps."""
    return [box(place, (0.5, 0.10, 0.10), grey=0.9, glow=1.1, casts=False) for place in places]


def mug(at: Point, size: float = 1.0, *, key: bool = False) -> list[Solid]:
    """An enamel mug; with `key` the red cork float stands in it."""
    x, y, z = at
    found = [pipe((x, y, z), (x, y + 0.095 * size, z), 0.043 * size, grey=0.80)]
    found.append(pipe((x, y + 0.094 * size, z), (x, y + 0.098 * size, z), 0.045 * size, grey=0.14))
    found.append(pipe((x, y + 0.0955 * size, z), (x, y + 0.0985 * size, z), 0.037 * size, grey=0.07))
    for turn in np.linspace(-80, 80, 7):
        angle = np.radians(turn)
        spot = (x + (0.043 + 0.026 * np.cos(angle)) * size, y + (0.048 + 0.030 * np.sin(angle)) * size, z)
        found.append(ball(spot, 0.0085 * size, grey=0.78))
    if key:
        found.append(
            ball(
                (x - 0.008 * size, y + 0.118 * size, z),
                (0.024 * size, 0.040 * size, 0.024 * size),
                roll=14,
                grey=0.5,
                red=1,
            )
        )
    return found


def key_on_float(at: Point, size: float = 1.0, *, swing: float = 0.0) -> list[Solid]:
    """The key of the car deck, hanging from its hook by a ring, with the red cork float."""
    x, y, z = at
    lean = np.sin(np.radians(swing))
    drop = lambda d, a=0.0: (x + (lean * d + a) * size, y - d * size, z)  # noqa: E731
    found = [pipe((x, y, z - 0.06 * size), (x, y, z + 0.02 * size), 0.006 * size, grey=0.5)]
    found.append(ball((x, y + 0.004 * size, z + 0.02 * size), 0.009 * size, grey=0.5))
    for turn in range(0, 360, 24):
        angle = np.radians(turn)
        found.append(ball(drop(0.022 + 0.018 * np.cos(angle), 0.018 * np.sin(angle)), 0.0030 * size, grey=0.62))
    found.append(ball(drop(0.088), (0.024 * size, 0.046 * size, 0.024 * size), grey=0.5, red=1))
    found.append(pipe(drop(0.040), drop(0.048), 0.004 * size, grey=0.6))
    start = 0.020
    for turn in range(0, 360, 30):
        angle = np.radians(turn)
        found.append(ball(drop(0.062 + 0.015 * np.cos(angle), 0.046 + 0.015 * np.sin(angle)), 0.0042 * size, grey=0.55))
    found.append(pipe(drop(0.044, start), drop(0.052, 0.040), 0.0022 * size, grey=0.6))
    found.append(pipe(drop(0.076, 0.048), drop(0.150, 0.056), 0.0048 * size, grey=0.55))
    for d in (0.128, 0.142):
        found.append(box(drop(d, 0.066), (0.020 * size, 0.007 * size, 0.004 * size), grey=0.55))
    return found


def chain(start: Point, end: Point, sag: float = 0.2, links: int = 14) -> list[Solid]:
    """A lashing chain."""
    found = []
    for number in range(links):
        share = number / (links - 1)
        spot = np.add(np.multiply(start, 1 - share), np.multiply(end, share)) - (0, sag * 4 * share * (1 - share), 0)
        found.append(ball(spot, (0.035, 0.035, 0.06) if number % 2 else (0.06, 0.035, 0.035), grey=0.30))
    return found


def socket_wall() -> list[Solid]:
    """The bulkhead with the four reefer sockets; the one that matters is in the middle, at the origin."""
    found = [box((0, 0, -0.20), (4, 3, 0.2), grey=0.36)]
    for x in (-0.95, 0.95):
        found.append(box((x, 0, -0.075), (0.10, 3, 0.06), grey=0.42))
    found.append(pipe((-2, 0.42, -0.05), (2, 0.42, -0.05), 0.035, grey=0.44))
    for x in (-0.55, 0.0, 0.55):
        found.append(box((x, 0.03, -0.065), (0.20, 0.30, 0.07), grey=0.22))
        found.append(pipe((x, 0.03, -0.03), (x, 0.03, 0.018), 0.068, grey=0.45, red=0.85 if x == 0 else 0.25))
        found.append(pipe((x, 0.03, 0.016), (x, 0.03, 0.020), 0.052, grey=0.06))
        found.append(pipe((x, 0.20, -0.05), (x, 0.42, -0.05), 0.016, grey=0.40))
        for px, py in ((-0.08, -0.10), (0.08, -0.10), (-0.08, 0.16), (0.08, 0.16)):
            found.append(ball((x + px, py, -0.030), 0.008, grey=0.5))
    return found


def plug(
    at: Point, towards: Point = (0, 0, -1), *, red: float = 0.85, taped: bool = False, cable: Point | None = None
) -> list[Solid]:
    """An industrial plug whose pins point `towards`, with its cable hanging to `cable`."""
    start, ahead = np.asarray(at, np.float64), np.asarray(towards, np.float64)
    ahead = ahead / np.linalg.norm(ahead)
    found = [pipe(start, start - ahead * 0.09, 0.050, grey=0.45, red=red)]
    found.append(pipe(start + ahead * 0.03, start, 0.040, grey=0.16))
    found.append(pipe(start - ahead * 0.09, start - ahead * 0.16, 0.030, grey=0.2))
    if taped:
        found.append(pipe(start - ahead * 0.035, start - ahead * 0.075, 0.0515, grey=0.88))
    if cable is not None:
        tail, end = start - ahead * 0.16, np.asarray(cable, np.float64)
        spots = [
            tail + (end - tail) * s - (0, 0.22 * np.sin(np.pi * s), 0) - ahead * 0.10 * np.sin(np.pi * s)
            for s in np.linspace(0, 1, 9)
        ]
        for one, two in pairwise(spots):
            found.append(pipe(one, two, 0.015, grey=0.10))
            found.append(ball(two, 0.015, grey=0.10))
    return found
