"""What a test's database and home begin with: the schema alone, or the sample production."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from django.test import override_settings

from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.media.render import render_next
from loop.sample.load import load


@dataclass(frozen=True, slots=True)
class Stock:
    """A database to copy, and the home whose files its rows name."""

    database: str
    home: Path | None = None

    def lay_out(self, home: Path) -> None:
        """Copies the files into a test's home."""
        if self.home is not None:
            shutil.copytree(self.home, home, dirs_exist_ok=True)


def load_sample(home: Path) -> None:
    """Loads the sample production into the database that Django's connections lead to, and renders its media."""
    places = {name: home / name for name in ("keys", "media", "releases")}
    for folder in places.values():
        folder.mkdir(mode=0o700, exist_ok=True)
    with override_settings(
        CIRCLED_HOME=home, KEYS_ROOT=places["keys"], MEDIA_ROOT=places["media"], RELEASES_ROOT=places["releases"]
    ):
        load(actor=SYSTEM, at=now())
        while render_next() is not None:
            continue
