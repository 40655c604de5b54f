"""`disclosures.json`: what the release may be used for, what machines made, what stayed out."""

from loop.export.manifest import counts_part, order_part, pretty
from loop.export.record import ReleaseRecord
from loop.export.rules import SMALLEST_COUNT
from loop.export.tally import USES
from loop.gate.reasons import REASONS
from loop.kernel.canonical import Json

DROP_REASONS = {
    "CONSENT_CHANGED": "an authorisation that the row was frozen under no longer stands as it did",
    "TEXT_ERASED": "a text of the row was erased",
}
NOT_MADE_REASONS = {
    "no_text": "one side has no text",
    "both_empty": "both texts are empty",
    "identical": "both texts, or both files, are identical",
    "empty": "the answer is empty, which the service that reads this form refuses",
    "repeated": "the prompt already stands in another row of its brief",
    "no_spans": "the decision marks no range; for steps: no range of the text with a reason",
    "no_media": "one side has no media file",
    "text_erased": "a text was erased",
    "recalled": "recalled from the release that this one replaces",
}
SENTENCES = {reason.code: reason.sentence for reason in REASONS} | DROP_REASONS


def disclosures(record: ReleaseRecord) -> bytes:
    """The bytes of the file; equal orders give equal bytes."""
    order, counts = order_part(record), counts_part(record)
    refused = set(record.excluded) | set(record.dropped)
    meanings: dict[str, Json] = {code: SENTENCES.get(code, "") for code in sorted(refused)}
    return pretty(
        {
            "permitted_purpose": order["purpose"],
            "recipient": order["recipient"],
            "evaluated_on": order["gate_date"],
            "use_until": counts["expires_on"],
            "uses_rows": {name: record.tally.of(name) for name in USES},
            "models": record.tally.of("fb_model"),
            "output_owners": record.tally.of("fb_output_owner"),
            "origins": counts["origins"],
            "rows": counts["rows"],
            "excluded_by_code": counts["excluded_by_code"],
            "dropped_after_freeze": counts["dropped_after_freeze"],
            "meaning_of_codes": meanings,
            "not_made": counts["not_made"],
            "suppression": f"numbers below {SMALLEST_COUNT} are not given; neither is one from which they would follow",
            "recall": "Before each training run ask the issuer whether rows of this release were recalled (fb_row_id).",
        }
    )
