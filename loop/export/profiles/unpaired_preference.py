"""Profile `unpaired_preference`: prompt, completion, label, as KTO trainers read them."""

import pyarrow as pa

from loop.export.columns import BASE_JOINS, Column, Shape, common
from loop.export.profiles import parts

SHAPE = Shape(
    name="unpaired_preference",
    about="Single answers with a label: true for what a person would use, false for what they would not.",
    columns=(
        parts.prompt(),
        parts.completion(),
        Column(
            "label",
            pa.bool_(),
            f"(CASE WHEN {parts.REVISED_SIDE} THEN sig.revision_label ELSE sig.suggestion_label END = 'positive')",
            "True: accepted, or written by a person. False: rejected, or revised as unacceptable (severity 3 or 4).",
        ),
        Column(
            "fb_negative_kind",
            parts.TEXT,
            "r.negative_kind",
            "For label false: explicit, sibling (another was chosen) or dismissed (with all); else empty.",
        ),
        *parts.answer_facts(),
        *common(),
    ),
    joins=BASE_JOINS + "JOIN loop_signal sig ON sig.decision_id = d.id",
    digested=("prompt", "completion"),
    origins=("fb_completion_origin",),
    label_balance="label",
)
