"""The verdict of `rules.py` for a whole table of candidates at once, as SQL. A test proves that the two agree.

1. `sieve_part`: who is involved in which row (contributions.py).
2. `sieve_tuple`: the distinct (party, capacity, kind of material), a few thousand for any number of rows.
3. `sieve_statement`: the records of those parties, each with its standing at the moment and what it says here.
4. `sieve_judged`: rules 6 to 12, 16 and 18 for each tuple; failing codes are bits of `bits`, in rule order.
5. `sieve_source`: rules 14, 15 and 17 for the texts of each row, as bits; only rows that fail one are in it.
6. `sieve_row`: the distinct sets of tuples with the rows that have them; codes and flags of each by "or" of its bits.
7. `sieved`: each row with its set's verdict.

Rows meet rules only through joins; nothing is looked up row by row. What is known of a tuple is an array's element at
its number: several times cheaper than a join where each of a million rows has five of them.
"""

from datetime import date, datetime

from django.db.backends.utils import CursorWrapper

from loop.consent import terms
from loop.gate.conditions import kept_days, places_of, used_days
from loop.gate.contributions import gather
from loop.gate.facts import Question
from loop.gate.reasons import CODES
from loop.gate.rules import question_codes

BIT = {code: 1 << place for place, code in enumerate(CODES)}
WORK_MEM = "64MB"  # a sort or hash of some 600,000 row-tuples; what is larger goes to disk
DECIDES = 1 << len(CODES)  # the bit above all codes
FLAGS_FROM = len(CODES) + 1  # two bits a flag purpose: 0 allowed, 1 constrained, 3 not allowed, so that "or" is "most"

# Ranks of use values: the position in terms.USE_VALUES, so that the most restrictive is the greatest.
_RANK = """CASE WHEN NOT a.uses ? '{purpose}' THEN NULL
        WHEN a.uses -> '{purpose}' ->> 'value' = 'allowed' THEN 0
        WHEN a.uses -> '{purpose}' ->> 'value' = 'constrained' THEN 1
        ELSE 2 END AS rank_{purpose},
    a.uses -> '{purpose}' ->> 'value' = 'notAllowed' AS refuses_{purpose}"""

AGAIN = 1 << FLAGS_FROM + 2 * len(terms.FLAG_PURPOSES)  # the party has another tuple

# Evaluated once a statement. No gap and no NULL, or an element would have to be searched for.
_KNOWN = "((SELECT array_agg({value} ORDER BY t) FROM sieve_judged))[t]"

_FLAG = """CASE WHEN bool_or(s.standing IS NULL AND s.refuses_{purpose}) THEN 2
        ELSE coalesce(max(s.rank_{purpose}) FILTER (WHERE c.permits), 2) END AS rank_{purpose}"""

_TUPLES = """
CREATE TEMP TABLE sieve_tuple ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY party, capacity, material_kind)::int AS t, party, capacity, material_kind
FROM (SELECT DISTINCT party, capacity, material_kind FROM sieve_part) d
"""

