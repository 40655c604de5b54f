"""./manage.py counts"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from loop.management.acting import production_named
from loop.signal.counts import counts


class Command(BaseCommand):
    help = "Prints the counts of a production's suggestions and decisions as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--production", required=True, metavar="CODE")
        parser.add_argument("--source", default="", help="only what this source brought")

    def handle(self, *args: Any, **options: Any) -> None:
        found = counts(production_named(options["production"]).pk, source=options["source"])
        self.stdout.write(json.dumps(found, indent=1))
