"""What a withdrawal would reach, asked of ever more exported rows, in one run.

    python -m benchmarks.impact [--stored 1000000,3000000,10000000] [--seed 7] [--rounds 5]

A fresh clone of the migrated template takes a production whose hundred published releases grow from the first size to
the last; all of them hold rows of two parties, one of 1,000 and one of 50,000 rows, the same rows at every size. At
each size `loop.recall.preview.preview` answers for either party: lock, trace, the gate's rules release by release,
counts by release. Beside it: finding the party's rows (the statement of `loop.recall.trace`) through the index and, as
the reference, the same statement by sequential scan.

The newest release of each size is written with all indexes in place after the last VACUUM, so the index holds entries
that are not merged yet, as it does in the minutes after a freeze. Nothing is cached on purpose or thrown out of the
cache. Prints one JSON object; its `each` has one object a round. The target is 2 seconds for the larger party among the
most rows. `growth` is that by the same at the fewest rows: 1 means that the rows stored play no part.
"""

import argparse
import json
import os
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from benchmarks import crowd
from benchmarks.gate import PURPOSE, authorise

RELEASES = 100
PARTIES = {"few": 10, "many": 500}  # rows of each release in which the party is; times the releases: 1,000 and 50,000
STEPS = ("least", "middle", "most")  # of what is stored

_ROWS = """
INSERT INTO loop_export_row (export_id, position, row_id, decision_id, other_decision_id, side, pair_kind,
                             negative_kind, effective, authorisation_ids, contributor_ids, expires_on, territory, uses)
SELECT e.id, b.n - 1, md5(e.id || '|' || b.n), b.n, NULL, '', '', '', true, b.authorisations, b.people,
    current_date + 300, '{{}}', '{{"ai_generative_training": "allowed", "ai_training": "notAllowed"}}'
FROM loop_export e, bench_row b WHERE e.number BETWEEN {first} AND {last} AND b.n > {begin} AND b.n <= {end}
ORDER BY e.id, b.n
"""
_PEOPLE = """
CREATE TABLE bench_row AS
SELECT d.id AS n, array_agg(DISTINCT x.party ORDER BY x.party) AS people,
    array_agg(DISTINCT a.id ORDER BY a.id) AS authorisations
FROM loop_decision d
JOIN LATERAL (
    SELECT d.decided_by_id AS party
    UNION ALL SELECT c.contributor_id FROM loop_suggestion_contribution c WHERE c.suggestion_id = d.suggestion_id
) x ON true
JOIN (SELECT party_id, min(id) AS id FROM loop_authorisation GROUP BY party_id) a ON a.party_id = x.party
GROUP BY d.id
"""


def loaded(name: str, server: Any, most: int, options: argparse.Namespace) -> None:
    """The production with every decision that any release will hold, and a hundred releases without rows, one a day."""
    from loop.kernel.actor import SYSTEM
    from loop.kernel.clock import now
    from loop.suggestion.models import ModelVersion
    from loop.suggestion.terms import record_terms
    from tests.support.releases import stage

    show = stage("bench")
    model = ModelVersion.objects.create(label="north/notes@1", name="notes", created_at=now())
    record_terms(label=model.label, training_on_outputs="allowed", actor=SYSTEM)
    parties = crowd.people(show.production, crowd.PARTIES + len(PARTIES))
    authorise(show, parties)
    with server.connect(name) as admin:
        size = crowd.load(
            admin, rows=most // RELEASES, production=show.production.pk, model=model.pk,
            parties=parties[: crowd.PARTIES], seed=options.seed, distinct=True,
        )  # fmt: skip
        with crowd.freely(admin):
            fewest = min(options.stored) // RELEASES
            for party, rows in zip(parties[crowd.PARTIES :], PARTIES.values(), strict=True):
                admin.execute(
                    "INSERT INTO loop_suggestion_contribution (suggestion_id, contributor_id, capacity)"
                    " SELECT i * (%s / %s) + 1, %s, 'author_of_source' FROM generate_series(0, %s - 1) i",
                    [fewest, rows, party, rows],
                )
            admin.execute(_PEOPLE)
            admin.execute("CREATE UNIQUE INDEX ON bench_row (n)")
    _releases(show, size)


