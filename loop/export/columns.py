"""What one column of a release is, and the `fb_` columns that every profile carries.

A column that is not listed here or in a profile cannot leave the house. `docs/dataset-format.md` is written from these
lists, and a test compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

MONTH = "to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM')"
ORIGIN = "CASE {s}.origin WHEN 'model' THEN 'ai' WHEN 'person' THEN 'human' ELSE {s}.origin END"
REVISION_ORIGIN = "CASE WHEN {d}.revision_by_ai THEN 'ai_edited_by_human' ELSE 'human' END"
USE = "coalesce(r.uses ->> '{use}', 'notAllowed')"

# Parquet calls the item of a list "element"; the same word here makes the schema survive the file.
STRINGS = pa.list_(pa.field("element", pa.string()))
SPAN = pa.struct(
    [
        ("target", pa.string()),
        ("unit", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("rate_num", pa.int64()),
        ("rate_den", pa.int64()),
        ("drop_frame", pa.bool_()),
        ("region", pa.string()),
        ("reason", pa.string()),
        ("name", pa.string()),
        ("note", pa.string()),
    ]
)
SPANS = pa.list_(pa.field("element", SPAN))
BOOLEANS = pa.list_(pa.field("element", pa.bool_()))
MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
MESSAGES = pa.list_(pa.field("element", MESSAGE))
USER, ASSISTANT = "user", "assistant"


class Make(StrEnum):
    """How the raw columns of the SELECT become the column."""

    PLAIN = "plain"  # cast
    PSEUDONYM = "pseudonym"  # a uuid -> the release's name for it
    AUTHS = "auths"  # a list of authorisation ids -> the release's names for them
    SPANS = "spans"  # parallel lists -> one list of structs
    MESSAGES = "messages"  # texts by role -> one list of messages
    STEPS = "steps"  # a text and its marks -> the text cut at them
    STEP_LABELS = "step_labels"  # the labels of the steps of the column `what`


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name and type in the file, where its value comes from, and what it means.

    `sql` is an expression over the aliases of rows.py; for SPANS, MESSAGES and STEPS it is a mapping from part to
    expression. `what` names the kind of thing a PSEUDONYM stands for. `turns`: the column holds words of a dialogue,
    by who says them; in the conversational form it becomes a list of messages. `whole` is the text that
    `fb_content_sha256` covers where the column holds that text in pieces.
    """

    name: str
    type: pa.DataType
    sql: str | Mapping[str, str]
    meaning: str
    make: Make = Make.PLAIN
    what: str = ""
    nullable: bool = False
    turns: Mapping[str, str] | None = None
    whole: str = ""

    @property
    def field(self) -> pa.Field:
        return pa.field(self.name, self.type, nullable=self.nullable)


