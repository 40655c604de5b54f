"""Storyboard panels: the same sets as the clips, drawn as ink wash and pencil on paper, with one red."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from . import boards_sets as sets
from .letters import font
from .solids import Floats
from .trace import Lens, Seen, Stage, blurred, look

SHEET = (1600, 900)  # as drawn
SHOWN = (1280, 720)  # as written
FRAME = (60, 52, 1540, 682)  # left, top, right, bottom of the drawing, 2.35 to 1
PAPER = np.array([246, 241, 230], np.float32)
INK = np.array([36, 35, 40], np.float32)
RED = np.array([196, 44, 30], np.float32)
PENCIL = (70, 66, 64)


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: its set, how much light, and what stands below it."""

    shot: Callable[[], tuple[Stage, Lens]]
    number: str
    scene: str
    says: str
    exposure: float = 2.2
    seed: int = 1


PANELS: dict[str, Panel] = {
    "board_1_a.webp": Panel(sets.corridor, "1", "SC 2 - 3", "He leaves the deck with a mug and nothing else.", 2.4, 11),
    "board_1_b.webp": Panel(
        sets.side_deck, "1", "SC 2 - 3", "On the open deck, alone, and below him the doors shut.", 2.2, 12
    ),
    "board_2_a.webp": Panel(
        sets.desk_wide, "2", "SC 3", "The shutter cuts her at the neck. Behind her, one key.", 2.6, 21
    ),
    "board_2_b.webp": Panel(sets.desk_over, "2", "SC 3", "Over his shoulder. She goes on with her coins.", 2.0, 22),
    "board_2_c.webp": Panel(
        sets.desk_high, "2", "SC 3", "From above: her hands, his back, the key on its hook.", 2.0, 23
    ),
    "board_3_a.webp": Panel(
        sets.key_at_belt, "3", "SC 5", "The key goes to her belt. The float hangs on her hip.", 2.4, 31
    ),
    "board_3_b.webp": Panel(sets.key_in_mug, "3", "SC 5", "He drops the key in the mug. The float stays up.", 2.2, 32),
    "board_4_a.webp": Panel(
        sets.pump_wide, "4", "SC 6", "Lane six. Crates, four tanks, a pump on its last hour.", 3.6, 41
    ),
    "board_4_b.webp": Panel(sets.pump_close, "4", "SC 6", "The pump. Two beats and a long rest.", 2.4, 42),
    "board_4_c.webp": Panel(sets.pump_inside, "4", "SC 6", "From inside the box: her torch finds the tanks.", 2.4, 43),
    "board_5_a.webp": Panel(sets.bow_inside, "5", "SC 8", "The bow door goes down on flat light.", 1.25, 51),
    "board_5_b.webp": Panel(sets.bow_outside, "5", "SC 8", "Aldmouth, from the quay. The lorry comes level.", 0.78, 52),
}


def panel(name: str) -> Image.Image:
    """The whole sheet of a panel."""
    asked = PANELS[name]
    left, top, right, bottom = FRAME
    stage, lens = asked.shot()
    drawn = _drawing(look(stage, lens, right - left, bottom - top), asked)
    rng = np.random.default_rng(asked.seed)
    sheet = np.ones((SHEET[1], SHEET[0], 3), np.float32) * PAPER
    sheet[top:bottom, left:right] = drawn
    sheet *= (1 - 0.030 * np.abs(_noise(rng, sheet.shape[:2], 2)))[..., None]
    picture = Image.fromarray(np.clip(sheet, 0, 255).astype(np.uint8))
    _rule(picture, rng)
    _caption(picture, asked, name)
    return picture.resize(SHOWN, Image.Resampling.LANCZOS)


def _drawing(seen: Seen, asked: Panel) -> Floats:
    rng = np.random.default_rng(asked.seed)
    shape = seen.depth.shape
    light = (seen.grey[..., None] * seen.light + seen.glow[..., None] + seen.beam).mean(axis=2)
    tone = 1 - np.exp(-np.maximum(light, 0) * asked.exposure * 1.5)
    tone = _wobbled(tone.astype(np.float32) ** np.float32(0.62), rng, 2.2)
    density = np.clip(1.06 - tone * 1.16, 0, 1)
    density = density * 0.45 + density * density * (3 - 2 * density) * 0.55
    # A wash dries darker at some places than at others, and in steps.
    steps = np.round(blurred(density, 2) * 5) / 5
    density = density * 0.62 + steps * 0.38
    clouds = _noise(rng, shape, 90) * 0.6 + _noise(rng, shape, 24) * 0.4
    grain = _noise(rng, shape, 2) * 0.6 + _noise(rng, shape, 1) * 0.4
    density = np.clip(density * (1 + 0.13 * clouds) + density * (1 - density) * 0.34 * grain, 0, 0.95)
    density = np.clip(density + _hatching(density, rng), 0, 0.96)
    lines = _lines(seen, rng, grain)
    sheet = PAPER + (INK - PAPER) * (density * 0.98)[..., None]
    red = _wobbled(np.clip(seen.red, 0, 1), rng, 1.2)
    red = (blurred(red, 1) * np.clip(0.86 + 0.20 * grain, 0.4, 1) * np.clip(0.65 + tone, 0, 1))[..., None]
    sheet = sheet * (1 - red) + (RED * (0.62 + 0.38 * tone[..., None])) * red
    return sheet + (INK * 0.7 - sheet) * lines[..., None]


