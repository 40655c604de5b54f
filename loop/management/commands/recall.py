"""./manage.py recall list|acknowledge|feed|reissue"""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.consent.evidence import read_document
from loop.consent.lock import database_moment
from loop.export.addresses import ANSWERS, FEED, address_of
from loop.export.approval import request_of
from loop.export.models import Export
from loop.kernel.ids import uid_of
from loop.management.acting import acting, add_actor_argument, add_second_argument, production_named, refusals
from loop.management.arguments import a_file, release_named
from loop.recall.acknowledge import acknowledge
from loop.recall.answer import MODEL_ACTIONS
from loop.recall.feed import NEXT_UPDATE, edition, signed_feed
from loop.recall.models import RecallNotice
from loop.recall.querysets import ANSWERED, notices, recall_of
from loop.recall.reissue import reissue
from loop.tasks import nudge


class Command(BaseCommand):
    help = "Lists the recalls of releases that left, and records what a recipient did about one."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|acknowledge|feed|reissue")
        listing = verbs.add_parser("list", help="the notices, newest first, and how far each one is")
        listing.add_argument("--production", metavar="CODE", help="default: every production")
        listing.add_argument("--open", action="store_true", help="only those without a full answer")
        answer = verbs.add_parser("acknowledge", help="what the recipient of a notice says it did")
        answer.add_argument("notice", metavar="NOTICE_UID", help="as `recall list` prints it")
        answer.add_argument("--by", required=True, metavar="NAME", help="who said it, on the recipient's side")
        answer.add_argument("--copies-deleted", action="store_true", help="every copy is deleted; else it stays open")
        answer.add_argument(
            "--model", action="append", default=[], metavar="ID=ACTION",
            help=f"a model trained on the release, once each: {', '.join(MODEL_ACTIONS)}",
        )  # fmt: skip
        answer.add_argument("--evidence", type=a_file, metavar="FILE", help="the letter or the protocol")
        add_actor_argument(answer)
        feed = verbs.add_parser("feed", help="the signed feed of a release: every row that was recalled")
        feed.add_argument("export", metavar="EXPORT", help="its id, or CODE/E-NUMBER")
        feed.add_argument("--out", type=Path, metavar="FILE", help="write it there; default: print where it is fetched")
        again = verbs.add_parser("reissue", help="order the release that takes the place of one with recalled rows")
        again.add_argument("export", metavar="EXPORT", help="its id, or CODE/E-NUMBER")
        add_actor_argument(again)
        add_second_argument(again, "the release")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "list":
            self._list(options)
        elif options["verb"] == "reissue":
            self._reissue(release_named(options["export"]), options)
        elif options["verb"] == "feed":
            self._feed(release_named(options["export"]), options["out"])
        else:
            self._acknowledge(options)

    def _feed(self, export: Export, out: Path | None) -> None:
        with refusals():
            due = edition(export)
            body = signed_feed(due)
        recalled = export.recalls.count()
        if out is not None:
            try:
                draft = out.with_name(f".{out.name}.{os.getpid()}.tmp")
                draft.write_bytes(body)
                draft.replace(out)
            except OSError as error:
                raise CommandError(f"--out {out}: cannot be written ({error.strerror}).") from error
            self.stdout.write(f"Wrote {out}: {len(body)} bytes.")
        until = due.issued_at + NEXT_UPDATE
        self.stdout.write(
            f"{export.production.code} E-{export.number} {export.version}: {recalled} notice(s) as of"
            f" {due.issued_at:%Y-%m-%d %H:%M} UTC; the next update is due by {until:%Y-%m-%d %H:%M}."
        )
        self.stdout.write(f"The recipient fetches it at {address_of(FEED, export.uid)}")
        self.stdout.write(f"and answers at {address_of(ANSWERS, export.uid)} (for the recipient's contact alone).")

    def _reissue(self, export: Export, options: dict[str, Any]) -> None:
        actor = acting(options["actor"])
        with refusals():
            second = acting(options["approve_as"]) if options["approve_as"] else None
            new = reissue(export=export, actor=actor, second=second)
        nudge(new)
        code = export.production.code
        self.stdout.write(f"Ordered {code} E-{new.number} ({new.uid}), version {new.version}.")
        self.stdout.write(f"It replaces E-{export.number} {export.version} once it is published.")
        asked = request_of(new)
        if asked is not None and not hasattr(asked, "decision"):
            self.stdout.write(
                "It goes outside the studio, so a consent officer who did not order it approves it first:"
                f" ./manage.py approve {asked.uid} --actor NAME"
            )

    def _list(self, options: dict[str, Any]) -> None:
        found = notices()
        if options["production"]:
            found = found.filter(export__production=production_named(options["production"]))
        if options["open"]:
            found = found.exclude(ANSWERED)
        moment = database_moment()
        recalls = [recall_of(notice, moment) for notice in found]
        for recall in recalls:
            notice, export = recall.notice, recall.notice.export
            self.stdout.write(
                f"{notice.uid}  {recall.standing:<8}  {export.production.code} E-{export.number} to"
                f" {export.recipient.code}: {notice.rows} rows, issued {notice.issued_at:%Y-%m-%d},"
                f" deadline {notice.deadline:%Y-%m-%d}, {len(recall.answers)} answers"
            )
        if not recalls:
            self.stdout.write("No recall is unanswered." if options["open"] else "There is no recall.")

    def _acknowledge(self, options: dict[str, Any]) -> None:
        notice, actor = _notice_named(options["notice"]), acting(options["actor"])
        with refusals():
            acknowledge(
                notice=notice,
                by=options["by"],
                copies_deleted=options["copies_deleted"],
                models_affected=[_model(text, notice) for text in options["model"]],
                evidence=read_document(options["evidence"], kind="recall_answer") if options["evidence"] else None,
                actor=actor,
            )
        recall = recall_of(notices().get(pk=notice.pk), database_moment())
        self.stdout.write(f"Recorded answer {len(recall.answers)} of {notice.export.recipient.code}.")
        if recall.answered is None:
            self.stdout.write(
                f"The recall stays {recall.standing} until the copies are deleted; deadline"
                f" {notice.deadline:%Y-%m-%d}. Then: ./manage.py recall acknowledge {notice.uid} --copies-deleted ..."
            )
        else:
            self.stdout.write("The recall is answered.")


def _notice_named(text: str) -> RecallNotice:
    uid = uid_of(text)
    found = notices().filter(uid=uid).first() if uid else None
    if found is None:
        raise CommandError(f"There is no recall notice {text!r}; see: ./manage.py recall list")
    return found


def _model(text: str, notice: RecallNotice) -> dict[str, str]:
    name, equals, action = text.rpartition("=")
    if not equals:
        raise CommandError(f"--model: expected ID=ACTION, found {text!r}.")
    return {"id": name, "trained_on": f"E-{notice.export.number}", "action": action}
