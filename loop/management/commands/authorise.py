"""./manage.py authorise"""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.consent import terms
from loop.consent.checks import COMPENSATION
from loop.consent.evidence import matching, read_document
from loop.consent.foreign import import_grant
from loop.consent.grant import grant_many
from loop.consent.mapping import VOCABULARIES
from loop.consent.models import AuthorisationState, Notice, Recipient
from loop.consent.recording import GrantTerms
from loop.gate.parties import known_parties
from loop.kernel.canonical import Json
from loop.kernel.strict_json import StrictJsonError, loads
from loop.management.acting import acting, add_actor_argument, production_named, refusals
from loop.management.arguments import a_date, a_file, authorisation_named, party_named, words
from loop.material.models import Production
from loop.report.whatif import WhatIf, what_if

BEGINS: Final[dict[str, str]] = {
    "requested": AuthorisationState.REQUESTED.value,
    "deferred": AuthorisationState.DEFERRED.value,
    "refused": AuthorisationState.REFUSED.value,
    "given": AuthorisationState.GIVEN.value,
    "renewed": AuthorisationState.RENEWED.value,
}


class Command(BaseCommand):
    help = "Records what a party allows or forbids, with its evidence."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--production", required=True, metavar="CODE")
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--party", metavar="ID", help="the contributor's id on the production, or its uid")
        who.add_argument("--all-parties", action="store_true", help="one for each party the production knows now")
        uses = parser.add_mutually_exclusive_group(required=True)
        uses.add_argument(
            "--use", action="append", metavar="PURPOSE=VALUE",
            help=f"several times; values: {', '.join(terms.USE_VALUES)}",
        )  # fmt: skip
        uses.add_argument(
            "--import", dest="imported", metavar="VOCABULARY=FILE.json",
            help=f"the uses out of a statement in another vocabulary: {', '.join(VOCABULARIES)}",
        )  # fmt: skip
        parser.add_argument("--every-production", action="store_true", help="it speaks of every production")
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
        parser.add_argument("--evidence-sha256", default="", metavar="HEX", help="refuses a file that is not this one")
        parser.add_argument("--signed-at", metavar="DATE", help="when it was signed")
        parser.add_argument("--signing-method", default="", metavar="WORDS", help="how it was signed")
        parser.add_argument("--granted-by", default="", metavar="NAME", help="who signed for the party")
        parser.add_argument("--representative-proof", default="", metavar="WORDS", help="why they may sign for it")
        parser.add_argument("--notice", metavar="VERSION/LANGUAGE", help="the text the party was shown, as 3/en")
        parser.add_argument("--guild", default="", metavar="NAME", help="the guild whose agreement it was made under")
        parser.add_argument("--guild-agreement", default="", metavar="WORDS", help="which agreement")
        parser.add_argument("--guild-notice-ref", default="", metavar="WORDS", help="the guild's own reference")
        parser.add_argument("--withdrawal-method", default="", metavar="WORDS", help="how the party takes it back")
        parser.add_argument(
            "--on-withdrawal", action="append", default=[], metavar="ACTION",
            help=f"what holders are asked to do then, several times: {', '.join(terms.ON_WITHDRAWAL)}",
        )  # fmt: skip
        parser.add_argument("--retention-days", type=int, metavar="N", help="how long a recipient may keep it")
        parser.add_argument("--jurisdiction", default="", metavar="US-CA")
        earlier = parser.add_mutually_exclusive_group()
        earlier.add_argument(
            "--supersedes", metavar="UID", help="an earlier record of the party that this one replaces"
        )
        earlier.add_argument("--renews", metavar="UID", help="an earlier record of the party that is given once more")
        parser.add_argument(
            "--state",
            default="given",
            help=f"how it begins: {', '.join(BEGINS)}; only what is given or renewed permits",
        )
        parser.add_argument("--compensation-term", default="", help="what was promised: one_fee, per_export_fee ...")
        parser.add_argument(
            "--compensation-status", default="", help=f"nothing is owed if one of: {', '.join(terms.SETTLED)}"
        )
        parser.add_argument("--compensation-amount", default="", metavar="12.50")
        parser.add_argument("--compensation-currency", default="", metavar="USD")
        parser.add_argument("--compensation-due", default="", metavar="DATE", help='or "30 days", after a release')
        parser.add_argument("--compensation-waiver", default="", metavar="WORDS", help="the waiver's reference")
        parser.add_argument("--preview", action="store_true", help="only show what would change; nothing is recorded")
        add_actor_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        production, actor = production_named(options["production"]), acting(options["actor"])
        if options["all_parties"]:
            parties = list(known_parties(production))
            if not parties:
                raise CommandError(f"--all-parties: {production.code} knows no party yet.")
        else:
            parties = [party_named(options["party"], production)]
        with refusals():
            given = _terms(production, options)
            if options["preview"]:
                self._foresee(what_if(parties=parties, given=given, production=production, actor=actor))
                return
            recorded = grant_many(parties=parties, given=given, actor=actor, only_new=options["all_parties"])
        for authorisation in recorded:
            self.stdout.write(f"{authorisation.uid}  {authorisation.party.external_id}")
        self.stdout.write(f"Recorded {len(recorded)} authorisation{'' if len(recorded) == 1 else 's'}.")
        if options["imported"] and recorded:
            said = (f"{purpose}={use['value']}" for purpose, use in sorted(recorded[0].uses.items()))
            self.stdout.write(f"It says: {', '.join(said)}.")
        if len(recorded) < len(parties):
            self.stdout.write(f"{len(parties) - len(recorded)} had the same on record already.")

    def _foresee(self, found: WhatIf) -> None:
        for effect in found.effects:
            where = f"{effect.recipient.code} for {effect.purpose}"
            self.stdout.write(
                f"{where}: {effect.before} of {effect.rows} signals may leave now, {effect.after} then"
                f" (+{effect.gained}, -{effect.lost})"
            )
            for code, before, after in effect.codes:
                self.stdout.write(f"  {code}: {before} now, {after} then")
            for export, rows in effect.released:
                self.stdout.write(f"  E-{export.number}: {rows} published rows could not leave any more")
        if not found.effects:
            self.stdout.write("No recipient has an agreement in force for any of these purposes.")
        if found.known:
            self.stdout.write(f"{len(found.known)} had the same on record already.")
        self.stdout.write("Nothing was recorded.")


