"""No frame is ever wrong, whatever the rate and the codec: sought, played, stepped, in reverse.

The clips carry their frame number as pixels; a canvas in the page reads it and is compared with what the player says.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import pytest
from playwright.sync_api import Browser, Page, expect

from loop.kernel.errors import NotValidError
from loop.material.timecode import nominal, to_frames, to_timecode
from tests.support.player_bench import CODECS, FRAMES, PLAY, SEEK, film, shown, sitting

SEED: Final = 20_240_711
NTSC: Final = Fraction(30_000, 1001)
DOUBLE: Final = Fraction(60_000, 1001)
RATES: Final[dict[str, tuple[Fraction, bool]]] = {
    "23.976": (Fraction(24_000, 1001), False),
    "24": (Fraction(24), False),
    "25": (Fraction(25), False),
    "29.97": (NTSC, False),
    "29.97 drop": (NTSC, True),
    "30": (Fraction(30), False),
    "50": (Fraction(50), False),
    "59.94": (DOUBLE, False),
    "59.94 drop": (DOUBLE, True),
}


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the clips of the session lie: each is made once."""
    return tmp_path_factory.mktemp("films")


@pytest.fixture
def at_bench(browser: Browser, films: Path) -> Iterator[Callable[..., Page]]:
    with sitting(browser, films) as (_, lay):
        yield lay


def matrix(slice_of: Callable[[int], int]) -> list[tuple[str, str]]:
    """Every rate with every codec; in a slice every rate once, the codecs in turn."""
    pairs = [(rate, codec) for rate in RATES for codec in CODECS]
    if slice_of(len(pairs)) == len(pairs):
        return pairs
    turn = random.Random(SEED).sample(list(CODECS), len(CODECS))  # noqa: S311
    return [(rate, turn[place % len(turn)]) for place, rate in enumerate(RATES)]


@pytest.mark.soak(rounds=len(RATES) * len(CODECS), seed=SEED)
def test_no_frame_is_wrong_seeking_stepping_playing_or_in_reverse(
    films: Path,
    at_bench: Callable[..., Page],
    slice_of: Callable[[int], int],
    record_property: Callable[[str, object], None],
) -> None:
    """Of each clip: random seeks, then frames played at its own speed, then stepped, then in reverse."""
    chosen, dice, looked = matrix(slice_of), random.Random(SEED), 0  # noqa: S311
    is_full = len(chosen) == len(RATES) * len(CODECS)
    for name, codec in chosen:
        rate, drop = RATES[name]
        page = at_bench("clip", film(films, rate, codec), rate=rate, frames=FRAMES, drop=drop)
        targets = [0, FRAMES - 1, *(dice.randrange(FRAMES) for _ in range(48 if is_full else 22))]
        assert page.evaluate(SEEK, targets) == [], (name, codec)
        expect(page.locator(".where [data-tc]")).to_have_text(to_timecode(targets[-1], rate, drop_frame=drop))

        page.keyboard.press("Home")
        played = page.evaluate(PLAY, 80 if is_full else 30)
        page.keyboard.press("k")
        assert played["wrong"] == [], (name, codec)
        assert len(set(played["seen"])) >= (60 if is_full else 24), (name, codec, played["seen"])
        here = shown(page)

        for key, by in (("ArrowLeft", -1), ("ArrowRight", 1), ("ArrowLeft", -1), ("Shift+ArrowLeft", -nominal(rate))):
            page.keyboard.press(key)
            here = max(0, here + by)
            assert shown(page) == here, (name, codec, key)
        page.keyboard.press("End")
        page.keyboard.press("j")
        page.wait_for_timeout(500)
        page.keyboard.press("k")
        assert 0 < shown(page) < FRAMES - 5, (name, codec)
        looked += len(targets) + len(played["seen"]) + 5
        page.context.close()
    record_property("seen", f"{looked} frames looked at, 0 wrong")


def test_timecode_is_that_of_the_house(films: Path, at_bench: Callable[..., Page]) -> None:
    page = at_bench("clip", film(films, Fraction(24)), rate=Fraction(24), frames=FRAMES)
    dice = random.Random(SEED)  # noqa: S311
    for rate, drop in RATES.values():
        base = nominal(rate)
        edges = [base * 60 * minute + step for minute in (1, 2, 9, 10, 11, 60) for step in (-20, -2, -1, 0, 1, 2)]
        some = [0, 1, *edges, *(dice.randrange(base * 86_300) for _ in range(200))]
        labels = [to_timecode(frame, rate, drop_frame=drop) for frame in some]
        film_time = f"timecode({{num: {rate.numerator}, den: {rate.denominator}, drop: {json.dumps(drop)}}})"
        assert page.evaluate(f"(frames) => frames.map({film_time}.format)", some) == labels
        assert page.evaluate(f"(labels) => labels.map((each) => {film_time}.parse(each))", labels) == some
        for label in ("00:00:00:60", "00:61:00:00", "24:00:00:00", "00:01:00;00"):
            try:
                expected: Any = to_frames(label, rate, drop_frame=drop)
            except NotValidError:
                expected = "refused"
            ask = f"(label) => {{ try {{ return {film_time}.parse(label); }} catch {{ return 'refused'; }} }}"
            assert page.evaluate(ask, label) == expected, (rate, drop, label)


def test_a_file_that_does_not_begin_at_zero_is_counted_from_its_first_picture(
    films: Path, at_bench: Callable[..., Page]
) -> None:
    source, late = film(films, Fraction(25), "vp9"), films / "late.webm"
    with av.open(str(source)) as given, av.open(str(late), "w") as made:
        stream = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.pts is not None and packet.dts is not None:
                offset = round(Fraction(3, 25) / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts + offset, packet.dts + offset, stream
                made.mux(packet)
    page = at_bench("late", late, rate=Fraction(25), frames=FRAMES)
    assert page.evaluate(SEEK, [0, 1, 2, 3, 70, 149, 12]) == []
