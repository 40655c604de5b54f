"""Which rows each profile has, as SQL over `candidates_judged` and `candidates_effective` (pairs.py).

The same rules stand as Python in `rules.py` and `kinds.py`; a test generates histories and proves that both agree.
Every SELECT gives: a to d (the order), decision_id, other, side, pair_kind, negative_kind, label, effective, and
`reason`, which says why a row is not made and is NULL for those that are.
"""

from __future__ import annotations

from typing import Final

SIGNALS: Final = "signals"
UNPAIRED: Final = "unpaired_preference"
PREFERENCE: Final = "preference"
REWARD: Final = "reward"
SFT: Final = "sft"
OPENAI_FT: Final = "openai_ft"
PROMPT_ONLY: Final = "prompt_only"
STEPWISE: Final = "stepwise"
SPAN_CRITIQUE: Final = "span_critique"
PAIRS_OF_TAKES: Final = "pairs_of_takes"
EVALUATION: Final = "evaluation"
LABEL_STUDIO: Final = "label_studio"
ARGILLA: Final = "argilla"

_SIGNALS: Final = """
    SELECT j.suggestion_id AS a, j.id AS b, 0::bigint AS c, 0::bigint AS d, j.id AS decision_id,
           NULL::bigint AS other, NULL::text AS side, NULL::text AS pair_kind,
           CASE WHEN j.outcome = 'reject' THEN j.negative_kind END AS negative_kind, NULL::boolean AS label,
           e.id IS NOT NULL AS effective, NULL::text AS reason
    FROM candidates_judged j LEFT JOIN candidates_effective e ON e.id = j.id
    WHERE NOT j.dead OR %(every)s"""
_UNPAIRED: Final = """
    SELECT e.suggestion_id AS a, e.id AS b, 0::bigint AS c, 0::bigint AS d, e.id AS decision_id,
           NULL::bigint AS other, 'suggestion' AS side, NULL::text AS pair_kind,
           CASE WHEN e.outcome = 'reject' THEN e.negative_kind END AS negative_kind,
           e.outcome = 'accept' AS label, true AS effective,
           CASE WHEN t.content IS NULL THEN 'no_text' END AS reason
    FROM candidates_effective e LEFT JOIN loop_suggestion_text t ON t.suggestion_id = e.suggestion_id
    WHERE e.outcome IN ('accept', 'reject') OR e.severity IN (3, 4)
    UNION ALL
    SELECT e.suggestion_id, e.id, 1, 0, e.id, NULL, 'revision', NULL, NULL, true, true,
           CASE WHEN t.revised_content IS NULL THEN 'no_text' END
    FROM candidates_effective e LEFT JOIN loop_decision_text t ON t.decision_id = e.id
    WHERE e.outcome = 'revise'"""
_PREFERENCE: Final = """
    SELECT e.suggestion_id AS a, e.id AS b, 0::bigint AS c, 0::bigint AS d, e.id AS decision_id,
           NULL::bigint AS other, NULL::text AS side, 'revise' AS pair_kind, NULL::text AS negative_kind,
           NULL::boolean AS label, true AS effective,
           CASE WHEN r.revised_content IS NULL OR t.content IS NULL THEN 'no_text'
                WHEN r.revised_content = '' AND t.content = '' THEN 'both_empty'
                WHEN r.revised_content = t.content THEN 'identical' END AS reason
    FROM candidates_effective e
    LEFT JOIN loop_decision_text r ON r.decision_id = e.id
    LEFT JOIN loop_suggestion_text t ON t.suggestion_id = e.suggestion_id
    WHERE e.outcome = 'revise'
    UNION ALL
    SELECT y.suggestion_id, y.id, x.suggestion_id, x.id, y.id, x.id, NULL, 'candidates', x.negative_kind, NULL,
           true,
           CASE WHEN yt.content IS NULL OR xt.content IS NULL THEN 'no_text'
                WHEN yt.content = '' AND xt.content = '' THEN 'both_empty'
                WHEN yt.content = xt.content THEN 'identical' END
    FROM candidates_effective y
    JOIN candidates_effective x ON x.brief_id = y.brief_id AND x.outcome = 'reject'
                               AND (x.person = y.person OR %(shared)s)
    LEFT JOIN loop_suggestion_text yt ON yt.suggestion_id = y.suggestion_id
    LEFT JOIN loop_suggestion_text xt ON xt.suggestion_id = x.suggestion_id
    WHERE y.outcome = 'accept'"""
_SFT: Final = """
    SELECT e.suggestion_id AS a, e.id AS b, 0::bigint AS c, 0::bigint AS d, e.id AS decision_id,
           NULL::bigint AS other, CASE WHEN e.outcome = 'revise' THEN 'revision' ELSE 'suggestion' END AS side,
           NULL::text AS pair_kind, NULL::text AS negative_kind, true AS label, true AS effective,
           CASE WHEN x.answer IS NULL THEN 'no_text' {more}END AS reason
    FROM candidates_effective e
    LEFT JOIN loop_suggestion_text t ON t.suggestion_id = e.suggestion_id
    LEFT JOIN loop_decision_text r ON r.decision_id = e.id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN e.outcome = 'revise' THEN r.revised_content ELSE t.content END AS answer
    ) x
    WHERE e.outcome IN ('accept', 'revise')"""
