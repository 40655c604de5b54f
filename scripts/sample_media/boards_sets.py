"""The places that are drawn only: corridor, open deck, information desk, the live load, the bow door."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .figures import Point, crate, figure, hand
from .sets import chain, deck, key_on_float, mug, trailer, words
from .solids import Solid, ball, box, floor, limb, pipe
from .trace import Lamp, Lens, Stage

Shot = tuple[Stage, Lens]


def corridor() -> Shot:
    """1-a: a long corridor, handrails, doors; he comes up with his mug."""
    found = [
        floor(grey=0.42),
        box((0, 2.55, -14), (3, 0.1, 60), grey=0.62),
        box((0, 1.3, -22), (3, 2.6, 0.2), grey=0.5),
    ]
    for side in (-1, 1):
        found.append(box((side * 1.25, 1.3, -14), (0.1, 2.6, 60), grey=0.60))
        found.append(pipe((side * 1.13, 0.95, 3), (side * 1.13, 0.95, -22), 0.03, grey=0.28))
        found.append(box((side * 1.19, 0.12, -14), (0.04, 0.24, 60), grey=0.25))
        for z in (-1.0, -4.4, -7.8, -11.2, -14.6):
            found.append(box((side * 1.19, 1.05, z), (0.06, 2.1, 1.0), grey=0.40))
            found.append(box((side * 1.17, 1.75, z), (0.05, 0.34, 0.5), grey=0.72))
            found.append(ball((side * 1.13, 1.0, z + 0.40), 0.04, grey=0.2))
    lamps = []
    for z in (-1.5, -6.0, -10.5, -15.0, -19.5):
        found.append(box((0, 2.48, z), (0.9, 0.05, 0.24), grey=0.9, glow=1.2, casts=False))
        lamps.append(Lamp((0, 2.3, z), 0.85, reach=1.7))
    found.append(box((0, 1.05, -21.85), (1.1, 2.1, 0.1), grey=0.25))
    found.append(
        box(
            (0, 2.32, -21.8),
            (1.0, 0.22, 0.06),
            grey=0.9,
            glow=0.7,
            decals={"+z": words("CAR DECK CLOSED", 480, 100, ground=0.9, ink=0.1, size=0.6)},
        )
    )
    hold = (0.50, 1.10, -1.70)
    found += figure((0.22, 0, -2.1), yaw=8, stride=0.75, coat=0.24, reach=hold, tall=1.8)
    found += mug((hold[0], hold[1] + 0.02, hold[2] + 0.05), 1.2)
    return Stage(found, lamps, ambient=0.10, haze=0.02, fog=0.25), Lens((-0.42, 1.38, 2.3), (0.06, 1.26, -6), 27)


def _rail(x: float, start: float, end: float) -> list[Solid]:
    found = []
    for height in (0.35, 0.70, 1.05):
        found.append(pipe((x, height, start), (x, height, end), 0.045 if height > 1 else 0.022, grey=0.7))
    for z in np.arange(end, start, 1.6):
        found.append(pipe((x, 0, float(z)), (x, 1.05, float(z)), 0.03, grey=0.65))
    return found


def side_deck() -> Shot:
    """1-b: the open deck at night, rail, lifeboat, the coast's lights; he stands at the rail."""
    found = [box((0, -0.1, -14), (4.4, 0.2, 48), grey=0.38), floor(-9.0, grey=0.18)]
    found += _rail(2.1, 6, -38)
    found.append(box((-2.4, 2.2, -14), (0.3, 5, 48), grey=0.58))
    for z in np.arange(-34, 4, 3.4):
        found.append(box((-2.24, 1.75, float(z)), (0.06, 0.62, 0.9), grey=0.9, glow=0.55))
        found.append(box((-2.2, 1.15, float(z) + 1.7), (0.08, 2.3, 0.16), grey=0.5))
    found.append(box((-0.6, 4.2, -14), (4.2, 0.16, 48), grey=0.5))
    found += [ball((1.7, 3.55, -7.5), (0.75, 0.62, 2.6), grey=0.78), box((1.7, 3.62, -7.5), (1.4, 0.10, 5.0), grey=0.3)]
    for z in (-5.4, -9.6):
        found.append(box((1.7, 4.1, z), (0.14, 1.2, 0.14), grey=0.4))
    found += figure((1.55, 0, -2.4), yaw=92, stride=0.15, coat=0.22, bend=16, reach=(2.08, 1.09, -2.0), tall=1.8)
    found += mug((2.08, 1.10, -2.62), 1.15)
    for number, x in enumerate((30, 38, 44, 57, 63, 71)):
        found.append(ball((x, -6.4 + number % 3 * 0.5, -92 + number * 5), 0.34, grey=0.9, glow=1.6))
    lamps = [Lamp((-1.9, 2.6, z), 0.9, reach=2.0) for z in (-2.0, -8.8, -15.6)]
    return Stage(found, lamps, ambient=0.09, haze=0.012, fog=0.12, sky=(0.16, 0.02)), Lens(
        (-0.35, 1.60, 3.6), (0.75, 1.62, -6), 25
    )


