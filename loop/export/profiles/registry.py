"""The profiles by name, in the forms they have."""

from collections.abc import Mapping
from dataclasses import replace

from loop.export.columns import MESSAGES, Column, Make, Shape
from loop.export.profiles import (
    argilla,
    evaluation,
    label_studio,
    openai_ft,
    pairs_of_takes,
    preference,
    prompt_only,
    reward,
    sft,
    signals,
    span_critique,
    stepwise,
    unpaired_preference,
)
from loop.export.recipe import CONVERSATIONAL, STANDARD

SHAPES: Mapping[str, Shape] = {
    shape.name: shape
    for shape in (
        signals.SHAPE,
        preference.SHAPE,
        unpaired_preference.SHAPE,
        sft.SHAPE,
        prompt_only.SHAPE,
        stepwise.SHAPE,
        reward.SHAPE,
        span_critique.SHAPE,
        pairs_of_takes.SHAPE,
        evaluation.SHAPE,
        label_studio.SHAPE,
        argilla.SHAPE,
        openai_ft.SHAPE,
    )
}
TALKING = frozenset({"preference", "unpaired_preference", "sft", "prompt_only", "reward"})
"""Those that trainers also read as messages."""

SENTENCES: tuple[tuple[str, str], ...] = tuple((shape.name, shape.about) for shape in SHAPES.values())
"""(name, what it holds), for who chooses one."""


def shape_of(profile: str, form: str = STANDARD) -> Shape:
    """The columns of a release. Raises KeyError for a profile without that form; orders refuse it earlier."""
    if form == STANDARD:
        return SHAPES[profile]
    if form != CONVERSATIONAL or profile not in TALKING:
        raise KeyError(f"{profile} in the form {form}")
    shape = SHAPES[profile]
    return replace(shape, columns=tuple(_as_messages(column) for column in shape.columns))


def _as_messages(column: Column) -> Column:
    if column.turns is None:
        return column
    return replace(
        column, type=MESSAGES, sql=column.turns, make=Make.MESSAGES, whole=" || ".join(column.turns.values()),
        meaning=f"As messages ({', then '.join(column.turns)}): {column.meaning}",
    )  # fmt: skip