_PROMPT_ONLY: Final = """
    SELECT e.suggestion_id AS a, e.id AS b, 0::bigint AS c, 0::bigint AS d, e.id AS decision_id,
           NULL::bigint AS other, NULL::text AS side, NULL::text AS pair_kind, NULL::text AS negative_kind,
           NULL::boolean AS label, true AS effective,
           CASE WHEN t.prompt IS NULL THEN 'no_text' END AS reason
    FROM candidates_effective e LEFT JOIN loop_suggestion_text t ON t.suggestion_id = e.suggestion_id"""
_STEPWISE: Final = """
    SELECT e.suggestion_id AS a, e.id AS b, 0::bigint AS c, 0::bigint AS d, e.id AS decision_id,
           NULL::bigint AS other, NULL::text AS side, NULL::text AS pair_kind, NULL::text AS negative_kind,
           NULL::boolean AS label, true AS effective,
           CASE WHEN t.content IS NULL THEN 'no_text'
                WHEN NOT EXISTS (
                    SELECT FROM loop_decision_span x WHERE x.decision_id = e.id AND x.target = 'content'
                        AND x.unit = 'code_point' AND x.reason <> '' AND x.start < x."end"
                ) THEN 'no_spans' END AS reason
    FROM candidates_effective e LEFT JOIN loop_suggestion_text t ON t.suggestion_id = e.suggestion_id"""
_SPAN_CRITIQUE: Final = """
    SELECT j.suggestion_id AS a, j.id AS b, coalesce(x.position, 0)::bigint AS c, 0::bigint AS d, j.id AS decision_id,
           NULL::bigint AS other, 'span ' || x.position AS side, NULL::text AS pair_kind,
           CASE WHEN j.outcome = 'reject' THEN j.negative_kind END AS negative_kind, NULL::boolean AS label,
           e.id IS NOT NULL AS effective, CASE WHEN x.position IS NULL THEN 'no_spans' END AS reason
    FROM candidates_judged j
    LEFT JOIN candidates_effective e ON e.id = j.id
    LEFT JOIN loop_decision_span x ON x.decision_id = j.id
    WHERE NOT j.dead OR %(every)s"""
_PAIRS_OF_TAKES: Final = """
    SELECT y.suggestion_id AS a, y.id AS b, x.suggestion_id AS c, x.id AS d, y.id AS decision_id, x.id AS other,
           NULL::text AS side, 'candidates' AS pair_kind, x.negative_kind, NULL::boolean AS label, true AS effective,
           CASE WHEN ym.id IS NULL OR xm.id IS NULL THEN 'no_media'
                WHEN ym.sha256 = xm.sha256 THEN 'identical' END AS reason
    FROM candidates_effective y
    JOIN candidates_effective x ON x.brief_id = y.brief_id AND x.outcome = 'reject'
                               AND (x.person = y.person OR %(shared)s)
    JOIN loop_suggestion ys ON ys.id = y.suggestion_id
    JOIN loop_suggestion xs ON xs.id = x.suggestion_id
    LEFT JOIN loop_media ym ON ym.id = ys.media_id
    LEFT JOIN loop_media xm ON xm.id = xs.media_id
    WHERE y.outcome = 'accept'"""
_EVALUATION: Final = """
    SELECT e.suggestion_id AS a, e.id AS b, 0::bigint AS c, 0::bigint AS d, e.id AS decision_id,
           NULL::bigint AS other, NULL::text AS side, NULL::text AS pair_kind,
           CASE WHEN e.outcome = 'reject' THEN e.negative_kind END AS negative_kind, NULL::boolean AS label,
           true AS effective, CASE WHEN t.content IS NULL AND s.media_id IS NULL THEN 'no_text' END AS reason
    FROM candidates_effective e
    JOIN loop_suggestion s ON s.id = e.suggestion_id
    LEFT JOIN loop_suggestion_text t ON t.suggestion_id = e.suggestion_id
    WHERE e.outcome IN ('reject', 'revise')"""


MADE: Final[dict[str, str]] = {
    SIGNALS: _SIGNALS,
    PREFERENCE: _PREFERENCE,
    UNPAIRED: _UNPAIRED,
    SFT: _SFT.format(more=""),
    PROMPT_ONLY: _PROMPT_ONLY,
    STEPWISE: _STEPWISE,
    REWARD: _PREFERENCE,
    SPAN_CRITIQUE: _SPAN_CRITIQUE,
    PAIRS_OF_TAKES: _PAIRS_OF_TAKES,
    EVALUATION: _EVALUATION,
    LABEL_STUDIO: _SIGNALS,
    ARGILLA: _SIGNALS,
    OPENAI_FT: _SFT.format(more="WHEN x.answer = '' THEN 'empty' "),
}
"""By profile."""
