"""./manage.py authorise"""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.consent import terms
from loop.consent.evidence import read_document
from loop.consent.grant import grant_many
from loop.consent.models import Recipient
from loop.consent.recording import GrantTerms
from loop.gate.parties import known_parties
from loop.kernel.canonical import Json
from loop.kernel.strict_json import StrictJsonError, loads
from loop.management.acting import acting, add_actor_argument, production_named, refusals
from loop.management.arguments import a_date, a_file, authorisation_named, party_named, words


class Command(BaseCommand):
    help = "Records what a party allows or forbids, with its evidence."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--production", required=True, metavar="CODE")
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--party", metavar="ID", help="the contributor's id on the production, or its uid")
        who.add_argument("--all-parties", action="store_true", help="one for each party the production knows now")
        parser.add_argument(
            "--use", action="append", required=True, metavar="PURPOSE=VALUE",
            help=f"several times; values: {', '.join(terms.USE_VALUES)}",
        )  # fmt: skip
        parser.add_argument("--recipient", action="append", default=[], metavar="CODE", help="several times")
        parser.add_argument(
            "--recipient-kind", action="append", default=[], metavar="KIND",
            help=f"a whole class of recipients: {', '.join(Recipient.Kind.values)}",
        )  # fmt: skip
        parser.add_argument("--basis", required=True, help=", ".join(terms.BASES))
        parser.add_argument("--evidence", type=a_file, required=True, metavar="FILE")
        parser.add_argument("--valid-from", required=True, metavar="DATE")
        parser.add_argument("--valid-until", required=True, metavar="DATE", help="the last day")
        parser.add_argument("--territory", type=words, default=[], metavar="US,...", help="default: everywhere")
        parser.add_argument("--deny-territory", type=words, default=[], metavar="CN,...")
        parser.add_argument(
            "--capacity", action="append", default=[], help=f"several times, default all: {', '.join(terms.CAPACITIES)}"
        )
        parser.add_argument("--material-kind", action="append", default=[], help="several times; default: all kinds")
        parser.add_argument(
            "--constraint", action="append", default=[], metavar="PURPOSE=JSON",
            help=f"the condition of a constrained use, several times; its keys: {', '.join(terms.CONSTRAINTS)}",
        )  # fmt: skip
        parser.add_argument("--evidence-kind", default="authorisation", metavar="KIND", help="a rider names itself one")
        parser.add_argument("--granted-by", default="", metavar="NAME", help="who signed for the party")
        parser.add_argument("--guild", default="", metavar="NAME", help="the guild whose agreement it was made under")
        parser.add_argument("--retention-days", type=int, metavar="N", help="how long a recipient may keep it")
        parser.add_argument("--jurisdiction", default="", metavar="US-CA")
        parser.add_argument("--supersedes", metavar="UID", help="an earlier record of the party that this one replaces")
        parser.add_argument("--compensation-term", default="", help="what was promised: one_fee, per_export_fee ...")
        parser.add_argument(
            "--compensation-status", default="", help=f"nothing is owed if one of: {', '.join(terms.SETTLED)}"
        )
        parser.add_argument("--compensation-amount", default="", metavar="12.50")
        parser.add_argument("--compensation-currency", default="", metavar="USD")
        add_actor_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        production, actor = production_named(options["production"]), acting(options["actor"])
        if options["all_parties"]:
            parties = list(known_parties(production))
            if not parties:
                raise CommandError(f"--all-parties: {production.code} knows no party yet.")
        else:
            parties = [party_named(options["party"], production)]
        supersedes = authorisation_named(options["supersedes"], "--supersedes") if options["supersedes"] else None
        with refusals():
            recorded = grant_many(
                parties=parties,
                given=GrantTerms(
                    production=production,
                    uses=_with_conditions(_uses(options["use"]), options["constraint"]),
                    basis=options["basis"],
                    evidence=read_document(options["evidence"], kind=options["evidence_kind"]),
                    valid_from=a_date("--valid-from", options["valid_from"]),
                    valid_until=a_date("--valid-until", options["valid_until"]),
                    recipients=options["recipient"],
                    recipient_kinds=options["recipient_kind"],
                    territory=options["territory"],
                    deny_territory=options["deny_territory"],
                    capacities=options["capacity"],
                    material_kinds=options["material_kind"],
                    granted_by=options["granted_by"],
                    guild={"name": options["guild"]},
                    retention_days=options["retention_days"],
                    jurisdiction=options["jurisdiction"],
                    supersedes=supersedes,
                    compensation={
                        name: options[f"compensation_{name}"] for name in ("term", "status", "amount", "currency")
                    },
                ),
                actor=actor,
            )
        for authorisation in recorded:
            self.stdout.write(f"{authorisation.uid}  {authorisation.party.external_id}")
        self.stdout.write(f"Recorded {len(recorded)} authorisation{'s' if len(recorded) > 1 else ''}.")


def _uses(given: list[str]) -> dict[str, str]:
    """{purpose: value} out of "purpose=value"; a purpose named twice is refused, whatever it says."""
    found: dict[str, str] = {}
    for text in given:
        purpose, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not purpose or not value:
            raise CommandError(f"--use: expected PURPOSE=VALUE, found {text!r}.")
        if purpose in found:
            raise CommandError(f"--use: {purpose} is given twice.")
        found[purpose] = value
    return found


def _with_conditions(uses: dict[str, str], given: list[str]) -> dict[str, str | Mapping[str, Json]]:
    """The uses with the conditions out of "purpose={...}"; one for a purpose that --use does not name is refused."""
    found: dict[str, str | Mapping[str, Json]] = dict(uses)
    for text in given:
        purpose, _, condition = (part.strip() for part in text.partition("="))
        if purpose not in uses:
            raise CommandError(f"--constraint: expected PURPOSE=JSON of a purpose under --use, found {text!r}.")
        if not isinstance(found[purpose], str):
            raise CommandError(f"--constraint: {purpose} is given twice.")
        try:
            found[purpose] = {"value": uses[purpose], "constraint": loads(condition.encode())}
        except StrictJsonError as error:
            raise CommandError(f"--constraint: {purpose}: {error}") from error
    return found
