"""./manage.py user add | disable | list"""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from loop.management.acting import acting, add_actor_argument, refusals, user_named
from loop.people.account import add_user
from loop.people.disable import disable_user
from loop.people.models import User


class Command(BaseCommand):
    help = "Adds, disables and lists logins. A role on a production is given by: ./manage.py member add"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|disable|list")
        add = verbs.add_parser("add", help="add a login; prints a password once unless one is given on stdin")
        add.add_argument("username")
        add.add_argument("--name", default="")
        add.add_argument("--email", default="")
        add.add_argument("--admin", action="store_true", help="global admin")
        add_password_argument(add)
        disable = verbs.add_parser("disable", help="end its sessions and tokens; nothing it recorded changes")
        disable.add_argument("username")
        verbs.add_parser("list", help="logins with their roles")
        for verb in (add, disable):
            add_actor_argument(verb)

    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "add":
                self._add(options)
            case "disable":
                user = user_named(options["username"])
                with refusals():
                    disable_user(user=user, actor=acting(options["actor"]))
                self.stdout.write(f"{user.get_username()} is disabled.")
            case _:
                self._list()

    def _add(self, options: dict[str, Any]) -> None:
        given = password_from_stdin(options)
        with refusals():
            new = add_user(
                username=options["username"],
                actor=acting(options["actor"]),
                password=given,
                name=options["name"],
                email=options["email"],
                is_admin=options["admin"],
            )
        self.stdout.write(f"Added the login {new.user.get_username()}{' (admin)' if options['admin'] else ''}.")
        if given is None:
            self.stdout.write(f"Password, shown once: {new.password}")

    def _list(self) -> None:
        for user in User.objects.order_by("username").prefetch_related("memberships__production"):
            roles = [f"{m.role} on {m.production.code}" for m in user.memberships.all() if m.active]
            marks = ["admin"] * user.is_superuser + ["disabled"] * (not user.is_active)
            self.stdout.write(f"{user.get_username()}: {', '.join(marks + roles) or 'no role'}")


def add_password_argument(parser: argparse.ArgumentParser) -> None:
    """Adds `--password-stdin`: a password on the command line would stay in the shell's history."""
    parser.add_argument("--password-stdin", action="store_true", help="read the password from the first line of stdin")


def password_from_stdin(options: dict[str, Any]) -> str | None:
    """The given password without its line end, None if one is to be made."""
    return sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else None
