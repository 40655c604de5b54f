"""./manage.py token create | revoke | list"""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.kernel.clock import now
from loop.management.acting import acting, add_actor_argument, production_named, refusals, user_named
from loop.people.models import Token
from loop.people.revoke import revoke_token
from loop.people.roles import SCOPES
from loop.people.token import MOST_DAYS, create_token


class Command(BaseCommand):
    help = "Makes, revokes and lists API tokens. A token is printed once and kept only as a digest."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="create|revoke|list")
        create = verbs.add_parser("create", help="make a token and print it once")
        create.add_argument("--user", required=True, metavar="USERNAME", help="the login that answers for the tool")
        create.add_argument("--name", default="", help="what the tool is (default: the username)")
        create.add_argument("--scope", action="append", required=True, help=f"repeatable: {', '.join(SCOPES)}")
        create.add_argument("--production", action="append", required=True, metavar="CODE", help="repeatable")
        create.add_argument("--days", type=int, default=30, help=f"1 to {MOST_DAYS}, default 30")
        revoke = verbs.add_parser("revoke", help="end a token from its next call on")
        revoke.add_argument("id", help="the token's id as listed")
        for verb in (create, revoke):
            add_actor_argument(verb)
        verbs.add_parser("list", help="tokens without their secrets")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "create":
                self._create(options)
            case "revoke":
                with refusals():
                    revoke_token(token=_token(options["id"]), actor=acting(options["actor"]))
                self.stdout.write(f"The token {options['id']} is revoked.")
            case _:
                for token in Token.objects.order_by("id").select_related("created_by").prefetch_related("productions"):
                    self.stdout.write(_line(token))

    def _create(self, options: dict[str, Any]) -> None:
        user = user_named(options["user"])
        with refusals():
            token, text = create_token(
                user=user,
                name=options["name"] or user.get_username(),
                scopes=options["scope"],
                productions=[production_named(code) for code in options["production"]],
                actor=acting(options["actor"]),
                days=options["days"],
            )
        self.stdout.write(text)
        self.stderr.write(f"Shown once. Token {token.uid}, valid until {token.expires_at:%Y-%m-%d %H:%M} UTC.")


def _token(text: str) -> Token:
    try:
        uid = UUID(text)
    except ValueError as error:
        raise CommandError("Expected a token's id as ./manage.py token list prints it.") from error
    token = Token.objects.filter(uid=uid).first()
    if token is None:
        raise CommandError(f"There is no token {uid}.")
    return token


def _line(token: Token) -> str:
    if token.revoked_at is not None:
        state = "revoked"
    else:
        state = "expired" if token.expires_at <= now() else f"until {token.expires_at:%Y-%m-%d}"
    shows = ", ".join(str(production) for production in token.productions.all())
    owner = token.created_by.get_username()
    return f"{token.uid}  {token.name}  {' '.join(token.scopes)}  on {shows}  {state}  by {owner}"
