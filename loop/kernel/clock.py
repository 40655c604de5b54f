"""The one way to ask what time it is: aware, UTC."""

from datetime import UTC, date, datetime


def now() -> datetime:
    """The present moment as an aware datetime in UTC."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """`moment` as RFC 3339 in UTC with a trailing Z and microseconds.

    Raises ValueError for a naive datetime: a moment without a zone is not a moment.
    """
    if moment.tzinfo is None:
        raise ValueError(f"expected an aware datetime, found a naive one: {moment.isoformat()}")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def utc_date(moment: datetime) -> date:
    """The calendar date of `moment` in UTC, which is the date consent is judged on."""
    return moment.astimezone(UTC).date()