def _desk(*, shutter: float = 1.62, key: bool = True) -> list[Solid]:
    found = [floor(grey=0.40), box((0, 1.4, -2.9), (7, 2.9, 0.1), grey=0.52)]
    found.append(box((0, 0.52, -0.30), (3.4, 1.04, 0.66), grey=0.44))
    found.append(box((0, 1.06, -0.26), (3.6, 0.06, 0.86), grey=0.72))
    for x in (-1.1, 0.0, 1.1):
        found.append(box((x, 0.50, 0.05), (0.95, 0.80, 0.04), grey=0.36))
    for side in (-1, 1):
        found.append(box((side * 1.95, 1.45, -0.35), (0.5, 2.9, 0.9), grey=0.50))
    found.append(box((0, 2.72, -0.30), (3.5, 0.40, 0.8), grey=0.50))
    found.append(
        box(
            (0, 2.70, 0.12),
            (2.1, 0.26, 0.04),
            grey=0.9,
            glow=0.25,
            decals={"+z": words("INFORMATION", 700, 88, ground=0.86, ink=0.10, size=0.7)},
        )
    )
    y = 2.5
    while y > shutter:
        found.append(box((0, y, 0.02), (3.4, 0.085, 0.05), grey=0.60))
        y -= 0.10
    found.append(box((0, shutter + 0.02, 0.02), (3.4, 0.07, 0.08), grey=0.34))
    found.append(box((0, 1.75, -2.82), (2.6, 1.3, 0.06), grey=0.42))
    for row in range(3):
        for column in range(6):
            if not (row < 2 and column == 4):
                found.append(box((-1.05 + column * 0.42, 1.35 + row * 0.36, -2.78), (0.34, 0.28, 0.08), grey=0.28))
    if key:
        found.append(box((0.63, 1.44, -2.76), (0.44, 0.42, 0.03), grey=0.85))
        found += key_on_float((0.63, 1.60, -2.66), 2.1)
    return found


def _coins(at: Point, rolls: int = 4) -> list[Solid]:
    x, y, z = at
    found = []
    for number in range(rolls):
        found.append(
            pipe((x + number * 0.055, y + 0.024, z), (x + number * 0.055, y + 0.024, z + 0.15), 0.024, grey=0.82)
        )
    for number in range(5):
        found.append(
            pipe(
                (x + 0.32, y + number * 0.012, z + 0.05),
                (x + 0.32, y + number * 0.012 + 0.010, z + 0.05),
                0.026,
                grey=0.6,
            )
        )
    return found


def _desk_light() -> list[Lamp]:
    return [
        Lamp((0.1, 2.45, -1.3), 1.5, to=(0.15, 0.6, -1.2), cone=48, reach=1.7),
        Lamp((0.9, 2.35, -2.2), 0.75, reach=1.1),
        Lamp((-2.4, 2.5, 2.6), 0.30, reach=2.4),
    ]


def desk_wide() -> Shot:
    """2-a: across the lobby; the shutter cuts her off at the neck, the key is behind her."""
    found = [*_desk(), *_coins((-0.55, 1.09, -0.25))]
    found += figure((-0.22, 0.0, -1.05), yaw=6, coat=0.26, skirt=True, reach=(-0.30, 1.16, -0.45), tall=1.70)
    found += figure((0.95, 0, 0.85), yaw=198, coat=0.20, tall=1.80, bend=10, stride=0.15)
    found += mug((0.72, 1.09, -0.02), 1.2)
    for x in (-3.2, 3.4):
        found.append(box((x, 0.25, 1.4), (0.9, 0.5, 0.9), grey=0.3))
    return Stage(found, _desk_light(), ambient=0.11, haze=0.01), Lens((0.16, 1.48, 5.2), (0.06, 1.50, 0), 31)


