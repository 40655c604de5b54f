"""`migrate` as the owner of the schema: the runtime role may not change tables."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate

from studio.local.preparation import ensure_external_roles
from studio.local.roles import RolesError
from studio.local.servers import ServersError


class Command(DjangoMigrate):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for statement in ensure_external_roles():
                self.stdout.write(f"Ran: {statement}")
        except (RolesError, ServersError) as error:
            raise CommandError(str(error)) from error
        super().handle(*args, **options)
