"""Profile `unpaired_preference`: prompt, completion, label, as KTO trainers read them."""

import pyarrow as pa

from loop.export.columns import BASE_JOINS, ORIGIN, REVISION_ORIGIN, STRINGS, Column, Shape, common

_TEXT = pa.string()
_REVISED = "r.side = 'revision'"

SHAPE = Shape(
    name="unpaired_preference",
    about="Single answers with a label: true for what a person would use, false for what they would not.",
    columns=(
        Column("prompt", _TEXT, "coalesce(st.prompt, '')", "What was asked; empty if not recorded."),
        Column(
            "completion",
            _TEXT,
            f"coalesce(CASE WHEN {_REVISED} THEN dt.revised_content ELSE st.content END, '')",
            "The suggestion, or the revision.",
        ),
        Column(
            "label",
            pa.bool_(),
            f"(CASE WHEN {_REVISED} THEN sig.revision_label ELSE sig.suggestion_label END = 'positive')",
            "True: accepted, or written by a person. False: rejected, or revised as unacceptable (severity 3 or 4).",
        ),
        Column("fb_side", _TEXT, "r.side", "suggestion or revision: which text of the decision the row carries."),
        Column(
            "fb_negative_kind",
            _TEXT,
            "r.negative_kind",
            "For label false: explicit, sibling (another was chosen) or dismissed (with all); else empty.",
        ),
        Column("fb_reason_codes", STRINGS, "d.reasons", "Codes of the taxonomy."),
        Column("fb_severity", pa.int16(), "d.severity", "1 to 4; null if not said.", nullable=True),
        Column("fb_beats", STRINGS, "d.beats", "Emotional labels of the moment."),
        Column(
            "fb_completion_origin",
            _TEXT,
            f"CASE WHEN {_REVISED} THEN {REVISION_ORIGIN.format(d='d')} ELSE {ORIGIN.format(s='s')} END",
            "ai, human, ai_edited_by_human or camera.",
        ),
        *common(),
    ),
    joins=BASE_JOINS + "JOIN loop_signal sig ON sig.decision_id = d.id",
    digested=("prompt", "completion"),
    origins=("fb_completion_origin",),
    label_balance="label",
)