def desk_over() -> Shot:
    """2-b: over his shoulder; she counts, and the key is behind her, out of sight."""
    found = [*_desk(shutter=2.1, key=False), *_coins((-0.10, 1.09, -0.30), 5)]
    found += figure((0.28, 0.0, -0.95), yaw=-10, coat=0.26, reach=(0.24, 1.14, -0.42), tall=1.72, bend=6)
    found += figure((-1.02, 0, 0.95), yaw=150, coat=0.13, tall=1.80)
    found += mug((-0.12, 1.09, -0.02), 1.2)
    return Stage(found, _desk_light(), ambient=0.09, haze=0.01), Lens((-1.75, 1.74, 2.25), (0.10, 1.40, -1.0), 36)


def desk_high() -> Shot:
    """2-c: from above."""
    found = [*_desk(shutter=2.3), *_coins((-0.65, 1.09, -0.35), 6)]
    found += figure((-0.35, 0.0, -1.10), yaw=4, coat=0.26, reach=(-0.40, 1.14, -0.42), tall=1.70, bend=8)
    found += figure((0.55, 0, 0.60), yaw=188, coat=0.20, tall=1.80, bend=8, reach=(0.36, 1.12, -0.02))
    found += mug((0.34, 1.09, -0.10), 1.2)
    found = [solid for solid in found if not (solid.place[1] > 2.25 and solid.shape == "box" and solid.size[0] > 1)]
    return Stage(found, _desk_light(), ambient=0.12, haze=0.01), Lens((1.9, 3.0, 3.4), (0.0, 1.12, -0.9), 31)


def key_at_belt() -> Shot:
    """3-a: close on her hip: belt, clip, key, the red float."""
    found = [box((0, 1.2, -1.4), (6, 4, 0.1), grey=0.62)]
    for y in np.arange(0.4, 2.2, 0.10):
        found.append(box((-1.35, float(y), -1.32), (1.9, 0.08, 0.05), grey=0.48))
    found += [
        ball((0.10, 0.98, -0.10), (0.36, 0.42, 0.22), grey=0.26),
        ball((0.10, 1.42, -0.12), (0.33, 0.36, 0.20), grey=0.28),
    ]
    found.append(pipe((0.10, 1.085, -0.10), (0.10, 1.150, -0.10), 0.355, grey=0.10))
    found[-1].size[2] = 0.222
    found.append(box((0.10, 1.118, 0.128), (0.10, 0.085, 0.02), grey=0.75))
    found += limb((-0.30, 1.50, -0.05), (-0.42, 1.24, 0.08), 0.075, grey=0.26)
    found += hand((-0.40, 1.22, 0.14), (-0.16, 1.13, 0.22), curl=0.5, side=1, sleeve=0.26)
    found += key_on_float((-0.075, 1.095, 0.19), 1.75, swing=-7)
    lamps = [Lamp((-1.1, 2.0, 1.5), 2.6, to=(0, 1.1, 0), cone=26, reach=1.5), Lamp((1.4, 1.6, 0.4), 0.5, reach=1.2)]
    return Stage(found, lamps, ambient=0.16), Lens((-0.34, 1.10, 1.50), (0.0, 1.045, 0), 34)


def key_in_mug() -> Shot:
    """3-b: the counter, the mug, the key in it. That was the other draft."""
    found = [box((0, -0.03, 0), (4, 0.06, 1.3), grey=0.66), box((0, 0.8, -1.5), (6, 3, 0.1), grey=0.46)]
    for y in np.arange(0.62, 1.4, 0.10):
        found.append(box((0, float(y), -0.5), (4, 0.08, 0.05), grey=0.52))
    found += mug((0.0, 0.0, 0.05), 2.6, key=True)
    found += [
        pipe((0.03, 0.27, 0.07), (0.075, 0.38, 0.09), 0.008, grey=0.6),
        ball((0.085, 0.405, 0.09), (0.026, 0.026, 0.010), grey=0.6),
    ]
    found += _coins((-0.75, 0.0, -0.12), 5)
    found += hand((0.42, 0.50, 0.20), (0.20, 0.46, 0.12), curl=0.45, side=1, sleeve=0.18)
    lamps = [Lamp((-0.9, 1.3, 0.9), 2.4, to=(0, 0.15, 0), cone=26, reach=1.5), Lamp((1.2, 0.9, 0.8), 0.4, reach=1.2)]
    return Stage(found, lamps, ambient=0.14), Lens((0.12, 0.44, 1.75), (0.08, 0.235, 0), 35)


