"""The sample's pictures, clips and sounds: what each frame says of itself, and that our own drawing code made them."""

import json
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from loop.media.probe import probe
from loop.sample.content import FOLDER
from scripts.sample_media.boards import PANELS, panel
from scripts.sample_media.catalogue import CLIPS, SOUNDS, Clip
from scripts.sample_media.sound import RATE
from tests.support.clips import frame_number

MEDIA = FOLDER / "media"
BY_NAME = {clip.name: clip for clip in CLIPS}
PICTURE = slice(44, 316)  # the rows between the strip of numbers and the burnt-in line


def frames(name: str) -> list[np.ndarray]:
    with av.open(str(MEDIA / name)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """The mean difference of two pictures, 0 to 255."""
    return float(np.abs(one.astype(np.float32) - other.astype(np.float32)).mean())


def test_everything_that_is_drawn_is_there_and_nothing_else() -> None:
    listed = {entry["file"] for entry in json.loads((MEDIA / "MANIFEST.json").read_text(encoding="utf-8"))["files"]}
    assert listed == {*PANELS, *SOUNDS, *BY_NAME}


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.name)
def test_every_frame_carries_its_number_at_the_rate_that_is_stated(clip: Clip) -> None:
    found = probe(MEDIA / clip.name)
    assert [frame_number(frame) for frame in frames(clip.name)] == list(range(clip.frames))
    assert (found.rate, found.frame_count, found.is_variable) == (clip.rate, clip.frames, False)
    assert found.has_sound == (clip.wave is not None)
    if clip.name.endswith(".mp4"):  # WebM has no place for a start timecode
        assert (found.start_frame, found.drop_frame) == (clip.start, clip.drop)


def test_the_rates_and_codecs_that_a_player_meets_are_all_there() -> None:
    found = [probe(MEDIA / clip.name) for clip in CLIPS]
    assert {each.rate for each in found} == {Fraction(24), Fraction(25), Fraction(30000, 1001)}
    assert {each.codec for each in found} == {"h264", "vp9"}
    assert BY_NAME["previs_6-050_c.mp4"].timecode(60) == "00:01:00;02"  # the minute that leaves two numbers out


def test_the_left_face_is_anothers_from_frame_51_and_the_right_one_stays() -> None:
    shown = frames("previs_6-040_a.mp4")
    left, right = (PICTURE, slice(60, 330)), (PICTURE, slice(360, 600))
    steps = [apart(shown[number][left], shown[number - 1][left]) for number in range(40, 60)]
    assert int(np.argmax(steps)) + 40 == 51
    assert steps[11] > 4 * sorted(steps)[-2]
    assert apart(shown[50][left], shown[40][left]) < 3
    assert apart(shown[51][right], shown[50][right]) < 2


@pytest.mark.parametrize(
    ("name", "number"), [("previs_6-030_c.mp4", 70), ("previs_6-040_a.mp4", 60), ("take_6c_09.mp4", 60)]
)
def test_a_frame_is_what_the_script_draws(name: str, number: int) -> None:
    assert apart(BY_NAME[name].frame(number), frames(name)[number]) < 6


@pytest.mark.parametrize("name", ["board_1_a.webp", "board_3_a.webp"])
def test_a_still_is_what_the_script_draws(name: str) -> None:
    drawn = np.asarray(panel(name))
    with Image.open(MEDIA / name) as kept:
        assert kept.size == (1280, 720)
        assert apart(drawn, np.asarray(kept.convert("RGB"))) < 4


@pytest.mark.parametrize("name", SOUNDS)
def test_a_sound_is_what_the_script_computes_and_only_one_is_overdriven(name: str) -> None:
    wave = SOUNDS[name]()
    found = probe(MEDIA / name)
    assert found.medium == "audio"
    assert found.duration_ms == pytest.approx(len(wave) / RATE * 1000, abs=40)
    flat = np.flatnonzero(np.abs(wave) >= 0.999) / RATE
    if name == "sound_pump_b.flac":
        assert len(flat) > RATE * 0.02
        assert flat.min() >= 2.5
        assert flat.max() <= 4.0
    else:
        assert not len(flat)
