"""./manage.py registry import | export"""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.consent.bring_in import bring_in
from loop.consent.take_out import take_out
from loop.management.acting import acting, add_actor_argument, production_named, refusals
from loop.management.arguments import a_file


class Command(BaseCommand):
    help = "Brings parties and authorisations in as JSON lines, whole or not at all, and writes them out again."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="import|export")
        import_ = verbs.add_parser("import", help="record what is new of a file; any bad line, and nothing is kept")
        import_.add_argument("file", metavar="FILE.jsonl", help='"-" reads the standard input')
        import_.add_argument("--evidence", type=a_file, metavar="FOLDER", help="default: the folder of the file")
        import_.add_argument("--check", action="store_true", help="only say what is wrong; nothing is kept")
        export = verbs.add_parser("export", help="the registry of a production as the lines that import reads")
        for verb in (import_, export):
            verb.add_argument("--production", required=True, metavar="CODE")
            add_actor_argument(verb)

    def handle(self, *args: Any, **options: Any) -> None:
        production, actor = production_named(options["production"]), acting(options["actor"])
        if options["verb"] == "export":
            with refusals():
                for line in take_out(production=production, actor=actor):
                    self.stdout.write(line)
            return
        path, folder = Path(options["file"]), options["evidence"]
        if options["file"] != "-" and not path.is_file():
            raise CommandError(f"Expected a file, found none at {path}.")
        if folder is not None and not folder.is_dir():
            raise CommandError(f"--evidence: expected a folder, found none at {folder}.")
        lines = sys.stdin.buffer.readlines() if options["file"] == "-" else path
        with refusals():
            report = bring_in(lines=lines, production=production, actor=actor, folder=folder, trial=options["check"])
        for error in report.errors:
            self.stderr.write(error)
        if report.error_count:
            raise CommandError(f"Nothing was kept: {report.error_count} problems in {report.lines} lines.")
        did = "Would record" if options["check"] else "Recorded"
        self.stdout.write(
            f"{did} {report.parties_new} new parties and {report.authorisations_new} authorisations;"
            f" {report.authorisations_known} were known."
        )
