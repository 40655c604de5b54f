"""./manage.py verify_export DIR [--replaces OLD_DIR --feed FILE]"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.audit.keys import trusted
from loop.audit.note import NoteError, VerifierKey, parse_vkey
from loop.export.verify import verify
from loop.kernel.clock import now
from loop.recall.verify_feed import verify_replacement

MOST_LINES = 50


class Command(BaseCommand):
    help = "Checks a release folder: signature, every digest, proof of inclusion, counts, consent flags."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument(
            "--key", type=Path, metavar="FILE",
            help="the public key (name+hash+key) that you got from the house by another way than the folder; "
            "default: this house's own",
        )  # fmt: skip
        parser.add_argument(
            "--replaces", type=Path, metavar="OLD_DIR", help="also prove that what was recalled from it is gone"
        )
        parser.add_argument("--feed", type=Path, metavar="FILE", help="with --replaces: the recall feed of OLD_DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        if not folder.is_dir():
            raise CommandError(f"{folder}: expected the folder of a release, found none.")
        old: Path | None = options["replaces"]
        if (old is None) != (options["feed"] is None):
            raise CommandError("--replaces and --feed go together: the folder it replaces, and the feed of that one.")
        keys = _keys(options["key"], folder)
        if old is None:
            report = verify(folder, keys=keys)
        else:
            feed = _read(options["feed"])
            report = verify_replacement(folder, old=old, feed=feed, keys=keys, moment=now())
        for finding in report.findings[:MOST_LINES]:
            self.stderr.write(str(finding))
        if len(report.findings) > MOST_LINES:
            self.stderr.write(f"... and {len(report.findings) - MOST_LINES} more.")
        if not report.ok:
            raise CommandError(f"Not verified: {len(report.findings)} finding(s) in {folder}.")
        self.stdout.write(
            f"Verified: {report.files} files and {report.rows} rows, signed, "
            f"and in the log of {report.checkpoint_size} entries."
        )
        if old is not None:
            self.stdout.write(f"It replaces {old}: its recalled rows are gone.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"--feed {path}: expected a recall feed, found none that can be read.") from error


def _keys(path: Path | None, folder: Path) -> list[VerifierKey]:
    if path is None:
        keys = trusted()
        if not keys:
            raise CommandError("This house has no signing key yet; name the key to trust with --key FILE.")
        return keys
    if folder.resolve() in path.resolve().parents:
        raise CommandError(f"{path}: a key in the folder proves nothing; take it from the house by another way.")
    try:
        return [parse_vkey(path.read_text(encoding="utf-8"))]
    except OSError as error:
        raise CommandError(f"{path}: expected a key file, found none that can be read ({error.strerror}).") from error
    except (NoteError, UnicodeDecodeError) as error:
        raise CommandError(f"{path}: {error}") from error
