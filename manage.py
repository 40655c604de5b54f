#!/usr/bin/env python3
"""Django's command line. In embedded mode a command that needs the database finds it running."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

# These start the servers themselves, or need none.
WITHOUT_SERVERS = frozenset(
    {"up", "demo", "doctor", "help", "version", "check", "collectstatic", "findstatic", "diffsettings", "spectacular"}
    | {"test", "startapp", "startproject", "makemessages", "compilemessages", "--help", "-h", "--version"}
)
UNDEFINED_TABLE = "42P01"  # PostgreSQL's SQLSTATE


def main() -> int:
    own = Path(__file__).resolve().parent / ".venv" / "bin" / "python"
    if find_spec("django") is None and own.exists() and Path(sys.executable).parent != own.parent:
        os.execv(own, [str(own), *sys.argv])  # noqa: S606 -- `./manage.py` works without activating anything
    if sys.version_info < (3, 11):  # noqa: UP036 -- the message is for whoever runs it with an older one
        return complain(f"Circled needs Python 3.11 or later; this is {sys.version.split()[0]}. Try: make run")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
    try:
        from django.core.management import execute_from_command_line
        from django.db import OperationalError, ProgrammingError
    except ModuleNotFoundError:
        return complain("The dependencies are not installed in this Python. Run `make run`, or use .venv/bin/python.")
    from studio.env import EnvError
    from studio.local.home import HomeError
    from studio.local.servers import ServersError, ensure_for_command

    try:
        if needs_servers(sys.argv[1:]):
            ensure_for_command()
        execute_from_command_line(sys.argv)
    except (EnvError, HomeError, ServersError) as error:
        return complain(str(error))
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None):
            raise  # the server answered: whoever wrote the command wants to see where
        return complain(f"The database does not answer: {error}\n./manage.py doctor says more.")
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", None) != UNDEFINED_TABLE:
            raise
        return complain("The database lacks tables that this version needs. Bring it up to date: ./manage.py migrate")
    return 0


def needs_servers(arguments: list[str]) -> bool:
    """True if the command that is asked for may speak to the database."""
    return bool(arguments) and arguments[0] not in WITHOUT_SERVERS and not {"--help", "-h"} & set(arguments)


def complain(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
