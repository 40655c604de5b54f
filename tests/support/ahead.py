"""Days that pass in a test: the database's clock and Python's, ahead by the same time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

# The database's clock, found before the one of the system: ahead by what the table says.
CLOCK = """
CREATE TABLE public.test_clock (ahead interval NOT NULL);
INSERT INTO public.test_clock VALUES ('0');
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM public.test_clock';
GRANT SELECT, UPDATE ON public.test_clock TO circled_app;
"""


class Ahead(datetime):
    """Python's clock in step with the database's."""

    by = timedelta()

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.by


def install(connection: Any) -> None:
    """Gives the database behind this superuser's connection the clock; `found_first` leads sessions to it."""
    connection.execute(CLOCK)


def found_first(connection: Any, name: str) -> None:
    """Sessions of the database that begin from now on find that clock before the system's. A clone needs it anew."""
    connection.execute(f'ALTER DATABASE "{name}" SET search_path = public, pg_catalog')


def set_clock(connection: Any, by: timedelta) -> None:
    """Both clocks ahead by that much."""
    Ahead.by = by
    connection.execute("UPDATE public.test_clock SET ahead = %s", [by])


def noon() -> timedelta:
    """How far it is to noon, so that no midnight falls into a run that did not ask for it."""
    present = datetime.now(UTC)
    return present.replace(hour=12, minute=0, second=0, microsecond=0) - present
