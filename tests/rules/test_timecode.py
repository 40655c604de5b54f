"""Film time: labels and frames, drop and non-drop."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.kernel.errors import NotValidError
from loop.material.timecode import at_seconds, may_drop, nominal, parse_rate, seek_seconds, to_frames, to_timecode

FILM = Fraction(24000, 1001)
NTSC = Fraction(30000, 1001)
DOUBLE = Fraction(60000, 1001)


@pytest.mark.parametrize(
    ("timecode", "rate", "drop", "frames"),
    [
        ("00:00:08:03", Fraction(24), False, 195),
        ("01:00:00:00", FILM, False, 86_400),
        ("00:01:00;02", NTSC, True, 1_800),
        ("00:10:00;00", NTSC, True, 17_982),
        ("01:00:00;00", NTSC, True, 107_892),
        ("00:01:00;04", DOUBLE, True, 3_600),
        ("23:59:59;29", NTSC, True, 2_589_407),
    ],
)
def test_a_label_names_a_frame_and_back(timecode: str, rate: Fraction, drop: bool, frames: int) -> None:
    assert to_frames(timecode, rate, drop_frame=drop) == frames
    assert to_timecode(frames, rate, drop_frame=drop) == timecode


@given(frames=st.integers(0, 2_589_407), rate=st.sampled_from([NTSC, DOUBLE]))
def test_drop_frame_labels_come_back_as_their_frames(frames: int, rate: Fraction) -> None:
    assert to_frames(to_timecode(frames, rate, drop_frame=True), rate, drop_frame=True) == frames


@pytest.mark.parametrize(
    "label", ["00:01:00;00", "00:01:00;01", "00:00:00:30", "24:00:00:00", "0:0:0:0", "00:61:00:00"]
)
def test_a_label_that_does_not_exist_is_refused(label: str) -> None:
    with pytest.raises(NotValidError, match="timecode"):
        to_frames(label, NTSC, drop_frame=True)


def test_drop_frame_exists_at_two_rates_only() -> None:
    assert may_drop(NTSC)
    assert may_drop(DOUBLE)
    with pytest.raises(NotValidError, match="drop_frame"):
        to_frames("00:00:00:00", FILM, drop_frame=True)


def test_a_rate_is_a_fraction_never_a_decimal() -> None:
    assert parse_rate("24000/1001") == FILM
    assert parse_rate(" 25 ") == 25
    assert nominal(FILM) == 24
    with pytest.raises(NotValidError, match="write 24000/1001"):
        parse_rate("23.976")
    for wrong in ("0", "24/0", "-24", "", "24000/1001/1"):
        with pytest.raises(NotValidError, match="rate"):
            parse_rate(wrong)


def test_a_player_seeks_to_the_middle_of_a_frame() -> None:
    assert at_seconds(86_400, FILM) == Fraction("3603.6")
    assert seek_seconds(0, Fraction(25)) == Fraction(1, 50)
