"""Previs clips close up: the hands at the socket (6-030) and the two faces listening (6-040)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .clips_deck import BLUE, GREEN, WARM, Shot
from .figures import Face, Point, hand, head
from .moves import mixed, one, spot
from .sets import mug, plug, socket_wall
from .solids import Solid, ball, box
from .trace import Lamp, Lens, Stage

HIM = Face(eyes=0.034, jaw=0.060, hair=0.10)
HER = Face(eyes=0.031, jaw=0.050, bun=0.050, fringe=0.012, nose=0.85)
OTHER = Face(eyes=0.0445, jaw=0.043, chin=0.016, ear=-0.026, nose=1.5, fringe=-0.030, hair=0.118, brow=0.010)
DRIFTS_AT = 51  # 00:00:02:03 at 24
MOUTH = (0.0, 0.03, 0.055)  # where a plug sits that is in


@dataclass(frozen=True, slots=True)
class Business:
    """Who does what at which frame: marks of (frame, place) for the hands and the two plugs."""

    her: tuple[tuple[float, Point], ...] | None
    his: tuple[tuple[float, Point], ...]
    pulled: float | None  # when the reefer's plug comes out
    own: tuple[tuple[float, Point], ...]  # his own plug
    turn: tuple[tuple[float, float], ...] = ((0, 0),)


AWAY_L, AWAY_R = (-0.62, -0.22, 0.46), (0.66, 0.16, 0.40)
HELD = (-0.20, -0.02, 0.24)
MISS = (-0.052, 0.052, 0.090)
BACK = (-0.085, 0.035, 0.175)

TWO_HANDS = Business(
    her=(
        (0, AWAY_R),
        (12, AWAY_R),
        (20, (0.075, 0.06, 0.15)),
        (23, (0.075, 0.06, 0.15)),
        (29, (0.42, 0.10, 0.30)),
        (40, AWAY_R),
    ),
    his=((0, AWAY_L), (15, (-0.22, 0.02, 0.22)), (22, (-0.26, 0.0, 0.26)), (30, HELD)),
    pulled=23,
    own=((30, HELD), (42, MISS), (48, MISS), (53, BACK), (62, BACK), (69, MOUTH)),
    turn=((53, 0), (62, 26)),
)
STRAIGHT = Business(
    her=((0, AWAY_R), (14, (0.075, 0.06, 0.15)), (22, (0.075, 0.06, 0.15)), (31, (0.42, 0.10, 0.30)), (44, AWAY_R)),
    his=((0, AWAY_L), (12, (-0.20, 0.02, 0.20)), (24, (-0.26, 0.0, 0.26)), (32, HELD)),
    pulled=22,
    own=((32, HELD), (52, (-0.02, 0.03, 0.12)), (60, MOUTH)),
)
ONE_HAND = Business(
    her=None,
    his=((0, AWAY_L), (10, (-0.075, 0.04, 0.17)), (14, (-0.075, 0.04, 0.17)), (24, AWAY_L), (30, HELD)),
    pulled=14,
    own=((24, (-0.62, -0.22, 0.46)), (34, MISS), (42, MISS), (48, BACK), (57, MOUTH)),
)


def wall(
    frame: float, what: Business, *, fingers: int = 4, with_mug: bool = False, green: float = 0.0,
    beam: Point = (0.0, 0.0, 0.0), power: float = 3.0,
    at: Point = (-0.10, 0.16, 1.62), to: Point = (-0.02, 0.015, 0.05),
) -> Shot:  # fmt: skip
    """The socket with the hands as `what` says."""
    solids = socket_wall()
    hers = None if what.her is None else spot(frame, *what.her)
    puller = hers if hers is not None else spot(frame, *what.his)
    if what.pulled is None or frame < what.pulled:
        solids += plug(MOUTH, cable=(0.42, -0.85, 0.25))
    else:
        gone = spot(
            frame,
            (what.pulled, MOUTH),
            (what.pulled + 10, mixed(puller, (0.45, -0.5, 0.3), 0.15)),
            (what.pulled + 26, (0.60, -0.85, 0.30)),
        )
        solids += plug(gone, (-0.3, 0.2, -1), cable=(0.65, -1.2, 0.25))
    own = spot(frame, *what.own)
    turn = np.radians(one(frame, *what.turn))
    solids += plug(own, taped=True, cable=(-0.66, -0.75, 0.42))
    solids.append(ball((own[0] + 0.050 * np.sin(turn), own[1] + 0.050 * np.cos(turn), own[2] + 0.02), 0.011, grey=0.06))
    his = spot(frame, *what.his)
    started = frame >= what.own[0][0]
    grip = (own[0] - 0.035, own[1] + 0.045, own[2] + 0.07)
    if started:
        his = mixed(his, grip, one(frame, (what.own[0][0], 0.0), (what.own[0][0] + 5, 1.0)))
    wrist = (his[0] - 0.105, his[1] + 0.025, his[2] + 0.065)
    solids += hand(wrist, his, curl=0.62 if started else 0.35, fingers=fingers, side=-1, sleeve=0.26)
    if hers is not None:
        solids += hand(
            (hers[0] + 0.105, hers[1] + 0.045, hers[2] + 0.075), hers, curl=0.55, side=1, sleeve=0.13, skin=0.66
        )
    if with_mug:
        solids += [box((0, -0.27, 0.1), (4, 0.04, 0.7), grey=0.30), *mug((-0.33, -0.25, 0.22), 1.35, key=True)]
    if green:
        solids.append(ball((0.0, 0.155, -0.02), 0.017, grey=0.5, glow=green))
    lamps = [
        Lamp((-0.85, 0.50, 0.98), power, to=beam, cone=16, tint=WARM, reach=1.4),
        Lamp((1.2, 1.4, 0.7), 0.32, tint=GREEN, reach=1.5),
    ]
    if green:
        lamps.append(Lamp((0.0, 0.16, 0.06), 0.5 * green, tint=(0.4, 1.0, 0.5), reach=0.2))
    return Stage(solids, lamps, ambient=0.045, tint=BLUE), Lens(at, to, 42)


def six_fingers(frame: float) -> Shot:
    """09-a: his hand alone; a sixth finger from 46."""
    return wall(frame, ONE_HAND, fingers=5 if frame >= 46 else 4, at=(0.02, 0.16, 1.5))


def with_the_mug(frame: float) -> Shot:
    """09-b: the right hands, and a mug from the other draft."""
    return wall(frame, TWO_HANDS, with_mug=True, at=(-0.05, 0.06, 1.74), to=(-0.03, -0.045, 0.05))


def green_lamp(frame: float) -> Shot:
    """09-c: straight in, and a lamp at 61 says so."""
    return wall(frame, STRAIGHT, green=1.4 if frame >= 61 else 0.02)


def the_small_turn(frame: float) -> Shot:
    """12-a: misses at 44, withdraws, turns, seats at 70; everything stays still."""
    return wall(frame, TWO_HANDS)


def into_the_dark(frame: float) -> Shot:
    """12-b: the same, and the beam leaves the socket from 67."""
    off = one(frame, (67, 0.0), (88, 1.0))
    return wall(frame, TWO_HANDS, beam=(0.62 * off, -0.50 * off, 0), power=3.0 - 1.5 * off, at=(-0.02, 0.10, 1.72))


def _faces(him: list[Solid], her: list[Solid], lamps: list[Lamp], lens: Lens, ambient: float = 0.03) -> Shot:
    back = [box((0, 1.6, -2.6), (7, 5, 0.2), grey=0.22), box((-1.3, 1.6, -2.45), (0.12, 5, 0.1), grey=0.32),
            box((1.5, 1.6, -2.45), (0.12, 5, 0.1), grey=0.32)]  # fmt: skip
    return Stage([*back, *him, *her], lamps, ambient=ambient, tint=BLUE), lens


def _from_below(power: float = 1.5) -> list[Lamp]:
    return [
        Lamp((-0.05, 1.28, 0.80), power, to=(0, 1.6, 0), cone=30, tint=WARM, reach=1.0),
        Lamp((1.1, 2.0, -0.9), 1.5, tint=GREEN, reach=1.2),
        Lamp((-1.3, 2.0, -0.8), 1.1, tint=BLUE, reach=1.2),
    ]


def _blink(frame: float, *at: float) -> float:
    return max([0.0, *(max(0.0, 1 - abs(frame - one_) / 2.5) for one_ in at)])


def drifts(frame: float) -> Shot:
    """10-a: steady until 50; from 51 (00:00:02:03) the left head is another's, and goes on changing."""
    face = HIM
    if frame >= DRIFTS_AT:
        face = HIM.towards(OTHER, one(frame, (DRIFTS_AT, 0.62), (DRIFTS_AT + 16, 0.90), (95, 1.0)))
    breath = 0.0012 * np.sin(frame / 9)
    him = head((-0.17, 1.60 + breath, 0), face, yaw=27, pitch=1, gaze=(-5, 4), lids=_blink(frame, 30, 84))
    her = head((0.19, 1.545 - breath, 0.02), HER, yaw=-24, gaze=(4, 3), coat=0.18, lids=_blink(frame, 66))
    return _faces(him, her, _from_below(), Lens((0, 1.60, 1.66), (0.01, 1.60, 0), 50))


