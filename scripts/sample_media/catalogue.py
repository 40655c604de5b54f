"""Every clip and sound of the sample by its file's name, and how a frame or a wave of it comes about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from loop.material.timecode import to_frames, to_timecode

from . import clips_close, clips_deck, sound, takes
from .develop import ACTIVE, CAMERA, NEWER, PREVIS, SIZE, Look, burnt_in, developed
from .trace import Lens, Stage, look

FINE = 1.35  # points drawn for each point shown
FILM = Fraction(24)


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip: its shot, its look, its rate and the frame of day at which its timecode starts."""

    name: str
    shot: Callable[[float], tuple[Stage, Lens]]
    slate: str
    frames: int = 96
    rate: Fraction = FILM
    drop: bool = False
    start: int = 0
    developed_as: Look = PREVIS
    crf: int = 29
    soft: Callable[[float], float] = lambda _: 0.0
    wave: Callable[[], sound.Wave] | None = None

    def timecode(self, number: int) -> str:
        """The timecode of a frame."""
        return to_timecode(self.start + number, self.rate, drop_frame=self.drop)

    def frame(self, number: int) -> np.ndarray:
        """The frame as it is coded."""
        width, height = round(SIZE[0] * FINE), round(ACTIVE * FINE)
        stage, lens = self.shot(number)
        seen = look(stage, lens, width, height)
        picture = developed(seen, self.developed_as, soft=self.soft(number), seed=number)
        return burnt_in(picture, number, left=self.slate, middle=f"{number:04}", right=self.timecode(number))

    def pictures(self) -> Iterator[np.ndarray]:
        """All frames in order."""
        return (self.frame(number) for number in range(self.frames))


def _at_the_socket() -> sound.Wave:
    """12-a: the fans run down, the plug misses, turns, seats; the pump finds its beat."""
    wave = sound.hull(4) * 0.6 + sound.fans(4, 23 / 24, 2.0)
    wave += sound.placed(4, [44 / 24], sound.clack(1150) * 0.5) + sound.placed(
        4, [70 / 24], sound.clack(760, 0.16) * 0.7
    )
    return sound.levelled(wave + sound.placed(4, sound.pairs(4, [1.0], first=84 / 24), sound.stroke(0.55)), 0.6)


def _on_the_floor(take: takes.Take) -> sound.Wave:
    length = takes.FRAMES / 24
    seat, pump = take.seats / 24, take.pump / 24
    before = [moment for moment in sound.pairs(length, [2.1], first=-0.9) if moment < take.misses[0] / 24]
    wave = sound.hull(length, int(take.label)) * 0.55 + sound.chains(length, [0.9, 4.4], int(take.label))
    wave += sound.placed(length, before, sound.stroke(0.20))
    wave += sound.placed(length, [miss / 24 for miss in take.misses], sound.clack(1150) * 0.5)
    wave += sound.placed(length, [seat], sound.clack(740, 0.16) * 0.75)
    wave += sound.placed(length, sound.pairs(length, [1.0], first=pump), sound.stroke(0.6))
    if take.pulled is not None:
        wave += sound.fans(length, take.pulled / 24, 2.6)
    if take.line is not None:
        wave += sound.murmur(length, take.line[0] / 24, take.line[1] / 24)
    return sound.levelled(wave, 0.66)


def _previs(name: str, shot: Callable[[float], tuple[Stage, Lens]], slate: str, **more: object) -> Clip:
    return Clip(name, shot, slate, **more)  # type: ignore[arg-type]


def _take(take: takes.Take) -> Clip:
    return Clip(
        f"take_6c_{take.label.zfill(2)}.mp4",
        lambda frame: takes.shot(take, frame),
        f"6C  TAKE {take.label}  A014",
        frames=takes.FRAMES,
        start=to_frames(take.start_tc, FILM),
        developed_as=CAMERA,
        crf=29,
        soft=lambda frame: takes.blur_of(take, frame),
        wave=lambda: _on_the_floor(take),
    )


