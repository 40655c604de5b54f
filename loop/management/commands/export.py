"""./manage.py export --production CODE --purpose P --recipient R --profile NAME"""

import shutil
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.consent.models import ApprovalRequest, Recipient
from loop.consent.terms import PURPOSES
from loop.export import places
from loop.export.approval import request_of
from loop.export.disclosures import NOT_MADE_REASONS
from loop.export.heartbeat import is_worker_alive
from loop.export.models import Export, ExportRowDropped
from loop.export.order import order
from loop.export.order_next import order_next
from loop.export.preview import preview
from loop.export.profiles.registry import SHAPES
from loop.export.progress import progress_of
from loop.export.recipe import DEFAULT_LABELS, FORMATS, FORMS, STANDARD
from loop.export.rules import AWAITING, DAYS, FAILED, LABEL_POLICIES, LABELLED_OUTCOMES, PUBLISHED, UNFINISHED
from loop.gate.reasons import REASONS
from loop.management.acting import AWAITS, acting, add_actor_argument, add_second_argument, production_named, refusals
from loop.management.arguments import release_named
from loop.material.models import Production, Stage
from loop.tasks import nudge

LOOK_EVERY_S = 0.25
SAY_AFTER_S = 5.0
BAR = 30
FILTERS = {
    "stage": "stages", "kind": "kinds", "model": "models", "origin": "origins", "brief": "briefs",
    "outcome": "outcomes", "reason": "reasons", "role": "roles", "person": "people",
    "decided_from": DAYS[0], "decided_until": DAYS[1],
}  # fmt: skip
NEEDED = ("production", "purpose", "recipient", "profile")
SAID_BY_THE_EARLIER = ("purpose", "recipient", "profile", "preview")