def _pump(at: Point, size: float = 1.0) -> list[Solid]:
    x, y, z = at

    def put(a: float, b: float, c: float) -> Point:
        return x + a * size, y + b * size, z + c * size

    found = [box(put(0, 0.14, 0), (0.62 * size, 0.28 * size, 0.36 * size), grey=0.30)]
    found.append(pipe(put(-0.20, 0.40, 0), put(0.12, 0.40, 0), 0.13 * size, grey=0.58))
    for a in np.arange(-0.18, 0.12, 0.055):
        found.append(pipe(put(float(a), 0.40, 0), put(float(a) + 0.016, 0.40, 0), 0.155 * size, grey=0.46))
    found.append(pipe(put(0.22, 0.30, 0), put(0.22, 0.56, 0), 0.075 * size, grey=0.5))
    found.append(ball(put(0.22, 0.57, 0), 0.075 * size, grey=0.5))
    found.append(box(put(-0.17, 0.16, 0.185), (0.20 * size, 0.12 * size, 0.02 * size), grey=0.95, glow=0.06,
                     decals={"+z": words("05:09", 300, 180, ground=0.95, ink=0.05, size=0.62)}))  # fmt: skip
    found.append(ball(put(0.14, 0.16, 0.185), 0.026 * size, grey=0.5, red=1, glow=0.15))
    return found


def _tank(at: Point, size: float = 1.0) -> list[Solid]:
    x, y, z = at
    found = [box((x, y + 0.36 * size, z), (0.62 * size, 0.72 * size, 0.62 * size), grey=0.50)]
    found.append(box((x, y + 0.75 * size, z), (0.68 * size, 0.07 * size, 0.68 * size), grey=0.66))
    for off in (-0.17, 0.17):
        found.append(box((x + off * size, y + 0.39 * size, z), (0.05 * size, 0.83 * size, 0.70 * size), grey=0.22))
    return found


def _hose(spots: list[Point], radius: float = 0.022) -> list[Solid]:
    found = []
    for one, two in pairwise(spots):
        found += [pipe(one, two, radius, grey=0.25), ball(two, radius, grey=0.25)]
    return found


def _arc(start: Point, end: Point, rise: float, count: int = 12) -> list[Point]:
    found = []
    for share in np.linspace(0, 1, count):
        x, y, z = (a + (b - a) * share for a, b in zip(start, end, strict=True))
        found.append((float(x), float(y + rise * 4 * share * (1 - share)), float(z)))
    return found


def pump_wide() -> Shot:
    """4-a: lane six; crates, tanks, pump, chains, and one torch at the far end."""
    found = [*deck(near=9), *trailer(-4.9, -4.0, "PEAS"), *trailer(-1.5, -9.0, "PRAWNS")]
    found += [box((3.6, 1.75, -3.4), (2.4, 2.5, 5.0), grey=0.56), box((3.6, 0.72, -3.4), (2.2, 0.2, 5.0), grey=0.2)]
    for z in (-1.9, -5.0):
        found.append(pipe((2.35, 0.45, z), (2.65, 0.45, z), 0.45, grey=0.08))
        found.append(pipe((2.30, 0.45, z), (2.36, 0.45, z), 0.20, grey=0.4))
    for number, x in enumerate((1.35, 2.1, 2.85, 3.6)):
        found += _tank((x, 0, 0.35 + number % 2 * 0.05), 0.95)
    found += _pump((0.45, 0, 0.75), 1.15)
    for number, x in enumerate((1.35, 2.1, 2.85)):
        found += _hose(_arc((0.70, 0.62, 0.75), (x, 0.76, 0.45), 0.16 + number * 0.03))
    found += crate((-0.75, 0.32, 1.35), (0.8, 0.62, 0.7), yaw=14) + crate((-1.15, 0.30, 0.35), (0.8, 0.58, 0.7), yaw=-8)
    found += crate((-0.80, 0.92, 1.25), (0.66, 0.5, 0.6), yaw=24, grey=0.5)
    found += chain((4.7, 1.0, -0.8), (5.9, 0.05, 1.3)) + chain((-3.6, 1.0, -3.9), (-2.7, 0.05, -2.0))
    found += figure((-2.35, 0, -1.2), yaw=40, stride=0.5, coat=0.24, float_at_hip=True)
    lamps = [
        Lamp((-2.10, 1.15, -0.9), 9, to=(1.2, 0.4, 0.7), cone=15, air=0.05, reach=4),
        Lamp((6.6, 3.4, -1.0), 2.2, reach=2.6), Lamp((-6.6, 3.4, -6.0), 1.8, reach=2.6),
        Lamp((0.3, 3.2, 5.5), 0.8, reach=2.2),
    ]  # fmt: skip
    return Stage(found, lamps, ambient=0.07, haze=0.02, fog=0.10), Lens((0.60, 1.62, 6.6), (0.70, 1.12, -1), 24)


