"""What a preview says beyond counts: labels, splits, what one more authorisation would unlock, and a few rows.

Reads the temp tables `candidates` and `sieved` of the running transaction (candidates.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.backends.utils import CursorWrapper

from loop.export.columns import Shape
from loop.export.recipe import Recipe
from loop.export.splits import PLACE_SQL, names, thresholds
from loop.people.models import Contributor

MOST_PARTIES: Final = 10
MOST_SAMPLES: Final = 5
SAMPLE_CHARACTERS: Final = 600

# What another word of the party can change. Not who withdrew or forbids: nobody is to be asked again and again.
CURABLE: Final = (
    "CONSENT_MISSING", "EXPIRED", "NOT_GIVEN", "USE_NOT_ALLOWED", "CONSTRAINT_UNMET", "RECIPIENT_OUT_OF_SCOPE",
    "TERRITORY", "SENSITIVE_SUBJECT", "RETENTION",
)  # fmt: skip
_LABEL: Final[Mapping[str, str]] = {
    "label": "c.label::text", "fb_pair_kind": "c.pair_kind", "fb_side": "c.side", "fb_negative_kind": "c.negative_kind",
}  # fmt: skip
_PASSED = "FROM candidates c JOIN sieved v ON v.n = c.n AND v.code IS NULL JOIN loop_decision d ON d.id = c.decision_id"
_UNLOCKS = """
SELECT contributor_ids[1], count(*), count(*) OVER (), (sum(count(*)) OVER ())::bigint FROM sieved
WHERE code IS NOT NULL AND cardinality(contributor_ids) = 1 AND codes <@ %s::text[]
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s
"""
_SAMPLES = """
SELECT c.n, d.outcome, coalesce(c.side, ''), coalesce(c.pair_kind, ''), s.stage, s.kind, d.reasons,
       left(t.prompt, %(most)s), left(t.content, %(most)s), left(x.revised_content, %(most)s),
       left(ot.content, %(most)s)
FROM (SELECT c.* FROM candidates c JOIN sieved v ON v.n = c.n AND v.code IS NULL ORDER BY c.n LIMIT %(rows)s) c
JOIN loop_decision d ON d.id = c.decision_id
JOIN loop_suggestion s ON s.id = d.suggestion_id
JOIN loop_suggestion_text t ON t.suggestion_id = s.id
LEFT JOIN loop_decision_text x ON x.decision_id = d.id
LEFT JOIN loop_decision o ON o.id = c.other_decision_id
LEFT JOIN loop_suggestion_text ot ON ot.suggestion_id = o.suggestion_id
ORDER BY c.n
"""


@dataclass(frozen=True, slots=True)
class Unlock:
    """Rows that this party's word alone holds back; all their rules are of the kind that its word can change."""

    party: Contributor
    rows: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A row that would leave, its texts cut off. `other`: the rejected candidate of a pair."""

    outcome: str
    side: str
    pair_kind: str
    stage: str
    kind: str
    reasons: tuple[str, ...]
    prompt: str | None
    suggestion: str | None
    revision: str | None
    other: str | None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """`labels` are rows by `label_column`. `splits`: {name: (rows, briefs)}, none where there is one split.

    `one_party` rows are held back by one party alone, and `parties` is how many such parties there are; who they are
    stands in `unlocks`, for whoever may read the registry. `samples`: for whoever may read rows that passed the gate.
    """

    label_column: str = "fb_verdict"
    labels: Mapping[str, int] = field(default_factory=dict)
    pairs: int = 0
    splits: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    parties: int = 0
    one_party: int = 0
    unlocks: tuple[Unlock, ...] = ()
    samples: tuple[Sample, ...] = ()


def foresee(cursor: CursorWrapper, shape: Shape, recipe: Recipe, *, shows_parties: bool, shows_texts: bool) -> Foreseen:
    """Three queries, and one each for splits, samples and the names of parties."""
    column = shape.label_balance if shape.label_balance in _LABEL else "fb_verdict"
    cursor.execute(
        f"SELECT coalesce({_LABEL.get(column, 'd.outcome')}, ''), count(*), count(c.pair_kind) {_PASSED} GROUP BY 1 ORDER BY 2 DESC, 1"  # noqa: E501
    )
    labels = cursor.fetchall()
    cursor.execute(_UNLOCKS, [list(CURABLE), MOST_PARTIES])
    held = cursor.fetchall()
    known = Contributor.objects.in_bulk([row[0] for row in held]) if shows_parties else {}
    return Foreseen(
        label_column=column,
        labels={value: rows for value, rows, _ in labels},
        pairs=sum(pairs for _, _, pairs in labels),
        splits=_splits(cursor, recipe),
        parties=held[0][2] if held else 0,
        one_party=held[0][3] if held else 0,
        unlocks=tuple(Unlock(known[row[0]], row[1]) for row in held if row[0] in known),
        samples=_samples(cursor) if shows_texts else (),
    )


def _splits(cursor: CursorWrapper, recipe: Recipe) -> dict[str, tuple[int, int]]:
    if not recipe.splits:
        return {}
    drawn: list[Any] = [recipe.split_seed, thresholds(recipe.splits)]
    cursor.execute(
        f"SELECT {PLACE_SQL}, count(*), count(DISTINCT b.id) {_PASSED} "
        "JOIN loop_suggestion s ON s.id = d.suggestion_id JOIN loop_brief b ON b.id = s.brief_id GROUP BY 1",
        drawn,
    )
    counted = {place: (rows, briefs) for place, rows, briefs in cursor.fetchall()}
    return {name: counted.get(place, (0, 0)) for place, name in enumerate(names(recipe.splits))}


def _samples(cursor: CursorWrapper) -> tuple[Sample, ...]:
    cursor.execute(_SAMPLES, {"most": SAMPLE_CHARACTERS, "rows": MOST_SAMPLES})
    return tuple(
        Sample(outcome, side, pair, stage, kind, tuple(reasons), prompt, content, revision, other)
        for _, outcome, side, pair, stage, kind, reasons, prompt, content, revision, other in cursor.fetchall()
    )