D, C = clips_deck, clips_close
CLIPS: tuple[Clip, ...] = (
    _previs("previs_6-010_a.mp4", D.high, "6-010 A  PREVIS 0.9"),
    _previs("previs_6-010_b.mp4", D.from_the_door, "6-010 B  PREVIS 0.9"),
    _previs("previs_6-010_c.mp4", D.from_the_stairs, "6-010 C  PREVIS 1.1", developed_as=NEWER,
            rate=Fraction(25), frames=100),
    _previs("previs_6-020_a.mp4", D.all_lit, "6-020 A  PREVIS 0.9"),
    _previs("previs_6-020_b.mp4", D.misspelt, "6-020 B  PREVIS 0.9"),
    _previs("previs_6-020_c.webm", D.comes_back, "6-020 C  PREVIS 1.1", developed_as=NEWER),
    _previs("previs_6-030_a.mp4", C.six_fingers, "6-030 A  PREVIS 0.9"),
    _previs("previs_6-030_b.mp4", C.with_the_mug, "6-030 B  PREVIS 0.9"),
    _previs("previs_6-030_c.mp4", C.green_lamp, "6-030 C  PREVIS 0.9"),
    _previs("previs_6-040_a.mp4", C.drifts, "6-040 A  PREVIS 0.9"),
    _previs("previs_6-040_b.mp4", C.profile, "6-040 B  PREVIS 0.9"),
    _previs("previs_6-040_c.mp4", C.flickers, "6-040 C  PREVIS 1.1", developed_as=NEWER),
    _previs("previs_6-040_d.mp4", C.listens, "6-040 D  PREVIS 1.1", developed_as=NEWER),
    _previs("previs_6-050_a.mp4", D.steps_over, "6-050 A  PREVIS 0.9"),
    _previs("previs_6-050_b.mp4", D.picks_up, "6-050 B  PREVIS 0.9"),
    _previs(
        "previs_6-050_c.mp4", D.pans, "6-050 C  PREVIS 1.1", developed_as=NEWER,
        rate=Fraction(30000, 1001), drop=True, start=1740, frames=120,
    ),
    _previs("previs_6-030_r2_a.mp4", C.the_small_turn, "6-030 R2 A  PREVIS 0.9", crf=27, wave=_at_the_socket),
    _previs("previs_6-030_r2_b.mp4", C.into_the_dark, "6-030 R2 B  PREVIS 0.9", crf=27),
    *(_take(take) for take in takes.TAKES.values()),
)  # fmt: skip


def _pump_that_tires() -> sound.Wave:
    length = 8.0
    at = sound.pairs(length, [1.0, 1.6, 2.2, 3.0])
    return sound.levelled(
        sound.hull(length, 3) + sound.chains(length, [4.9], 22) + sound.placed(length, at, sound.stroke(0.62))
    )


def _pump_too_loud() -> sound.Wave:
    length = 6.0
    at = sound.pairs(length, [0.9], apart=0.30)
    wave = sound.levelled(sound.hull(length, 5) * 0.7 + sound.placed(length, at, sound.stroke(0.9)), 0.6)
    return sound.clipped(wave, 2.5, 4.0)


def _pump_and_alarm() -> sound.Wave:
    length = 6.0
    at = sound.pairs(length, [1.4, 2.0])
    bell = np.concatenate([np.zeros(round(2.0 * sound.RATE)), sound.alarm(length - 2.0)])
    return sound.levelled(sound.hull(length, 6) + sound.placed(length, at, sound.stroke(0.5)) + bell, 0.7)


def _aft_deck() -> sound.Wave:
    return sound.levelled(sound.wake(7.0) + sound.hull(7.0, 8) * 0.45, 0.5)


def _aft_deck_with_gulls() -> sound.Wave:
    return sound.levelled(sound.wake(5.0, 35) + sound.hull(5.0, 9) * 0.4 + sound.gulls(5.0, [0.8, 1.4, 3.1, 4.2]), 0.6)


SOUNDS: dict[str, Callable[[], sound.Wave]] = {
    "sound_pump_a.opus": _pump_that_tires,
    "sound_pump_b.flac": _pump_too_loud,
    "sound_pump_c.opus": _pump_and_alarm,
    "sound_aft_deck_a.opus": _aft_deck,
    "sound_aft_deck_b.wav": _aft_deck_with_gulls,
}
