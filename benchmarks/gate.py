"""The consent gate over a large export, against the same export without it, in one run.

    python -m benchmarks.gate [--rows 1000000] [--seed 7] [--rounds 3] [--crowd scenes|distinct]

Once: a fresh clone of the migrated template takes `rows` decided suggestions with five contributors each
(`benchmarks/crowd.py`) and the authorisations of 400 parties, of which a few say nothing, no, too little or elsewhere.
Each round, in one process:

- with the gate: `loop.export.freeze.freeze` of an order for all rows, as a worker runs it: lock, candidates, erased
  texts, the gate, the rows and the exclusions with their indexes, counts, audit event, commit;
- without it: the same transaction minus the gate: candidates, erased texts, the rows with the same positions and names
  and empty lists where the gate's answers stand, the same indexes, commit.

`ratio` is (with - without) / without, the target at most 0.5. `gate_s` are the seconds within the sieve alone, and
`candidate_ratio` is that by the seconds of finding the candidates. The tables of the release are emptied between two
runs. Prints one JSON object. `scenes`: sets of people recur, as on a show; `distinct`: nearly every row has its own.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from benchmarks import crowd

EMPTIED = (
    "loop_export_row",
    "loop_export_exclusion",
    "loop_export_shard",
    "loop_export_row_dropped",
    "loop_recall_row",
)
CROWDS = ("scenes", "distinct")
MOST_ADDED = 0.5
PURPOSE = "ai_generative_training"
_WITHOUT = """
INSERT INTO loop_export_row (export_id, position, row_id, decision_id, other_decision_id, side, pair_kind,
                             negative_kind, effective, authorisation_ids, contributor_ids, expires_on, territory, uses)
SELECT %s, row_number() OVER (ORDER BY c.n) - 1, {name},
       c.decision_id, CASE WHEN c.pair_kind = 'revise' THEN c.decision_id ELSE c.other_decision_id END,
       coalesce(c.side, ''), coalesce(c.pair_kind, ''), coalesce(c.negative_kind, ''), c.effective,
       '{{}}', '{{}}', NULL, '{{}}', '{{}}'
FROM candidates c JOIN loop_decision d ON d.id = c.decision_id LEFT JOIN loop_decision o ON o.id = c.other_decision_id
ORDER BY c.n
"""


def authorise(show: Any, parties: list[int]) -> None:
    """Everybody allows, by one to three records; but a few: nothing said, no, a condition, elsewhere, disagreement."""
    from loop.consent.evidence import document_of
    from loop.consent.grant import GrantTerms, grant_many
    from loop.kernel.actor import SYSTEM
    from loop.people.models import Contributor
    from tests.support.releases import YEAR, today

    everybody = list(Contributor.objects.filter(pk__in=parties).order_by("pk"))
    code = [show.recipient.code]

    def grants(these: list[Any], value: str, **changes: Any) -> None:
        terms: dict[str, Any] = {
            "production": show.production, "uses": {PURPOSE: value}, "basis": "consent", "recipients": code,
            "evidence": document_of("rider.txt", b"I allow it. Signed.", kind="rider"),
            "valid_from": today() - YEAR, "valid_until": today() + YEAR,
        }  # fmt: skip
        grant_many(parties=these, given=GrantTerms(**(terms | changes)), actor=SYSTEM)

    grants([one for place, one in enumerate(everybody) if place not in {3, 217}], "allowed")
    grants(everybody[::3], "allowed", production=None, material_kinds=["suggestion", "script"])
    grants(everybody[1::4], "allowed", basis="contract_licence", territory=["US", "CA"])
    grants(everybody[217:218], "constrained")
    grants(everybody[129:130], "notAllowed")


def loaded(name: str, server: Any, options: argparse.Namespace) -> int:
    """Fills the database; the size of the log that covers all decisions."""
    from loop.kernel.actor import SYSTEM
    from loop.kernel.clock import now
    from loop.suggestion.models import ModelVersion
    from loop.suggestion.terms import record_terms
    from tests.support.releases import stage

    show = stage("bench")
    model = ModelVersion.objects.create(label="north/notes@1", name="notes", created_at=now())
    record_terms(label=model.label, training_on_outputs="allowed", actor=SYSTEM)
    parties = crowd.people(show.production)
    authorise(show, parties)
    with server.connect(name) as admin:
        return crowd.load(
            admin, rows=options.rows, production=show.production.pk, model=model.pk, parties=parties, seed=options.seed,
            distinct=options.crowd == "distinct",
        )  # fmt: skip


def ordered(number: int, size: int) -> Any:
    """An order for everything, claimed: what a worker finds."""
    from loop.consent.models import Recipient
    from loop.export import recipe as recipes
    from loop.export.models import Export
    from loop.export.rules import ORDERED
    from loop.gate.reasons import POLICY_VERSION
    from loop.kernel.clock import now
    from loop.material.models import Production
    from tests.support.releases import today

    return Export.objects.create(
        production=Production.objects.get(), number=number, profile="signals", purpose=PURPOSE,
        recipient=Recipient.objects.get(), recipe=recipes.write().stored(), checkpoint_size=size, gate_date=today(),
        order_digest=bytes(32), policy_version=POLICY_VERSION, state=ORDERED, lease_token=uuid4(), ordered_at=now(),
    )  # fmt: skip


def with_gate(export: Any) -> dict[str, float]:
    """Seconds of the worker's freeze, of the candidates in it and of the sieve in it; what it let through."""
    from loop.export import candidates
    from loop.export.freeze import freeze

    inside: dict[str, float] = {}
    real = {name: getattr(candidates, name) for name in ("sieve", "make_candidates")}

    def watched(name: str) -> Any:
        def call(*words: Any, **named: Any) -> Any:
            began = perf_counter()
            found = real[name](*words, **named)
            inside[name] = perf_counter() - began
            return found

        return call

    for name in real:
        setattr(candidates, name, watched(name))
    began = perf_counter()
    try:
        frozen = freeze(export.pk, export.lease_token)
    finally:
        for name, function in real.items():
            setattr(candidates, name, function)
    spent = perf_counter() - began
    if frozen is None or not frozen.rows_included:
        raise SystemExit("expected frozen rows, found none")
    return {
        "with_s": spent, "gate_s": inside["sieve"], "candidates_s": inside["make_candidates"],
        "rows": frozen.rows_considered, "included": frozen.rows_included,
    }  # fmt: skip


