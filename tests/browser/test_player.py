"""The player on the stage: what keys and pointer make of it, and what it says when a file does not play."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.player_bench import FRAMES, PLAY, SHA, Bench, film, shown, sitting

NTSC: Final = Fraction(30_000, 1001)


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the clips of the session lie: each is made once."""
    return tmp_path_factory.mktemp("films")


@pytest.fixture
def opened(browser: Browser, films: Path) -> Iterator[tuple[Bench, Callable[..., Page]]]:
    with sitting(browser, films) as both:
        yield both


@pytest.fixture
def bench(opened: tuple[Bench, Callable[..., Page]]) -> Bench:
    return opened[0]


@pytest.fixture
def at_bench(opened: tuple[Bench, Callable[..., Page]]) -> Callable[..., Page]:
    return opened[1]


def spans(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("spans.all()")
    return found


def go(page: Page, entry: str) -> None:
    """T, a timecode or frame, Enter."""
    page.keyboard.press("t")
    page.keyboard.type(entry)
    page.keyboard.press("Enter")
    expect(page.locator("#stage")).to_be_focused()


def test_a_timecode_is_typed_in_the_ways_of_the_trade(films: Path, at_bench: Callable[..., Page]) -> None:
    clip = film(films, Fraction(24))
    page = at_bench("clip", clip, rate=Fraction(24), frames=FRAMES, start_frame=86_400)
    for entry, frame in (
        ("01:00:02:03", 51), ("2:03", 51), ("203", 51), ("01000100", 24), ("+12", 36), ("-1:00", 12), ("f51", 51),
        ("1.1", 25), ("00:00:01;00"[3:], 24),
    ):  # fmt: skip
        go(page, entry)
        assert shown(page) == frame, entry
    page.keyboard.press("t")
    for entry, words in (
        ("00:00:02:03", "outside the clip: 01:00:00:00 to 01:00:06:05, f0 to f149"),
        ("f150", "outside the clip"),
        ("1:24", "at most 23:59:59:23"),
        ("soon", "is no timecode: 00:00:02:03, 2:03, +12 or f51"),
        ("f1:02", "is no timecode"),
        ("", "Nothing is no timecode"),
    ):
        page.locator(".goto input").fill(entry)
        page.keyboard.press("Enter")
        expect(page.locator(".goto output")).to_contain_text(words)
    page.keyboard.press("Escape")
    expect(page.locator(".goto")).to_be_hidden()
    expect(page.locator("#stage")).to_be_focused()
    assert shown(page) == 24


def test_keys_shuttle_as_in_a_cutting_room(films: Path, at_bench: Callable[..., Page]) -> None:
    page = at_bench("clip", film(films, Fraction(25), frames=400), rate=Fraction(25), frames=400)
    root, speed = page.locator("[data-player]"), page.locator("[data-rate]")
    page.wait_for_timeout(300)
    expect(root).to_have_attribute("data-state", "paused")  # nothing plays by itself
    for key, state, words in (
        ("l", "playing", "1×"), ("l", "playing", "2×"), ("l", "playing", "4×"), ("l", "playing", "4×"),
        ("j", "playing", "2×"), ("k", "paused", "1×"),
        ("j", "reverse", "−1×"), ("j", "reverse", "−2×"), ("l", "reverse", "−1×"), ("l", "playing", "1×"),
        ("Space", "paused", "1×"), ("Space", "playing", "1×"), ("ArrowRight", "paused", "1×"),
        ("]", "paused", "1.5×"), ("[", "paused", "1×"), ("[", "paused", "0.5×"), ("l", "playing", "0.5×"),
        ("k", "paused", "0.5×"), ("]", "paused", "1×"),
    ):  # fmt: skip
        page.keyboard.press(key)
        expect(root).to_have_attribute("data-state", state)
        expect(speed).to_have_text(words)

    go(page, "f200")
    page.keyboard.down("k")
    for key in ("l", "l", "l", "j"):
        page.keyboard.press(key)
    page.keyboard.up("k")
    assert shown(page) == 202
    expect(root).to_have_attribute("data-state", "paused")

    # Typing stops the picture: nobody writes of one thing while another one passes.
    page.keyboard.press("Space")
    expect(root).to_have_attribute("data-state", "playing")
    page.locator("textarea").focus()
    expect(root).to_have_attribute("data-state", "paused")
    page.locator("#stage").focus()

    # To the end it plays, and stands there; then from the start again.
    go(page, "f395")
    page.keyboard.press("Space")
    expect(root).to_have_attribute("data-state", "paused", timeout=5000)
    assert shown(page) == 399
    page.keyboard.press("Space")
    page.wait_for_timeout(300)
    page.keyboard.press("k")
    assert shown(page) < 60
    # In reverse it ends at the first frame.
    go(page, "f6")
    page.keyboard.press("j")
    expect(root).to_have_attribute("data-state", "paused", timeout=5000)
    assert shown(page) == 0


def test_in_and_out_make_a_span_that_includes_both(films: Path, at_bench: Callable[..., Page]) -> None:
    page = at_bench("clip", film(films, NTSC), rate=NTSC, frames=FRAMES, drop=True)
    base = {"rate": "30000/1001", "drop_frame": True, "media_sha256": SHA}
    go(page, "f40")
    page.keyboard.press("i")
    go(page, "f60")
    page.keyboard.press("o")
    assert spans(page) == [{"start_frame": 40, "end_frame": 61, **base}]
    assert page.evaluate("spans.chosen") == 0  # the next digit is its reason
    expect(page.locator(".said")).to_contain_text("00:00:01;10 – 00:00:02;00, 21 frames")

    # O again corrects the span just made; I begins the next one.
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("o")
    assert spans(page)[0]["end_frame"] == 60
    go(page, "f100")
    page.keyboard.press("i")
    assert page.evaluate("spans.chosen") == -1
    page.keyboard.press("o")
    assert [(each["start_frame"], each["end_frame"]) for each in spans(page)] == [(40, 60), (100, 101)]
    go(page, "f70")
    page.keyboard.press("m")
    assert spans(page)[2] == {"start_frame": 70, "end_frame": 71, **base}
    page.keyboard.press("u")
    assert len(spans(page)) == 2

    # An out before the in drops it, as editing systems do; the other order works too.
    go(page, "f120")
    page.keyboard.press("i")
    go(page, "f110")
    page.keyboard.press("o")
    assert len(spans(page)) == 2
    go(page, "f105")
    page.keyboard.press("i")
    assert (spans(page)[2]["start_frame"], spans(page)[2]["end_frame"]) == (105, 111)


def test_the_ends_of_a_chosen_span_move_with_the_same_keys(films: Path, at_bench: Callable[..., Page]) -> None:
    page = at_bench("clip", film(films, NTSC), rate=NTSC, frames=FRAMES)
    page.evaluate("(ranges) => spans.load(ranges)", [_range(40, 60), _range(100, 101)])
    page.evaluate("spans.choose(0)")
    assert shown(page) == 40
    go(page, "f45")
    page.keyboard.press("i")
    go(page, "f55")
    page.keyboard.press("o")
    assert (spans(page)[0]["start_frame"], spans(page)[0]["end_frame"]) == (45, 56)
    go(page, "f56")
    page.keyboard.press("i")
    expect(page.locator(".said")).to_contain_text("cannot lie behind the out")
    assert spans(page)[0]["start_frame"] == 45
    page.keyboard.press("Shift+I")
    assert shown(page) == 45
    page.keyboard.press("Shift+O")
    assert shown(page) == 55

    # Looped, the span is what plays.
    page.keyboard.press("Shift+L")
    played = page.evaluate(PLAY, 40)
    page.keyboard.press("k")
    assert played["wrong"] == []
    assert {*played["seen"][1:]} <= {*range(45, 56)}, played["seen"]
    page.keyboard.press("u")
    assert len(spans(page)) == 1


def test_the_rail_scrubs_to_the_frame_and_its_handles_move_ends(films: Path, at_bench: Callable[..., Page]) -> None:
    page = at_bench("clip", film(films, Fraction(24)), rate=Fraction(24), frames=FRAMES)
    rail = page.locator(".rail")
    box = rail.bounding_box()
    assert box is not None

    def at(frame: float, down: float = 40) -> tuple[float, float]:
        return box["x"] + (frame + 0.5) / FRAMES * box["width"], box["y"] + down

    page.mouse.click(*at(30))
    assert shown(page) == 30
    page.mouse.move(*at(30))
    page.mouse.down()
    page.mouse.move(*at(90), steps=12)
    page.mouse.up()
    assert shown(page) == 90
    expect(rail).to_have_attribute("aria-valuetext", "00:00:03:18, frame 90 of 150")
    page.mouse.move(*at(48))
    expect(page.locator(".tip")).to_have_text("00:00:02:00")

    page.evaluate("(ranges) => spans.load(ranges)", [_range(20, 40), _range(60, 61)])
    page.mouse.click(*at(60, 18))
    assert page.evaluate("spans.chosen") == 1
    assert shown(page) == 60
    page.mouse.click(*at(30, 18))
    assert page.evaluate("spans.chosen") == 0
    page.mouse.move(*at(39.6))
    page.mouse.down()
    page.mouse.move(*at(50), steps=6)
    page.mouse.up()
    page.mouse.move(*at(19.4))
    page.mouse.down()
    page.mouse.move(*at(10), steps=6)
    page.mouse.up()
    assert (spans(page)[0]["start_frame"], spans(page)[0]["end_frame"]) == (10, 51)
    assert shown(page) == 10


def test_a_file_that_does_not_play_says_why_and_is_tried_again(
    bench: Bench, films: Path, at_bench: Callable[..., Page]
) -> None:
    clip = film(films, Fraction(24))
    fault = ".fault"
    for status, words in ((404, "not there, or no longer yours"), (503, "could not send the file (503)")):
        bench.broken[clip.name] = status
        page = at_bench("clip", clip, rate=Fraction(24), frames=FRAMES)
        expect(page.locator(fault)).to_contain_text(words)
        expect(page.locator(fault)).to_contain_text("The verdict can be given all the same.")
    bench.broken.clear()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(fault)).to_be_hidden()
    page.locator("#stage").focus()
    go(page, "f77")
    assert shown(page) == 77
    (films / "words.mp4").write_text("This is no film." * 400, encoding="utf-8")
    page = at_bench("words", films / "words.mp4", rate=Fraction(24), frames=FRAMES)
    expect(page.locator(fault)).to_contain_text("no decoder for it (video/mp4)")