def _releases(show: Any, size: int) -> None:
    from loop.export import recipe as recipes
    from loop.export.models import Export
    from loop.gate.reasons import POLICY_VERSION
    from loop.kernel.clock import now
    from tests.support.releases import today

    Export.objects.bulk_create(
        Export(
            production=show.production, number=number, profile="signals", purpose=PURPOSE, recipient=show.recipient,
            recipe=recipes.write().stored(), checkpoint_size=size, gate_date=today(), order_digest=bytes(32),
            policy_version=POLICY_VERSION, state="published", ordered_at=now(),
            published_at=now() - timedelta(days=number),
        )
        for number in range(1, RELEASES + 1)
    )  # fmt: skip


def grown(admin: Any, before: int, after: int) -> None:
    """Every release goes from `before` to `after` rows: all but the last set-wise, the last with its indexes."""
    with crowd.freely(admin):
        indexes = [
            one[0] for one in admin.execute(
                "SELECT indexdef FROM pg_indexes WHERE tablename = 'loop_export_row' AND indexdef NOT LIKE '%UNIQUE%'"
            )
        ]  # fmt: skip
        for one in indexes:
            admin.execute(f"DROP INDEX {one.split()[2]}")
        part = {"begin": before, "end": after}
        admin.execute(_ROWS.format(first=1, last=RELEASES - 1, **part))
        for one in indexes:
            admin.execute(one)
        admin.execute("VACUUM ANALYZE loop_export_row")
        admin.execute(_ROWS.format(first=RELEASES, last=RELEASES, **part))


def asked(party: Any, expected: int) -> dict[str, float]:
    """Seconds of the preview, and of finding the rows by index and by sequential scan."""
    from django.db import connection, transaction

    from loop.kernel.actor import SYSTEM
    from loop.material.models import Production
    from loop.recall import trace
    from loop.recall.preview import preview
    from loop.recall.querysets import records_of

    records = records_of(party, Production.objects.get())
    began = perf_counter()
    report = preview(authorisations=records, actor=SYSTEM)
    spent = {"preview_s": perf_counter() - began}
    found = sum(one.rows for one in report.published)
    if found != expected or len(report.published) != RELEASES:
        raise SystemExit(f"expected {expected} rows of {RELEASES} releases, found {found}")
    values = {"party": party.pk, "states": list(trace.REACHABLE), "productions": None}
    for name, setting in (("index_s", "on"), ("scan_s", "off")):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL enable_bitmapscan = {setting}")
            cursor.execute(f"SET LOCAL enable_indexscan = {setting}")
            began = perf_counter()
            cursor.execute(trace._ROWS, values)  # noqa: SLF001  (the very statement)
            spent[name] = perf_counter() - began
    return spent


def measure(options: argparse.Namespace) -> list[dict[str, float]]:
    """The figures of each round, named by party and size."""
    from django.conf import settings

    from loop.people.models import Contributor
    from tests.support import databases

    server = databases.find_server(Path(os.environ["CIRCLED_HOME"]))
    template = databases.template(server)
    rounds: list[dict[str, float]] = [{} for _ in range(options.rounds)]
    with tempfile.TemporaryDirectory() as place, databases.clone(server, template, "bench_impact") as name:
        settings.MEDIA_ROOT = settings.KEYS_ROOT = Path(place)
        with databases.pointed_at(name), server.connect(name) as admin:
            loaded(name, server, max(options.stored), options)
            everybody = list(Contributor.objects.order_by("pk"))[crowd.PARTIES :]
            before = 0
            for step, stored in enumerate(options.stored):
                with crowd.timed(f"{stored} rows of {RELEASES} releases written"):
                    grown(admin, before, stored // RELEASES)
                before = stored // RELEASES
                for found in rounds:
                    for party, (words, rows) in zip(everybody, PARTIES.items(), strict=True):
                        said = asked(party, rows * RELEASES)
                        found |= {f"{words}_{key}_{STEPS[step]}": round(value, 3) for key, value in said.items()}
                print(f"{stored} stored: {rounds[-1]}", file=sys.stderr, flush=True)
    first, last = STEPS[0], STEPS[len(options.stored) - 1]
    for found in rounds:
        for words in PARTIES:
            found[f"{words}_growth"] = round(
                found[f"{words}_preview_s_{last}"] / found[f"{words}_preview_s_{first}"], 2
            )
            found[f"{words}_by_scan"] = round(found[f"{words}_scan_s_{last}"] / found[f"{words}_index_s_{last}"], 1)
    return rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stored", default="1000000,3000000,10000000", help="up to three sizes")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    options.stored = sorted(int(each) for each in options.stored.split(","))[: len(STEPS)]
    import django

    django.setup()
    print(json.dumps({"stored": options.stored, "seed": options.seed, "each": measure(options)}, indent=1))


if __name__ == "__main__":
    main()
