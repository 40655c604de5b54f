"""`LICENSE.md`: under what terms the recipient holds the release, filled from the agreement and the rows."""

from loop.consent.models import RecipientAgreement
from loop.export.record import ReleaseRecord

LICENCE_NAME = "studio-restricted-1.0"

_TEXT = """\
# Studio restricted licence 1.0

This release is not published work. It is handed to one recipient for one purpose.

- Recipient: {recipient}
- Purpose: {purpose}
- Latest day of use of any row: {until} (each row has its own in `fb_expires_on`)
{agreement}
1. Use the rows for the purpose above and for no other. The columns `fb_use_*` say, row by row, what the people behind
   it allow; they grant nothing beyond the purpose.
2. Do not pass rows on, publish them, or combine them so that a person could be recognised.
3. When a recall names rows (by `fb_row_id`), stop using them, delete your copies and answer the recall by its deadline.
4. Before each training run, check that no recall of this release is open.
5. The names of rows, briefs, suggestions, authorisations and parties are pseudonyms of this release. Do not try to
   resolve them.
6. Rights in the texts stay with their owners. Nothing here waives anybody's rights in their name, voice or likeness.

The written agreement between the house and the recipient prevails wherever it says more or otherwise.
"""


def licence(record: ReleaseRecord) -> bytes:
    """The bytes of the file."""
    export, until = record.export, record.tally.expires_on
    return _TEXT.format(
        recipient=export.recipient.code,
        purpose=export.purpose,
        until=until.isoformat() if until else "no rows",
        agreement=_agreement(record.agreement),
    ).encode()


def _agreement(found: RecipientAgreement | None) -> str:
    if found is None:
        return ""
    lines = [f"- Agreement signed on {found.signed_on}, in force {found.valid_from} to {found.valid_until}"]
    if found.places:
        lines.append(f"- Places of processing and storage: {', '.join(sorted(found.places))}")
    if found.retention_days is not None:
        lines.append(f"- Copies are deleted after {found.retention_days} days")
    if found.sublicensing is not None:
        lines.append(f"- Sublicensing: {'allowed' if found.sublicensing else 'not allowed'}")
    if found.weights_owner:
        lines.append(f"- Owner of trained weights: {found.weights_owner}")
    return "\n".join(lines) + "\n"
