"""`up`: database, broker, web, workers and scheduler under one supervisor, until Ctrl-C."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from studio.local.home import HomeError
from studio.local.roles import RolesError
from studio.local.servers import ServersError
from studio.local.services import PortError
from studio.local.supervisor import RunningError
from studio.local.up import up


class Command(BaseCommand):
    help = (
        "Runs everything: database and broker (unless DATABASE_URL and REDIS_URL name others), web, workers, scheduler."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port", type=int, help="port of the web server on 127.0.0.1 (default: the first free from 8000)"
        )
        parser.add_argument("--no-web", action="store_true", help="run the workers only")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            up(port=options["port"], with_web=not options["no_web"])
        except (HomeError, PortError, RolesError, RunningError, ServersError) as error:
            raise CommandError(str(error)) from error
