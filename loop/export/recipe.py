"""What an order says, in the form that is stored, digested and read back by the steps that follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from loop.export import splits as cut
from loop.export.rules import DAYS, FILTERS, FORMAT_VERSION, LABEL_POLICIES, LABELLED_OUTCOMES, ROWS_PER_SHARD
from loop.kernel.canonical import Json, digest
from loop.kernel.errors import NotValidError

DEFAULT_LABELS = "latest_per_person"
STANDARD, CONVERSATIONAL = "standard", "conversational"
FORMS = (STANDARD, CONVERSATIONAL)
FORM_WORDS: Mapping[str, str] = {STANDARD: "Texts", CONVERSATIONAL: "Messages of a dialogue"}
TALKING = frozenset({"preference", "unpaired_preference", "sft", "prompt_only", "reward"})
"""Profiles that trainers also read as lists of messages."""
FORMATS = ("csv", "jsonl", "media", "webdataset")
"""What a release may hold beside its Parquet."""
PARQUET = "parquet"
NO_FILTERS: Mapping[str, Sequence[str]] = {}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How rows are chosen and cut into files. Equal recipes, checkpoints, dates and recipients give equal bytes.

    `filters`: {stages, kinds, reasons, people ...} (filters.py) -> values; an empty list does not filter.
    `form`: texts as they are, or as messages of a dialogue. `formats`: what lies beside the Parquet.
    `splits`: shares of the briefs, drawn by `split_seed` (splits.py); empty: one split, train.
    """

    labels: str = DEFAULT_LABELS
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows_per_shard: int = ROWS_PER_SHARD
    form: str = STANDARD
    formats: tuple[str, ...] = ()
    splits: cut.Shares = ()
    split_seed: str = ""

    def stored(self) -> dict[str, Json]:
        """The form in `Export.recipe`. What is as ever is not named, so that older orders keep their digests."""
        named: dict[str, Json] = {} if self.form == STANDARD else {"form": self.form}
        if self.formats:
            named["formats"] = list(self.formats)
        if self.splits:
            named |= {"splits": cut.said(self.splits), "split_seed": self.split_seed}
        return {
            **named,
            "format": FORMAT_VERSION,
            "labels": self.labels,
            "filters": {name: list(values) for name, values in sorted(self.filters.items())},
            "rows_per_shard": self.rows_per_shard,
        }


def read(stored: Mapping[str, object]) -> Recipe:
    """The recipe of an export row. Raises NotValidError for one of another format."""
    if stored.get("format") != FORMAT_VERSION:
        raise NotValidError(f"recipe: expected format {FORMAT_VERSION}, found {stored.get('format')!r}", field="recipe")
    filters = stored["filters"]
    labels, rows, form = stored["labels"], stored["rows_per_shard"], stored.get("form", STANDARD)
    if not isinstance(filters, Mapping) or not isinstance(labels, str) or not isinstance(rows, int):
        raise NotValidError("recipe: expected labels, filters and rows_per_shard, found another shape", field="recipe")
    if form not in FORMS:
        raise NotValidError(f"recipe: expected the form {' or '.join(FORMS)}, found {form!r}", field="recipe")
    kept = {name: tuple(values) for name, values in filters.items()}
    formats = stored.get("formats", [])
    if not isinstance(formats, list) or not set(formats) <= set(FORMATS):
        raise NotValidError(f"recipe: expected formats of {', '.join(FORMATS)}, found {formats!r}", field="recipe")
    shares = cut.read_splits(str(stored.get("splits", "")))
    return Recipe(
        labels=labels, filters=kept, rows_per_shard=rows, form=str(form), formats=tuple(formats), splits=shares,
        split_seed=str(stored.get("split_seed", "")),
    )  # fmt: skip


def write(
    *,
    labels: str = DEFAULT_LABELS,
    filters: Mapping[str, Sequence[str]] = NO_FILTERS,
    rows_per_shard: int = ROWS_PER_SHARD,
    profile: str = "",
    form: str = STANDARD,
    formats: Sequence[str] = (),
    splits: str = "",
    split_seed: str = "",
) -> Recipe:
    """A checked recipe; values of filters and formats are sorted: their order does not change the order's digest.

    `parquet` may be named among the formats: it is always there.

    Raises NotValidError that names the field, what was expected and what was found.
    """
    if labels not in LABEL_POLICIES:
        raise NotValidError(f"labels: expected {' or '.join(LABEL_POLICIES)}, found {labels!r}", field="labels")
    if form not in FORMS:
        raise NotValidError(f"form: expected {' or '.join(FORMS)}, found {form!r}", field="form")
    if form == CONVERSATIONAL and profile not in TALKING:
        raise NotValidError(
            f"form: expected {STANDARD} for {profile}; {CONVERSATIONAL} is for {', '.join(sorted(TALKING))}",
            field="form",
        )
    beside = set(formats) - {PARQUET}
    if beside - set(FORMATS):
        expected = ", ".join((PARQUET, *FORMATS))
        raise NotValidError(
            f"formats: expected any of {expected}, found {min(beside - set(FORMATS))!r}", field="formats"
        )
    unknown = sorted(set(filters) - set(FILTERS))
    if unknown:
        raise NotValidError(f"filters: expected {', '.join(FILTERS)}, found {unknown[0]!r}", field="filters")
    for outcome in filters.get("outcomes", ()):
        if outcome not in LABELLED_OUTCOMES:
            expected = " or ".join(LABELLED_OUTCOMES)
            raise NotValidError(f"outcomes: expected {expected}, found {outcome!r}", field="outcomes")
    _check_days(filters)
    if rows_per_shard < 1:
        raise NotValidError(f"rows_per_shard: expected at least 1, found {rows_per_shard}", field="rows_per_shard")
    kept = {name: tuple(sorted(set(values))) for name, values in filters.items() if values}
    shares = cut.read_splits(splits)
    return Recipe(
        labels=labels, filters=kept, rows_per_shard=rows_per_shard, form=form, formats=tuple(sorted(beside)),
        splits=shares, split_seed=cut.check_seed(split_seed, shares),
    )  # fmt: skip


def _check_days(filters: Mapping[str, Sequence[str]]) -> None:
    for name in DAYS:
        values = filters.get(name, ())
        for value in values:
            try:
                is_day = date.fromisoformat(value).isoformat() == value
            except ValueError:
                is_day = False
            if not is_day or len(values) > 1:
                raise NotValidError(f"{name}: expected one day as YYYY-MM-DD, found {', '.join(values)!r}", field=name)
    first, last = (next(iter(filters.get(name, ())), "") for name in DAYS)
    if first and last and first > last:
        raise NotValidError(f"decided_until: expected {first} or later, found {last}", field="decided_until")


def order_digest(
    recipe: Recipe,
    *,
    production: UUID,
    profile: str,
    purpose: str,
    recipient: str,
    checkpoint_size: int,
    gate_date: date,
    replaces: UUID | None = None,
) -> bytes:
    """SHA-256 over everything that decides rows and bytes. Row names are keyed by it, and by the recipient."""
    # A release that replaces another leaves out what was recalled from it; the others are digested as ever.
    replaced = {"replaces": str(replaces)} if replaces is not None else {}
    return digest(
        {
            "recipe": recipe.stored(),
            "production": str(production),
            "profile": profile,
            "purpose": purpose,
            "recipient": recipient,
            "checkpoint_size": str(checkpoint_size),
            "gate_date": gate_date.isoformat(),
            **replaced,
        }
    )