def pump_close() -> Shot:
    """4-b: the pump, its display, a hand that wipes it."""
    found = [floor(grey=0.34), box((0, 1.2, -2.2), (8, 3, 0.1), grey=0.34)]
    found += _pump((0, 0, 0), 1.3)
    found += _tank((0.95, 0, -0.75), 1.1) + _tank((-0.95, 0, -0.95), 1.1) + _tank((1.85, 0, -0.75), 1.1)
    found += _hose(_arc((0.29, 0.82, 0), (0.85, 0.86, -0.6), 0.20)) + _hose(
        _arc((0.29, 0.80, 0), (-0.85, 0.86, -0.8), 0.28)
    )
    found += hand((-0.62, 0.40, 0.58), (-0.30, 0.25, 0.32), curl=0.3, side=-1, sleeve=0.20)
    found += crate((-1.55, 0.26, 0.1), (0.8, 0.52, 0.7), yaw=18)
    lamps = [
        Lamp((1.3, 1.5, 1.3), 2.8, to=(0, 0.35, 0), cone=24, air=0.03, reach=1.6),
        Lamp((-1.8, 1.6, 0.4), 0.4, reach=1.4),
    ]
    return Stage(found, lamps, ambient=0.09), Lens((-0.12, 0.74, 2.35), (0.10, 0.44, -0.1), 29)


def pump_inside() -> Shot:
    """4-c: from inside the box lorry: tanks in the dark, the hatch open, she stands in it with her torch."""
    found = [box((0, -0.05, 0), (4.2, 0.1, 5.5), grey=0.30), box((0, 2.35, 0), (4.2, 0.1, 5.5), grey=0.34)]
    found += [
        box((-1.75, 1.2, -1.9), (1.5, 2.4, 0.1), grey=0.26),
        box((1.75, 1.2, -1.9), (1.5, 2.4, 0.1), grey=0.26),
        box((0, 2.2, -1.9), (4, 0.4, 0.1), grey=0.26),
    ]
    for side in (-1, 1):
        found.append(box((side * 2.0, 1.2, 0), (0.1, 2.4, 5.5), grey=0.30))
    found += _tank((-1.3, 0, -0.3), 1.25) + _tank((1.3, 0, -0.4), 1.25) + _tank((1.25, 0, 0.75), 1.25)
    found += _pump((-0.55, 0, 0.35), 1.0)
    found += _hose(_arc((-0.30, 0.56, 0.35), (1.0, 0.98, 0.5), 0.12)) + _hose(
        _arc((-0.35, 0.58, 0.35), (-1.2, 0.96, -0.2), 0.10)
    )
    found += figure((0.18, -0.62, -2.6), yaw=4, coat=0.24, float_at_hip=True, reach=(0.42, 0.66, -2.1), tall=1.76)
    found += [box((0, 1.0, -9), (18, 8, 0.1), grey=0.5), floor(-0.62, grey=0.35)]
    lamps = [
        Lamp((0.44, 0.68, -1.98), 3.4, to=(-0.5, 0.35, 0.6), cone=22, air=0.06, reach=2.2),
        Lamp((2.0, 2.6, -6.0), 3.2, reach=2.8), Lamp((-3.0, 2.6, -5.0), 1.6, reach=2.4),
    ]  # fmt: skip
    return Stage(found, lamps, ambient=0.07, haze=0.02, fog=0.25), Lens((-0.12, 1.30, 3.1), (0.02, 0.84, -1.5), 25)


