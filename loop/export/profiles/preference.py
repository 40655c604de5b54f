"""Profile `preference`: prompt, chosen, rejected, as DPO trainers read them."""

from loop.export.columns import ASSISTANT, BASE_JOINS, Column, Shape, common
from loop.export.profiles import parts

BETTER_NOT_GOOD = "A chosen text is better than its rejected one, not necessarily good."

SHAPE = Shape(
    name="preference",
    about="Pairs: a chosen and a rejected answer to the same prompt.",
    columns=(
        parts.prompt(),
        Column(
            "chosen",
            parts.TEXT,
            parts.CHOSEN_SQL,
            "The revision, or the accepted suggestion.",
            turns={ASSISTANT: parts.CHOSEN_SQL},
        ),
        Column(
            "rejected",
            parts.TEXT,
            parts.REJECTED_SQL,
            "The suggestion that was revised, or the rejected one.",
            turns={ASSISTANT: parts.REJECTED_SQL},
        ),
        *parts.pair_facts(),
        *common(),
    ),
    joins=BASE_JOINS + parts.OTHER_JOINS,
    digested=("prompt", "chosen", "rejected"),
    origins=("fb_chosen_origin", "fb_rejected_origin"),
    label_balance="fb_pair_kind",
    notes=(BETTER_NOT_GOOD,),
)
