"""Profile `span_critique`: what was wrong where, and why: one row a marked range."""

import pyarrow as pa

from loop.export.columns import BASE_JOINS, Column, Shape, common
from loop.export.profiles import parts

_SPAN = """
JOIN loop_decision_span x ON x.decision_id = d.id AND x.position = substr(r.side, 6)::int
LEFT JOIN loop_media md ON md.id = s.media_id
"""
_POINTED_AT = (
    "CASE x.target WHEN 'content' THEN st.content WHEN 'prompt' THEN st.prompt"
    " WHEN 'revision' THEN dt.revised_content END"
)
_EXCERPT = (
    f"CASE WHEN x.unit = 'code_point' THEN substr({_POINTED_AT}, x.start::int + 1, (x.\"end\" - x.start)::int) END"
)

SHAPE = Shape(
    name="span_critique",
    about="What was wrong where: one range of characters or frames with its reason and the words that were said of it.",
    columns=(
        Column("prompt", parts.TEXT, parts.PROMPT_SQL, "What was asked; empty if not recorded."),
        Column("suggestion", parts.TEXT, "coalesce(st.content, '')", "What was suggested; empty for media."),
        Column("revision", parts.TEXT, "dt.revised_content", "The text put in its place; null if none.", nullable=True),
        Column("rationale", parts.TEXT, "dt.rationale", "Why, of the whole decision; null if none.", nullable=True),
        Column(
            "target",
            parts.TEXT,
            "x.target",
            "Into what the range points: content (the suggestion), prompt, revision or media.",
        ),
        Column("unit", parts.TEXT, "x.unit", "code_point, frame or region."),
        Column("start", pa.int64(), "x.start", "First code point or frame; null for a region.", nullable=True),
        Column("end", pa.int64(), 'x."end"', "End, exclusive; as start it marks a point.", nullable=True),
        Column("rate_num", pa.int64(), "x.rate_num", "Of frames: rate_num / rate_den a second.", nullable=True),
        Column("rate_den", pa.int64(), "x.rate_den", "The same.", nullable=True),
        Column("drop_frame", pa.bool_(), "x.drop_frame", "Whether their timecode drops frame numbers."),
        Column(
            "region",
            parts.TEXT,
            "x.region::text",
            "x, y, w and h as shares of the picture, in JSON; null if none.",
            nullable=True,
        ),
        Column(
            "excerpt",
            parts.TEXT,
            _EXCERPT,
            "The characters of the range; null where it points at no text.",
            nullable=True,
        ),
        Column("reason", parts.TEXT, "x.reason", "Code of the taxonomy for this range; empty if none was given."),
        Column(
            "name",
            parts.TEXT,
            "dt.span_texts -> x.position::int ->> 'label'",
            "Its label in words; null if none.",
            nullable=True,
        ),
        Column(
            "note",
            parts.TEXT,
            "dt.span_texts -> x.position::int ->> 'note'",
            "What was noted of it; null if none.",
            nullable=True,
        ),
        Column("fb_span", pa.int64(), "x.position::bigint", "Its place among the ranges of its decision, from 0."),
        *parts.said(),
        parts.negative_kind(),
        Column(
            "fb_media_sha256",
            parts.TEXT,
            "coalesce(nullif(x.media_sha256, ''), md.sha256)",
            "SHA-256 of the media file it points into; null for text.",
            nullable=True,
        ),
        Column("fb_media_mime", parts.TEXT, "md.mime", "Its media type.", nullable=True),
        parts.suggestion_origin(),
        *common(),
    ),
    joins=BASE_JOINS + _SPAN,
    digested=("prompt", "suggestion", "revision", "rationale", "name", "note"),
    origins=("fb_suggestion_origin",),
    label_balance="reason",
    notes=(
        "Ranges of one decision are rows of their own with the same fb_log_index, told apart by fb_span.",
        "A range with a reason of the family praise says what works.",
    ),
)
