"""./manage.py compensation list | due | settle | waive"""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.consent.compensation import record_due
from loop.consent.evidence import Document, read_document
from loop.consent.models import CompensationEntry
from loop.consent.settle import settle
from loop.export.models import Export
from loop.kernel.clock import now, utc_date
from loop.kernel.ids import uid_of
from loop.management.acting import acting, add_actor_argument, production_named, refusals
from loop.management.arguments import a_date, a_file, authorisation_named
from loop.report.compensation import compensation


class Command(BaseCommand):
    help = "The compensation ledger: what authorisations promised, what is due, and how it was met."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|due|settle|waive")
        shown = verbs.add_parser("list", help="what is promised, due, settled and waived on a production")
        shown.add_argument("--production", required=True, metavar="CODE")
        due = verbs.add_parser("due", help="record that something falls due under an authorisation")
        due.add_argument("--due-on", required=True, metavar="DATE")
        due.add_argument("--release", metavar="E-1", help="the release of the same production by which it is due")
        due.add_argument("--rows", type=int, metavar="N", help="of that release, under the authorisation")
        settled = verbs.add_parser("settle", help="record that it was paid or otherwise settled")
        waived = verbs.add_parser("waive", help="record that the party waived it in writing")
        for verb in (due, settled, waived):
            verb.add_argument("authorisation", metavar="UID")
            verb.add_argument("--evidence", type=a_file, metavar="FILE", help="needed for a waiver")
            add_actor_argument(verb)
        for verb in (settled, waived):
            verb.add_argument("--line", metavar="UID", help="a due line; default: what the authorisation promised")
        for verb in (due, settled):
            verb.add_argument("--amount", metavar="12.50")
            verb.add_argument("--currency", default="", metavar="USD")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "list":
                self._list(options["production"])
            case "due":
                self._due(options)
            case verb:
                self._meet(
                    CompensationEntry.Kind.SETTLED if verb == "settle" else CompensationEntry.Kind.WAIVED, options
                )

    def _list(self, code: str) -> None:
        lines = compensation(production=production_named(code), on=utc_date(now()))
        for line in lines:
            about = str(line.entry.uid) if line.entry else str(line.authorisation.compensation.get("term"))
            words = (
                line.standing, str(line.authorisation.uid), line.authorisation.party.external_id, about,
                f"{line.amount} {line.currency}".strip(), line.due_on.isoformat() if line.due_on else "", line.release,
            )  # fmt: skip
            self.stdout.write("  ".join(word for word in words if word))
        if not lines:
            self.stdout.write(f"No authorisation of {code} promises any compensation.")

    def _due(self, options: dict[str, Any]) -> None:
        actor, authorisation = acting(options["actor"]), authorisation_named(options["authorisation"])
        release = None
        if options["release"]:
            number = str(options["release"]).removeprefix("E-")
            exports = Export.objects.filter(production=authorisation.production_id)
            found = exports.filter(number=int(number)).first() if number.isascii() and number.isdigit() else None
            if found is None:
                raise CommandError(f"--release: the authorisation's production has no release {options['release']!r}.")
            release = found.uid
        with refusals():
            line = record_due(
                authorisation=authorisation, due_on=a_date("--due-on", options["due_on"]), release=release,
                rows=options["rows"], amount=_amount(options["amount"]), currency=options["currency"],
                evidence=_document(options, "compensation"), actor=actor,
            )  # fmt: skip
        self.stdout.write(f"{line.uid}  due on {line.due_on}")

    def _meet(self, kind: CompensationEntry.Kind, options: dict[str, Any]) -> None:
        actor, authorisation = acting(options["actor"]), authorisation_named(options["authorisation"])
        entry = None
        if options["line"]:
            uid = uid_of(options["line"])
            entry = CompensationEntry.objects.filter(uid=uid).first() if uid else None
            if entry is None:
                raise CommandError(f"--line: the ledger has no line {options['line']!r}.")
        with refusals():
            settle(
                authorisation=authorisation, entry=entry, kind=kind, amount=_amount(options.get("amount")),
                currency=options.get("currency", ""), evidence=_document(options, f"compensation_{kind}"), actor=actor,
            )  # fmt: skip
        about = f"the line {entry.uid}" if entry else "what it promised"
        self.stdout.write(f"{authorisation.uid}: {about} is {kind}.")


def _amount(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise CommandError(f"--amount: expected a number like 12.50, found {text!r}.") from error


def _document(options: dict[str, Any], kind: str) -> Document | None:
    return read_document(options["evidence"], kind=kind) if options["evidence"] else None
