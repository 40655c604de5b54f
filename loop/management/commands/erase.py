"""./manage.py erase"""

from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from loop.management.acting import acting, add_actor_argument, production_named, refusals
from loop.management.arguments import party_named
from loop.management.vacuum import VacuumRefusedError, vacuum
from loop.recall.erase import erase
from loop.recall.trace import Reach


class Command(BaseCommand):
    help = "Erases the words, files and name of a party on a production, and recalls what left. --preview first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--party", required=True, metavar="ID", help="its id on the production, or its uid")
        parser.add_argument("--production", required=True, metavar="CODE")
        parser.add_argument("--basis", required=True, help="the law, without a name in it: gdpr_art17_1_b")
        parser.add_argument("--with-evidence", action="store_true", help="also the documents it signed, kept as proof")
        parser.add_argument("--with-derived", action="store_true", help="also revisions by others of its texts")
        parser.add_argument("--preview", action="store_true", help="only show what would go; nothing is kept of it")
        parser.add_argument(
            "--vacuum",
            action="store_true",
            help="then rewrite the tables, so that no byte of it is left in their files (locks each for a while)",
        )
        add_actor_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        production = production_named(options["production"])
        with refusals():
            report = erase(
                party=party_named(options["party"], production),
                production=production,
                basis=options["basis"],
                actor=acting(options["actor"]),
                with_evidence=options["with_evidence"],
                with_derived=options["with_derived"],
                is_preview=options["preview"],
            )
        if options["preview"]:
            self.stdout.write("Would erase:")
        else:
            self.stdout.write(f"Erased, as {report.erasure.uid}:" if report.erasure else "Erased:")
        for what, number in report.counts.items():
            self.stdout.write(f"  {number} {what}")
        self._tell("Published releases recalled:", report.published)
        self._tell("Releases not published, written again without the rows:", report.in_progress)
        self.stdout.write("\n".join(["Not reached:", *(f"  {line}" for line in report.excepted)]))
        if options["preview"]:
            return
        if not options["vacuum"]:
            self.stdout.write(
                "Old bytes stay in the tables' files until their owner rewrites them: VACUUM FULL, or --vacuum here."
            )
            return
        try:
            tables = vacuum()
        except VacuumRefusedError as error:
            self.stderr.write(f"{error}")
            return
        self.stdout.write(f"Rewrote {tables} tables and the planner's statistics.")

    def _tell(self, heading: str, reached: Iterable[Reach]) -> None:
        lines = [
            f"  {each.export.production.code} E-{each.export.number} to {each.export.recipient.code}: {each.rows} rows"
            for each in reached
        ]
        if lines:
            self.stdout.write("\n".join([heading, *lines]))