@dataclass(frozen=True, slots=True)
class Shape:
    """A profile: its own columns, the joins they need, and the texts that `fb_content_sha256` covers (by column).

    `about` says in one sentence what a row is, for people who choose; `notes` are known limits, for the card.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    joins: str
    digested: tuple[str, ...]
    origins: tuple[str, ...]  # columns that say who made a text
    label_balance: str  # the column whose values the card counts
    notes: tuple[str, ...] = ()

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([column.field for column in self.columns])


def common(*, recipe_labels: str = "%(labels)s") -> tuple[Column, ...]:
    """The `fb_` columns of every profile, in the order of the file (r: the row, d: its decision, s: its suggestion)."""
    text = pa.string()
    return (
        Column("fb_row_id", text, "r.row_id", "Name of the row in this release; differs per recipient and order."),
        Column("fb_verdict", text, "d.outcome", "accept, reject or revise: the decision the row rests on."),
        Column(
            "fb_label_policy", text, recipe_labels, "How several decisions on one suggestion were brought together."
        ),
        Column(
            "fb_effective",
            pa.bool_(),
            "r.effective",
            "Whether the label policy counts the decision; all do in profiles of pairs and single answers.",
        ),
        Column("fb_decider_role", text, "d.decider_role", "Role of who decided, empty if unknown. Never who."),
        Column(
            "fb_decided_on",
            text,
            MONTH.format(moment="d.decided_at"),
            "Month of the decision (UTC), null if unknown.",
            nullable=True,
        ),
        Column("fb_stage", text, "s.stage", "Stage of the production, empty if not stated."),
        Column("fb_kind", text, "s.kind", "Kind of the brief: script_note, shot_list, take ..."),
        Column(
            "fb_brief",
            text,
            "b.uid",
            "Name of the brief in this release: rows of one brief answer the same question.",
            make=Make.PSEUDONYM,
            what="brief",
        ),
        Column(
            "fb_suggestion",
            text,
            "s.uid",
            "Name of the suggestion in this release.",
            make=Make.PSEUDONYM,
            what="suggestion",
        ),
        Column(
            "fb_model",
            text,
            "coalesce(m.label, '')",
            "vendor/model@version that made the suggestion, as it was pushed.",
        ),
        Column(
            "fb_output_owner",
            text,
            "coalesce(owned.output_owner, '')",
            "Who owns what the model puts out, by its supplier's terms as recorded below the release's checkpoint; "
            "empty if not recorded, or if no model made it.",
        ),
        Column(
            "fb_latency_ms",
            pa.int64(),
            "s.latency_ms",
            "Milliseconds the generation took, null if not recorded.",
            nullable=True,
        ),
        Column(
            "fb_cost_usd",
            text,
            "trim_scale(s.cost_usd)::text",
            "US dollars the generation cost, as a decimal in text, null if not recorded.",
            nullable=True,
        ),
        Column(
            "fb_prompt_recorded",
            pa.bool_(),
            "(st.prompt IS NOT NULL)",
            "False where no prompt was recorded: `prompt` is then the empty text.",
        ),
        Column(
            "fb_auth_ids",
            STRINGS,
            "r.authorisation_ids",
            "Keys into consents.jsonl: the authorisations of every contributor of the row.",
            make=Make.AUTHS,
        ),
        Column(
            "fb_use_generative_training",
            text,
            USE.format(use="ai_generative_training"),
            "allowed, constrained or notAllowed, over all contributors: the most restrictive.",
        ),
        Column(
            "fb_use_training", text, USE.format(use="ai_training"), "As above, for training that is not generative."
        ),
        Column("fb_use_inference", text, USE.format(use="ai_inference"), "As above, for use as input of a model."),
        Column("fb_use_data_mining", text, USE.format(use="data_mining"), "As above, for data mining."),
        Column(
            "fb_expires_on",
            pa.date32(),
            "r.expires_on",
            "The earliest day on which an authorisation of the row ends.",
            nullable=True,
        ),
        Column(
            "fb_territory",
            STRINGS,
            "r.territory",
            "Countries (ISO 3166) that all authorisations allow; an empty list means everywhere.",
        ),
        Column("fb_policy_version", text, "%(policy_version)s", "Version of the gate's rules."),
        Column(
            "fb_log_index",
            text,
            "leaf.log_index::text",
            "Place of the decision in the house's audit log (text, as JSON numbers end at 53 bits).",
        ),
    )


# The newest terms of a model among those that the order can see: a later record changes no byte of the release.
OWNED = """
LEFT JOIN (
    SELECT DISTINCT ON (terms.model_id) terms.model_id, terms.output_owner
    FROM loop_model_terms terms JOIN loop_audit_leaf placed ON placed.event_id = terms.event_id
    WHERE placed.log_index < %(checkpoint)s ORDER BY terms.model_id, placed.log_index DESC
) {name} ON {name}.model_id = {suggestion}.model_id
"""
BASE_JOINS = """
FROM loop_export_row r
JOIN loop_decision d ON d.id = r.decision_id
JOIN loop_suggestion s ON s.id = d.suggestion_id
JOIN loop_suggestion_text st ON st.suggestion_id = s.id
LEFT JOIN loop_decision_text dt ON dt.decision_id = d.id
JOIN loop_brief b ON b.id = s.brief_id
LEFT JOIN loop_model_version m ON m.id = s.model_id
JOIN loop_audit_leaf leaf ON leaf.event_id = d.event_id
""" + OWNED.format(name="owned", suggestion="s")
