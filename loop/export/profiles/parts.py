"""What several profiles have in common: columns of pairs and answers, and the joins they need."""

import pyarrow as pa

from loop.export.columns import ASSISTANT, MONTH, ORIGIN, OWNED, REVISION_ORIGIN, STRINGS, USER, Column, Make

TEXT = pa.string()
PROMPT_SQL = "coalesce(st.prompt, '')"
REVISED_SIDE = "r.side = 'revision'"
ANSWER_SQL = f"coalesce(CASE WHEN {REVISED_SIDE} THEN dt.revised_content ELSE st.content END, '')"

REVISED_PAIR = "r.pair_kind = 'revise'"
CHOSEN_SQL = f"coalesce(CASE WHEN {REVISED_PAIR} THEN dt.revised_content ELSE st.content END, '')"
REJECTED_SQL = "coalesce(ost.content, '')"

# d, s, st: the chosen side. od, os, ost: the rejected side; the same rows for a pair made from a revise.
OTHER_JOINS = """
JOIN loop_decision od ON od.id = r.other_decision_id
JOIN loop_suggestion os ON os.id = od.suggestion_id
JOIN loop_suggestion_text ost ON ost.suggestion_id = os.id
LEFT JOIN loop_model_version om ON om.id = os.model_id
JOIN loop_audit_leaf oleaf ON oleaf.event_id = od.event_id
""" + OWNED.format(name="oowned", suggestion="os")

SPAN_FIELDS = {name: f"sp.{name}" for name in (
    "target", "unit", "start", "end", "rate_num", "rate_den", "drop_frame", "region", "reason", "name", "note",
)}  # fmt: skip
SPAN_FIELDS["end"] = 'sp."end"'
SPANS_MEANING = (
    "Ranges that the decision points at. Character ranges count Unicode code points, end exclusive; frames "
    "are integers at rate_num / rate_den."
)


MEDIA_JOIN = "LEFT JOIN loop_media md ON md.id = s.media_id\n"


def spans_join(decision: str, texts: str) -> str:
    """The spans of the decision under the alias `decision` as parallel arrays, under the alias sp."""
    return f"""
LEFT JOIN LATERAL (
    SELECT array_agg(x.target::text ORDER BY x.position) AS target,
           array_agg(x.unit::text ORDER BY x.position) AS unit,
           array_agg(x.start ORDER BY x.position) AS start,
           array_agg(x."end" ORDER BY x.position) AS "end",
           array_agg(x.rate_num::bigint ORDER BY x.position) AS rate_num,
           array_agg(x.rate_den::bigint ORDER BY x.position) AS rate_den,
           array_agg(x.drop_frame ORDER BY x.position) AS drop_frame,
           array_agg(x.region::text ORDER BY x.position) AS region,
           array_agg(x.reason::text ORDER BY x.position) AS reason,
           array_agg({texts}.span_texts -> x.position::int ->> 'label' ORDER BY x.position) AS name,
           array_agg({texts}.span_texts -> x.position::int ->> 'note' ORDER BY x.position) AS note
    FROM loop_decision_span x WHERE x.decision_id = {decision}.id AND {decision}.span_count > 0
) sp ON true
"""  # noqa: S608  (both are constants of this house)


def prompt() -> Column:
    """What was asked."""
    return Column("prompt", TEXT, PROMPT_SQL, "What was asked; empty if not recorded.", turns={USER: PROMPT_SQL})


def completion() -> Column:
    """The suggestion, or the revision."""
    return Column("completion", TEXT, ANSWER_SQL, "The suggestion, or the revision.", turns={ASSISTANT: ANSWER_SQL})


def answer_facts() -> tuple[Column, ...]:
    """What every row of one answer says of it."""
    return (
        Column("fb_side", TEXT, "r.side", "suggestion or revision: which text of the decision the row carries."),
        *said(),
        Column(
            "fb_completion_origin",
            TEXT,
            f"CASE WHEN {REVISED_SIDE} THEN {REVISION_ORIGIN.format(d='d')} ELSE {ORIGIN.format(s='s')} END",
            "ai, human, ai_edited_by_human or camera.",
        ),
    )


