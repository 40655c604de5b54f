"""./manage.py explain"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.consent import terms
from loop.decision.models import Decision
from loop.export.explain_row import explain_row
from loop.export.models import Export
from loop.gate.explain import Explanation, RowAnswer, RuleAnswer, explain
from loop.kernel.actor import Actor
from loop.kernel.ids import uid_of
from loop.management.acting import acting, add_actor_argument, production_named, refusals
from loop.management.arguments import a_date, recipient_named
from loop.people.querysets import require
from loop.people.roles import Permission
from loop.suggestion.models import Suggestion

MARK = {True: "pass", False: "FAIL", None: "  - "}


class Command(BaseCommand):
    help = "The gate's answer for a suggestion: may it go to a recipient for a purpose, and every rule's evidence."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("suggestion", nargs="?", help="its uid, or its external id")
        parser.add_argument("--signal", metavar="UID", help="the decision that gave a signal, instead of a suggestion")
        parser.add_argument("--row", metavar="ID", help="a released row (fb_row_id) of --export, instead of either")
        parser.add_argument("--export", metavar="UID", help="the release of --row: its uid, or E-1 with --production")
        parser.add_argument("--production", metavar="CODE", help="where several productions use the same external id")
        parser.add_argument("--purpose", help="not with --row: " + ", ".join(terms.PURPOSES))
        parser.add_argument("--recipient", metavar="CODE", help="not with --row")
        parser.add_argument("--profile", help=", ".join(terms.PROFILE_PURPOSE))
        parser.add_argument("--date", metavar="DATE", help="default: today (UTC)")
        add_actor_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        actor = acting(options["actor"])
        given = [name for name in ("suggestion", "signal", "row") if options[name]]
        if len(given) != 1:
            raise CommandError("Expected one of a suggestion, --signal and --row.")
        if (options["row"] is None) != (options["export"] is None):
            raise CommandError("--row and --export go together.")
        if options["row"]:
            self._released(actor, options)
            return
        if not options["purpose"] or not options["recipient"]:
            raise CommandError("Expected --purpose and --recipient.")
        decision = _decision(options["signal"]) if options["signal"] else None
        suggestion = decision.suggestion if decision else _suggestion(options["suggestion"], options["production"])
        recipient = recipient_named(options["recipient"])
        with refusals():
            require(actor, suggestion.production, Permission.SEE_REGISTRY)
            answer = explain(
                suggestion=suggestion,
                purpose=options["purpose"],
                recipient=recipient,
                profile=options["profile"],
                decision=decision,
                on=a_date("--date", options["date"]) if options["date"] else None,
            )
        self._write(answer)

    def _released(self, actor: Actor, options: dict[str, Any]) -> None:
        """A released row, as of its publishing and as of now."""
        for name in ("purpose", "recipient", "profile", "date"):
            if options[name]:
                raise CommandError(f"--{name}: a released row has its release's own, found {options[name]!r}.")
        export = _export(options["export"], options["production"])
        with refusals():
            require(actor, export.production, Permission.SEE_REGISTRY)
            found = explain_row(export=export, row_id=options["row"])
        about = f"E-{export.number} to {export.recipient.code} for {export.purpose}"
        if found.dropped:
            self.stdout.write(f"The last check before publishing took it out: {found.dropped}.")
        if found.at_publishing is not None:
            self.stdout.write(f"As {about} was published, {export.published_at:%Y-%m-%d %H:%M:%S} UTC:")
            self._write(found.at_publishing)
        self.stdout.write("Now:")
        self._write(found.now)

    def _write(self, answer: Explanation) -> None:
        for row in answer.rows:
            self.stdout.write(f"{_subject(row)}: {_verdict(row)}")
            for rule in row.rules:
                self._rule(rule)
            self.stdout.write("")

    def _rule(self, rule: RuleAnswer) -> None:
        codes = f"  {', '.join(rule.codes)}" if rule.codes else ""
        self.stdout.write(f"  {MARK[rule.passed]} {rule.number:>2}  {rule.asks}{codes}")
        for fact in rule.facts:
            record = f"  [{fact.authorisation.uid}]" if fact.authorisation else ""
            code = f"{fact.code}: " if fact.code else ""
            self.stdout.write(f"           {code}{fact.text}{record}")
        for remedy in rule.remedies:
            self.stdout.write(f"           -> {remedy}")


def _subject(row: RowAnswer) -> str:
    if row.decision is None:
        return "Undecided"
    return f"{row.decision.get_outcome_display()} by {row.decision.decided_by}"


def _verdict(row: RowAnswer) -> str:
    found = row.verdict
    if not found.allowed:
        return f"may not leave ({', '.join(found.codes)})"
    places = ", ".join(found.territory) or "everywhere"
    return f"may leave, until {found.expires_on}, {places}"


def _decision(text: str) -> Decision:
    uid = uid_of(text)
    found = Decision.objects.select_related("suggestion__production").filter(uid=uid).first() if uid else None
    if found is None:
        raise CommandError(f"--signal: there is no decision {text!r}.")
    return found


def _export(text: str, code: str | None) -> Export:
    known = Export.objects.select_related("production", "recipient")
    number = text.removeprefix("E-")
    if code is not None and number.isascii() and number.isdigit():
        found = known.filter(production=production_named(code), number=int(number)).first()
    else:
        uid = uid_of(text)
        found = known.filter(uid=uid).first() if uid else None
    if found is None:
        raise CommandError(f"--export: there is no release {text!r}; name it by its uid, or E-1 with --production.")
    return found


def _suggestion(text: str, code: str | None) -> Suggestion:
    known = Suggestion.objects.select_related("production")
    if code is not None:
        known = known.filter(production=production_named(code))
    uid = uid_of(text)
    found = list(known.filter(uid=uid)[:1] if uid else ()) or list(known.filter(external_id=text)[:2])
    if not found:
        raise CommandError(f"There is no suggestion {text!r}.")
    if len(found) > 1:
        raise CommandError(f"Several productions have a suggestion {text!r}; name one with --production CODE.")
    return found[0]
