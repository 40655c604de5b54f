"""./manage.py attach_media"""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.kernel.clock import now
from loop.kernel.errors import NotAllowedError, NotFoundError, NotValidError
from loop.management.acting import acting, add_actor_argument, production_named
from loop.material.models import Media
from loop.media.attach import attach
from loop.media.folders import digest, files_in, waiting
from loop.tasks import send_media

MOST_SHOWN = 50
MIB = 1024**2


class Command(BaseCommand):
    help = (
        "Brings in media files for suggestions that name them by their SHA-256. Files that nobody waits for are left "
        "alone; a refused file leaves nothing behind, and the exit code is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="FILE|FOLDER")
        parser.add_argument("--production", required=True, metavar="CODE")
        add_actor_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        production, actor = production_named(options["production"]), acting(options["actor"])
        for path in options["paths"]:
            if not path.exists():
                raise CommandError(f"Expected a file or folder, found none at {path}.")
        known = set(Media.objects.filter(production=production).values_list("sha256", flat=True))
        wanted = {row.sha256 for row in waiting(production)}
        self._shows = sys.stderr.isatty() and options["verbosity"] > 0
        files = list(files_in(options["paths"]))
        self._total, self._read = sum(path.stat().st_size for path in files), 0
        attached = refused = 0
        for path in files:
            try:
                sha256 = digest(path, self._progress)
            except OSError as error:
                refused += 1
                self._say(f"{path}: {error.strerror}", is_bad=True)
                continue
            if sha256 not in wanted:
                word = "was here already" if sha256 in known else "nobody names it"
                self._say(f"{path}: {word} ({sha256[:12]})")
                continue
            try:
                rows = attach(production=production, sha256=sha256, source=path, actor=actor, at=now())
            except (NotAllowedError, NotFoundError) as error:  # of the actor: the next file would fare no better
                raise CommandError(str(error)) from error
            except (NotValidError, OSError) as error:
                refused += 1
                self._say(f"{path}: {error}", is_bad=True)
                continue
            attached += 1
            wanted.discard(sha256)
            self._say(f"{path}: attached to {len(rows)} file{'s' if len(rows) > 1 else ''} ({sha256[:12]})")
        self._end(attached, refused, waiting(production))

    def _progress(self, size: int) -> None:
        self._read += size
        if self._shows:
            share = self._read / max(1, self._total)
            bar = "#" * int(share * 30)
            self.stderr.write(
                f"\r[{bar:<30}] {self._read // MIB} of {self._total // MIB} MiB", ending="" if share < 1 else "\n"
            )

    def _say(self, text: str, *, is_bad: bool = False) -> None:
        if self._shows:
            self.stderr.write("\r\x1b[K", ending="")
        (self.stderr if is_bad else self.stdout).write(text)

    def _end(self, attached: int, refused: int, still: list[Media]) -> None:
        if attached:
            send_media()
        self.stdout.write(f"{attached} files attached; {len(still)} still missing.")
        for row in still[:MOST_SHOWN]:
            self.stdout.write(f"  missing {row.sha256[:12]} {row.uri}")
        if len(still) > MOST_SHOWN:
            self.stdout.write(f"  ... and {len(still) - MOST_SHOWN} more")
        if refused:
            raise CommandError(f"{refused} files were refused.")
