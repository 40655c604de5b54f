"""./manage.py party add | change | list"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from loop.gate.parties import known_parties
from loop.management.acting import acting, add_actor_argument, production_named, refusals
from loop.management.arguments import a_date, party_named
from loop.people.models import Contributor
from loop.people.party import register_party


class Command(BaseCommand):
    help = "Registers whose work, judgement or likeness is involved in a production."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|change|list")
        for name, says in (("add", "register a party"), ("change", "change what is known of one")):
            verb = verbs.add_parser(name, help=says)
            verb.add_argument("party", metavar="ID", help="its id on the production")
            verb.add_argument("--kind", help=", ".join(Contributor.Kind.values))
            verb.add_argument("--name")
            verb.add_argument("--function", action="append", default=[], help="a credit to add, several times")
            age = verb.add_mutually_exclusive_group()
            age.add_argument("--minor-until", metavar="DATE", help="the day a minor comes of age")
            age.add_argument("--of-age", action="store_true", help="no minor (any more)")
            add_actor_argument(verb)
        verbs.add_parser("list", help="the parties the production knows")
        for verb in verbs.choices.values():
            verb.add_argument("--production", required=True, metavar="CODE")

    def handle(self, *args: Any, **options: Any) -> None:
        production = production_named(options["production"])
        if options["verb"] == "list":
            for party in known_parties(production).order_by("external_id"):
                minor = f", a minor until {party.minor_until}" if party.minor_until else ""
                self.stdout.write(f"{party.external_id}: {party.name or 'no name'}, {party.kind}{minor}")
            return
        actor, external_id = acting(options["actor"]), options["party"]
        if options["verb"] == "change":
            external_id = party_named(external_id, production).external_id
        with refusals():
            party = register_party(
                production=production,
                external_id=external_id,
                actor=actor,
                kind=options["kind"],
                name=options["name"],
                functions=options["function"],
                minor_until=a_date("--minor-until", options["minor_until"]) if options["minor_until"] else None,
                of_age=options["of_age"],
            )
        self.stdout.write(f"Registered {party.external_id}, {party.get_kind_display().lower()}.")
