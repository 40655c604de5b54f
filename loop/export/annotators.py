"""Who judged the rows of a release, as numbers only, and how far those who judged the same thing agreed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from django.db import connection

# The first row has the number of people where the others have that of suggestions; one pass over the decisions, as it
# is most of the cost. Of each person's verdicts on a suggestion the latest that is in the release counts. Most
# suggestions have one judge, and are out after the cheap grouping.
_COUNTS = """
WITH released AS (
    SELECT r.decision_id, r.other_decision_id FROM loop_export_row r
    WHERE r.export_id = %s AND NOT EXISTS (SELECT FROM loop_export_row_dropped gone WHERE gone.row_id = r.id)
), used AS (
    SELECT decision_id AS id FROM released
    UNION SELECT other_decision_id FROM released WHERE other_decision_id IS NOT NULL
), judged AS MATERIALIZED (
    SELECT d.id, d.suggestion_id, d.outcome, d.decided_at, d.position,
           coalesce(d.on_behalf_of_id, d.decided_by_id) AS person
    FROM used JOIN loop_decision d ON d.id = used.id
), shared AS (
    SELECT suggestion_id FROM judged GROUP BY 1 HAVING min(person) <> max(person)
), latest AS (
    SELECT DISTINCT ON (suggestion_id, person) suggestion_id, outcome
    FROM judged JOIN shared USING (suggestion_id)
    ORDER BY suggestion_id, person, decided_at DESC NULLS LAST, position DESC, id DESC
), units AS (
    SELECT count(*) FILTER (WHERE outcome = 'accept') AS accept, count(*) FILTER (WHERE outcome = 'reject') AS reject,
           count(*) FILTER (WHERE outcome = 'revise') AS revise
    FROM latest GROUP BY suggestion_id
)
SELECT NULL AS accept, NULL AS reject, NULL AS revise, count(*) FROM (SELECT person FROM judged GROUP BY 1) people
UNION ALL SELECT accept, reject, revise, count(*) FROM units GROUP BY 1, 2, 3 ORDER BY 1 NULLS FIRST, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Annotators:
    """`people` who judged; suggestions that several of them judged (`shared`), and alike (`alike`).

    `alpha`: Krippendorff's, nominal, over accept, reject and revise; None where it is not defined.
    """

    people: int
    shared: int
    alike: int
    alpha: Fraction | None

    @property
    def sentence(self) -> str:
        """The agreement in words and numbers; equal releases say it in equal words."""
        if not self.shared:
            return "No suggestion carries the verdicts of two people here, so agreement cannot be stated."
        alpha = f"{float(self.alpha):.3f}" if self.alpha is not None else "not defined (everybody said the same)"
        return (
            f"{self.shared} suggestion(s) carry the verdicts of two people or more (of each person the latest); on "
            f"{self.alike} of them all said the same. Krippendorff's alpha over accept, reject and revise: {alpha}."
        )


def annotators(export_id: int) -> Annotators:
    """One query, over the rows that leave."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [export_id])
        people: int = cursor.fetchone()[3]
        units: dict[tuple[int, ...], int] = {
            (accept, reject, revise): number for accept, reject, revise, number in cursor.fetchall()
        }
    alike = sum(number for verdicts, number in units.items() if max(verdicts) == sum(verdicts))
    return Annotators(people=people, shared=sum(units.values()), alike=alike, alpha=alpha_of(units))


def alpha_of(units: Mapping[tuple[int, ...], int]) -> Fraction | None:
    """Krippendorff's nominal alpha of {how many gave each value to one thing: number of such things}.

    Things that one person judged do not count. None without any, or where all gave the same value to everything.
    """
    values: Counter[int] = Counter()
    differing = Fraction(0)
    for counts, number in units.items():
        judges = sum(counts)
        if judges <= 1:
            continue
        for place, count in enumerate(counts):
            values[place] += count * number
            differing += Fraction(count * (judges - count) * number, judges - 1)
    total = sum(values.values())
    expected = sum(count * (total - count) for count in values.values())
    if not expected:
        return None
    return 1 - differing * (total - 1) / expected
