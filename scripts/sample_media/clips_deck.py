"""Previs clips on the car deck: the cable run (6-010), the beam on the trailers (6-020), the second torch (6-050)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .figures import Point, figure
from .moves import held, one, spot, walk
from .sets import deck, lamps_on, plug, trailer
from .solids import Solid, ball, box, pipe
from .trace import Lamp, Lens, Stage

WARM, GREEN, BLUE = (1.0, 0.90, 0.74), (0.55, 1.0, 0.88), (0.60, 0.85, 1.0)
GLASS = [(-6.7, 3.2, z) for z in (-2.0, -11.0, -20.0)] + [(6.7, 3.2, z) for z in (-6.0, -15.0, -24.0)]
Shot = tuple[Stage, Lens]


def torch(at: Point, to: Point, power: float = 8.0, cone: float = 9.0, air: float = 0.05) -> Lamp:
    """A hand torch."""
    return Lamp(at, power, to=to, cone=cone, air=air, tint=WARM, reach=5)


def night(solids: list[Solid], lamps: list[Lamp], *, ambient: float = 0.04) -> Stage:
    """The deck's own light round what stands on it."""
    own = [Lamp(place, 1.7, tint=GREEN, reach=2.6) for place in GLASS]
    glass = [ball(lamp.at, 0.030, glow=1.6, casts=False) for lamp in lamps if lamp.to is not None]
    return Stage(solids + lamps_on(GLASS) + glass, own + lamps, ambient=ambient * 1.7, tint=BLUE)


def cable(spots: list[Point]) -> list[Solid]:
    """A cable lying over those places."""
    found = []
    for start, end in pairwise(spots):
        found += [pipe(start, end, 0.022, grey=0.62), ball(end, 0.022, grey=0.62)]
    return found


def _aisle() -> list[Solid]:
    return [
        *deck(),
        *trailer(-5.1, 0.5, "FLOWERS"), *trailer(-1.9, -8.5, "PRAWNS"), *trailer(2.2, -3.5, "PRAWNS"),
        *trailer(5.4, -6.0, "PEAS"), *trailer(-5.1, -12, ""), *trailer(1.8, -17, ""),
    ]  # fmt: skip


def high(frame: float) -> Shot:
    """07-a: from above, drifting, and she waits."""
    z = one(frame, (0, 4.6), (35, 1.4), (48, 1.4), (96, -3.6))
    other = one(frame, (0, 7.0), (48, 2.9), (96, -2.3))
    waits = 35 <= frame < 48
    her = figure(
        (0.1, 0, z), yaw=180 if not waits else 215, stride=0 if waits else walk(frame), coat=0.30, float_at_hip=True
    )
    him = figure((-0.9, 0, other), yaw=178, stride=walk(frame + 4), bend=8, coat=0.46)
    light = torch((0.3, 1.1, z - 0.4), (0.3 + 1.2 * np.sin(frame / 17), 0, z - 5.0), cone=11)
    run = cable([(-0.9, 0.03, other + 0.3), (-1.3, 0.03, 5.4), (-2.2, 0.03, 7.6)])
    lens = Lens((1.9, 4.15, 9.4 - frame * 0.022), (-0.5, 0.6, -1.5 - frame * 0.022), 19)
    return night(_aisle() + her + him + run, [light]), lens


def _door() -> list[Solid]:
    return [
        box((-1.05, 1.2, 7.1), (0.30, 2.8, 0.12), grey=0.10), box((1.55, 1.2, 7.1), (0.30, 2.8, 0.12), grey=0.10),
        box((0.25, 2.35, 7.1), (3, 0.25, 0.12), grey=0.10),
        box((1.36, 1.15, 6.85), (0.05, 2.3, 0.85), yaw=14, grey=0.34),
    ]  # fmt: skip


def from_the_door(frame: float) -> Shot:
    """07-b: eye height, locked off; her torch leaves frame right at 70, he clears the coupling at 79."""
    x, z = one(frame, (0, -2.4), (74, 4.2)), one(frame, (0, 1.8), (74, -0.4))
    her = figure((x, 0, z), yaw=112, stride=walk(frame, 0.34), coat=0.30, float_at_hip=True)
    hx, hz = one(frame, (10, -3.6), (58, -0.6), (79, 0.3), (96, 1.5)), one(frame, (10, 3.4), (58, 1.7), (96, 1.0))
    bend = one(frame, (18, 8), (30, 62), (48, 62), (58, 12), (72, 20), (80, 4))
    him = figure((hx, 0.16 if 70 <= frame < 82 else 0, hz), yaw=100, stride=walk(frame, 0.30), bend=bend, coat=0.50)
    light = torch((x + 0.35, 1.12, z + 0.1), (x + 5, 0.9, z - 3.4), cone=10)
    coupling = [
        box((0.25, 0.35, 1.5), (0.22, 0.16, 1.0), grey=0.3),
        pipe((0.25, 0.1, 1.1), (0.25, 0.34, 1.1), 0.05, grey=0.3),
    ]
    run = cable([(hx - 0.3, 0.5, hz), (hx - 0.7, 0.03, hz + 0.2), (-2.4, 0.03, 2.9), (-4.6, 0.03, 4.6)])
    return night(_aisle() + _door() + her + him + coupling + run, [light]), Lens((0.2, 1.6, 8.6), (0.15, 1.25, 0), 28)


