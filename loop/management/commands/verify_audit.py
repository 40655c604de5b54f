"""`verify_audit`: recomputes the log and holds the tables against it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from loop.audit.keys import trusted
from loop.audit.note import NoteError, parse_vkey
from loop.audit.verify import verify


class Command(BaseCommand):
    help = (
        "Recomputes the audit log: every leaf, every checkpoint, every signature, and whether the tables still say "
        "what was logged. Exit code 1 if anything does not hold."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--checkpoint", metavar="FILE", action="append", default=[], type=Path,
            help="a checkpoint note that was kept outside; it must be a state this log went through (repeatable)",
        )  # fmt: skip
        parser.add_argument(
            "--key", metavar="FILE", action="append", default=[], type=Path,
            help="a .vkey file with the public key to check signatures with (default: the keys of this house)",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints what was checked, then the problems."""
        try:
            notes = [path.read_text(encoding="utf-8") for path in options["checkpoint"]]
            keys = [parse_vkey(path.read_text(encoding="utf-8")) for path in options["key"]]
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        except (NoteError, UnicodeDecodeError) as error:
            raise CommandError(f"--key: {error}") from error
        known = keys or trusted()

        def progress(what: str) -> None:
            if options["verbosity"] > 1:
                self.stderr.write(f"checking {what}")

        report = verify(trusted=known, witnessed=notes, progress=progress)
        self.stdout.write(
            f"{report.leaves} log entries under {report.checkpoints} checkpoints, {report.pending} not sealed yet\n"
            f"{report.rows} rows of the tables the log vouches for\n"
            f"{report.texts} texts and facts opened, {report.erased} erased on record\n"
            f"root {report.root.hex()} at size {report.leaves}"
        )
        for key in known:
            self.stdout.write(f"key {key}")
        if report.ok:
            self.stdout.write(self.style.SUCCESS("The log and the tables agree; nothing was altered."))
            if not notes:
                self.stdout.write(
                    "This was checked against the house's own checkpoints. Give one that was kept outside with "
                    "--checkpoint to rule out that everything was rewritten."
                )
            return
        for problem in report.problems:
            self.stderr.write(self.style.ERROR(str(problem)))
        raise CommandError(f"{report.problem_count} problems found: the log and the tables do not agree.")
