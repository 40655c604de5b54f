"""./manage.py ingest"""

import json
import sys
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.decision.vocabulary import read_map
from loop.intake.ingest import MAX_SOURCE, ingest
from loop.intake.report import IngestReport
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.management.acting import acting, add_actor_argument, production_named, refusals
from loop.material.models import Production
from loop.media.folders import named_in, waiting
from loop.media.store import store
from loop.tasks import send_media


class Command(BaseCommand):
    help = """\
Reads suggestions with their decisions, one JSON object a line ("-" reads the standard input).

The same file again changes nothing. If any line is bad, nothing is kept (unless --keep-good), every bad line is
reported with its number, and the exit code is 1.

With --media FOLDER the files that lines name by a relative address are brought in from there afterwards."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE.jsonl")
        parser.add_argument("--production", required=True, metavar="CODE")
        parser.add_argument("--source", default="", help="where the lines come from (default: the file's name)")
        parser.add_argument("--keep-good", action="store_true", help="keep the good lines although others are bad")
        parser.add_argument("--register-reasons", action="store_true", help="add unknown codes as imported.<code>")
        parser.add_argument(
            "--reason-map", type=Path, metavar="FILE", help="JSON object: code -> code, sibling or dismissed"
        )
        parser.add_argument(
            "--media", type=Path, metavar="FOLDER", help="the folder in which relative addresses of media lie"
        )
        parser.add_argument("--counts", action="store_true", help="print the counts of the file as JSON, nothing else")
        add_actor_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        production, actor = production_named(options["production"]), acting(options["actor"])
        is_piped = options["file"] == "-"
        path = Path(options["file"])
        if not is_piped and not path.is_file():
            raise CommandError(f"Expected a file, found none at {path}.")
        folder: Path | None = options["media"]
        if folder is not None and not folder.is_dir():
            raise CommandError(f"--media: expected a folder, found none at {folder}.")
        name = options["source"] or ("standard input" if is_piped else path.name[:MAX_SOURCE])
        shows = sys.stderr.isatty() and options["verbosity"] > 0
        try:
            with refusals():
                report = ingest(
                    lines=sys.stdin.buffer if is_piped else path,
                    production=production,
                    actor=actor,
                    source=name,
                    keep_good=options["keep_good"],
                    register_reasons=options["register_reasons"],
                    reason_map=read_map(options["reason_map"]) if options["reason_map"] else None,
                    progress=self._progress if shows else None,
                )
        except OSError as error:
            raise CommandError(f"{error.filename or path}: {error.strerror}") from error
        if shows:
            self.stderr.write("\r", ending="")
        self._say(report, counts_only=options["counts"])
        if folder is not None and report.kept:
            self._bring_in(folder, production, actor, counts_only=options["counts"])
        if not report.ok:
            kept = "the good lines were kept" if report.kept else "nothing was kept"
            raise CommandError(f"{report.bad_lines} of {report.lines} lines are bad; {kept}.")

    def _progress(self, lines: int) -> None:
        self.stderr.write(f"\r{lines} lines", ending="")

    def _bring_in(self, folder: Path, production: Production, actor: Actor, *, counts_only: bool) -> None:
        """The lines are kept whatever comes of their files: a file that is missing or wrong can follow."""
        rows, stored = waiting(production), 0
        for row in rows:
            path = named_in(folder, row.uri)
            if path is None:
                continue
            try:
                with refusals():
                    store(media=row, source=path, actor=actor, at=now())
            except (CommandError, OSError) as error:
                self.stderr.write(f"warning: {row.uri}: {error}")
                continue
            stored += 1
        if stored:
            send_media()
        if not counts_only:
            self.stdout.write(f"{stored} files brought in; {len(rows) - stored} still missing.")

    def _say(self, report: IngestReport, *, counts_only: bool) -> None:
        for shown, count, name in (
            (report.errors, report.error_count, "errors"), (report.warnings, report.warning_count, "warnings")
        ):  # fmt: skip
            for one in shown:
                self.stderr.write(f"{'warning: ' if name == 'warnings' else ''}{one}")
            if count > len(shown):
                self.stderr.write(f"... and {count - len(shown)} more {name}")
        if counts_only:
            self.stdout.write(json.dumps(report.counts, indent=1))
        elif report.kept:
            self.stdout.write(
                f"{report.suggestions_new} suggestions and {report.decisions_new} decisions are new; "
                f"{report.suggestions_known} and {report.decisions_known} were known."
            )
            if report.registered_reasons or report.registered_beats:
                self.stdout.write(f"Registered: {', '.join(report.registered_reasons + report.registered_beats)}")