def from_the_stairs(frame: float) -> Shot:
    """07-c: the newer model; closer, with a slow push, both walk away down the lane."""
    z = one(frame, (0, 3.2), (100, -4.6))
    her = figure((0.5, 0, z), yaw=184, stride=walk(frame, 0.36), coat=0.26, tall=1.66, skirt=True, float_at_hip=True)
    him = figure((-0.55, 0, z + 2.0), yaw=176, stride=walk(frame + 3, 0.36), coat=0.46, tall=1.82, bend=10)
    sweep = 1.6 * np.sin(frame / 14)
    light = torch((0.72, 1.12, z - 0.2), (0.7 + sweep, 0.5, z - 5.5), 10, cone=8, air=0.09)
    run = cable([(-0.7, 0.75, z + 2.1), (-0.9, 0.03, z + 2.9), (-1.5, 0.03, 5.0), (-2.9, 0.03, 8)])
    return night(_aisle() + her + him + run, [light], ambient=0.03), Lens(
        (0.1, 1.5, 8.0 - frame * 0.008), (0.05, 1.3, -2), 28
    )


ROW = (-5.1, -1.7, 1.7, 5.1)


def _row(words: tuple[str, str, str, str]) -> list[Solid]:
    found = deck(near=8)
    for x, word in zip(ROW, words, strict=True):
        found += trailer(x, -3.2, word)
    return found


def _along(
    frame: float, words: tuple[str, str, str, str], aim: float, *, lit: bool, seed: int, coat: float = 0.30
) -> Shot:
    x = one(frame, (0, -4.9), (96, 3.6))
    wander = held(frame, seed, 0.016)
    her = figure((x + 0.75, 0, 1.9), yaw=158, stride=walk(frame, 0.32) * 0.8, coat=coat, float_at_hip=True)
    hand = (x + 1.0, 1.2, 1.5)
    lamps = [torch(hand, (aim, 1.95, -3.2), 4.6, cone=9, air=0.07)]
    if lit:
        lamps += [Lamp((place, 3.9, -1.4), 0.75, tint=(0.9, 1, 0.95), reach=2.4) for place in ROW]
    at = (x - 0.55 + wander[0], 1.62 + wander[1], 4.9 + wander[2])
    lens = Lens(at, (x + 0.35 + wander[0], 1.72 + wander[1] * 0.4, -3.2), 28)
    return night(_row(words) + her, lamps, ambient=0.05 if lit else 0.018), lens


def all_lit(frame: float) -> Shot:
    """08-a: every word can be read before the beam moves."""
    aim = one(frame, (12, -6), (84, 6))
    return _along(frame, ("FLOWERS", "PRAWNS", "PRAWNS", "PEAS"), aim, lit=True, seed=81)


def misspelt(frame: float) -> Shot:
    """08-b: one word at a time, two of them wrong."""
    aim = one(frame, (6, -5.1), (25, -5.1), (30, -1.7), (48, -1.7), (52, 1.7), (70, 1.7), (75, 5.0), (96, 5.0))
    return _along(frame, ("FLOWERS", "PRWANS", "PRAWNS", "PEAZ"), aim, lit=False, seed=82)


def comes_back(frame: float) -> Shot:
    """08-c: the newer model; the beam passes the last word, stops, comes back."""
    aim = one(
        frame, (4, -5.1), (22, -4.9), (28, -1.7), (44, -1.6), (50, 1.7), (62, 1.8), (76, 7.4), (82, 7.4), (91, 5.1)
    )
    return _along(frame, ("FLOWERS", "PRAWNS", "PRAWNS", "PEAS"), aim, lit=False, seed=83, coat=0.24)


def _lane(loose: Point | None) -> list[Solid]:
    found = [*deck(), *trailer(-4.4, -6, "PEAS"), *trailer(3.6, -3.4, "PRAWNS"), *trailer(-0.2, -15, "")]
    if loose is not None:
        found += plug(loose, (0.75, 0.05, 0.6), cable=(loose[0] - 1.9, 0.02, loose[2] - 2.2))
    return found


