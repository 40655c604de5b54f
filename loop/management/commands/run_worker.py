"""./manage.py run_worker"""

import os
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections, connection

from loop.audit.seal import seal_all
from loop.decision.sweep_drafts import sweep_drafts
from loop.export.advance import advance
from loop.export.heartbeat import beat
from loop.export.rules import PUBLISHED
from loop.export.sweep import sweep
from loop.intake.reread import reread
from loop.kernel.errors import LoopError
from loop.media import sweep as media_sweep
from loop.media.render import render_next
from loop.recall.expire import expire
from loop.screening.querysets import runs_under_way

SEAL_EVERY_S = 5.0
FORGET_EVERY_S = 3600.0
EXPIRE_EVERY_S = 300.0


class Command(BaseCommand):
    help = """\
Does the workers' job without a broker: polls the database, builds releases, makes the proxies of media, seals the log.
Ends on Ctrl-C."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--interval", type=float, default=1.0, metavar="S", help="pause between looks, default 1 s")
        parser.add_argument("--until-idle", action="store_true", help="end once nothing waits any more")

    def handle(self, *args: Any, **options: Any) -> None:
        """Several may run at once, beside Celery workers too: a step belongs to whoever claims its row."""
        self._name, self._sealed, self._forgot = f"worker poll {os.getpid()}", 0.0, float("-inf")
        self._expired = float("-inf")
        self.stdout.write("Waiting for work; Ctrl-C ends it." if not options["until_idle"] else "Working until idle.")
        try:
            while True:
                did = False
                try:
                    close_old_connections()
                    self._keep()
                    did = self._work()
                except DatabaseError as error:
                    self.stderr.write(f"The database did not answer ({type(error).__name__}); trying again.")
                    connection.close()
                if not did:
                    if options["until_idle"]:
                        return
                    time.sleep(options["interval"])
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    def _keep(self) -> None:
        """What must go on while a film is transcoded: a beat, the sealed log, no old drafts, what ended recalled."""
        beat(self._name)
        if time.monotonic() - self._sealed >= SEAL_EVERY_S:
            seal_all()
            self._sealed = time.monotonic()
        if time.monotonic() - self._forgot >= FORGET_EVERY_S:
            sweep_drafts()
            self._forgot = time.monotonic()
        if time.monotonic() - self._expired >= EXPIRE_EVERY_S:
            expire()
            self._expired = time.monotonic()

    def _work(self) -> bool:
        """One step of every release and screening that waits, then one rendition; True if any did something."""
        did = False
        for export_id in sweep():
            try:
                step = advance(export_id)
            except (LoopError, OSError, ValueError, LookupError) as error:
                # The step gave its lease back and counted the attempt; after the last one the release is failed.
                self.stderr.write(f"Release {export_id}: {type(error).__name__}: {error}")
                did = True
                continue
            did = did or step.did
            if step.did and step.state == PUBLISHED:
                self.stdout.write(f"Published release {export_id}.")
        for run_id in runs_under_way():
            did = reread(run_id) is not None or did
        if media_sweep.sweep():
            made = render_next(self._keep)
            did = did or made is not None
            if made is not None and made.state == made.State.FAILED:
                self.stderr.write(f"The {made.kind} of {made.media}: {made.problem}")
        return did