def said() -> tuple[Column, ...]:
    """What was said with the decision, in codes."""
    return (
        Column("fb_reason_codes", STRINGS, "d.reasons", "Codes of the taxonomy."),
        Column("fb_severity", pa.int16(), "d.severity", "1 to 4; null if not said.", nullable=True),
        Column("fb_beats", STRINGS, "d.beats", "Emotional labels of the moment."),
    )


def negative_kind() -> Column:
    """How it was rejected."""
    return Column(
        "fb_negative_kind",
        TEXT,
        "r.negative_kind",
        "For a reject: explicit, sibling (another was chosen) or dismissed (with all); else empty.",
    )


def media_facts() -> tuple[Column, ...]:
    """Which file was suggested, if any (md: its media)."""
    return (
        Column(
            "fb_suggestion_recorded",
            pa.bool_(),
            "(st.content IS NOT NULL)",
            "False where the suggestion has no text (media): its text is then empty here.",
        ),
        Column(
            "fb_media_sha256", TEXT, "md.sha256", "SHA-256 of the suggested media file; null for text.", nullable=True
        ),
        Column("fb_media_mime", TEXT, "md.mime", "Its media type.", nullable=True),
    )


def suggestion_origin() -> Column:
    """Who made what was suggested."""
    return Column("fb_suggestion_origin", TEXT, ORIGIN.format(s="s"), "ai, human or camera.")


def pair_facts() -> tuple[Column, ...]:
    """What every pair of texts says of its two sides."""
    return (
        Column(
            "fb_pair_kind", TEXT, "r.pair_kind", "revise (a suggestion and its revision) or candidates (of one brief)."
        ),
        Column(
            "fb_negative_kind",
            TEXT,
            "r.negative_kind",
            "How the rejected side was rejected: explicit or sibling (another was chosen); empty for a revise.",
        ),
        Column("fb_reason_codes", STRINGS, "od.reasons", "Why the rejected side was rejected or revised."),
        Column(
            "fb_severity",
            pa.int16(),
            "od.severity",
            "Severity said of the rejected side; null if not said.",
            nullable=True,
        ),
        Column("fb_beats", STRINGS, "d.beats", "Emotional labels given with the chosen side."),
        Column(
            "fb_chosen_origin",
            TEXT,
            f"CASE WHEN {REVISED_PAIR} THEN {REVISION_ORIGIN.format(d='d')} ELSE {ORIGIN.format(s='s')} END",
            "ai, human or ai_edited_by_human.",
        ),
        Column("fb_rejected_origin", TEXT, ORIGIN.format(s="os"), "ai, human or camera."),
        Column("fb_rejected_model", TEXT, "coalesce(om.label, '')", "vendor/model@version of the rejected side."),
        Column(
            "fb_rejected_output_owner",
            TEXT,
            "coalesce(oowned.output_owner, '')",
            "Who owns what the rejected side's model puts out; empty if not recorded, or if no model made it.",
        ),
        Column(
            "fb_rejected_suggestion",
            TEXT,
            "os.uid",
            "Name of the rejected suggestion in this release.",
            make=Make.PSEUDONYM,
            what="suggestion",
        ),
        Column("fb_rejected_decider_role", TEXT, "od.decider_role", "Role of who rejected."),
        Column(
            "fb_rejected_decided_on",
            TEXT,
            MONTH.format(moment="od.decided_at"),
            "Month of that decision.",
            nullable=True,
        ),
        Column(
            "fb_same_prompt",
            pa.bool_(),
            "(st.prompt IS NOT DISTINCT FROM ost.prompt)",
            "False where the two candidates of the brief had different prompts; the chosen one's stands here.",
        ),
        Column(
            "fb_rejected_log_index", TEXT, "oleaf.log_index::text", "Place of the rejecting decision in the audit log."
        ),
    )
