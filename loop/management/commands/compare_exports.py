"""./manage.py compare_exports CODE/E-1 CODE/E-2 [--json]"""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from loop.export.balance import BY, Drift, balance_of, drift
from loop.export.difference import WHY, Difference, difference
from loop.management.acting import refusals
from loop.management.arguments import release_named


class Command(BaseCommand):
    help = "Compares two releases of a production: rows added, removed and changed, why, and the balance of labels."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("old", metavar="A", help="the earlier release: its id, or CODE/E-NUMBER")
        parser.add_argument("new", metavar="B", help="the later one")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        old, new = release_named(options["old"]), release_named(options["new"])
        with refusals():
            # Whoever can run commands owns the machine, and may see the registry.
            found = difference(old, new, sees_codes=True)
        lines = drift(balance_of(old), balance_of(new))
        if options["json"]:
            self._print_json(found, lines)
            return
        self.stdout.write(f"E-{old.number} {old.version} to E-{new.number} {new.version}, {new.profile}")
        self.stdout.write(
            f"{found.added} rows added, {found.removed} removed, {found.changed} changed, {found.same} the same."
        )
        for cause in found.causes:
            self.stdout.write(f"  {cause.rows:>8}  {cause.change}: {WHY[cause.why]} {cause.code}".rstrip())
        for part in found.parts:
            self.stdout.write(f"  {part.name}: {part.old} -> {part.new}")
        for line in lines:
            name = " ".join(filter(None, (BY[line.by], line.value, line.outcome or "any outcome")))
            self.stdout.write(f"  {name}: {line.old_rows} -> {line.new_rows}")

    def _print_json(self, found: Difference, lines: list[Drift]) -> None:
        self.stdout.write(
            json.dumps(
                {
                    "old": {"id": str(found.old.uid), "number": found.old.number, "version": found.old.version},
                    "new": {"id": str(found.new.uid), "number": found.new.number, "version": found.new.version},
                    "rows": {name: getattr(found, name) for name in ("added", "removed", "changed", "same")},
                    "causes": [asdict(each) for each in found.causes],
                    "parts": [asdict(each) for each in found.parts],
                    "balance": [asdict(each) for each in lines],
                },
                indent=1,
            )
        )
