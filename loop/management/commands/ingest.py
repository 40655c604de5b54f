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
from loop.management.acting import acting, add_actor_argument, production_named, refusals


class Command(BaseCommand):
    help = """\
Reads suggestions with their decisions, one JSON object a line ("-" reads the standard input).

The same file again changes nothing. If any line is bad, nothing is kept (unless --keep-good), every bad line is
reported with its number, and the exit code is 1."""

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
        parser.add_argument("--counts", action="store_true", help="print the counts of the file as JSON, nothing else")
        add_actor_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        production, actor = production_named(options["production"]), acting(options["actor"])
        is_piped = options["file"] == "-"
        path = Path(options["file"])
        if not is_piped and not path.is_file():
            raise CommandError(f"Expected a file, found none at {path}.")
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
        if not report.ok:
            kept = "the good lines were kept" if report.kept else "nothing was kept"
            raise CommandError(f"{report.bad_lines} of {report.lines} lines are bad; {kept}.")

    def _progress(self, lines: int) -> None:
        self.stderr.write(f"\r{lines} lines", ending="")

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