def without_gate(export: Any) -> float:
    """Seconds of the same transaction with nobody asked."""
    from django.db import connection, transaction

    from loop.consent import lock
    from loop.export import candidates
    from loop.export.keys import ROW_ID_SQL, Pseudonyms
    from loop.signal.pairs import make_candidates

    outer, inner = Pseudonyms(recipient=export.recipient.code, order_digest=bytes(export.order_digest)).row_pads
    name = ROW_ID_SQL.format(message="d.uid::text || '|' || coalesce(o.uid::text, '') || '|' || coalesce(c.side, '')")
    began = perf_counter()
    with transaction.atomic(durable=True):
        lock.hold([export.production_id])
        with connection.cursor() as cursor:
            make_candidates(
                cursor, profile=export.profile, production_id=export.production_id, cutoff_size=export.checkpoint_size
            )
            cursor.execute(candidates._ERASED)  # noqa: SLF001  (the very statement that the freeze runs)
            cursor.execute(_WITHOUT.format(name=name), [export.pk, outer, inner])
    return perf_counter() - began


def emptied(server: Any, name: str) -> None:
    """No run finds what another left."""
    with server.connect(name) as admin, crowd.freely(admin):
        for table in EMPTIED:
            admin.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        admin.execute(f"TRUNCATE {', '.join(EMPTIED)} CASCADE")
        admin.execute("CHECKPOINT")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    from django.conf import settings

    from tests.support import databases

    server = databases.find_server(Path(os.environ["CIRCLED_HOME"]))
    template = databases.template(server)
    found: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as place, databases.clone(server, template, "bench_gate") as name:
        settings.MEDIA_ROOT = settings.KEYS_ROOT = Path(place)
        with databases.pointed_at(name):
            with crowd.timed(f"{options.rows} suggestions written"):
                size = loaded(name, server, options)
            for number in range(options.rounds):
                emptied(server, name)
                bare = without_gate(ordered(2 * number + 1, size))
                emptied(server, name)
                found.append({"without_s": bare, **with_gate(ordered(2 * number + 2, size))})
                print(f"round {number + 1}: {found[-1]}", file=sys.stderr, flush=True)
    for one in found:
        one["ratio"] = (one["with_s"] - one["without_s"]) / one["without_s"]
        one["candidate_ratio"] = one["gate_s"] / one["candidates_s"]
    return {
        "crowd": options.crowd, "seed": options.seed, "rounds": options.rounds,
        **{key: round(statistics.median(one[key] for one in found), 2) for key in found[0]},
        "spread": [round(pick(one["ratio"] for one in found), 2) for pick in (min, max)],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--crowd", choices=CROWDS, default=CROWDS[0])
    options = parser.parse_args()
    import django

    django.setup()
    print(json.dumps(measure(options), indent=1))


if __name__ == "__main__":
    main()
