"""./manage.py recipient add | agreement | list"""

from argparse import BooleanOptionalAction
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.consent import terms
from loop.consent.agreement import AgreementTerms, record_agreement
from loop.consent.evidence import matching, read_document
from loop.consent.models import Recipient, RecipientAgreement
from loop.consent.recipient import add_recipient
from loop.kernel.clock import now, utc_date
from loop.management.acting import acting, add_actor_argument, refusals
from loop.management.arguments import a_date, a_file, recipient_named, words

OTHERS = (
    "evidence", "evidence_sha256", "signed_on", "places", "retention_days", "use_days", "weights_owner",
    "perpetual_licence", "sublicensing",
)  # fmt: skip
NEEDED = {"purposes": "--purposes", "valid_from": "--from", "valid_until": "--until"}


class Command(BaseCommand):
    help = "Registers who may receive releases, with the agreements they signed."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|agreement|list")
        add = verbs.add_parser("add", help="register a recipient, with its agreement if there is one")
        add.add_argument("--name", default="", help="default: the code")
        add.add_argument("--kind", default=Recipient.Kind.EXTERNAL.value, help=", ".join(Recipient.Kind.values))
        agreement = verbs.add_parser("agreement", help="record a further agreement of a known recipient")
        for verb in (add, agreement):
            verb.add_argument("code")
            verb.add_argument(
                "--purposes", type=words, metavar="P,...", help=", ".join(sorted(terms.GRANTABLE_PURPOSES))
            )
            verb.add_argument("--from", dest="valid_from", metavar="DATE")
            verb.add_argument("--until", dest="valid_until", metavar="DATE", help="the last day")
            verb.add_argument(
                "--places", type=words, default=[], metavar="US,...", help="where it processes and stores"
            )
            verb.add_argument("--signed-on", metavar="DATE", help="default: the day it begins, at most today")
            verb.add_argument("--retention-days", type=int, metavar="N", help="how long it keeps what it gets")
            verb.add_argument("--use-days", type=int, metavar="N", help="how long it means to use it")
            verb.add_argument("--weights-owner", default="", metavar="NAME", help="who owns what is trained on it")
            verb.add_argument(
                "--perpetual-licence",
                action=BooleanOptionalAction,
                help="whether its licence has no end; default: unsaid",
            )
            verb.add_argument(
                "--sublicensing", action=BooleanOptionalAction, help="whether it may pass it on; default: unsaid"
            )
            verb.add_argument("--evidence", type=a_file, metavar="FILE", help="the signed agreement")
            verb.add_argument(
                "--evidence-sha256", default="", metavar="HEX", help="refuses a file that is not this one"
            )
            add_actor_argument(verb)
        verbs.add_parser("list", help="the recipients and their agreements")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "add":
                actor = acting(options["actor"])
                with refusals():
                    recipient = add_recipient(
                        code=options["code"],
                        name=options["name"] or options["code"],
                        kind=options["kind"],
                        agreement=self._agreement(options),
                        actor=actor,
                    )
                self.stdout.write(f"Registered the recipient {recipient.code}.")
            case "agreement":
                actor = acting(options["actor"])
                recipient = recipient_named(options["code"])
                with refusals():
                    given = self._agreement(options)
                    if given is None:
                        raise CommandError(f"Expected the agreement: {', '.join(NEEDED.values())}.")
                    record_agreement(recipient=recipient, agreement=given, actor=actor)
                self.stdout.write(f"Recorded an agreement of {recipient.code}.")
            case _:
                for recipient in Recipient.objects.order_by("code").prefetch_related("agreements"):
                    self.stdout.write(f"{recipient.code}: {recipient.name}, {recipient.kind}")
                    for each in recipient.agreements.all():
                        self.stdout.write(
                            f"  {each.valid_from} to {each.valid_until}: {', '.join(each.purposes)}"
                            f" in {', '.join(each.places) or 'unknown places'}; {_more(each)}"
                        )

    def _agreement(self, options: dict[str, Any]) -> AgreementTerms | None:
        """The agreement that the arguments describe; None if they describe none at all."""
        given = [name for name in NEEDED if options[name]]
        others = [options[name] for name in OTHERS]
        if not given and not any(each not in (None, [], "") for each in others):
            return None
        missing = [argument for name, argument in NEEDED.items() if name not in given]
        if missing:
            raise CommandError(f"An agreement needs also: {', '.join(missing)}.")
        begins = a_date("--from", options["valid_from"])
        signed = options["signed_on"]
        evidence = read_document(options["evidence"], kind="agreement") if options["evidence"] else None
        if evidence is None and options["evidence_sha256"]:
            raise CommandError("--evidence-sha256: expected --evidence beside it, found none.")
        return AgreementTerms(
            purposes=options["purposes"],
            valid_from=begins,
            valid_until=a_date("--until", options["valid_until"]),
            signed_on=a_date("--signed-on", signed) if signed else min(begins, utc_date(now())),
            places=options["places"],
            retention_days=options["retention_days"],
            use_days=options["use_days"],
            weights_owner=options["weights_owner"],
            perpetual_licence=options["perpetual_licence"],
            sublicensing=options["sublicensing"],
            evidence=matching(evidence, options["evidence_sha256"]) if evidence else None,
        )


def _more(each: RecipientAgreement) -> str:
    """What else an agreement says, where it says it."""
    said = {True: "yes", False: "no"}
    found = (
        f"keeps it {each.retention_days} days" if each.retention_days is not None else "",
        f"uses it {each.use_days} days" if each.use_days is not None else "",
        f"weights belong to {each.weights_owner}" if each.weights_owner else "",
        f"perpetual licence: {said[each.perpetual_licence]}" if each.perpetual_licence is not None else "",
        f"sublicensing: {said[each.sublicensing]}" if each.sublicensing is not None else "",
        f"signed {each.signed_on}",
    )
    return "; ".join(part for part in found if part)