_STATEMENTS = """
CREATE TEMP TABLE sieve_statement ON COMMIT DROP AS
SELECT a.id, a.party_id AS party, a.basis, a.material_kinds, a.capacities, a.valid_until,
    CASE WHEN e.state = ANY(%(withdrawn)s) THEN 'WITHDRAWN'
        WHEN e.state = %(expired)s THEN 'EXPIRED'
        WHEN e.state IS NULL OR e.state <> ALL(%(permitting)s) OR a.valid_from > %(on)s THEN 'NOT_GIVEN'
        WHEN a.valid_until < %(on)s THEN 'EXPIRED'
    END AS standing,
    a.uses -> %(purpose)s ->> 'value' AS value, m.is_met, a.supersedes_id AS supersedes, a.capacities AS named,
    v.kind LIKE '%%rider%%' AS rider, a.granted_by <> '' AS guardian,
    (coalesce(a.compensation ->> 'term', '') <> ''
        AND coalesce(a.compensation ->> 'status', '') <> ALL(%(settled)s)
        AND NOT (coalesce(a.compensation ->> 'status', '') = '' AND a.compensation ->> 'term' = ANY(%(per_release)s))
        AND NOT EXISTS (
            SELECT FROM loop_compensation_entry x WHERE x.authorisation_id = a.id AND x.kind <> 'due'
                AND x.settles_id IS NULL AND x.recorded_at <= %(moment)s
        )
    ) OR EXISTS (
        SELECT FROM loop_compensation_entry x WHERE x.authorisation_id = a.id AND x.kind = 'due'
            AND x.due_on <= %(on)s AND x.recorded_at <= %(moment)s
            AND NOT EXISTS (
                SELECT FROM loop_compensation_entry y WHERE y.settles_id = x.id AND y.recorded_at <= %(moment)s
            )
    ) AS open,
    (%(kept)s::int IS NULL OR %(kept)s >= %(used)s) AND (
        a.retention_days IS NULL
        OR (%(used)s <= a.retention_days AND coalesce(%(kept)s::int <= a.retention_days, false))
    ) AS retained,
    %(recipient)s = ANY(a.recipients) OR %(recipient_kind)s = ANY(a.recipient_kinds) AS names,
    l.unlimited OR (
        cardinality(%(places)s::varchar[]) > 0
        AND (cardinality(a.territory_allow) = 0 OR %(places)s::varchar[] <@ a.territory_allow)
        AND NOT %(places)s::varchar[] && a.territory_deny
    ) AS holds,
    CASE WHEN NOT l.unlimited THEN (
        SELECT string_agg(
            CASE WHEN (cardinality(a.territory_allow) = 0 OR w.place = ANY(a.territory_allow))
                AND w.place <> ALL(a.territory_deny) THEN '1' ELSE '0' END, '' ORDER BY w.i)::bit({places})
        FROM unnest(%(world)s::varchar[]) WITH ORDINALITY w(place, i)
    ) END AS territory,
    {ranks}
FROM loop_authorisation a
JOIN loop_evidence v ON v.id = a.evidence_id
CROSS JOIN LATERAL (
    SELECT coalesce(a.uses -> %(purpose)s -> 'constraint', 'null') AS condition
) k
CROSS JOIN LATERAL (
    SELECT CASE WHEN jsonb_typeof(k.condition) = 'object' AND k.condition <> '{{}}' THEN NOT EXISTS (
        SELECT FROM jsonb_each(k.condition) AS c(key, value) WHERE NOT coalesce(CASE
            WHEN c.key IN ('not_before', 'not_after') THEN
                CASE WHEN jsonb_typeof(c.value) = 'string' AND c.value #>> '{{}}' ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$'
                THEN CASE WHEN c.key = 'not_before' THEN c.value #>> '{{}}' <= %(on)s::date::text COLLATE "C"
                    ELSE %(on)s::date::text <= c.value #>> '{{}}' COLLATE "C" END END
            WHEN jsonb_typeof(c.value) <> 'array' THEN false
            WHEN c.key = 'recipients' THEN c.value @> to_jsonb(%(recipient)s::text)
            WHEN c.key = 'recipient_kinds' THEN c.value @> to_jsonb(%(recipient_kind)s::text)
            WHEN c.key = 'profiles' THEN c.value @> to_jsonb(%(profile)s::text)
            WHEN c.key = 'places' THEN cardinality(%(places)s::varchar[]) > 0
                AND c.value @> to_jsonb(%(places)s::varchar[])
            ELSE false
        END, false)
    ) ELSE false END AS is_met
) m
CROSS JOIN LATERAL (SELECT cardinality(a.territory_allow) = 0 AND cardinality(a.territory_deny) = 0 AS unlimited) l
LEFT JOIN LATERAL (
    SELECT x.state FROM loop_authorisation_event x
    WHERE x.authorisation_id = a.id AND x.effective_at <= %(moment)s
    ORDER BY x.effective_at DESC, x.id DESC LIMIT 1
) e ON true
WHERE (a.production_id IS NULL OR a.production_id = %(production)s)
    AND a.party_id IN (SELECT party FROM sieve_tuple)
"""

