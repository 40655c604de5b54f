"""./manage.py member add | end | list"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.kernel.errors import NotValidError
from loop.management.acting import acting, add_actor_argument, production_named, refusals, user_named
from loop.management.commands.user import add_password_argument, password_from_stdin
from loop.people.account import add_user
from loop.people.leave import end_membership
from loop.people.member import add_member
from loop.people.models import Member, Role, User


class Command(BaseCommand):
    help = "Gives logins roles on a production, takes them away, lists them."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|end|list")
        add = verbs.add_parser("add", help="give a role; a missing login is added and its password printed once")
        end = verbs.add_parser("end", help="take a role away; what the member decided stays")
        for verb in (add, end):
            verb.add_argument("username")
            verb.add_argument("--role", required=True, help=", ".join(Role.values))
            add_actor_argument(verb)
        add.add_argument("--name", default="")
        add.add_argument("--contributor", default="", help="who the login is when it judges (default: the username)")
        add_password_argument(add)
        shown = verbs.add_parser("list", help="the members of a production")
        for verb in (add, end, shown):
            verb.add_argument("--production", required=True, metavar="CODE")

    def handle(self, *args: Any, **options: Any) -> None:
        production = production_named(options["production"])
        match options["verb"]:
            case "add":
                self._add(options)
            case "end":
                member = Member.objects.filter(
                    user=user_named(options["username"]), production=production, role=options["role"], active=True
                ).first()
                if member is None:
                    raise CommandError(f"{options['username']} is not {options['role']} on {production.code}.")
                with refusals():
                    end_membership(member=member, actor=acting(options["actor"]))
                self.stdout.write(f"{options['username']} is no longer {options['role']} on {production.code}.")
            case _:
                members = production.members.filter(active=True).select_related("user", "contributor")
                for member in members.order_by("id"):
                    self.stdout.write(f"{member.user.get_username()}: {member.role}, judges as {member.contributor}")

    def _add(self, options: dict[str, Any]) -> None:
        production, actor = production_named(options["production"]), acting(options["actor"])
        username = options["username"]
        given = password_from_stdin(options)
        with refusals():
            if options["role"] not in Role.values:  # before a login is added for nothing
                raise NotValidError(f"--role: expected one of {', '.join(Role.values)}, found {options['role']!r}.")
            user = User.objects.filter(username=username).first()
            if user is None:
                new = add_user(username=username, actor=actor, password=given, name=options["name"])
                user = new.user
                self.stdout.write(f"Added the login {username}.")
                if given is None:
                    self.stdout.write(f"Password, shown once: {new.password}")
            elif given is not None:
                raise CommandError(f"The login {username!r} exists; its password is not changed here.")
            member = add_member(
                user=user,
                production=production,
                role=options["role"],
                actor=actor,
                contributor_id=options["contributor"],
                name=options["name"],
            )
        self.stdout.write(f"{username} is {member.role} on {production.code}.")
