"""./manage.py withdraw"""

from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.consent.models import AuthorisationState
from loop.management.acting import AWAITS, acting, add_actor_argument, add_second_argument, production_named, refusals
from loop.management.arguments import authorisation_named, party_named
from loop.recall.foresee import Foreseen, foresee
from loop.recall.propose import propose
from loop.recall.querysets import records_of
from loop.recall.trace import Reach

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
        add_second_argument(parser, "a withdrawal that reaches a published release and is not the party's own")

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
            foreseen = None
            if options["preview"]:
                foreseen = foresee(authorisations=records, actor=actor)
                report, waits = foreseen.report, None
            else:
                made = propose(
                    authorisations=records, actor=actor, state=STATES[options["state"]], reason=options["reason"],
                    second=acting(options["approve_as"]) if options["approve_as"] else None,
                )  # fmt: skip
                report, waits = made.report, made.request if made.is_waiting else None
        is_done = not options["preview"] and waits is None
        did = DONE[options["state"]] if is_done else "Would withdraw"
        for authorisation in report.authorisations:
            self.stdout.write(f"{did} {authorisation.uid} of {authorisation.party.external_id}.")
        recalls = "recalled" if is_done else "would be recalled"
        self._tell(f"Published exports {recalls}:", report.published)
        self._tell("Exports in progress that leave the rows out:", report.in_progress)
        if not report.published and not report.in_progress:
            self.stdout.write("It reaches no export.")
        for notice in report.notices:
            self.stdout.write(
                f"Recall notice {notice.uid}: {notice.rows} rows, acknowledge by {notice.deadline:%Y-%m-%d}."
            )
        if foreseen is not None:
            self._foretell(foreseen)
        if waits is not None:
            raise CommandError(
                "Nothing is withdrawn yet: it reaches a published release, so it is awaiting approval by a consent"
                f" officer other than who asked.\nTo approve it: ./manage.py approve {waits.uid} --actor NAME",
                returncode=AWAITS,
            )

    def _foretell(self, foreseen: Foreseen) -> None:
        for model in foreseen.trained:
            self.stdout.write(f"Model trained on E-{model.export.number}: {model.name}, {model.action}.")
        for label, rows in foreseen.made_by:
            self.stdout.write(f"Outputs of {label} are in {rows} of the rows.")
        for effect in foreseen.future:
            self.stdout.write(
                f"To {effect.recipient.code} for {effect.purpose}: {effect.before} of {effect.rows} signals may leave"
                f" now, {effect.after} then."
            )

    def _tell(self, heading: str, reached: Iterable[Reach]) -> None:
        lines = [
            f"  {reach.export.production.code} E-{reach.export.number} to {reach.export.recipient.code}"
            f" for {reach.export.purpose}: {reach.rows} rows"
            for reach in reached
        ]
        if lines:
            self.stdout.write("\n".join([heading, *lines]))
