"""The consent gate over a large export, against the same export without it, in one run.

    python -m benchmarks.gate [--rows 1000000] [--seed 7] [--rounds 3] [--crowd both|scenes|distinct]

Once: a fresh clone of the migrated template takes `rows` decided suggestions with five contributors each
(`benchmarks/crowd.py`) and the authorisations of 400 parties, of which a few say nothing, no, too little or elsewhere.
Each round, in one process, the tables of the release emptied before each:

- with the gate: `loop.export.freeze.freeze` of an order for all rows, as a worker runs it: lock, candidates, erased
  texts, the gate, the rows and the exclusions with their indexes, counts, audit event, commit. `gate_s` are the seconds
  within `loop.gate.sieve.sieve`, all of its statements;
- bare: the same transaction with nobody asked: candidates, erased texts, all rows with the same positions and names and
  empty lists where the gate's answers stand, the same indexes, commit.

`added_to_bare` is the whole freeze by the bare one, minus 1: what the gate adds to an export, with the writing of who
is involved and under which authorisation into each row, and its index; the target is at most 0.5. `added` is the gate
alone by the rest of the same freeze. Both are taken of the processor's time of the database's backend, which a busy
machine disturbs less than seconds; `added_wall` is `added` by the clock. Prints one JSON object; its `each` has one
object a round, every name with its crowd. `scenes`: sets of people recur, as on a show; `distinct`: nearly every row
has its own, the worst case.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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


def loaded(name: str, server: Any, options: argparse.Namespace, kind: str) -> int:
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
            distinct=kind == "distinct",
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


@contextmanager
def counted(name: str, found: dict[str, float]) -> Iterator[None]:
    """Adds the seconds of the block, and those of the processor in the backend of this connection."""
    import psutil
    from django.db import connection

    connection.ensure_connection()
    backend = psutil.Process(connection.connection.info.backend_pid)
    began, before = perf_counter(), sum(backend.cpu_times()[:2])
    yield
    found[f"{name}_s"] = perf_counter() - began
    found[f"{name}_cpu_s"] = sum(backend.cpu_times()[:2]) - before


def with_gate(export: Any, found: dict[str, float]) -> None:
    """The worker's freeze; beside it the seconds of the sieve within."""
    from loop.export import candidates
    from loop.export.freeze import freeze

    real = candidates.sieve

    def watched(*words: Any, **named: Any) -> None:
        with counted("gate", found):
            real(*words, **named)

    candidates.sieve = watched
    try:
        with counted("with", found):
            frozen = freeze(export.pk, export.lease_token)
    finally:
        candidates.sieve = real
    if frozen is None or not frozen.rows_included:
        raise SystemExit("expected frozen rows, found none")
    found["included"] = frozen.rows_included


def without_gate(export: Any, found: dict[str, float]) -> None:
    """The same transaction with nobody asked."""
    from django.db import connection, transaction

    from loop.consent import lock
    from loop.export import candidates
    from loop.export.keys import ROW_ID_SQL, Pseudonyms
    from loop.signal.pairs import make_candidates

    outer, inner = Pseudonyms(recipient=export.recipient.code, order_digest=bytes(export.order_digest)).row_pads
    name = ROW_ID_SQL.format(message="d.uid::text || '|' || coalesce(o.uid::text, '') || '|' || coalesce(c.side, '')")
    with counted("bare", found), transaction.atomic(durable=True):
        lock.hold([export.production_id])
        with connection.cursor() as cursor:
            make_candidates(
                cursor, profile=export.profile, production_id=export.production_id, cutoff_size=export.checkpoint_size
            )
            cursor.execute(candidates._ERASED)  # noqa: SLF001  (the very statement that the freeze runs)
            cursor.execute(_WITHOUT.format(name=name), [export.pk, outer, inner])


def emptied(server: Any, name: str) -> None:
    """No run finds what another left."""
    with server.connect(name) as admin, crowd.freely(admin):
        for table in EMPTIED:
            admin.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        admin.execute(f"TRUNCATE {', '.join(EMPTIED)} CASCADE")
        admin.execute("CHECKPOINT")


def measure(options: argparse.Namespace, kind: str) -> list[dict[str, float]]:
    """The rounds of one crowd, on a database of its own."""
    from django.conf import settings

    from tests.support import databases

    server = databases.find_server(Path(os.environ["CIRCLED_HOME"]))
    template = databases.template(server)
    rounds: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as place, databases.clone(server, template, "bench_gate") as name:
        settings.MEDIA_ROOT = settings.KEYS_ROOT = Path(place)
        with databases.pointed_at(name):
            with crowd.timed(f"{options.rows} suggestions written, {kind}"):
                size = loaded(name, server, options, kind)
            for number in range(options.rounds):
                found: dict[str, float] = {}
                emptied(server, name)
                without_gate(ordered(2 * number + 1, size), found)
                emptied(server, name)
                with_gate(ordered(2 * number + 2, size), found)
                for added, unit in (("added", "cpu_s"), ("added_wall", "s")):
                    found[added] = found[f"gate_{unit}"] / (found[f"with_{unit}"] - found[f"gate_{unit}"])
                found["added_to_bare"] = found["with_cpu_s"] / found["bare_cpu_s"] - 1
                rounds.append({f"{key}_{kind}": round(value, 2) for key, value in found.items()})
                print(f"round {number + 1}: {rounds[-1]}", file=sys.stderr, flush=True)
    return rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--crowd", choices=("both", *CROWDS), default="both")
    options = parser.parse_args()
    import django

    django.setup()
    rounds: list[dict[str, float]] = [{} for _ in range(options.rounds)]
    for kind in CROWDS if options.crowd == "both" else [options.crowd]:
        for number, more in enumerate(measure(options, kind)):
            rounds[number] |= more
    print(json.dumps({"rows": options.rows, "seed": options.seed, "each": rounds}, indent=1))


if __name__ == "__main__":
    main()
