"""./manage.py production add | list"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from loop.management.acting import acting, add_actor_argument, refusals
from loop.material.models import Production
from loop.material.register import add_production
from loop.material.timecode import parse_rate


class Command(BaseCommand):
    help = "Adds a production, lists those there are."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|list")
        add = verbs.add_parser("add", help="add a production")
        add.add_argument("code", help="1 to 32 letters, digits, dots, dashes or underscores")
        add.add_argument("--title", default="", help="default: the code")
        add.add_argument("--rate", required=True, help="frames a second: 24, 25, 24000/1001")
        add.add_argument("--drop-frame", action="store_true", help="drop-frame timecode (30000/1001, 60000/1001)")
        add.add_argument("--guild", action="append", default=[], help="repeatable: a guild that covers the production")
        add.add_argument("--entity", default="", help="the company that is the production")
        add.add_argument("--reason-required", action="store_true", help="a reject or revise needs a reason")
        add_actor_argument(add)
        verbs.add_parser("list", help="all productions")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "list":
            for production in Production.objects.order_by("code"):
                rate = f"{production.rate_num}/{production.rate_den}" + (" drop" if production.drop_frame else "")
                self.stdout.write(f"{production.code}: {production.title}, {rate} frames/s, {production.status}")
            return
        with refusals():
            production = add_production(
                code=options["code"],
                title=options["title"] or options["code"],
                rate=parse_rate(options["rate"]),
                drop_frame=options["drop_frame"],
                guilds=options["guild"],
                entity_name=options["entity"],
                reason_required=options["reason_required"],
                actor=acting(options["actor"]),
            )
        self.stdout.write(f"Added the production {production.code} at {options['rate']} frames/s.")
