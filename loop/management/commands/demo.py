"""./manage.py demo: a whole installation, the sample production, a verified release of it, then the pages."""

import logging
import shutil
import signal
import sys
import textwrap
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from loop.audit.keys import trusted
from loop.export import places
from loop.export.disclosures import NOT_MADE_REASONS, SENTENCES
from loop.export.models import Export
from loop.export.progress import progress_of
from loop.export.rules import PUBLISHED, UNFINISHED
from loop.export.verify import verify
from loop.gate.reasons import CODES
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, LoopError
from loop.management.acting import user_named
from loop.people.querysets import actor_for_user
from loop.sample.load import Loaded, load
from loop.sample.logins import FILE
from loop.sample.pictures import prepared
from loop.sample.release import PROFILE, PURPOSE, RECIPIENT, order_release
from loop.tasks import send, send_media
from studio import env
from studio.local.console import Console
from studio.local.home import HomeError
from studio.local.roles import RolesError
from studio.local.servers import ServersError
from studio.local.services import PortError
from studio.local.supervisor import RunningError
from studio.local.up import start, supervise

STEPS = 5
LOOK_EVERY_S = 0.2
# A sweep every 15 s finds a lost message, a lease is 60 s: whoever needs longer than this is not coming.
BUILD_S = 240
# The pictures are made beside the export and seldom later than it. The pages do not wait for them; nor do we for long.
PREPARE_S = 20
ORDERED_BY = "data"
INDENT = " " * 5


class Calm(Console):
    """The supervisor's own words, indented below the step; what the services write stands in their log files."""

    def __init__(self) -> None:
        super().__init__(is_quiet=True)

    def say(self, text: str) -> None:
        for line in text.splitlines():
            print(f"{INDENT}{line}", flush=True)


