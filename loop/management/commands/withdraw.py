"""./manage.py withdraw"""

from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.consent.models import AuthorisationState
from loop.management.acting import acting, add_actor_argument, production_named, refusals
from loop.management.arguments import authorisation_named, party_named
from loop.recall.preview import preview
from loop.recall.querysets import records_of
from loop.recall.trace import Reach
from loop.recall.withdraw import withdraw

STATES = {
    "withdrawn": AuthorisationState.WITHDRAWN,
    "revoked": AuthorisationState.REVOKED,
    "invalidated": AuthorisationState.INVALIDATED,
}
DONE = {"withdrawn": "Withdrew", "revoked": "Recorded as revoked:", "invalidated": "Recorded as invalidated:"}


class Command(BaseCommand):
    help = "Takes authorisations back, effective now, and prints the exports it reaches."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--authorisation", metavar="UID", help="one record")
        what.add_argument("--party", metavar="ID", help="all records of a party on --production")
        parser.add_argument("--production", metavar="CODE", help="needed with --party")
        parser.add_argument(
            "--state", choices=STATES, default="withdrawn",
            help="by whom: the party (default), another party (revoked), or never valid (invalidated)",
        )  # fmt: skip
        parser.add_argument("--reason", default="", help="kept with the audit event")
        parser.add_argument("--preview", action="store_true", help="only show what it would reach; nothing is recorded")
        add_actor_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        actor = acting(options["actor"])
        with refusals():
            if options["party"]:
                if not options["production"]:
                    raise CommandError("--party needs --production CODE.")
                production = production_named(options["production"])
                records = records_of(party_named(options["party"], production), production)
            else:
                records = [authorisation_named(options["authorisation"])]
            if options["preview"]:
                report = preview(authorisations=records, actor=actor)
            else:
                report = withdraw(
                    authorisations=records, actor=actor, state=STATES[options["state"]], reason=options["reason"]
                )
        did = "Would withdraw" if options["preview"] else DONE[options["state"]]
        for authorisation in report.authorisations:
            self.stdout.write(f"{did} {authorisation.uid} of {authorisation.party.external_id}.")
        recalls = "would be recalled" if options["preview"] else "recalled"
        self._tell(f"Published exports {recalls}:", report.published)
        self._tell("Exports in progress that leave the rows out:", report.in_progress)
        if not report.published and not report.in_progress:
            self.stdout.write("It reaches no export.")
        for notice in report.notices:
            self.stdout.write(
                f"Recall notice {notice.uid}: {notice.rows} rows, acknowledge by {notice.deadline:%Y-%m-%d}."
            )

    def _tell(self, heading: str, reached: Iterable[Reach]) -> None:
        lines = [
            f"  {reach.export.production.code} E-{reach.export.number} to {reach.export.recipient.code}"
            f" for {reach.export.purpose}: {reach.rows} rows"
            for reach in reached
        ]
        if lines:
            self.stdout.write("\n".join([heading, *lines]))
