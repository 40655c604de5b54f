"""The lock that freezing, publishing and withdrawing take first, so that for every row one of them comes first."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.transaction import TransactionManagementError

EVERY_PRODUCTION = 0
_CLASS = 0x436C  # the first half of the advisory keys used here; the second is the production
_KEYS = 2**31 - 1  # a key is a positive 4-byte integer; productions that share one wait for each other, no more


def hold(production_ids: Iterable[int]) -> datetime:
    """Waits until nobody else holds these productions, keeps them until the transaction ends; the moment it got them.

    Must be the first statement of a READ COMMITTED transaction, on its own: a snapshot taken before the wait would not
    show what the previous holder committed. The answer is the database's clock, the only one that withdrawal and
    publishing share; judge consent at that moment. Taken in sorted order, so two holders never wait for each other.

    With no production at all it holds every one (a record that covers every production is withdrawn so).
    Raises TransactionManagementError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("expected a transaction: the lock ends with it")
    keys = sorted({1 + (production_id - 1) % _KEYS for production_id in production_ids})
    with connection.cursor() as cursor:
        if not keys:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_CLASS, EVERY_PRODUCTION])
        else:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [_CLASS, EVERY_PRODUCTION])
            for key in keys:
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_CLASS, key])
    return database_moment()


def database_moment() -> datetime:
    """The database's clock, now and not at the start of the transaction: the clock that consent is judged by."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    found: datetime = moment
    return found