def profile(frame: float) -> Shot:
    """10-b: in profile, facing; she turns the torch off at 26."""
    him = head((-0.27, 1.61, 0), HIM, yaw=74, gaze=(2, 2), lids=_blink(frame, 40, 78))
    her = head((0.27, 1.55, 0), HER, yaw=-76, gaze=(-2, 2), coat=0.18, lids=_blink(frame, 58))
    lamps = _from_below(0.02 if frame >= 26 else 1.5)
    lamps[0].at, lamps[0].to = (0.02, 1.18, 0.34), (0, 1.62, 0)
    return _faces(him, her, lamps, Lens((0, 1.60, 1.70), (0, 1.60, 0), 50), 0.05)


def flickers(frame: float) -> Shot:
    """10-c: the newer model; the light breaks from 30 to 44."""
    power = 1.6
    if 30 <= frame < 44:
        power = (0.5, 1.9, 0.8, 2.4)[int(frame) % 4]
    him = head((-0.18, 1.61, 0.02), HIM, yaw=16, pitch=-2, gaze=(4, 3), lids=_blink(frame, 60), coat=0.5)
    her = head((0.18, 1.55, 0.0), HER, yaw=-14, pitch=-2, gaze=(6, 4), lids=_blink(frame, 20, 74), coat=0.18)
    return _faces(him, her, _from_below(power), Lens((0.03, 1.57, 1.55), (0.0, 1.605, 0), 50))


def listens(frame: float) -> Shot:
    """10-d: the newer model; a slow push, their eyes go to the sound at 40, nothing changes."""
    eyes = one(frame, (38, 0.0), (43, 1.0))
    him = head((-0.17, 1.605, 0), HIM, yaw=24, gaze=(-4 + 22 * eyes, 3), lids=_blink(frame, 24), coat=0.5)
    her = head(
        (0.185, 1.55, 0.02),
        HER,
        yaw=-20,
        gaze=(3 + 20 * one(frame, (42, 0.0), (47, 1.0)), 3),
        coat=0.18,
        lids=_blink(frame, 45),
    )
    lamps = _from_below(1.25)
    return _faces(him, her, lamps, Lens((0.02, 1.60, 1.72 - frame * 0.0018), (0.01, 1.602, 0), 50))
