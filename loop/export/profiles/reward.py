"""Profile `reward`: chosen and rejected as whole texts, the prompt at the head of both, as reward trainers prefer."""

import pyarrow as pa

from loop.export.columns import ASSISTANT, BASE_JOINS, USER, Column, Shape, common
from loop.export.profiles import parts
from loop.export.profiles.preference import BETTER_NOT_GOOD

SHAPE = Shape(
    name="reward",
    about="Pairs without a prompt of their own: two whole texts, each the prompt and then an answer, one preferred.",
    columns=(
        Column(
            "chosen",
            parts.TEXT,
            f"{parts.PROMPT_SQL} || {parts.CHOSEN_SQL}",
            "The prompt, then the revision or the accepted suggestion; nothing stands between them.",
            turns={USER: parts.PROMPT_SQL, ASSISTANT: parts.CHOSEN_SQL},
        ),
        Column(
            "rejected",
            parts.TEXT,
            f"{parts.PROMPT_SQL} || {parts.REJECTED_SQL}",
            "The same prompt, then the suggestion that was revised or rejected.",
            turns={USER: parts.PROMPT_SQL, ASSISTANT: parts.REJECTED_SQL},
        ),
        Column(
            "fb_prompt_length",
            pa.int64(),
            f"char_length({parts.PROMPT_SQL})",
            "Code points of the prompt at the head of both texts: the answer begins there.",
        ),
        *parts.pair_facts(),
        *common(),
    ),
    joins=BASE_JOINS + parts.OTHER_JOINS,
    digested=("chosen", "rejected"),
    origins=("fb_chosen_origin", "fb_rejected_origin"),
    label_balance="fb_pair_kind",
    notes=(
        BETTER_NOT_GOOD,
        "Prompt and answer stand together as they came, without a blank or a line break between them.",
    ),
)