def bow_inside() -> Shot:
    """5-a: from the dark of the deck: the bow door goes down, morning comes in, lorries and one man against it."""
    found = [*deck(near=9, far=-60)[:-1]]
    found = [solid for solid in found if not (solid.shape == "box" and solid.place[2] < -25 and solid.size[0] > 5)]
    found += trailer(-4.9, -3.0, "") + trailer(4.9, -5.5, "") + trailer(-1.5, -13.0, "", length=6)
    found.append(box((0, 0.9, -24.5), (13.0, 0.25, 5.2), pitch=18, grey=0.30))
    for side in (-1, 1):
        found.append(pipe((side * 6.2, 4.2, -21.5), (side * 6.0, 1.9, -26.6), 0.09, grey=0.2))
        found.append(box((side * 7.0, 2.5, -22), (1.6, 5.4, 0.8), grey=0.2))
    found.append(box((0, 5.3, -22), (16, 1.4, 0.8), grey=0.2))
    found += figure((1.9, 0, -10.5), yaw=20, stride=0.2, coat=0.20, reach=(2.5, 1.5, -10.2), tall=1.8)
    found += [pipe((2.5, 1.5, -10.2), (2.72, 1.95, -10.1), 0.04, grey=0.5, red=1)]
    found = [
        solid
        for solid in found
        if not (solid.shape == "box" and solid.size[2] > 20 and abs(float(solid.place[0])) < 0.1 and solid.place[1] < 4)
    ]
    lamps = [Lamp((0, 3.6, -24), 5.5, reach=7), Lamp((0, 5.5, -34), 10, reach=12)]
    return Stage(found, lamps, ambient=0.045, haze=0.012, fog=0.55, sky=(1.9, 1.5)), Lens(
        (0.35, 1.5, 6.4), (0.25, 1.75, -12), 34
    )


def bow_outside() -> Shot:
    """5-b: from the quay: the ship's open bow, the ramp, the box lorry rolling down, gulls."""
    found = [floor(grey=0.62)]
    for side in (-1, 1):
        found.append(box((side * 9.5, 6.5, -16), (8, 13, 16), yaw=side * -16, grey=0.50))
        found.append(box((side * 5.7, 2.5, -9.6), (1.4, 6.0, 1.2), grey=0.42))
        found.append(pipe((side * 4.9, 5.2, -9.6), (side * 4.5, 0.6, -3.0), 0.09, grey=0.25))
    found.append(box((0, 9.2, -13), (12, 7.4, 9), grey=0.52))
    found.append(
        box(
            (0, 8.1, -8.4),
            (5.4, 0.9, 0.1),
            grey=0.6,
            decals={"+z": words("KORNELIA", 900, 150, ground=0.60, ink=0.12, size=0.85)},
        )
    )
    found.append(box((0, 2.6, -19), (10.4, 5.4, 0.2), grey=0.05))
    found.append(box((0, 0.34, -6.2), (9.2, 0.3, 8.4), pitch=5, grey=0.38))
    found += [box((-1.5, 1.95, -3.9), (2.3, 2.3, 4.2), grey=0.70), box((-1.5, 1.45, -1.4), (2.2, 1.7, 1.2), grey=0.46)]
    found.append(box((-1.5, 1.85, -0.82), (1.9, 0.7, 0.1), grey=0.12))
    for x in (-2.5, -0.5):
        found.append(pipe((x - 0.12, 0.5, -1.4), (x + 0.12, 0.5, -1.4), 0.45, grey=0.07))
        found.append(ball((x * 0.62 - 0.57, 1.05, -0.80), 0.14, grey=0.95, glow=1.2))
    found += figure((2.1, 0, -0.6), yaw=-70, coat=0.35, stride=0.1, reach=(1.65, 1.28, -0.4), tall=1.8)
    found.append(box((1.62, 1.30, -0.4), (0.09, 0.13, 0.05), grey=0.5, red=1))
    for number, (x, y) in enumerate(((-5.2, 7.8), (-4.4, 8.5), (3.9, 8.9), (5.1, 7.6), (4.6, 9.7))):
        z = -3.0 - number
        found += [
            pipe((x - 0.34, y + 0.15, z), (x, y, z), 0.03, grey=0.15),
            pipe((x + 0.34, y + 0.17, z), (x, y, z), 0.03, grey=0.15),
        ]
    lamps = [Lamp((-6, 14, 12), 2.6, to=(0, 0, -6), cone=60, reach=24)]
    return Stage(found, lamps, ambient=0.62, haze=0.010, fog=0.9, sky=(1.15, 0.9)), Lens(
        (0.9, 1.55, 9.4), (0.15, 3.1, -6), 25
    )
