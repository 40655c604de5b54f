"""A large production for benchmarks: decided suggestions with five contributors each, written set-wise into a database.

Everything follows from the row's number and the seed, so the same call gives the same rows. Written by the server's
superuser with triggers and foreign keys off: the rows are made to fit, and the database is thrown away.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

PARTIES = 400
DECIDERS = 40
SCENES = 300
A_BRIEF = 4  # suggestions
CAPACITIES = ("author_of_source", "producer_owner", "performer_likeness", "author_of_source")

# {pick}: a party number below PARTIES, drawn by the row's number, the place and the seed.
_PICK = "({first} + (hashint8extended({number}, %(seed)s * 31 + {place}) & 9223372036854775807) %% {among})"

_EVENTS = """
INSERT INTO loop_audit_event (id, uid, type, at, actor_pid, production_id, object_table, object_uid, entry, leaf_hash)
SELECT i, gen_random_uuid(), 'decision.recorded', now(), 'system', %(production)s, 'loop_decision', gen_random_uuid(),
    '\\x7b7d', decode(lpad(to_hex(i), 64, '0'), 'hex') FROM generate_series(%(event)s + 1, %(event)s + %(rows)s) i;
INSERT INTO loop_audit_leaf (log_index, event_id, leaf_hash)
SELECT %(leaf)s + i, %(event)s + i, decode(lpad(to_hex(i), 64, '0'), 'hex')
FROM generate_series(1, %(rows)s) i;
"""
_BRIEFS = """
INSERT INTO loop_brief (id, uid, production_id, external_id, stage, kind, constraints_asked, grouped, recorded_at)
SELECT i, gen_random_uuid(), %(production)s, 'b' || i, 'development', 'script_note', '[]', true, now()
FROM generate_series(1, (%(rows)s + 3) / 4) i;
"""
_SUGGESTIONS = """
INSERT INTO loop_suggestion (id, uid, production_id, brief_id, external_id, source, origin, stage, kind, model_id,
    parameters, recorded_at, text_commit, digest, event_id)
SELECT i, gen_random_uuid(), %(production)s, (i + 3) / 4, 's' || i, '', 'model', 'development', 'script_note',
    %(model)s, '{{}}', now(), decode(lpad('', 64, '0'), 'hex'), decode(lpad('', 64, '0'), 'hex'), %(event)s + i
FROM generate_series(1, %(rows)s) i;
INSERT INTO loop_suggestion_text (suggestion_id, salt, prompt, content)
SELECT i, decode(lpad('', 64, '0'), 'hex'), 'What is wrong with it?', 'Note ' || i || ': the turn comes too early.'
FROM generate_series(1, %(rows)s) i;
"""
_DECISIONS = """
INSERT INTO loop_decision (id, uid, production_id, suggestion_id, external_id, outcome, decided_by_id, decider_role,
    recorded_at, position, reasons, negative_kind, beats, span_count, has_rationale, has_revision, revision_by_ai,
    context, taxonomy_version, source, digest, event_id)
SELECT i, gen_random_uuid(), %(production)s, i, 'd' || i, CASE i %% 3 WHEN 0 THEN 'accept' ELSE 'reject' END,
    {decider}, '', now(), 0, '{{}}', '', '{{}}', 0, false, false, false, '{{}}', '1', '',
    decode(lpad('', 64, '0'), 'hex'), %(event)s + i