_JUDGED = """
CREATE TEMP TABLE sieve_judged ON COMMIT DROP AS
SELECT t, party, capacity, material_kind, permitting, expires_on, territory,
    mask::bigint | CASE WHEN count(*) OVER (PARTITION BY party) > 1 THEN {again} ELSE 0 END
        | CASE WHEN capacity = 'decider' THEN {decides} ELSE 0 END | {bits} AS bits
FROM (SELECT t.*, CASE WHEN t.capacity <> ALL(%(capacities)s) THEN %(CONTRIBUTOR_UNKNOWN)s
        WHEN j.covers IS NOT TRUE THEN %(CONSENT_MISSING)s
        WHEN NOT j.in_force THEN
            CASE WHEN j.withdrawn THEN %(WITHDRAWN)s WHEN j.expired THEN %(EXPIRED)s ELSE %(NOT_GIVEN)s END
        WHEN NOT j.allows THEN
            CASE WHEN j.constrains AND NOT j.refuses THEN %(CONSTRAINT_UNMET)s ELSE %(USE_NOT_ALLOWED)s END
        ELSE (CASE WHEN j.denied THEN %(CONFLICT_MOST_RESTRICTIVE)s ELSE 0 END)
            | (CASE WHEN NOT j.names THEN %(RECIPIENT_OUT_OF_SCOPE)s WHEN NOT j.within THEN %(TERRITORY)s
                WHEN NOT j.settled THEN %(COMPENSATION_DUE)s WHEN NOT j.specific THEN %(SENSITIVE_SUBJECT)s
                WHEN NOT j.permits THEN %(RETENTION)s ELSE 0 END)
    END AS mask,
    j.permitting, j.expires_on, j.territory, {ranks}
FROM sieve_tuple t
LEFT JOIN (
    SELECT t.t,
        bool_or(c.covers) AS covers,
        bool_or(c.in_force) AS in_force,
        bool_or(c.covers AND s.standing = 'WITHDRAWN') AS withdrawn,
        bool_or(c.covers AND s.standing = 'EXPIRED') AS expired,
        bool_or(c.allows) AS allows,
        bool_or(c.in_force AND coalesce(s.value = 'constrained', false)) AS constrains,
        bool_or(c.in_force AND coalesce(s.value = 'notAllowed', false)) AS refuses,
        bool_or(s.standing IS NULL AND coalesce(s.value = 'notAllowed', false)) AS denied,
        bool_or(c.allows AND s.names) AS names,
        bool_or(c.within) AS within,
        bool_or(c.settled) AS settled,
        bool_or(c.specific) AS specific,
        bool_or(c.permits) AS permits,
        array_agg(s.id) FILTER (WHERE c.permits) AS permitting,
        min(s.valid_until) FILTER (WHERE c.permits) AS expires_on,
        bit_and(s.territory) FILTER (WHERE c.permits) AS territory,
        {flags}
    FROM sieve_tuple t
    JOIN sieve_statement s ON s.party = t.party
        AND (cardinality(s.material_kinds) = 0 OR t.material_kind = ANY(s.material_kinds))
        AND (cardinality(s.capacities) = 0 OR t.capacity = ANY(s.capacities))
        AND NOT EXISTS (
            SELECT FROM sieve_statement r
            WHERE r.supersedes = s.id AND r.party = s.party AND r.standing IS NULL
                AND (cardinality(r.material_kinds) = 0 OR t.material_kind = ANY(r.material_kinds))
                AND (cardinality(r.capacities) = 0 OR t.capacity = ANY(r.capacities))
        )
    CROSS JOIN LATERAL (SELECT s.basis <> %(owned)s OR t.capacity <> ALL(%(personal)s) AS covers) k
    CROSS JOIN LATERAL (SELECT k.covers AND s.standing IS NULL AS in_force) f
    CROSS JOIN LATERAL (
        SELECT k.covers, f.in_force, v.allows, w.within, w.within AND NOT s.open AS settled, x.specific,
            x.specific AND s.retained AS permits
        FROM (SELECT f.in_force AND coalesce(
            s.value = 'allowed' OR (s.value = 'constrained' AND s.is_met), false) AS allows) v
        CROSS JOIN LATERAL (SELECT v.allows AND s.names AND s.holds AS within) w
        CROSS JOIN LATERAL (SELECT w.within AND NOT s.open AND (
            (t.capacity <> %(likeness)s AND t.party <> ALL(%(minors)s::bigint[]))
            OR ((s.guardian OR t.party <> ALL(%(minors)s::bigint[])) AND (s.rider OR t.capacity = ANY(s.named)))
        ) AS specific) x
    ) c
    GROUP BY t.t
) j USING (t)) judged
"""

