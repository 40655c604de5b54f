"""./manage.py guild notice"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from loop.consent.evidence import read_document
from loop.consent.guild import record_guild_notice
from loop.consent.models import GuildNotice
from loop.management.acting import acting, add_actor_argument, production_named, refusals
from loop.management.arguments import a_date, a_file, recipient_named


class Command(BaseCommand):
    help = "Records that a guild was told or consulted before something leaves a production for somebody else."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="notice")
        notice = verbs.add_parser("notice", help="a notice to a guild, or its consultation, with its evidence")
        notice.add_argument("guild", help="one of the guilds that cover the production")
        notice.add_argument("--production", required=True, metavar="CODE")
        notice.add_argument("--kind", default=GuildNotice.Kind.NOTICE.value, help=", ".join(GuildNotice.Kind.values))
        notice.add_argument("--recipient", metavar="CODE", help="default: whoever receives")
        notice.add_argument("--sent-on", required=True, metavar="DATE")
        notice.add_argument("--evidence", type=a_file, required=True, metavar="FILE")
        add_actor_argument(notice)

    def handle(self, *args: Any, **options: Any) -> None:
        production, actor = production_named(options["production"]), acting(options["actor"])
        recipient = recipient_named(options["recipient"]) if options["recipient"] else None
        with refusals():
            recorded = record_guild_notice(
                production=production,
                guild=options["guild"],
                kind=options["kind"],
                sent_on=a_date("--sent-on", options["sent_on"]),
                evidence=read_document(options["evidence"], kind=f"guild_{options['kind']}"),
                recipient=recipient,
                actor=actor,
            )
        about = recorded.recipient.code if recorded.recipient else "whoever receives"
        self.stdout.write(f"Recorded a {recorded.kind} to {recorded.guild} about {about}.")