FROM generate_series(1, %(rows)s) i;
"""
# A scene has its script with two authors; a brief is written by one person; one more is listed on the suggestion.
_BY_SCENE = """
INSERT INTO loop_material (id, uid, production_id, external_id, kind, title, created_at)
SELECT i, gen_random_uuid(), %(production)s, 'm' || i, 'script', '', now() FROM generate_series(1, {scenes}) i;
INSERT INTO loop_material_contribution (material_id, contributor_id, capacity)
SELECT i, {author}, 'author_of_source' FROM generate_series(1, {scenes}) i
UNION ALL SELECT i, {owner}, 'producer_owner' FROM generate_series(1, {scenes}) i;
INSERT INTO loop_brief_material (brief_id, material_id) SELECT id, 1 + id %% {scenes} FROM loop_brief;
INSERT INTO loop_brief_contribution (brief_id, contributor_id, capacity)
SELECT b.id, {writer}, 'author_of_source' FROM loop_brief b, LATERAL (SELECT b.id %% {scenes} AS i) s;
INSERT INTO loop_suggestion_contribution (suggestion_id, contributor_id, capacity)
SELECT x.id, {player}, 'performer_likeness'
FROM loop_suggestion x, LATERAL (SELECT x.brief_id %% {scenes} AS i) s;
"""
# Four distinct people drawn for every suggestion anew: practically no two rows have the same contributors.
_DISTINCT = """
INSERT INTO loop_suggestion_contribution (suggestion_id, contributor_id, capacity)
SELECT i, {one}, '{first}' FROM generate_series(1, %(rows)s) i
UNION ALL SELECT i, {two}, '{second}' FROM generate_series(1, %(rows)s) i
UNION ALL SELECT i, {three}, '{third}' FROM generate_series(1, %(rows)s) i
UNION ALL SELECT i, {four}, '{fourth}' FROM generate_series(1, %(rows)s) i;
"""


def load(connection: Any, *, rows: int, production: int, model: int, parties: list[int], seed: int, distinct: bool
         ) -> int:  # fmt: skip
    """Writes `rows` decided suggestions; the log's size that covers them all.

    `parties` are ids without gaps. Each row has five different contributors: by `distinct` four of them are drawn for
    every suggestion, otherwise they follow from the scene, so that some ten thousand sets of people recur.
    """
    base, fifth = parties[0], (len(parties) - DECIDERS) // 4
    (event,) = connection.execute("SELECT coalesce(max(id), 0) FROM loop_audit_event").fetchone()
    (leaf,) = connection.execute("SELECT coalesce(max(log_index), -1) FROM loop_audit_leaf").fetchone()
    values = {"rows": rows, "production": production, "model": model, "seed": seed, "event": event, "leaf": leaf}

    def party(place: int) -> str:
        first = base + DECIDERS + (place - 1) * fifth if place else base
        return _PICK.format(first=first, number="i", place=place, among=fifth if place else DECIDERS)

    names = ("one", "two", "three", "four")
    people = {
        "decider": party(0), "scenes": SCENES, **dict(zip(names, map(party, range(1, 5)), strict=True)),
        **dict(zip(("author", "owner", "player", "writer"), map(party, range(1, 5)), strict=True)),
        **dict(zip(("first", "second", "third", "fourth"), CAPACITIES, strict=True)),
    }  # fmt: skip
    with freely(connection):
        for statement in (_EVENTS, _BRIEFS, _SUGGESTIONS, _DECISIONS, _DISTINCT if distinct else _BY_SCENE):
            for each in filter(str.strip, statement.format(**people).split(";\n")):
                connection.execute(each, values)
        connection.execute("SELECT setval('loop_audit_event_id_seq', (SELECT max(id) FROM loop_audit_event))")
    connection.execute("VACUUM ANALYZE")  # what autovacuum does within a minute
    return int(leaf) + rows + 1


@contextmanager
def freely(connection: Any) -> Iterator[None]:
    """Without triggers and foreign keys: only for a database that is thrown away."""
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET synchronous_commit = off")
    try:
        yield
    finally:
        connection.execute("SET session_replication_role = origin")


def people(production: Any, count: int = PARTIES) -> list[int]:
    """That many contributors of the production, with ids that have no gap."""
    from loop.kernel.clock import now
    from loop.people.models import Contributor

    made = Contributor.objects.bulk_create(
        Contributor(namespace=production.code, external_id=f"party-{number}", created_at=now())
        for number in range(count)
    )
    return sorted(each.pk for each in made)


@contextmanager
def timed(label: str) -> Iterator[None]:
    """Says on standard error how long the block took."""
    began = perf_counter()
    yield
    print(f"{label}: {perf_counter() - began:.1f} s", file=sys.stderr, flush=True)