_SOURCES = """
CREATE TEMP TABLE sieve_source ON COMMIT DROP AS
SELECT n, bit_or(mask) AS mask FROM (
    SELECT p.n,
        (CASE WHEN %(trains)s AND s.origin = %(from_model)s AND t.training IS DISTINCT FROM %(allowed)s
            THEN %(SUPPLIER_TERMS)s ELSE 0 END)
        | (CASE WHEN s.origin <> ALL(%(origins)s) OR (s.origin = %(from_model)s AND s.model_id IS NULL)
            THEN %(ORIGIN_UNDISCLOSED)s ELSE 0 END)
        | (CASE WHEN q.verdict = %(quarantined)s OR r.verdict = %(quarantined)s THEN %(SCREEN_QUARANTINE)s ELSE 0 END)
        AS mask
    FROM sieve_side p
    JOIN loop_suggestion s ON s.id = p.suggestion_id
    LEFT JOIN (
        SELECT DISTINCT ON (model_id) model_id, training_on_outputs AS training FROM loop_model_terms
        WHERE recorded_at <= %(moment)s ORDER BY model_id, id DESC
    ) t ON t.model_id = s.model_id
    LEFT JOIN (
        SELECT DISTINCT ON (suggestion_id) suggestion_id, verdict FROM loop_screen_verdict
        WHERE suggestion_id IS NOT NULL AND recorded_at <= %(moment)s ORDER BY suggestion_id, id DESC
    ) q ON q.suggestion_id = s.id
    LEFT JOIN (
        SELECT DISTINCT ON (decision_id) decision_id, verdict FROM loop_screen_verdict
        WHERE decision_id IS NOT NULL AND recorded_at <= %(moment)s ORDER BY decision_id, id DESC
    ) r ON r.decision_id = p.decision_id
) every WHERE mask <> 0 GROUP BY n
"""

# One pass over who is in which row, in the order of rows and tuples: tuples are numbered by party, so parties come in
# order too. A party may be in a row in two capacities; then, and only then, its number stands there twice.
_ROWS = """
CREATE TEMP TABLE sieve_row ON COMMIT DROP AS
SELECT row_number() OVER () AS id, tuples, mask, max(parties) AS parties, bool_or(doubles) AS doubles,
    max(flags) AS flags, array_agg(n) AS rows
FROM (
    SELECT c.n, coalesce(i.tuples, '{{}}') AS tuples, i.parties, i.doubles,
        (i.bits & {every_bit}) >> {flags_from} AS flags,
        %(question)s::bigint | coalesce(x.mask, 0) | coalesce(i.bits & {every_code}, 0)
            | CASE WHEN i.bits & {decides} <> 0 THEN 0 ELSE %(CONTRIBUTOR_UNKNOWN)s END AS mask
    FROM {candidates} c LEFT JOIN sieve_source x USING (n) LEFT JOIN (
        SELECT n, array_agg(t ORDER BY t) AS tuples, bit_or(bits) AS bits, array_agg(party ORDER BY t) AS parties,
            count(*) FILTER (WHERE bits & {again} <> 0) > 1 AS doubles
        FROM (
            SELECT n, t, {known[bits]} AS bits, {known[party]} AS party
            FROM (
                SELECT DISTINCT p.n, j.t FROM sieve_part p JOIN sieve_judged j USING (party, capacity, material_kind)
                ORDER BY 1, 2
            ) ordered OFFSET 0  -- or it would be looked up anew for each aggregate
        ) o
        GROUP BY n
    ) i USING (n)
) r
GROUP BY tuples, mask
"""

