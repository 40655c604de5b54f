"""Profile `signals`: one row per accept, reject or revise, with everything the person said."""

import pyarrow as pa

from loop.export.columns import BASE_JOINS, ORIGIN, REVISION_ORIGIN, SPANS, STRINGS, Column, Make, Shape, common
from loop.export.profiles import parts

_TEXT = pa.string()

SHAPE = Shape(
    name="signals",
    about="One row per decision: what was suggested, what a person answered, why, and what they wrote instead.",
    columns=(
        Column("prompt", _TEXT, "coalesce(st.prompt, '')", "What the model was asked; empty if not recorded."),
        Column("suggestion", _TEXT, "coalesce(st.content, '')", "What was suggested; empty for media."),
        Column("verdict", _TEXT, "d.outcome", "accept, reject or revise."),
        Column(
            "revision", _TEXT, "dt.revised_content", "The text a person put in its place; null if none.", nullable=True
        ),
        Column("rationale", _TEXT, "dt.rationale", "Why, in the person's own words; null if none.", nullable=True),
        Column(
            "reasons", STRINGS, "d.reasons", "Codes of the taxonomy, family.code; imported ones begin with imported."
        ),
        Column("beats", STRINGS, "d.beats", "Emotional labels of the moment."),
        Column(
            "spans",
            SPANS,
            parts.SPAN_FIELDS,
            parts.SPANS_MEANING,
            make=Make.SPANS,
        ),
        Column("fb_reason_codes", STRINGS, "d.reasons", "The same codes, under the name that every profile has."),
        Column(
            "fb_severity",
            pa.int16(),
            "d.severity",
            "1 note, 2 fix if cheap, 3 must fix, 4 unusable; null if not said.",
            nullable=True,
        ),
        Column("fb_confidence", pa.float64(), "d.confidence::float8", "0 to 1; null if not said.", nullable=True),
        Column(
            "fb_negative_kind",
            _TEXT,
            "r.negative_kind",
            "For a reject: explicit, sibling (another was chosen) or dismissed (with all); else empty.",
        ),
        Column(
            "fb_suggestion_label", _TEXT, "sig.suggestion_label", "positive, negative or none: what the rule derived."
        ),
        Column("fb_revision_label", _TEXT, "sig.revision_label", "The same for the revision."),
        *parts.media_facts(),
        Column("fb_suggestion_origin", _TEXT, ORIGIN.format(s="s"), "ai, human or camera."),
        Column(
            "fb_revision_origin",
            _TEXT,
            f"CASE WHEN d.has_revision THEN {REVISION_ORIGIN.format(d='d')} END",
            "human or ai_edited_by_human; null without a revision.",
            nullable=True,
        ),
        *common(),
    ),
    joins=BASE_JOINS
    + "JOIN loop_signal sig ON sig.decision_id = d.id\n"
    + parts.spans_join("d", "dt")
    + parts.MEDIA_JOIN,
    digested=("prompt", "suggestion", "revision", "rationale"),
    origins=("fb_suggestion_origin", "fb_revision_origin"),
    label_balance="verdict",
)
