"""Bringing files in from a disk: by digest, and by the address that the lines name."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.kernel.errors import NotFoundError
from loop.material.models import Media
from loop.media.attach import attach
from loop.media.folders import named_in
from loop.media.models import Rendition
from tests.media.conftest import Screening
from tests.media.shelf import clip, digest_of, still
from tests.support.cutting_room import line


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands send a message; whether somebody receives it is no matter of theirs."""
    monkeypatch.setattr("loop.tasks.render_media.apply_async", lambda **_: None)


def _run(*args: str, **options: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(*args, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_a_folder_is_matched_by_digest(screening: Screening, tmp_path: Path) -> None:
    folder = tmp_path / "card"
    (folder / "day 2").mkdir(parents=True)
    wanted = clip(folder, name="A001_C003.mp4")
    also = still(folder / "day 2" / "board é.png")
    (folder / "notes.txt").write_text("Nobody asked for these.")
    (folder / ".hidden.mp4").write_bytes(wanted.read_bytes() + b"x")
    first = screening.suggests(wanted, name="one", uri="https://elsewhere.example/one.mp4")
    second = screening.suggests(wanted, name="two", uri="vault/two.mp4")
    third = screening.suggests(also, name="three")
    absent = screening.suggests(clip(tmp_path, frames=30), name="four", uri="four.mp4")
    out, err = _run("attach_media", str(folder), production="FERRY", actor="editor")
    assert "A001_C003.mp4: attached to 2 files" in out
    assert "board é.png: attached to 1 file " in out
    assert "notes.txt: nobody names it" in out
    assert ".hidden" not in out
    assert "2 files attached; 1 still missing." in out
    assert absent.media is not None
    assert f"missing {absent.media.sha256[:12]} four.mp4" in out
    assert err == ""
    for suggestion in (first, second, third):
        assert Media.objects.get(suggestions=suggestion).stored_name
    assert Rendition.objects.filter(media__suggestions=second).count() == 3
    again, _ = _run("attach_media", str(folder), production="FERRY", actor="editor")
    assert "A001_C003.mp4: was here already" in again
    assert "0 files attached; 1 still missing." in again


def test_a_refused_file_is_told_and_the_others_follow(screening: Screening, tmp_path: Path) -> None:
    folder = tmp_path / "card"
    folder.mkdir()
    (folder / "a.mp4").write_text("no clip at all")
    good = clip(folder, name="b.mp4")
    screening.suggests(folder / "a.mp4", name="bad")
    screening.suggests(good, name="good")
    err = io.StringIO()
    with pytest.raises(CommandError, match="1 files were refused"):
        call_command("attach_media", str(folder), production="FERRY", stdout=io.StringIO(), stderr=err)
    assert "a.mp4: file: expected a video" in err.getvalue()
    assert Media.objects.get(sha256=digest_of(good)).stored_name
    assert not Media.objects.get(sha256=digest_of(folder / "a.mp4")).stored_name


def test_what_is_wrong_with_the_call_is_said(screening: Screening, tmp_path: Path) -> None:
    source = clip(tmp_path)
    screening.suggests(source)
    with pytest.raises(CommandError, match="found none at"):
        _run("attach_media", str(tmp_path / "nowhere"), production="FERRY")
    with pytest.raises(CommandError, match="permission"):
        _run("attach_media", str(source), production="FERRY", actor="data")
    with pytest.raises(NotFoundError):
        attach(production=screening.room.production, sha256="0" * 64, source=source, actor=SYSTEM, at=now())


@pytest.mark.parametrize(("uri", "found"), [
    ("clips/a.mp4", True), ("file:clips/a.mp4", True), ("./clips/../clips/a.mp4", True), ("clips/a%2Emp4", True),
    ("../secret.mp4", False), ("clips/../../secret.mp4", False), ("/etc/passwd", False), ("file:///etc/passwd", False),
    ("https://host/clips/a.mp4", False), ("//host/clips/a.mp4", False), ("clips", False), ("", False),
    ("clips/a.mp4%00", False), ("clips/link.mp4", False),
])  # fmt: skip
def test_an_address_leads_into_the_folder_or_nowhere(tmp_path: Path, uri: str, *, found: bool) -> None:
    (tmp_path / "media" / "clips").mkdir(parents=True)
    (tmp_path / "media" / "clips" / "a.mp4").write_bytes(b"a")
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    (tmp_path / "media" / "clips" / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    assert (named_in(tmp_path / "media", uri) is not None) == found


def test_ingest_brings_the_named_files_along(screening: Screening, tmp_path: Path) -> None:
    folder = tmp_path / "delivery"
    (folder / "clips").mkdir(parents=True)
    here = clip(folder / "clips", name="a.mp4")
    wrong = clip(folder / "clips", name="b.mp4", frames=12)
    told = [
        line("m-1", None, media={"uri": "clips/a.mp4", "sha256": digest_of(here), "mime": "video/mp4"}),
        line("m-2", None, media={"uri": "clips/b.mp4", "sha256": "b" * 64, "mime": "video/mp4"}),
        line("m-3", None, media={"uri": "s3://bucket/c.mp4", "sha256": "c" * 64, "mime": "video/mp4"}),
    ]
    lines = folder / "lines.jsonl"
    lines.write_text("".join(json.dumps(each) + "\n" for each in told))
    out, err = _run("ingest", str(lines), production="FERRY", media=folder)
    assert "3 suggestions" in out
    assert "1 files brought in; 2 still missing." in out
    assert f"clips/b.mp4: sha256: expected a file with the SHA-256 {'b' * 64}, found {digest_of(wrong)}" in err
    assert Media.objects.get(sha256=digest_of(here)).stored_name
    assert Media.objects.exclude(stored_name="").count() == 1
    with pytest.raises(CommandError, match="--media: expected a folder"):
        _run("ingest", str(lines), production="FERRY", media=tmp_path / "nowhere")