class Command(BaseCommand):
    help = "Orders a dataset release for a purpose and a recipient; shows what would leave, and what will not and why."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--production", metavar="CODE")
        parser.add_argument(
            "--next-of",
            metavar="E",
            help="the next of an earlier release, CODE/E-NUMBER: as it was ordered, but for what is given here; its"
            " version is worked out from the rows",
        )
        parser.add_argument("--purpose", help=", ".join(PURPOSES))
        parser.add_argument("--recipient", metavar="R", help="the code of a registered recipient")
        parser.add_argument(
            "--profile",
            metavar="NAME",
            help=" ".join(f"{each.name}: {each.about}" for each in SHAPES.values()),
        )
        parser.add_argument(
            "--form",
            help=f"{' or '.join(FORMS)}: texts, or messages of a dialogue (default {STANDARD})",
        )
        parser.add_argument("--labels", help=f"{', '.join(LABEL_POLICIES)} (default {DEFAULT_LABELS})")
        parser.add_argument(
            "--stage", action="append", default=[], help=f"only this stage, repeatable: {', '.join(Stage.values)}"
        )
        parser.add_argument("--kind", action="append", default=[], help="only this kind of brief, repeatable")
        parser.add_argument("--model", action="append", default=[], help="only this model version, repeatable")
        parser.add_argument(
            "--outcome", action="append", default=[], help=f"repeatable: {', '.join(LABELLED_OUTCOMES)}"
        )
        parser.add_argument("--origin", action="append", default=[], help="repeatable: model, person, camera")
        parser.add_argument(
            "--brief", action="append", default=[], help="only this brief, by its external id, repeatable"
        )
        parser.add_argument("--reason", action="append", default=[], help="only rows with this reason, repeatable")
        parser.add_argument(
            "--role", action="append", default=[], help="only what was decided in this role, repeatable"
        )
        parser.add_argument(
            "--person", action="append", default=[], help="only decisions by or for them, by external id, repeatable"
        )
        parser.add_argument("--decided-from", action="append", default=[], metavar="DAY", help="YYYY-MM-DD, UTC")
        parser.add_argument("--decided-until", action="append", default=[], metavar="DAY", help="that day included")
        parser.add_argument(
            "--format", action="append", default=[], metavar="F", dest="formats",
            help=f"beside the Parquet, repeatable: {', '.join(FORMATS)}",
        )  # fmt: skip
        parser.add_argument(
            "--splits", default="", metavar="S", help="train=0.8,validation=0.1,test=0.1: by brief (default: all train)"
        )
        parser.add_argument(
            "--split-seed", default="", metavar="SEED", help="draws the briefs anew; keep it to keep them"
        )
        parser.add_argument(
            "--as-of", type=int, metavar="SIZE", help="cut-off: the size of a signed checkpoint of the log"
        )
        parser.add_argument(
            "--date", type=date.fromisoformat, metavar="D", help="judge consent on this day (default today, UTC)"
        )
        parser.add_argument("--preview", action="store_true", help="count only, order nothing")
        parser.add_argument("--wait", action="store_true", help="show progress until the folder is there")
        parser.add_argument("--out", type=Path, metavar="DIR", help="copy the folder there (implies --wait)")
        add_actor_argument(parser)
        add_second_argument(parser, "a release that goes outside the studio")

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path | None = options["out"]
        if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise CommandError(f"--out {out}: expected a folder that is empty or not there yet, found something in it.")
        if options["next_of"]:
            export = self._order_next(options)
        else:
            ordered = self._order(options)
            if ordered is None:
                return
            export = ordered
        nudge(export)
        self.stdout.write(f"Ordered {export.production.code} E-{export.number} ({export.uid}).")
        self._tell_approval(export)
        if options["wait"] or out is not None:
            self._wait(export)
            self._end(export, export.production, out)

    def _order_next(self, options: dict[str, Any]) -> Export:
        said = [name for name in SAID_BY_THE_EARLIER if options[name]]
        if said:
            raise CommandError(f"--next-of: the earlier release says that; leave out --{said[0]}.")
        name = options["next_of"]
        if "/" not in name and options["production"]:
            name = f"{options['production']}/{name}"
        given = {key: options[key] for key in ("labels", "form", "formats", "splits", "split_seed") if options[key]}
        filters = {key: options[flag] for flag, key in FILTERS.items() if options[flag]}
        with refusals():
            return order_next(
                export=release_named(name),
                actor=acting(options["actor"]),
                filters=filters or None,
                checkpoint=options["as_of"],
                gate_date=options["date"],
                second=acting(options["approve_as"]) if options["approve_as"] else None,
                **given,
            )

    def _order(self, options: dict[str, Any]) -> Export | None:
        """The order, or None where only a preview was asked for."""
        if not all(options[name] for name in NEEDED):
            raise CommandError(f"Expected {', '.join(f'--{name}' for name in NEEDED)}; or --next-of.")
        asked: dict[str, Any] = {
            "production": production_named(options["production"]),
            "profile": options["profile"],
            "purpose": options["purpose"],
            "recipient": recipient_named(options["recipient"]),
            "actor": acting(options["actor"]),
            "labels": options["labels"] or DEFAULT_LABELS,
            "form": options["form"] or STANDARD,
            "filters": {name: options[flag] for flag, name in FILTERS.items() if options[flag]},
            "checkpoint": options["as_of"],
            "gate_date": options["date"],
            "formats": options["formats"],
            "splits": options["splits"],
            "split_seed": options["split_seed"],
        }
        with refusals():
            if options["preview"]:
                self._preview(asked)
                return None
            return order(**asked, second=acting(options["approve_as"]) if options["approve_as"] else None)

    def _tell_approval(self, export: Export) -> None:
        asked = request_of(export)
        if asked is None:
            return
        if hasattr(asked, "decision"):
            self.stdout.write("It goes outside the studio, and is approved.")
        else:
            self.stdout.write(
                "It goes outside the studio: before it is published a consent officer who did not order it approves it."
                f"\n{_how_to_approve(asked)}"
            )

    def _preview(self, asked: dict[str, Any]) -> None:
        found = preview(**asked)
        self.stdout.write(f"{found.rows} of {found.considered} rows would leave.")
        self._exclusions(found.excluded, found.not_made)
        for name, (rows, briefs) in found.more.splits.items():
            self.stdout.write(f"  {rows:>8}  in {name}, of {briefs} briefs")
        for value, rows in found.more.labels.items():
            self.stdout.write(f"  {rows:>8}  {found.more.label_column} {value or 'not stated'}")
        if found.more.one_party:
            self.stdout.write(
                f"One more authorisation: {found.more.one_party} rows are held back by one party alone, "
                f"{found.more.parties} parties in all."
            )
        for each in found.more.unlocks:
            self.stdout.write(f"  {each.rows:>8}  by {each.party.external_id}")

    def _wait(self, export: Export) -> None:
        """Shows progress until the release has ended. Ctrl-C stops waiting, not the release."""
        started, said, is_terminal = time.monotonic(), False, sys.stdout.isatty()
        last = ""
        while True:
            export.refresh_from_db()
            now_at = progress_of(export)
            if is_terminal:
                self.stdout.write(f"\r{_bar(now_at.share)} {now_at.sentence:<60}", ending="")
                self.stdout.flush()
            elif now_at.sentence != last:
                self.stdout.write(now_at.sentence)
            last = now_at.sentence
            if export.state not in UNFINISHED:
                if is_terminal:
                    self.stdout.write("")
                return
            if not said and time.monotonic() - started > SAY_AFTER_S and not is_worker_alive():
                said = True
                self.stderr.write(
                    "\nNo worker has been seen lately, so nothing moves. In another terminal start ./manage.py up, "
                    "or ./manage.py run_worker. The order waits; this command may be ended."
                )
            time.sleep(LOOK_EVERY_S)

    def _end(self, export: Export, production: Production, out: Path | None) -> None:
        if export.state == FAILED:
            raise CommandError(f"E-{export.number} failed: {export.failure}")
        asked = request_of(export)
        if export.state == AWAITING and asked is not None:
            raise CommandError(
                f"E-{export.number} is built and verified, awaiting approval. {_how_to_approve(asked)}\nThen it is"
                " published, and lies on the page of exports.",
                returncode=AWAITS,
            )
        if export.state != PUBLISHED:
            raise CommandError(f"E-{export.number} is {export.state}.")
        folder = places.root() / export.folder
        if out is not None:
            shutil.copytree(folder, out, dirs_exist_ok=True)
            folder = out
        dropped = ExportRowDropped.objects.filter(row__export=export).count()
        rows = (export.rows_included or 0) - dropped
        self.stdout.write(f"{rows} of {export.rows_considered} rows left.")
        self._exclusions(export.excluded_by_code, export.not_made)
        if dropped:
            self.stdout.write(f"{dropped} more were taken out between freezing and publishing: consent had changed.")
        self.stdout.write(f"Folder: {folder}")
        if rows:
            self.stdout.write(f"Load it: datasets.load_dataset({str(folder)!r}, {export.profile!r})")

    def _exclusions(self, excluded: Mapping[str, int], not_made: Mapping[str, int]) -> None:
        for reason in REASONS:
            if reason.code in excluded:
                self.stdout.write(f"  {excluded[reason.code]:>8}  {reason.code}: {reason.sentence}")
                self.stdout.write(f"            {reason.remedy}")
        for name, count in sorted(not_made.items()):
            if count:
                self.stdout.write(f"  {count:>8}  not made: {NOT_MADE_REASONS.get(name, name)}")


def _how_to_approve(asked: ApprovalRequest) -> str:
    return f"To approve it: ./manage.py approve {asked.uid} --actor NAME"


def recipient_named(code: str) -> Recipient:
    found = Recipient.objects.filter(code=code).first()
    if found is None:
        known = ", ".join(Recipient.objects.order_by("code").values_list("code", flat=True)[:20]) or "none yet"
        raise CommandError(
            f"There is no recipient {code!r}; register one with ./manage.py recipient add. Recipients: {known}."
        )
    return found


def _bar(share: float) -> str:
    filled = round(share * BAR)
    return f"[{'#' * filled}{'.' * (BAR - filled)}] {share:4.0%}"
