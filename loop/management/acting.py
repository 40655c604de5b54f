"""What every command that acts shares: who acts (`--actor`), rows by the names people type, refusals as errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError, CommandParser

from loop.kernel.actor import SYSTEM, Actor
from loop.kernel.errors import LoopError
from loop.material.models import Production
from loop.people.models import User
from loop.people.querysets import actor_for_user


def add_actor_argument(parser: CommandParser) -> None:
    """Adds `--actor USERNAME`. Without it the system acts: whoever can run commands owns the machine."""
    parser.add_argument("--actor", metavar="USERNAME", help="the login that does this (default: the system)")


AWAITS = 3
"""The exit code of a command whose act waits for a second person. 1 is a refusal, 2 a bad argument."""


def add_second_argument(parser: CommandParser, what: str) -> None:
    """Adds `--approve-as USERNAME`: the second person, who approves here and now what needs one."""
    parser.add_argument(
        "--approve-as", metavar="USERNAME",
        help=f"a consent officer's login that approves {what}; without it the command says how to continue",
    )  # fmt: skip


def acting(username: str | None) -> Actor:
    """The actor named by `--actor`. Raises CommandError for an unknown or disabled login."""
    if username is None:
        return SYSTEM
    user = user_named(username)
    if not user.is_active:
        raise CommandError(f"--actor: the login {username!r} is disabled.")
    return actor_for_user(user)


def user_named(username: str) -> User:
    """The login, or CommandError with the command that adds one."""
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is no login {username!r}; add it with: ./manage.py user add {username}")
    return user


def production_named(code: str) -> Production:
    """The production, or CommandError with those there are."""
    production = Production.objects.filter(code=code).first()
    if production is None:
        known = ", ".join(Production.objects.order_by("code").values_list("code", flat=True)[:20]) or "none yet"
        raise CommandError(f"There is no production {code!r}. Productions: {known}.")
    return production


@contextmanager
def refusals() -> Iterator[None]:
    """Ends the command with the refusal's sentence and exit code 1 instead of a traceback."""
    try:
        yield
    except LoopError as error:
        raise CommandError(str(error)) from error