def _noise(rng: np.random.Generator, shape: tuple[int, int], size: int) -> Floats:
    """Soft noise of that grain, about -1 to 1."""
    height, width = shape
    small = rng.normal(0, 0.42, (height // size + 3, width // size + 3)).astype(np.float32)
    image = Image.fromarray(small, mode="F").resize(
        ((width // size + 3) * size, (height // size + 3) * size), Image.Resampling.BICUBIC
    )
    return np.asarray(image, np.float32)[:height, :width]


def _wobbled(values: Floats, rng: np.random.Generator, size: float) -> Floats:
    """Moved a little, here so and there so, as a hand does."""
    height, width = values.shape
    y, x = np.mgrid[0:height, 0:width]
    dy, dx = (_noise(rng, values.shape, 34) * size * 1.6 for _ in range(2))
    return values[np.clip(y + dy, 0, height - 1).astype(int), np.clip(x + dx, 0, width - 1).astype(int)]


def _lines(seen: Seen, rng: np.random.Generator, grain: Floats) -> Floats:
    number, depth = seen.number.astype(np.int32), np.log(np.minimum(seen.depth, 300))
    shape = depth.shape
    edge = np.zeros(shape, np.float32)
    for axis, back in ((0, 1), (1, 1)):
        other = np.roll(number, back, axis)
        gap = np.abs(depth - np.roll(depth, back, axis))
        bend = 1 - np.abs(sum(side * np.roll(side, back, axis) for side in seen.normal))
        edge = np.maximum(edge, np.where((other != number) & ((gap > 0.012) | (bend > 0.10)), 1.0, 0.0))
        edge = np.maximum(edge, np.where((other == number) & (number >= 0) & (bend > 0.25), 0.9, 0.0))
        edge = np.maximum(edge, np.where(gap > 0.10, 1.0, 0.0))
    edge[0, :] = edge[:, 0] = 0
    # What is near is drawn firmly; what is far hardly at all.
    firm = np.clip(1.25 - (depth - np.log(0.6)) * 0.20, 0.30, 1.0)
    total = np.zeros(shape, np.float32)
    for strength, wobble in ((0.95, 1.5), (0.55, 3.4)):
        one = _wobbled(edge * firm, rng, wobble)
        total = np.maximum(total, np.clip(blurred(one, 1) * 2.6, 0, 1) * strength)
    return np.clip(total * (0.80 + 0.42 * grain), 0, 0.92)


def _hatching(density: Floats, rng: np.random.Generator) -> Floats:
    """Pencil strokes over the shadows: one way in the half dark, across it in the dark."""
    height, width = density.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    drift = _noise(rng, density.shape, 60) * 5
    total = np.zeros_like(density)
    for angle, gap, start, strength in ((0.92, 7.5, 0.46, 0.20), (-0.55, 9.0, 0.66, 0.17)):
        across = x * np.sin(angle) + y * np.cos(angle) + drift
        stroke = np.clip(1 - np.abs(across % gap - gap / 2) / 1.15, 0, 1)
        along = np.clip(_noise(rng, density.shape, 14) * 1.5 + 0.75, 0, 1)
        total += (
            stroke * along * np.clip((density - start) * 4, 0, 1) * np.clip((0.99 - density) * 7, 0.25, 1) * strength
        )
    return total


def _rule(sheet: Image.Image, rng: np.random.Generator) -> None:
    """The frame round the drawing, ruled twice by hand."""
    left, top, right, bottom = FRAME
    pen = ImageDraw.Draw(sheet)
    for _ in range(2):
        j = [int(v) for v in rng.integers(-3, 4, 16)]
        for (x1, y1, x2, y2), k in zip(
            (
                (left, top, right, top),
                (right, top, right, bottom),
                (right, bottom, left, bottom),
                (left, bottom, left, top),
            ),
            range(0, 16, 4),
            strict=True,
        ):
            pen.line((x1 + j[k] - 5, y1 + j[k + 1], x2 + j[k + 2] + 5, y2 + j[k + 3]), fill=PENCIL, width=2)


def _caption(sheet: Image.Image, asked: Panel, name: str) -> None:
    """The strip below: the panel's number in a ring, the scene, what happens."""
    left, _, right, bottom = FRAME
    pen = ImageDraw.Draw(sheet)
    middle = bottom + 108
    rng = np.random.default_rng(asked.seed + 7)
    turns = np.linspace(-0.4, 2 * np.pi + 0.25, 90)
    for shift in (0.0, 2.0):
        sway = 1 + 0.035 * np.sin(turns * 2 + rng.uniform(0, 6)) + 0.02 * turns / 6
        ring = [
            (left + 62 + (50 + shift) * s * np.cos(t), middle + (46 + shift) * s * np.sin(t))
            for t, s in zip(turns, sway, strict=True)
        ]
        pen.line(ring, fill=tuple(int(v) for v in RED), width=4, joint="curve")
    pen.text((left + 62, middle + 2), asked.number, font=font("type-bold", 58), fill=(44, 42, 44), anchor="mm")
    pen.text(
        (left + 150, middle - 24),
        f"NIGHT FERRY   {asked.scene}   PANEL {asked.number}",
        font=font("type-bold", 27),
        fill=(58, 55, 56),
        anchor="lm",
    )
    pen.text((left + 150, middle + 24), asked.says, font=font("type", 36), fill=(40, 38, 40), anchor="lm")
    letter = name.rpartition("_")[2][0].upper()
    pen.text((right, middle - 24), f"ALT {letter}", font=font("type-bold", 27), fill=(120, 112, 106), anchor="rm")
