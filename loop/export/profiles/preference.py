"""Profile `preference`: prompt, chosen, rejected, as DPO trainers read them."""

import pyarrow as pa

from loop.export.columns import BASE_JOINS, MONTH, ORIGIN, OWNED, REVISION_ORIGIN, STRINGS, Column, Make, Shape, common

_TEXT = pa.string()
_REVISED = "r.pair_kind = 'revise'"

# d, s, st: the chosen side. od, os, ost: the rejected side; the same rows for a pair made from a revise.
_OTHER = """
JOIN loop_decision od ON od.id = r.other_decision_id
JOIN loop_suggestion os ON os.id = od.suggestion_id
JOIN loop_suggestion_text ost ON ost.suggestion_id = os.id
LEFT JOIN loop_model_version om ON om.id = os.model_id
JOIN loop_audit_leaf oleaf ON oleaf.event_id = od.event_id
"""

SHAPE = Shape(
    name="preference",
    about="Pairs: a chosen and a rejected answer to the same prompt.",
    columns=(
        Column("prompt", _TEXT, "coalesce(st.prompt, '')", "What was asked; empty if not recorded."),
        Column(
            "chosen",
            _TEXT,
            f"coalesce(CASE WHEN {_REVISED} THEN dt.revised_content ELSE st.content END, '')",
            "The revision, or the accepted suggestion.",
        ),
        Column("rejected", _TEXT, "coalesce(ost.content, '')", "The suggestion that was revised, or the rejected one."),
        Column(
            "fb_pair_kind", _TEXT, "r.pair_kind", "revise (a suggestion and its revision) or candidates (of one brief)."
        ),
        Column(
            "fb_negative_kind",
            _TEXT,
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
            _TEXT,
            f"CASE WHEN {_REVISED} THEN {REVISION_ORIGIN.format(d='d')} ELSE {ORIGIN.format(s='s')} END",
            "ai, human or ai_edited_by_human.",
        ),
        Column("fb_rejected_origin", _TEXT, ORIGIN.format(s="os"), "ai, human or camera."),
        Column("fb_rejected_model", _TEXT, "coalesce(om.label, '')", "vendor/model@version of the rejected side."),
        Column(
            "fb_rejected_output_owner",
            _TEXT,
            "coalesce(oowned.output_owner, '')",
            "Who owns what the rejected side's model puts out; empty if not recorded, or if no model made it.",
        ),
        Column(
            "fb_rejected_suggestion",
            _TEXT,
            "os.uid",
            "Name of the rejected suggestion in this release.",
            make=Make.PSEUDONYM,
            what="suggestion",
        ),
        Column("fb_rejected_decider_role", _TEXT, "od.decider_role", "Role of who rejected."),
        Column(
            "fb_rejected_decided_on",
            _TEXT,
            MONTH.format(moment="od.decided_at"),
            "Month of that decision.",
            nullable=True,
        ),
        Column(
            "fb_same_prompt",
            pa.bool_(),
            "(st.prompt IS NOT DISTINCT FROM ost.prompt)",
            "False where the two candidates of the brief had different prompts; `prompt` is the chosen one's.",
        ),
        Column(
            "fb_rejected_log_index", _TEXT, "oleaf.log_index::text", "Place of the rejecting decision in the audit log."
        ),
        *common(),
    ),
    joins=BASE_JOINS + _OTHER + OWNED.format(name="oowned", suggestion="os"),
    digested=("prompt", "chosen", "rejected"),
    origins=("fb_chosen_origin", "fb_rejected_origin"),
    label_balance="fb_pair_kind",
)
