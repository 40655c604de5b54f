"""./manage.py screen"""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from loop.intake.reread import reread
from loop.intake.rescreen import rescreen
from loop.management.acting import acting, add_actor_argument, production_named, refusals
from loop.screening.codes import SCREEN
from loop.screening.models import ScreeningRun


class Command(BaseCommand):
    help = f"""\
Screens the texts that are recorded already, by the version of this installation ({SCREEN}). What arrives is screened as
it arrives. May be ended at any time: it goes on where it was, here or in a worker."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--production", required=True, metavar="CODE")
        parser.add_argument("--all", action="store_true", help="also what this version has read before")
        parser.add_argument("--later", action="store_true", help="only ask; the workers do it")
        add_actor_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        production = production_named(options["production"])
        with refusals():
            run = rescreen(production=production, actor=acting(options["actor"]), everything=options["all"])
        shows = sys.stderr.isatty() and options["verbosity"] > 0
        while not options["later"] and run.finished_at is None:
            step = reread(run.pk)
            if step is None:  # a worker has it in hand, and may have finished it
                run = ScreeningRun.objects.get(pk=run.pk)
                continue
            run = step
            if shows:
                self.stderr.write(f"\r{run.texts_read} read", ending="")
        if shows:
            self.stderr.write("\r", ending="")
        done = "Read" if run.finished_at else "Asked for; so far"
        self.stdout.write(
            f"{done} {run.texts_read}: {run.recorded} new verdicts, {run.held} of them held in quarantine."
        )