class Command(BaseCommand):
    help = (
        "Starts everything, loads the fictional sample production, exports a dataset of it through a real Celery "
        "worker, verifies it, and serves the pages until Ctrl-C; with SERVE=0 it ends after the verified export."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="end after the verified export (as SERVE=0 does)")
        parser.add_argument("--port", type=int, help="port of the pages on 127.0.0.1 (default: a free one from 8000)")

    def handle(self, *args: Any, **options: Any) -> None:
        serves = env.flag("SERVE", default=True) and not options["no_serve"]
        # What the verbs log is for operators; here every line is for a newcomer.
        logging.getLogger().setLevel(logging.WARNING)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        try:
            self._run(serves=serves, port=options["port"])
        except (HomeError, PortError, RolesError, RunningError, ServersError) as error:
            raise CommandError(str(error)) from error
        except ConflictError as error:
            raise CommandError(str(error)) from error
        except LoopError as error:
            raise CommandError(f"{error}\nWhat was recorded stays; `make demo` goes on from there.") from error
        except KeyboardInterrupt:
            self.stdout.write("\nStopped before the end. `make demo` goes on from here.")
            sys.exit(130)

    def _run(self, *, serves: bool, port: int | None) -> None:
        self.stdout.write("Circled: a film production that exists only on paper, and one dataset of it.\n")
        self._step(1, "Starting database, broker, pages, workers and scheduler")
        with supervise(Calm()) as supervisor:
            address = start(supervisor, port=port)
            _require_pages(address)
            self._say(f"Everything runs. Logs: {settings.HOME.log}")
            self._step(2, 'Bringing in the sample production "Night Ferry"')
            loaded = self._load()
            self._step(3, f"Ordering a dataset: {PROFILE} for {PURPOSE}, to {RECIPIENT}")
            export = self._order(loaded)
            self._step(4, "A Celery worker builds it")
            self._build(export)
            self._step(5, "Verifying it as its recipient would")
            folder = self._verify(export)
            self._prepare(loaded, wait_s=PREPARE_S if serves else 0)
            self._tell(export, folder, loaded, address if serves else "")
            self.stdout.flush()  # into a file it would wait for the end
            connections.close_all()
            if serves:
                supervisor.wait()
            self.stdout.write("\nStopping ...")
            self.stdout.flush()
        self.stdout.write("Stopped. Everything is kept; `make demo` serves it again.")

    def _load(self) -> Loaded:
        loaded = load(actor=SYSTEM, at=now(), say=self._say)
        if loaded.suggestions_new or loaded.decisions_new:
            self._say(f"{loaded.suggestions_new} suggestions and {loaded.decisions_new} decisions recorded.")
        else:
            self._say(f"All of it was here: {loaded.suggestions} suggestions, {loaded.decisions} decisions.")
        self._say(f"{loaded.files} pictures, clips and sounds stored; a worker prepares them for the pages meanwhile.")
        send_media()
        return loaded

    def _prepare(self, loaded: Loaded, *, wait_s: float) -> None:
        deadline = time.monotonic() + wait_s
        ready = prepared(loaded.production)
        while ready < loaded.files and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY_S)
            ready = prepared(loaded.production)
        if ready < loaded.files:
            self._say(f"{ready} of {loaded.files} pictures, clips and sounds prepared; the rest as the workers run.")
        else:
            self._say(f"{ready} pictures, clips and sounds prepared.")

    def _order(self, loaded: Loaded) -> Export:
        export, is_new = order_release(production=loaded.production, actor=actor_for_user(user_named(ORDERED_BY)))
        name = f"{loaded.production.code} E-{export.number}"
        if not is_new:
            self._say(f"Nothing changed since {name}, so the same order would give the same bytes: taking that one.")
        else:
            self._say(f"Ordered {name}, as of entry {export.checkpoint_size} of the audit log.")
        return export

    def _build(self, export: Export) -> None:
        if export.state == PUBLISHED:
            self._say("Built already.")
            return
        send(str(export.uid))
        deadline = time.monotonic() + BUILD_S
        said = ""
        while export.state in UNFINISHED:
            if time.monotonic() > deadline:
                _fail(f"No worker has finished it within {BUILD_S} s; {settings.HOME.log}/worker.log says why.")
            time.sleep(LOOK_EVERY_S)
            export.refresh_from_db()
            sentence = progress_of(export).sentence
            if sentence != said:
                self._say(sentence)
                said = sentence
        if export.state != PUBLISHED:
            _fail(f"The release ended as {export.state}: {export.failure}. {settings.HOME.log}/worker.log has more.")

    def _verify(self, export: Export) -> Path:
        folder = places.root() / export.folder
        report = verify(folder, keys=trusted())
        if not report.ok:
            for finding in report.findings[:10]:
                self._say(str(finding))
            _fail(
                f"The folder is not what was published: {len(report.findings)} finding(s). Delete {folder} and run "
                "`make demo` again to have it made anew."
            )
        self._say(
            f"{report.files} files and {report.rows} rows: every digest, the signature, and the proof that the release "
            f"stands in the log of {report.checkpoint_size} entries."
        )
        return folder

    def _tell(self, export: Export, folder: Path, loaded: Loaded, address: str) -> None:
        out = self.stdout.write
        out(f"\n{export.rows_included} of {export.rows_considered} preference pairs left the house.")
        for code in sorted(export.excluded_by_code, key=_in_rule_order):
            out(f"{export.excluded_by_code[code]:>5}  stayed: {code}, {SENTENCES[code]}")
        for name, count in sorted(export.not_made.items()):
            if count:
                out(f"{count:>5}  no pair: {NOT_MADE_REASONS.get(name, name)}")
        out(f"\nDataset   {folder}")
        out("Load it   from datasets import load_dataset")
        out(f"          load_dataset({str(folder)!r})")
        if address:
            out(f"\nPages     {address}")
            self._tell_logins(loaded)
            out("\nTwo contributors were asked for consent. A link of their own, without a login:")
            out(f"          ./manage.py request link --production {loaded.production.code} --party editor")
            out("\nCtrl-C stops everything; the data stays.")
        else:
            out("\n`make demo` does the same and then serves the pages; it prints their address and the logins.")

    def _tell_logins(self, loaded: Loaded) -> None:
        out = self.stdout.write
        width = max(20, shutil.get_terminal_size((110, 24)).columns - 34)
        out(f"Logins    kept in {Path(settings.KEYS_ROOT) / FILE}, readable by you only")
        is_changed = False
        for login in loaded.logins:
            first, *rest = textwrap.wrap(login.does, width)
            out(f"  {login.username:<9} {login.password or '(changed)':<21}{first}")
            for line in rest:
                out(" " * 33 + line)
            is_changed = is_changed or login.password is None
        if is_changed:
            out("  A changed password is set anew by: ./manage.py changepassword NAME")

    def _step(self, number: int, what: str) -> None:
        self.stdout.write(f"\n{number}/{STEPS}  {what}")
        self.stdout.flush()

    def _say(self, text: str) -> None:
        self.stdout.write(f"{INDENT}{text}")
        self.stdout.flush()


def _require_pages(address: str) -> None:
    """The login page stands for all: it needs templates, hashed static files, database and sessions."""
    try:
        with urllib.request.urlopen(f"{address}/accounts/login/", timeout=30):  # noqa: S310 -- our own address
            return
    except (urllib.error.URLError, OSError) as error:
        _fail(f"The pages do not answer ({error}); {settings.HOME.log}/web.log says why.")


def _in_rule_order(code: str) -> int:
    return CODES.index(code) if code in CODES else len(CODES)


def _fail(message: str) -> NoReturn:
    raise CommandError(message)
