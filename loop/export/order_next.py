"""The data team orders the next of an earlier release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from loop.export import recipe as recipes
from loop.export.models import Export
from loop.export.order import order
from loop.export.splits import said
from loop.kernel.actor import Actor


def order_next(
    *,
    export: Export,
    actor: Actor,
    labels: str | None = None,
    filters: Mapping[str, Sequence[str]] | None = None,
    form: str | None = None,
    formats: Sequence[str] | None = None,
    splits: str | None = None,
    split_seed: str | None = None,
    checkpoint: int | None = None,
    gate_date: date | None = None,
    idempotency_key: str | None = None,
    second: Actor | None = None,
) -> Export:
    """Orders the release that follows `export`: for the same recipient and purpose, as of now, by the same recipe but
    for what is given here (None: as it was).

    It is an order like any other (order.py). Its version is worked out when its rows are known (line.py), and is empty
    until then. Refused with ConflictError unless `export` is published and the newest of its line, with none in the
    making; NotAllowedError; whatever `order` raises. Durable: call it outside any transaction.
    """
    recipe = recipes.read(export.recipe)
    return order(
        production=export.production,
        profile=export.profile,
        purpose=export.purpose,
        recipient=export.recipient,
        actor=actor,
        labels=recipe.labels if labels is None else labels,
        filters=recipe.filters if filters is None else filters,
        form=recipe.form if form is None else form,
        formats=recipe.formats if formats is None else formats,
        splits=said(recipe.splits) if splits is None else splits,
        split_seed=recipe.split_seed if split_seed is None else split_seed,
        rows_per_shard=recipe.rows_per_shard,
        checkpoint=checkpoint,
        gate_date=gate_date,
        idempotency_key=idempotency_key,
        next_of=export,
        second=second,
    )
