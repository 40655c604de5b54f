"""./manage.py approve list | show UID | UID [--refuse REASON]"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.consent.models import ApprovalRequest
from loop.kernel.ids import uid_of
from loop.management.acting import acting, add_actor_argument, production_named, refusals
from loop.material.models import Production
from loop.recall.approvals import Approval, approvals, reason_of, requests_about, waiting, word_on
from loop.recall.approve import approve
from loop.recall.refuse import refuse
from loop.tasks import nudge


class Command(BaseCommand):
    help = (
        "What waits for a second person: releases that go outside the studio, and withdrawals that reach a published "
        "release. `approve list` names them, `approve show UID` says what will be done, `approve UID` does it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", metavar="list|show|UID", help="UID approves that request")
        parser.add_argument("uid", nargs="?", metavar="UID", help="with show")
        parser.add_argument("--production", metavar="CODE", help="with list: only this one")
        parser.add_argument("--all", action="store_true", help="with list: also what was decided")
        parser.add_argument("--refuse", metavar="REASON", help="refuses it instead, and says why")
        parser.add_argument("--reason", default="", help="kept with the approval")
        add_actor_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "list":
            self._list(options)
        elif options["what"] == "show":
            self._show(_named(options["uid"] or ""))
        else:
            self._decide(_named(options["what"]).request, options)

    def _list(self, options: dict[str, Any]) -> None:
        productions = (
            [production_named(options["production"])] if options["production"] else Production.objects.order_by("code")
        )
        seen = set()
        for production in productions:
            found = approvals(requests_about(production)) if options["all"] else waiting(production)
            for each in found:
                if each.request.pk not in seen:
                    seen.add(each.request.pk)
                    self.stdout.write(
                        f"{each.request.uid}  {each.standing:<8}  {production.code}  {each.subject},"
                        f" asked {each.request.asked_at:%Y-%m-%d %H:%M} by {each.request.asked_by}"
                    )
        if not seen:
            self.stdout.write("Nothing was ever asked." if options["all"] else "Nothing waits for approval.")

    def _show(self, found: Approval) -> None:
        request = found.request
        self.stdout.write(f"{request.get_kind_display()}: {found.subject}. {found.standing.value.capitalize()}.")
        self.stdout.write(f"Asked {request.asked_at:%Y-%m-%d %H:%M:%S} UTC by {request.asked_by}.")
        if reason_of(request):
            self.stdout.write(f"Reason: {reason_of(request)}")
        for name, value in request.asked.items():
            self.stdout.write(f"  {name}: {value if isinstance(value, (str, int)) else json.dumps(value)}")
        export = found.export
        if export is not None:
            self.stdout.write(f"  state: {export.state}")
            if export.rows_considered is not None:
                self.stdout.write(f"  rows: {export.rows_included} of {export.rows_considered} leave")
            for code, rows in sorted(export.excluded_by_code.items()):
                self.stdout.write(f"  {rows:>8}  {code}")
        if hasattr(request, "decision"):
            said = f": {word_on(request)}" if word_on(request) else ""
            self.stdout.write(f"{found.standing.value.capitalize()} by {request.decision.decided_by}{said}.")

    def _decide(self, request: ApprovalRequest, options: dict[str, Any]) -> None:
        actor = acting(options["actor"])
        with refusals():
            if options["refuse"] is not None:
                refuse(request=request, reason=options["refuse"], actor=actor)
                self.stdout.write("Refused.")
                return
            done = approve(request=request, actor=actor, reason=options["reason"])
        if done.export is not None:
            nudge(done.export)
            self.stdout.write(f"Approved. E-{done.export.number} is {done.export.state}; a worker goes on with it.")
        if done.report is not None:
            recalled = ", ".join(f"E-{each.export.number}" for each in done.report.published) or "no release"
            self.stdout.write(f"Approved and withdrawn. Recalled: {recalled}.")


def _named(text: str) -> Approval:
    uid = uid_of(text)
    found = ApprovalRequest.objects.filter(uid=uid) if uid else ApprovalRequest.objects.none()
    related = list(found.select_related("decision__event__payload", "event__payload", "production"))
    if not related:
        raise CommandError(f"There is no request for approval {text!r}; see: ./manage.py approve list")
    return approvals(related)[0]