def test_a_frame_that_cannot_be_shown_is_called_uncertain(films: Path, at_bench: Callable[..., Page]) -> None:
    """A clip that is shorter than it is said to be: the last frames do not exist, and the span made there says so."""
    page = at_bench("clip", film(films, Fraction(24)), rate=Fraction(24), frames=FRAMES + 30)
    page.keyboard.press("End")
    page.keyboard.press("m")
    expect(page.locator("[data-player]")).to_have_attribute("data-exact", "false")
    expect(page.locator(".unsure")).to_be_visible()
    assert "Frame uncertain" in spans(page)[0]["note"]
    go(page, "f30")
    expect(page.locator(".unsure")).to_be_hidden()
    page.keyboard.press("m")
    assert "note" not in spans(page)[1]


def test_sound_has_frames_of_the_production_and_a_waveform(
    bench: Bench, films: Path, at_bench: Callable[..., Page]
) -> None:
    hum = films / "hum.wav"
    _write_hum(hum, seconds=4)
    peaks = {"rate": 50.0, "peaks": [[-0.5, 0.25 + place / 400] for place in range(200)]}
    (films / "hum.json").write_text(json.dumps(peaks), encoding="utf-8")
    page = at_bench(
        "hum", hum, rate=Fraction(24), frames=None, medium="audio", rate_num=None, rate_den=None, duration_ms=4000,
        peaks="/media/hum.json", sound=True,
    )  # fmt: skip
    expect(page.locator(".counter")).to_contain_text("of 96")
    expect(page.locator(".rail .wave path")).to_have_count(1)
    go(page, "1:00")
    page.keyboard.press("i")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("o")
    assert (spans(page)[0]["start_frame"], spans(page)[0]["end_frame"], spans(page)[0]["rate"]) == (24, 49, "24/1")
    page.keyboard.press("Space")
    page.wait_for_timeout(500)
    page.keyboard.press("k")
    counted = int(page.locator("[data-frame]").inner_text())
    clocked = page.evaluate("document.querySelector('audio').currentTime * 24")
    assert 50 < counted <= clocked + 0.01 < counted + 2


def _range(start: int, end: int) -> dict[str, Any]:
    return {"start_frame": start, "end_frame": end, "rate": "24/1"}


def _write_hum(path: Path, *, seconds: int) -> None:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(16_000 * seconds))