def _terms(production: Production, options: Mapping[str, Any]) -> GrantTerms:
    """The record that the arguments describe. Raises CommandError and NotValidError with the argument or field."""
    earlier = options["renews"] or options["supersedes"]
    argument = "--renews" if options["renews"] else "--supersedes"
    signed = a_date("--signed-at", options["signed_at"]) if options["signed_at"] else None
    evidence = read_document(
        options["evidence"],
        kind=options["evidence_kind"],
        signed_at=datetime.combine(signed, time(), UTC) if signed else None,
        method=options["signing_method"],
    )
    return GrantTerms(
        production=None if options["every_production"] else production,
        uses=_imported(options["imported"])
        if options["imported"]
        else _with_conditions(_uses(options["use"]), options["constraint"]),
        basis=options["basis"],
        evidence=matching(evidence, options["evidence_sha256"]),
        valid_from=a_date("--valid-from", options["valid_from"]),
        valid_until=a_date("--valid-until", options["valid_until"]),
        recipients=options["recipient"],
        recipient_kinds=options["recipient_kind"],
        territory=options["territory"],
        deny_territory=options["deny_territory"],
        capacities=options["capacity"],
        material_kinds=options["material_kind"],
        granted_by=options["granted_by"],
        representative_proof=options["representative_proof"],
        withdrawal_method=options["withdrawal_method"],
        on_withdrawal=options["on_withdrawal"],
        notice=_notice(options["notice"]) if options["notice"] else None,
        guild={
            "name": options["guild"],
            "agreement": options["guild_agreement"],
            "notice_ref": options["guild_notice_ref"],
        },
        retention_days=options["retention_days"],
        jurisdiction=options["jurisdiction"],
        supersedes=authorisation_named(earlier, argument) if earlier else None,
        state=_state(options["state"], renews=bool(options["renews"])),
        compensation={name: options[f"compensation_{name}"] for name in COMPENSATION},
    )


def _state(word: str, *, renews: bool) -> str:
    if word not in BEGINS:
        raise CommandError(f"--state: expected one of {', '.join(BEGINS)}; found {word!r}.")
    if renews and word not in {"given", "renewed"}:
        raise CommandError(f"--state: what --renews is renewed, found {word!r}.")
    return BEGINS["renewed" if renews else word]


def _notice(text: str) -> Notice:
    version, _, language = text.partition("/")
    found = Notice.objects.filter(version=version, language=language).first()
    if found is None:
        known = ", ".join(f"{each.version}/{each.language}" for each in Notice.objects.order_by("id")[:20])
        raise CommandError(f"--notice: there is no notice {text!r}. Notices: {known or 'none yet'}.")
    return found


def _imported(text: str) -> dict[str, dict[str, Json]]:
    vocabulary, equals, file = text.partition("=")
    if not equals or not file:
        raise CommandError(f"--import: expected VOCABULARY=FILE.json, found {text!r}.")
    path = a_file(file)
    try:
        return import_grant(vocabulary, loads(read_document(path, field="import").content))
    except StrictJsonError as error:
        raise CommandError(f"--import: {path.name}: {error}") from error


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