_SIEVED = """
CREATE TEMP TABLE sieved ON COMMIT DROP AS
WITH passing AS NOT MATERIALIZED (
    SELECT id, unnest(tuples) AS t FROM sieve_row WHERE mask = 0
), permitted AS (
    SELECT e.id, array_agg(DISTINCT j.a ORDER BY j.a) AS authorisation_ids, min(j.expires_on) AS expires_on
    FROM passing e JOIN (SELECT t, unnest(permitting) AS a, expires_on FROM sieve_judged) j USING (t)
    GROUP BY e.id
), blamed AS (
    SELECT e.id, array_agg(DISTINCT j.party ORDER BY j.party) AS parties
    FROM (SELECT id, unnest(tuples) AS t FROM sieve_row WHERE mask <> 0) e
    JOIN sieve_judged j USING (t) WHERE j.bits & {every_code} <> 0 GROUP BY e.id
), territories AS (
    SELECT b.id, array_agg(w.place ORDER BY w.i) AS places
    FROM (
        SELECT e.id, bit_and(j.territory) AS territory
        FROM passing e JOIN sieve_judged j USING (t) WHERE j.territory IS NOT NULL GROUP BY e.id
    ) b
    JOIN unnest(%(world)s::text[]) WITH ORDINALITY w(place, i) ON get_bit(b.territory, w.i::int - 1) = 1
    GROUP BY b.id
), codes AS (
    SELECT m.mask, array_agg(c.code ORDER BY c.i) AS codes
    FROM (SELECT DISTINCT mask FROM sieve_row) m
    JOIN unnest(%(codes)s::text[]) WITH ORDINALITY c(code, i) ON m.mask & (1::bigint << (c.i::int - 1)) <> 0
    GROUP BY m.mask
), flags AS (
    SELECT f.flags, jsonb_build_object({uses}) AS uses FROM (SELECT DISTINCT flags FROM sieve_row WHERE mask = 0) f
)
SELECT unnest(s.rows) AS n, c.codes[1] AS code, coalesce(c.codes, '{{}}') AS codes,
    coalesce(CASE WHEN s.mask <> 0 THEN b.parties
        WHEN s.doubles THEN ARRAY(SELECT DISTINCT p FROM unnest(s.parties) p ORDER BY p)
        ELSE s.parties END, '{{}}') AS contributor_ids,
    coalesce(a.authorisation_ids, '{{}}') AS authorisation_ids,
    a.expires_on,
    coalesce(CASE WHEN s.mask = 0 THEN r.places END, '{{}}') AS territory,
    CASE WHEN s.mask = 0 THEN f.uses END AS uses
FROM sieve_row s LEFT JOIN permitted a USING (id) LEFT JOIN blamed b USING (id) LEFT JOIN territories r USING (id)
LEFT JOIN codes c USING (mask) LEFT JOIN flags f USING (flags)
"""


