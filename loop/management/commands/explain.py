"""./manage.py explain"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.consent import terms
from loop.gate.explain import Explanation, RowAnswer, RuleAnswer, explain
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
        parser.add_argument("suggestion", help="its uid, or its external id")
        parser.add_argument("--production", metavar="CODE", help="where several productions use the same external id")
        parser.add_argument("--purpose", required=True, help=", ".join(terms.PURPOSES))
        parser.add_argument("--recipient", required=True, metavar="CODE")
        parser.add_argument("--profile", help=", ".join(terms.PROFILE_PURPOSE))
        parser.add_argument("--date", metavar="DATE", help="default: today (UTC)")
        add_actor_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        actor = acting(options["actor"])
        suggestion = _suggestion(options["suggestion"], options["production"])
        recipient = recipient_named(options["recipient"])
        with refusals():
            require(actor, suggestion.production, Permission.SEE_REGISTRY)
            answer = explain(
                suggestion=suggestion,
                purpose=options["purpose"],
                recipient=recipient,
                profile=options["profile"],
                on=a_date("--date", options["date"]) if options["date"] else None,
            )
        self._write(answer)

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
