"""Setup 6C, takes 3, 7, 9 and 12: the hands at the socket, then a tilt to both faces. Stand-ins play them, as ever."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .clips_close import AWAY_L, AWAY_R, BACK, HELD, HER, HIM, MISS, MOUTH, Business, wall
from .clips_deck import WARM, Shot
from .figures import head
from .moves import held, one
from .sets import words
from .solids import box, pipe
from .trace import Lamp, Lens

FRAMES = 144
FACES = 0.86  # how far above the socket they are


@dataclass(frozen=True, slots=True)
class Take:
    """One take's business, by frames of the piece that the cutting room gets."""

    label: str
    start_tc: str
    business: Business
    tilt: tuple[float, float]
    misses: tuple[float, ...]
    seats: float
    pump: float  # the first stroke after it
    soft_from: float | None = None
    boom: tuple[float, float] | None = None
    line: tuple[float, float] | None = None
    pulled: float | None = None


_AFTER = ((0, AWAY_R),)  # her hand has pulled and waits

TAKES = {
    "3": Take(
        "3", "14:02:36:00",
        Business(
            _AFTER, ((0, HELD),), -40,
            ((0, HELD), (12, MISS), (20, MISS), (28, BACK), (46, BACK), (60, MOUTH)),
            ((28, 0), (46, 14)),
        ),
        tilt=(84, 112), misses=(14,), seats=60, pump=74, boom=(84, 120),
    ),
    "7": Take(
        "7", "14:05:00:00",
        Business(
            _AFTER, ((0, HELD),), -40,
            ((0, HELD), (24, MISS), (34, MISS), (42, BACK), (56, BACK), (70, MOUTH)),
            ((42, 0), (56, 10)),
        ),
        tilt=(126, 143), misses=(26,), seats=70, pump=84, line=(10, 58),
    ),
    "9": Take(
        "9", "14:07:31:00",
        Business(
            _AFTER, ((0, HELD),), -40,
            ((6, HELD), (20, MISS), (28, MISS), (38, BACK), (82, BACK), (96, MOUTH)),
            ((44, 0), (76, 28)),
        ),
        tilt=(118, 140), misses=(20,), seats=96, pump=110,
    ),
    "12": Take(
        "12", "14:13:51:00",
        Business(
            ((0, AWAY_R), (14, (0.075, 0.06, 0.15)), (18, (0.075, 0.06, 0.15)), (24, (0.42, 0.10, 0.30)), (34, AWAY_R)),
            ((0, AWAY_L), (14, (-0.11, 0.05, 0.15)), (18, (-0.12, 0.04, 0.16)), (24, HELD)),
            18,
            ((22, HELD), (34, MISS), (40, MISS), (48, BACK), (54, BACK), (62, MISS), (70, MISS), (78, BACK),
             (92, MOUTH)),
        ),
        tilt=(112, 136), misses=(36, 64), seats=92, pump=106, soft_from=64, pulled=18,
    ),
}  # fmt: skip


def shot(take: Take, frame: float) -> Shot:
    """The set at `frame` of `take`."""
    stage, _ = wall(frame, take.business, power=2.6)
    up = one(frame, (take.tilt[0], 0.0), (take.tilt[1], 1.0))
    listens = one(frame, (take.pump, 0.0), (take.pump + 6, 1.0))
    out = 0.012 * np.sin((frame - 70) / 7) if take.soft_from and frame > 70 else 0.0
    stage.solids += [
        box(
            (0.02, FACES + 0.03, -0.085),
            (0.66, 0.26, 0.02),
            grey=0.5,
            decals={"+z": words("PEAS", 660, 260, ground=0.26, ink=0.80, size=0.7)},
        ),
    ]
    stage.solids += head(
        (-0.25, FACES + out, 0.42),
        HIM,
        yaw=34,
        pitch=12 - 10 * listens,
        gaze=(10 - 26 * listens, -6 + 6 * listens),
        coat=0.5,
    )
    stage.solids += head(
        (0.27, FACES - 0.055, 0.40),
        HER,
        yaw=-32,
        pitch=12 - 9 * listens,
        gaze=(-8 + 24 * listens, -6 + 6 * listens),
        coat=0.14,
    )
    stage.lamps[0].cone = 24
    stage.lamps += [
        Lamp((-0.42, 0.80 + FACES, 1.40), 2.3, to=(0.02, FACES, 0.1), cone=18, tint=WARM, reach=1.5),
        Lamp((1.3, 1.5 + FACES, 0.2), 0.7, tint=(0.62, 0.85, 1.0), reach=1.5),
    ]
    if take.boom is not None and take.boom[0] <= frame < take.boom[1]:
        x = one(frame, (take.boom[0], -0.55), (take.boom[1], 0.05))
        lamp = np.array(stage.lamps[-2].at)
        for tip, radius in (((x, FACES + 0.02, -0.08), 0.022), ((x + 0.6, FACES + 0.40, -0.08), 0.007)):
            near = lamp + (np.array(tip) - lamp) * 0.40
            far = lamp + (np.array((x + 0.26, FACES + 0.13, -0.08)) - lamp) * 0.40
            stage.solids.append(pipe(tuple(near), tuple(far), radius, grey=0.0))
    wander = held(frame, int(take.label), 0.004)
    late = 0.02 if take.label == "7" else 0.0
    at = (-0.06 + wander[0], 0.16 + 0.55 * up, 1.86)
    return stage, Lens(at, (0.0 + wander[0], 0.015 + (FACES - 0.015 - late) * up + wander[1], 0.1), 42)


def blur_of(take: Take, frame: float) -> float:
    """How soft the focus is, 0 to 1."""
    return 0.0 if take.soft_from is None else one(frame, (take.soft_from - 4, 0.0), (take.soft_from + 6, 1.0))