def sieve(cursor: CursorWrapper, *, candidates: str, question: Question) -> None:
    """Answers `question` for every row of the temporary table `candidates`; the answers stand in `sieved`.

    Reads `candidates(n, decision_id, other_decision_id)`; all decisions belong to the question's production. Makes
    `sieved(n bigint PRIMARY KEY, code text, codes text[], contributor_ids bigint[], authorisation_ids bigint[],
    expires_on date, territory text[], uses jsonb)`: one row for each n, with the meanings of `rules.Verdict` (code
    NULL: it may leave; an empty territory: everywhere). The tables go with the transaction and are analysed; `sieved`
    of an earlier call in the same transaction is replaced. Sorts of the rest of the transaction have `WORK_MEM` each.
    Raises TransactionManagementError outside a transaction.
    """
    values = _values(question)
    cursor.execute(f"SET LOCAL work_mem = '{WORK_MEM}'")
    gather(cursor, candidates=candidates)
    cursor.execute("DROP TABLE IF EXISTS sieve_tuple, sieve_statement, sieve_judged, sieve_source, sieve_row, sieved")
    for statement, analysed in (
        (_TUPLES, "sieve_tuple"),
        (_STATEMENTS, "sieve_statement"),
        (_JUDGED, "sieve_judged"),
        (_SOURCES, "sieve_source"),
        (_ROWS, "sieve_row (id, mask)"),  # the size matters; statistics of long arrays cost more than they bring
        (_SIEVED, "sieved (code)"),
    ):
        cursor.execute(statement.format(**_fragments(cursor, candidates, statement)), values)
        cursor.execute(f"ANALYZE {analysed}")
    cursor.execute("ALTER TABLE sieved ADD PRIMARY KEY (n)")


def _fragments(cursor: CursorWrapper, candidates: str, statement: str) -> dict[str, str | dict[str, str]]:
    """The parts of a statement that repeat for each flag purpose. They come from constants, never from input."""
    names = "', '".join(terms.USE_VALUES)
    return {
        "candidates": cursor.db.ops.quote_name(candidates),
        "places": str(len(terms.PLACES)),
        "ranks": ",\n    ".join(
            (_RANK if statement is _STATEMENTS else "j.rank_{purpose}").format(purpose=purpose)
            for purpose in terms.FLAG_PURPOSES
        ),
        "flags": ",\n        ".join(_FLAG.format(purpose=purpose) for purpose in terms.FLAG_PURPOSES),
        "known": {name: _KNOWN.format(value=name) for name in ("bits", "party")},
        "every_code": str(DECIDES - 1),
        "decides": str(DECIDES),
        "again": str(AGAIN),
        "every_bit": str(AGAIN - 1),
        "flags_from": str(FLAGS_FROM),
        "bits": " | ".join(
            f"((ARRAY[0, 1, 3]::bigint[])[coalesce(rank_{purpose}, 0) + 1] << {FLAGS_FROM + 2 * place})"
            for place, purpose in enumerate(terms.FLAG_PURPOSES)
        ),
        "uses": ", ".join(
            f"'{purpose}', (ARRAY['{names}'])[CASE (f.flags >> {2 * place}) & 3 WHEN 0 THEN 1 WHEN 1 THEN 2 ELSE 3 END]"
            for place, purpose in enumerate(terms.FLAG_PURPOSES)
        ),
    }


def _values(question: Question) -> dict[str, str | int | bool | date | datetime | list[str] | list[int] | None]:
    recipient = question.recipient
    return {
        **BIT,
        "question": sum(BIT[code] for code in question_codes(question)),
        "codes": list(CODES),
        "purpose": question.purpose,
        "on": question.on,
        "moment": question.moment,
        "production": question.production.id,
        "recipient": recipient.code if recipient else None,
        "recipient_kind": recipient.kind if recipient else None,
        "places": sorted(places_of(question)),
        "world": list(terms.PLACES),
        "withdrawn": list(terms.WITHDRAWN_STATES),
        "expired": terms.EXPIRED_STATE,
        "permitting": list(terms.PERMITTING_STATES),
        "capacities": list(terms.CAPACITIES),
        "personal": list(terms.PERSONAL_CAPACITIES),
        "owned": terms.EMPLOYER_OWNERSHIP,
        "profile": question.profile,
        "settled": list(terms.SETTLED),
        "per_release": list(terms.PER_RELEASE),
        "kept": kept_days(question),
        "used": used_days(question),
        "likeness": terms.LIKENESS,
        "minors": sorted(question.minors),
        "trains": question.purpose in terms.TRAINING_PURPOSES,
        "from_model": terms.FROM_MODEL,
        "origins": list(terms.ORIGINS),
        "allowed": terms.ALLOWED,
        "quarantined": terms.QUARANTINED,
    }
