"""Profile `pairs_of_takes`: this take over that one, as media files named by their digests."""

from loop.export.columns import BASE_JOINS, SPANS, Column, Make, Shape, common
from loop.export.profiles import parts

_MEDIA = """
JOIN loop_media md ON md.id = s.media_id
JOIN loop_media omd ON omd.id = os.media_id
LEFT JOIN loop_decision_text odt ON odt.decision_id = od.id
"""

SHAPE = Shape(
    name="pairs_of_takes",
    about="Pairs of takes or clips of one brief: the file that was accepted over a file that was rejected, and why.",
    columns=(
        parts.prompt(),
        Column("chosen_sha256", parts.TEXT, "md.sha256", "SHA-256 of the accepted file."),
        Column("chosen_mime", parts.TEXT, "md.mime", "Its media type."),
        Column("chosen_note", parts.TEXT, "st.content", "Text that came with it; null if none.", nullable=True),
        Column("chosen_because", parts.TEXT, "dt.rationale", "Why it was accepted; null if not said.", nullable=True),
        Column("rejected_sha256", parts.TEXT, "omd.sha256", "SHA-256 of the rejected file."),
        Column("rejected_mime", parts.TEXT, "omd.mime", "Its media type."),
        Column("rejected_note", parts.TEXT, "ost.content", "Text that came with it; null if none.", nullable=True),
        Column(
            "rejected_because", parts.TEXT, "odt.rationale", "Why it was rejected; null if not said.", nullable=True
        ),
        Column(
            "spans",
            SPANS,
            parts.SPAN_FIELDS,
            f"Of the rejected file. {parts.SPANS_MEANING}",
            make=Make.SPANS,
        ),
        *parts.pair_facts(),
        *common(),
    ),
    joins=BASE_JOINS + parts.OTHER_JOINS + _MEDIA + parts.spans_join("od", "odt"),
    digested=(
        "prompt", "chosen_sha256", "chosen_note", "chosen_because", "rejected_sha256", "rejected_note",
        "rejected_because",
    ),
    origins=("fb_chosen_origin", "fb_rejected_origin"),
    label_balance="fb_negative_kind",
    notes=("The files are named by their digests; they lie in the folder only where the order asks for them.",),
)  # fmt: skip
