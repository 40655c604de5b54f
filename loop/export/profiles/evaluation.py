"""Profile `evaluation`: briefs with the answers that did not do, to measure the next model on."""

from loop.export.columns import BASE_JOINS, REVISION_ORIGIN, SPANS, STRINGS, Column, Make, Shape, common
from loop.export.profiles import parts

SHAPE = Shape(
    name="evaluation",
    about="Tests: a prompt with an answer that was rejected or had to be revised, why, and what replaced it.",
    columns=(
        Column("prompt", parts.TEXT, parts.PROMPT_SQL, "What was asked; empty if not recorded."),
        Column(
            "rejected_answer", parts.TEXT, "coalesce(st.content, '')", "The answer that did not do; empty for media."
        ),
        Column(
            "reference",
            parts.TEXT,
            "dt.revised_content",
            "What a person put in its place; null if nothing.",
            nullable=True,
        ),
        Column("rationale", parts.TEXT, "dt.rationale", "Why, in the person's own words; null if none.", nullable=True),
        Column("reasons", STRINGS, "d.reasons", "Codes of the taxonomy: what to look for in the next answer."),
        Column("spans", SPANS, parts.SPAN_FIELDS, parts.SPANS_MEANING, make=Make.SPANS),
        parts.negative_kind(),
        *parts.media_facts(),
        *parts.said(),
        parts.suggestion_origin(),
        Column(
            "fb_reference_origin",
            parts.TEXT,
            f"CASE WHEN d.has_revision THEN {REVISION_ORIGIN.format(d='d')} END",
            "human or ai_edited_by_human; null without a reference.",
            nullable=True,
        ),
        *common(),
    ),
    joins=BASE_JOINS + parts.MEDIA_JOIN + parts.spans_join("d", "dt"),
    digested=("prompt", "rejected_answer", "reference", "rationale"),
    origins=("fb_suggestion_origin", "fb_reference_origin"),
    label_balance="fb_verdict",
    notes=(
        "For measuring only: order it for briefs that no training release has, or the next model has seen its test.",
        "A sibling was not chosen, which does not say that it was wrong.",
    ),
)
