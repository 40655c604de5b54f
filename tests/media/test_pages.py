"""What the review room shows of a file: itself, or why not, with the verdict always possible."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.media.models import Rendition
from loop.media.places import path_of
from loop.media.store import store
from loop.suggestion.models import Suggestion
from loop.web.editor.media import media_card, media_cards, stage_of, thumbs_of
from tests.media.conftest import Screening
from tests.media.shelf import clip, sound, still


def _page(screening: Screening, suggestion: Suggestion) -> str:
    response = screening.clients["editor"].get(f"/p/FERRY/review/?item={suggestion.uid}")
    assert response.status_code == 200
    text = response.content.decode()
    assert 'name="outcome"' in text or 'data-action="verdict.accept"' in text  # it can be judged
    return text


def _stored(suggestion: Suggestion, source: Path) -> Suggestion:
    assert suggestion.media is not None
    store(media=suggestion.media, source=source, actor=SYSTEM, at=now())
    return suggestion


def _card(suggestion: Suggestion) -> dict[str, Any]:
    card = media_card(suggestion)
    assert card is not None
    return card


def test_a_missing_file_says_how_to_bring_it_in(screening: Screening, tmp_path: Path) -> None:
    suggestion = screening.suggests(clip(tmp_path), uri="vault/reel <b>7</b>.mp4")
    page = _page(screening, suggestion)
    assert "The file is not here yet" in page
    assert "vault/reel &lt;b&gt;7&lt;/b&gt;.mp4" in page
    assert _card(suggestion)["sha256"] in page
    assert "attach_media FILE --production FERRY" in page
    elsewhere = screening.suggests(clip(tmp_path, frames=30), name="clip-2", uri="s3://vault/reel.mp4")
    assert "The file lies elsewhere" in _page(screening, elsewhere)


def test_a_file_that_is_being_made_ready_says_how_far(screening: Screening, tmp_path: Path) -> None:
    source = clip(tmp_path)
    suggestion = _stored(screening.suggests(source), source)
    page = _page(screening, suggestion)
    assert "The file is being made ready" in page
    assert "It waits for its turn." in page
    assert f'data-poll="{_card(suggestion)["state_url"]}"' in page
    Rendition.objects.filter(kind="proxy").update(state="running", progress=42)
    assert "42 %" in _page(screening, suggestion)
    told = screening.clients["editor"].get(_card(suggestion)["state_url"]).json()
    assert told == {"state": "preparing", "progress": 42, "problem": ""}


def test_a_file_that_failed_says_why_and_can_be_tried_again(screening: Screening, tmp_path: Path) -> None:
    source = clip(tmp_path)
    suggestion = _stored(screening.suggests(source), source)
    Rendition.objects.filter(kind="proxy").update(state="failed", problem="file: expected 24 frames, found <none>")
    page = _page(screening, suggestion)
    assert "The file cannot be shown" in page
    assert "expected 24 frames, found &lt;none&gt;" in page
    assert f'action="{_card(suggestion)["retry_url"]}"' in page
    assert "Try again" in page


def test_a_kind_without_a_picture_is_offered_for_download(screening: Screening, tmp_path: Path) -> None:
    source = tmp_path / "scene.blend"
    source.write_bytes(b"not a picture" * 9)
    suggestion = _stored(screening.suggests(source), source)
    page = _page(screening, suggestion)
    assert "There is no picture of this file" in page
    assert _card(suggestion)["download"] in page


def test_a_clip_stands_on_the_stage(screening: Screening, tmp_path: Path) -> None:
    source = clip(tmp_path, name="a.mov", rate=Fraction(30000, 1001), frames=30, timecode="01:00:00;00", sound=True)
    suggestion = screening.shows(source, content="The log of the rendering.")
    card = _card(suggestion)
    assert {key: card[key] for key in (
        "state", "medium", "mime", "rate", "rate_num", "rate_den", "frames", "start_frame", "drop", "width", "height",
        "variable", "sound", "duration_ms", "problem",
    )} == {
        "state": "ready", "medium": "video", "mime": "video/mp4", "rate": "30000/1001", "rate_num": 30000,
        "rate_den": 1001, "frames": 30, "start_frame": 107_892, "drop": True, "width": 320, "height": 180,
        "variable": False, "sound": True, "duration_ms": 1001, "problem": "",
    }  # fmt: skip
    page = _page(screening, suggestion)
    assert 'data-medium="video"' in page
    for key in ("src", "poster", "peaks"):
        assert card[key].replace("&", "&amp;") in page
        assert screening.clients["editor"].head(card[key]).status_code == 200
    assert "The log of the rendering." in page


def test_stills_and_sounds_are_shown_as_they_are_or_by_a_copy(screening: Screening, tmp_path: Path) -> None:
    png = _card(screening.shows(still(tmp_path / "a.png"), name="png"))
    assert (png["state"], png["medium"], png["mime"], png["src"]) == ("ready", "still", "image/png", png["download"])
    tif = _card(screening.shows(still(tmp_path / "a.tif"), name="tif"))
    assert (tif["state"], tif["mime"]) == ("ready", "image/png")
    assert "/proxy" in tif["src"]
    mp3 = _card(screening.shows(sound(tmp_path / "a.mp3"), name="mp3"))
    assert (mp3["medium"], mp3["mime"], mp3["src"]) == ("audio", "audio/mpeg", mp3["download"])
    assert mp3["peaks"]
    wav = _card(screening.shows(sound(tmp_path / "a.wav"), name="wav"))
    assert (wav["mime"], "/proxy" in wav["src"]) == ("audio/mp4", True)
    for card in (png, tif, mp3, wav):
        assert screening.clients["editor"].head(card["src"]).headers["Content-Type"] == card["mime"]


def test_a_file_that_is_gone_is_missing_again(screening: Screening, tmp_path: Path) -> None:
    suggestion = screening.shows(clip(tmp_path))
    assert _card(suggestion)["state"] == "ready"
    assert suggestion.media is not None
    path_of(suggestion.media.stored_name).unlink()
    assert _card(suggestion)["state"] == "missing"


def test_while_a_better_copy_is_made_the_old_one_is_shown(screening: Screening, tmp_path: Path) -> None:
    suggestion = screening.shows(clip(tmp_path))
    before = _card(suggestion)["src"]
    Rendition.objects.update(state="waiting")
    assert (_card(suggestion)["state"], _card(suggestion)["src"]) == ("ready", before)


def test_the_stage_follows_the_file(screening: Screening) -> None:
    assert stage_of(None) == ("text", "editor/_stage_text.html")
    assert stage_of({"state": "preparing", "src": "", "medium": "video"})[0] == "wait"
    assert stage_of({"state": "ready", "src": "/x", "medium": "audio"}) == ("audio", "editor/_stage_audio.html")


def test_many_cost_as_much_as_one(screening: Screening, tmp_path: Path) -> None:
    shown = [screening.shows(clip(tmp_path, frames=12 + n), name=f"clip-{n}") for n in range(3)]
    waiting = screening.suggests(clip(tmp_path, frames=30), name="waiting")
    text = screening.room.suggestion("s01-a")
    production = screening.room.production
    with CaptureQueriesContext(connection) as queries:
        cards = media_cards(production, [*shown, waiting, text])
    assert len(queries) == 1
    assert {pk: card["state"] for pk, card in cards.items()} == {
        **{each.pk: "ready" for each in shown}, waiting.pk: "missing",
    }  # fmt: skip
    with CaptureQueriesContext(connection) as queries:
        thumbs = thumbs_of(production, [each.pk for each in [*shown, waiting, text]])
    assert len(queries) == 1
    assert thumbs == {each.pk: cards[each.pk]["thumb"] for each in shown}
    assert _page(screening, shown[0])
