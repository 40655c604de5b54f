"""Typed readers of the fields of one JSON object, pure: every mismatch becomes a Problem with its path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from loop.kernel.json_lines import MAX_INT64, BadLineError, kind_of, plain, show
from loop.kernel.problem import Problem

COST_STEP: Final = Decimal("0.000001")  # as stored
COST_LIMIT: Final = Decimal(10) ** 8
CONFIDENCE_STEP: Final = Decimal("0.001")

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


class Fields:
    """One object of a line. `where` is its path ("" for the line itself). A reader returns None for what is wrong."""

    __slots__ = ("errors", "value", "warnings", "where")

    def __init__(self, value: Mapping[str, Any], where: str, errors: list[Problem], warnings: list[Problem]) -> None:
        self.value = value
        self.where = where
        self.errors = errors
        self.warnings = warnings

    def at(self, key: str) -> str:
        return self.where + key

    def wrong(self, key: str, expected: str, found: object) -> None:
        """Adds an error that shows the value found, cut to a line's length."""
        shown = show(found) if isinstance(found, (str, int, Decimal)) else kind_of(found)
        self.errors.append(Problem(self.where + key, expected, shown))

    def lacks(self, key: str, expected: str, found: str) -> None:
        """Adds an error that says in words what was found."""
        self.errors.append(Problem(self.where + key, expected, found))

    def odd(self, key: str, expected: str, found: str) -> None:
        self.warnings.append(Problem(self.where + key, expected, found))

    def unknown(self, known: frozenset[str]) -> None:
        """Warns of keys that nothing reads: they are not kept."""
        if not known.issuperset(self.value):
            for key in self.value:
                if key not in known:
                    self.odd(key, "a field of the format", "an unknown one, which is not kept")

    def text(self, key: str, *, limit: int | None = None, required: bool = False) -> str | None:
        """Text as it came; with `limit`, at most so many characters."""
        value = self.value.get(key)
        if value is None:
            if required:
                self.lacks(key, "text", "null" if key in self.value else "nothing")
            return None
        if not isinstance(value, str):
            self.lacks(key, "text", kind_of(value))
            return None
        if limit is not None and len(value) > limit:
            self.lacks(key, f"at most {limit} characters", f"{len(value)} characters")
            return None
        if required and not value.strip():
            self.wrong(key, "text that is not blank", value)
            return None
        return value

    def choice(self, key: str, choices: tuple[str, ...]) -> str | None:
        value = self.text(key)
        if value is not None and value not in choices:
            self.wrong(key, " or ".join(choices), value)
            return None
        return value

    def whole(self, key: str, *, least: int = 0, most: int = MAX_INT64, rounded: bool = False) -> int | None:
        """A whole number. `rounded`: a fraction is rounded to even with a warning (milliseconds)."""
        value = self.value.get(key)
        if value is None:
            return None
        if isinstance(value, Decimal) and (rounded or value == value.to_integral_value()):
            if abs(value) > MAX_INT64:
                self.wrong(key, f"{least} to {most}", value)
                return None
            if value != value.to_integral_value():
                self.odd(key, "a whole number", f"{show(value)}; it is rounded")
            value = int(value.to_integral_value())
        if not isinstance(value, int) or isinstance(value, bool):
            self.lacks(key, "a whole number", show(value) if isinstance(value, Decimal) else kind_of(value))
            return None
        if not least <= value <= most:
            self.wrong(key, f"{least} or more" if most == MAX_INT64 else f"{least} to {most}", value)
            return None
        return value

    def money(self, key: str) -> Decimal | None:
        """Decimal dollars from text or a number, exact, six places; more are rounded with a warning."""
        value = self.value.get(key)
        if value is None:
            return None
        try:
            amount = Decimal(value) if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool) else None
        except InvalidOperation:
            amount = None
        if amount is None or not amount.is_finite() or not 0 <= amount < COST_LIMIT:
            self.wrong(key, f"an amount of 0 to {COST_LIMIT}", value)
            return None
        stored = amount.quantize(COST_STEP)
        if stored != amount:
            self.odd(key, "at most six decimal places", f"{show(value)}; it is rounded")
        return stored

    def share(self, key: str) -> str | None:
        """A number from 0 to 1 as decimal text of three places; more are rounded with a warning."""
        value = self.value.get(key)
        if value is None:
            return None
        if not isinstance(value, (int, Decimal)) or isinstance(value, bool) or not 0 <= value <= 1:
            self.wrong(key, "a number from 0 to 1", value)
            return None
        stored = Decimal(value).quantize(CONFIDENCE_STEP)
        if stored != value:
            self.odd(key, "at most three decimal places", f"{show(value)}; it is rounded")
        return str(stored)

    def moment(self, key: str) -> datetime | None:
        """An aware moment in UTC."""
        value = self.text(key)
        if value is None:
            return None
        if _MOMENT.fullmatch(value):
            try:
                return datetime.fromisoformat(value.upper()).astimezone(UTC)
            except (ValueError, OverflowError):
                pass
        self.wrong(key, "a moment with its zone such as 2026-05-01T10:00:07Z", value)
        return None

    def sha256(self, key: str, *, required: bool = False) -> str | None:
        value = self.text(key, required=required)
        if value is not None and not _SHA256.fullmatch(value):
            self.wrong(key, "64 hexadecimal digits", value)
            return None
        return None if value is None else value.lower()

    def items(self, key: str) -> list[Any]:
        """A list; null and absent are empty."""
        value = self.value.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.lacks(key, "a list", kind_of(value))
            return []
        return value

    def objects(self, key: str) -> list[Fields]:
        found = []
        for position, item in enumerate(self.items(key)):
            if isinstance(item, dict):
                found.append(Fields(item, f"{self.where}{key}[{position}].", self.errors, self.warnings))
            else:
                self.lacks(f"{key}[{position}]", "an object", kind_of(item))
        return found

    def object(self, key: str) -> Fields | None:
        value = self.value.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.lacks(key, "an object", kind_of(value))
            return None
        return Fields(value, f"{self.where}{key}.", self.errors, self.warnings)

    def texts(self, key: str) -> list[str]:
        found = []
        for position, item in enumerate(self.items(key)):
            if isinstance(item, str):
                found.append(item)
            else:
                self.lacks(f"{key}[{position}]", "text", kind_of(item))
        return found

    def flag(self, key: str, *, default: bool = False) -> bool:
        value = self.value.get(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.lacks(key, "true or false", kind_of(value))
        return False

    def free(self, key: str, kind: type) -> Any:
        """Any JSON of `kind` (dict or list), with numbers as jsonb keeps them; an empty one when absent."""
        value = self.value.get(key)
        if value is None:
            return kind()
        if not isinstance(value, kind):
            self.lacks(key, "an object" if kind is dict else "a list", kind_of(value))
            return kind()
        try:
            return plain(value, self.at(key))
        except BadLineError as error:
            self.errors.append(error.problem)
            return kind()
