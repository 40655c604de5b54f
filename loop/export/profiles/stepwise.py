"""Profile `stepwise`: an answer in steps with a label each, as trainers of process reward models read it."""

import pyarrow as pa

from loop.export.columns import BASE_JOINS, BOOLEANS, STRINGS, Column, Make, Shape, common
from loop.export.profiles import parts

_MARKS = """
LEFT JOIN LATERAL (
    SELECT array_agg(x.start ORDER BY x.position) AS start, array_agg(x."end" ORDER BY x.position) AS "end",
           array_agg(left(x.reason, 7) = 'praise.' ORDER BY x.position) AS praises
    FROM loop_decision_span x
    WHERE x.decision_id = d.id AND x.target = 'content' AND x.unit = 'code_point' AND x.reason <> ''
      AND x.start < x."end"
) mk ON true
"""

SHAPE = Shape(
    name="stepwise",
    about="Answers in steps: a text cut where a person marked it, with false for each step that has a fault.",
    columns=(
        parts.prompt(),
        Column(
            "completions",
            STRINGS,
            {
                "text": "coalesce(st.content, '')",
                "start": "mk.start",
                "end": 'mk."end"',
                "praises": "mk.praises",
            },
            "The suggestion, cut where a marked range begins or ends; joined it is the suggestion, unaltered.",
            make=Make.STEPS,
            whole="coalesce(st.content, '')",
        ),
        Column(
            "labels",
            BOOLEANS,
            {},
            "One a step. False: within a range that was given a reason other than praise. True: praised, or unmarked.",
            make=Make.STEP_LABELS,
            what="completions",
        ),
        Column(
            "fb_marks",
            pa.int64(),
            "cardinality(mk.start)::bigint",
            "How many marked ranges the steps come from.",
        ),
        *parts.said(),
        parts.negative_kind(),
        parts.suggestion_origin(),
        *common(),
    ),
    joins=BASE_JOINS + _MARKS,
    digested=("prompt", "completions"),
    origins=("fb_suggestion_origin",),
    label_balance="fb_verdict",
    notes=(
        "Steps begin and end where somebody's marks do. What nobody marked counts as right.",
        "Blanks and line breaks stay where they were: join steps with nothing between them.",
    ),
)
