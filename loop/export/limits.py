"""The known limits of a release, in sentences that the card and `croissant.json` share."""

from loop.export.record import ReleaseRecord

_UNSPLIT = "Rows of one brief belong together: split by fb_brief, or test rows leak into training."
_SPLIT = (
    "No brief has rows in two splits. Two briefs may hold the same words all the same: they were two questions to the "
    "people who judged."
)


def limits(record: ReleaseRecord) -> tuple[str, ...]:
    """One sentence or two each, without Markdown."""
    found = [
        "Judgements are of one production and of the people on it; they are not a measure of quality elsewhere.",
        "People saw the suggestions in the course of work, not in random order.",
        "Reasons stand where somebody gave one, so a missing reason means nothing.",
        "Several decisions on one suggestion were brought together by the policy named above.",
        _SPLIT if record.recipe.splits else _UNSPLIT,
    ]
    return (*found, *record.shape.notes)