def _rear_hip() -> list[Solid]:
    """Soft in the foreground: a hip, a belt, the red float."""
    return [
        ball((0.64, 0.88, 4.30), (0.26, 0.50, 0.20), grey=0.20),
        ball((0.64, 1.45, 4.34), (0.27, 0.35, 0.20), grey=0.22),
        box((0.62, 1.06, 4.34), (0.52, 0.05, 0.40), grey=0.08),
        pipe((0.44, 1.05, 4.50), (0.43, 0.99, 4.52), 0.006, grey=0.6),
        ball((0.43, 0.92, 4.53), (0.038, 0.070, 0.038), grey=0.5, red=1),
    ]  # fmt: skip


def steps_over(frame: float) -> Shot:
    """11-a: he stops from 22 to 60, steps over at 66, is out of frame at 85."""
    x, z = (
        one(frame, (0, 0.7), (22, -0.2), (60, -0.2), (85, -2.6)),
        one(frame, (0, -4.6), (22, 0.3), (60, 0.3), (85, 2.2)),
    )
    moving = frame < 22 or frame >= 60
    up = 0.14 * np.exp(-(((frame - 66) / 4.0) ** 2))
    him = figure((x, up, z), yaw=one(frame, (0, 8), (60, 6), (72, -40)), coat=0.58,
                 stride=walk(frame, 0.33) if moving else 0.1,
                 bend=one(frame, (20, 2), (28, 14), (44, 14), (54, 0)))  # fmt: skip
    aim = one(frame, (0, 0.2), (24, 0.25), (44, 0.2), (54, 1.1), (62, 0.2), (85, 0.4))
    light = torch((x - 0.3, 1.05, z + 0.3), (x * 0.5 + 0.1, aim, z + 2.2), 9.5, cone=12, air=0.09)
    solids = _lane((0.05, 0.06, 1.15)) + _rear_hip() + him
    return night(solids, [light], ambient=0.05), Lens((-0.25, 0.72, 6.3), (0.05, 0.88, 0), 32)


def picks_up(frame: float) -> Shot:
    """11-b: he lifts the plug from 31 to 59; two hide behind an axle; he is out of frame at 92."""
    x, z = (
        one(frame, (0, 0.6), (22, -0.2), (70, -0.2), (92, -3.2)),
        one(frame, (0, -4.2), (22, 0.6), (70, 0.6), (92, 1.6)),
    )
    moving = frame < 22 or frame >= 70
    lift = one(frame, (31, 0), (40, 0.62), (52, 0.62), (59, 0))
    spot_ = (0.1, 0.07 + lift, 1.05)
    bend = one(frame, (22, 0), (31, 66), (40, 34), (52, 34), (59, 66), (68, 0))
    turn = one(frame, (0, 8), (70, 4), (80, -55))
    him = figure((x, 0, z), yaw=turn, stride=walk(frame, 0.33) if moving else 0.1, coat=0.58, bend=bend,
                 reach=(spot_[0] - 0.05, spot_[1] + 0.05, spot_[2] - 0.05) if 28 <= frame < 62 else None)  # fmt: skip
    hidden = figure((2.25, -0.62, -0.6), yaw=-60, bend=20, coat=0.30) + figure(
        (2.75, -0.70, -0.2), yaw=-50, bend=26, coat=0.46
    )
    light = torch((x - 0.3, 1.0, z + 0.3), (x + 0.3, 0.1, z + 1.4), 9.0, cone=13, air=0.09)
    solids = _lane(spot_) + him + hidden
    return night(solids, [light], ambient=0.05), Lens((-0.25, 0.66, 6.1), (0.35, 0.86, 0), 32)


def pans(frame: float) -> Shot:
    """11-c: the newer model; the camera follows him out."""
    x, z = (
        one(frame, (0, 2.4), (40, 0.2), (62, 0.2), (120, -4.4)),
        one(frame, (0, -3.6), (40, 0.6), (62, 0.6), (120, 1.4)),
    )
    moving = frame < 40 or frame >= 62
    up = 0.13 * np.exp(-(((frame - 72) / 5.0) ** 2))
    him = figure(
        (x, up, z),
        yaw=one(frame, (0, -24), (40, -14), (70, -62)),
        stride=walk(frame, 0.27) if moving else 0.1,
        coat=0.62,
        tall=1.8,
    )
    light = torch((x - 0.3, 1.1, z + 0.25), (x - 0.9, 0.1, z + 2.0), 10.0, cone=12, air=0.10)
    look_at = spot(frame, (0, (0.9, 0.85, 0)), (44, (0.1, 0.85, 0)), (66, (0.1, 0.85, 0)), (120, (-3.4, 0.85, 0)))
    return night(_lane((-0.45, 0.06, 1.25)) + him, [light], ambient=0.045), Lens((-0.1, 0.75, 5.6), look_at, 28)
