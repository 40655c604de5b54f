"""From light to a picture on a screen: exposure, contrast, grain, and what is burnt in above and below."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .letters import font
from .solids import Floats
from .trace import Seen, blurred

SIZE = (640, 360)
ACTIVE = 272  # rows of the picture itself, 2.35 to 1
BAR = (SIZE[1] - ACTIVE) // 2
BITS = 16
OFF, ON = 22, 196


@dataclass(frozen=True, slots=True)
class Look:
    """How the film is developed."""

    exposure: float = 1.55
    contrast: float = 0.6
    grain: float = 0.0
    vignette: float = 0.25
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)


PREVIS = Look()
NEWER = Look(exposure=1.75, contrast=0.75, tint=(1.02, 1.0, 0.96))
CAMERA = Look(exposure=1.35, contrast=0.95, grain=0.014, vignette=0.45, tint=(1.03, 0.99, 0.93))


def developed(seen: Seen, look: Look, *, soft: float = 0.0, seed: int = 0) -> Floats:
    """The picture as shown, 0 to 1."""
    light = seen.picture() * np.asarray(look.tint, np.float32)
    if soft:
        light = light * (1 - soft) + blurred(light, max(1, seen.depth.shape[1] // 130)) * soft
    shown = (1 - np.exp(-np.maximum(light, 0) * look.exposure)) ** np.float32(1 / 2.2)
    shown = shown * (1 - look.contrast) + shown * shown * (3 - 2 * shown) * look.contrast
    height, width = shown.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    shown *= (1 - look.vignette * ((x * x + y * y) / 2)[..., None]).astype(np.float32)
    if look.grain:
        noise = np.random.default_rng(seed).normal(0, look.grain, (height // 2 + 1, width // 2 + 1))
        shown += np.kron(noise, np.ones((2, 2)))[:height, :width, None].astype(np.float32)
    return np.clip(shown, 0, 1)


def burnt_in(picture: Floats, number: int, *, left: str, right: str, middle: str) -> np.ndarray:
    """The frame as it is coded: the number as 16 lamps above, for programs, and as digits below, for people.

    The lamps stand where tests/support/clips.py looks: the middle of 16 fields along the top ninth, highest bit first.
    """
    width, height = SIZE
    small = Image.fromarray((picture * 255 + 0.5).astype(np.uint8)).resize((width, ACTIVE), Image.Resampling.BOX)
    sheet = Image.new("RGB", SIZE, (9, 9, 9))
    sheet.paste(small, (0, BAR))
    pen = ImageDraw.Draw(sheet)
    strip, field = height // 9, width / BITS
    for place in range(BITS):
        grey = ON if number >> (BITS - 1 - place) & 1 else OFF
        start, end = field * (place + 0.2), field * (place + 0.8)
        pen.rectangle((round(start), strip // 5, round(end), strip * 4 // 5), fill=(grey,) * 3)
    middle_of_bar = height - BAR / 2
    pen.text((14, middle_of_bar), left, font=font("type", 16), fill=(150,) * 3, anchor="lm")
    pen.text((width / 2 + 30, middle_of_bar), middle, font=font("type-bold", 24), fill=(238, 176, 74), anchor="mm")
    pen.text((width - 14, middle_of_bar), right, font=font("type-bold", 19), fill=(226,) * 3, anchor="rm")
    return np.asarray(sheet)
