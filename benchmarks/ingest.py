"""Bulk ingest against COPY of the same rows into the same tables, in one run; and its peak memory.

    python -m benchmarks.ingest [--decisions 50000] [--seed 7] [--rounds 3]

Each round: a fresh clone of the migrated template takes the generated file through `ingest` in a process of its own
(imports not counted, commit counted); the rows it wrote are copied out, and a second fresh clone takes them by COPY in
one transaction with the same constraints, triggers and indexes. Prints one JSON object; the ratio is COPY's time by
ingest's. The target is a fifth, and 400 MiB of peak memory.
"""

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

TABLES = (
    "loop_production", "loop_contributor", "loop_credit", "loop_model_version", "loop_media", "loop_material",
    "loop_brief", "loop_audit_event", "loop_audit_pending", "loop_audit_payload", "loop_suggestion",
    "loop_suggestion_text", "loop_suggestion_material", "loop_suggestion_contribution", "loop_decision",
    "loop_decision_text", "loop_decision_span", "loop_signal",
)  # fmt: skip
WORDS = (
    "ferry", "leaves", "without", "her", "nobody", "on", "the", "pier", "looks", "up", "while", "he", "counts", "lamps",
    "letter", "night", "water", "deck", "door", "quiet", "hand", "window", "again", "turns", "slowly", "light",
)  # fmt: skip
REASONS = ("story.tone", "story.clarity", "story.cliche", "continuity.prop", "performance.emotion", "preference.taste")
MIB = 2**20


def words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(WORDS, k=count))


def lines(decisions: int, seed: int) -> Iterator[dict[str, Any]]:
    """Suggestions in groups of four with 1.25 decisions each; a fifth have a rationale, spans or a revision."""
    chance = random.Random(seed)
    made = number = 0
    while made < decisions:
        content = words(chance, chance.randint(20, 80))
        told = []
        for place in range(min(decisions - made, 2 if chance.random() < 0.25 else 1)):
            outcome = chance.choices(("accept", "reject", "revise"), weights=(3, 5, 2))[0]
            decision: dict[str, Any] = {
                "outcome": outcome, "decided_by": f"writer-{chance.randrange(40):02d}",
                "decided_at": f"2026-05-{1 + number % 28:02d}T10:{number % 60:02d}:{place:02d}Z",
                "reasons": [] if outcome == "accept" else [chance.choice(REASONS)],
                "active_ms": chance.randint(900, 60_000),
            }  # fmt: skip
            if outcome == "revise":
                decision["revised_content"] = words(chance, 40)
            if chance.random() < 0.2:
                decision |= {"rationale": words(chance, 15), "spans": [{"start": 0, "end": 12, "label": "opening"}]}
            told.append(decision)
        made += len(told)
        yield {
            "external_id": f"b:{number}", "group_id": f"b:{number // 4}", "kind": "script_note", "stage": "development",
            "prompt": words(chance, 60), "content": content, "model": f"north/notes@{number % 3}",
            "created_at": "2026-05-01T10:00:00Z", "latency_ms": chance.randint(200, 4000), "cost_usd": "0.0031",
            "tokens_in": 900, "tokens_out": 120, "decisions": told, "meta": {"probability": chance.random()},
        }  # fmt: skip
        number += 1


def child(path: Path) -> None:
    """One ingest in this process; prints seconds and peak memory."""
    import django

    django.setup()
    from fractions import Fraction

    from loop.intake.ingest import ingest
    from loop.kernel.actor import SYSTEM
    from loop.material.register import add_production

    production = add_production(code="BENCH", title="Benchmark", rate=Fraction(24), actor=SYSTEM)
    began = time.perf_counter()
    report = ingest(lines=path, production=production, actor=SYSTEM, source="benchmark")
    seconds = time.perf_counter() - began
    if not report.kept:
        raise SystemExit(f"expected a good file, found {report.errors[:3]}")
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(json.dumps({"seconds": seconds, "peak_mib": peak / MIB, "decisions": report.decisions_new}))


def one_round(path: Path, folder: Path) -> tuple[dict[str, float], float]:
    """What the child says of its ingest, and the seconds of COPY of the same rows."""
    import psycopg

    from tests.support import databases

    server = databases.find_server(Path(os.environ["CIRCLED_HOME"]))
    template = databases.template(server)
    with databases.clone(server, template, "bench_ingest") as name:
        environment = {
            **os.environ, "DATABASE_URL": server.runtime.uri(name), "DATABASE_OWNER_URL": server.owner.uri(name),
        }  # fmt: skip
        command = [sys.executable, "-m", "benchmarks.ingest", "--child", str(path)]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        with psycopg.connect(server.admin.uri(name)) as source:
            for table in TABLES:
                with (
                    (folder / table).open("wb") as file,
                    source.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)") as out,
                ):
                    for block in out:
                        file.write(block)
    with databases.clone(server, template, "bench_copy") as name, psycopg.connect(server.admin.uri(name)) as target:
        target.execute("SET ROLE circled_app")
        target.commit()
        began = time.perf_counter()
        for table in TABLES:
            with (
                (folder / table).open("rb") as file,
                target.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)") as into,
            ):
                while block := file.read(1 << 18):
                    into.write(block)
        target.commit()
        seconds = time.perf_counter() - began
    return json.loads(done.stdout.splitlines()[-1]), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child)
        return
    import django

    django.setup()
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "lines.jsonl"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines(options.decisions, options.seed))
        rounds = [one_round(path, Path(place)) for _ in range(options.rounds)]
    ingested = statistics.median(said["seconds"] for said, _ in rounds)
    copied = statistics.median(seconds for _, seconds in rounds)
    print(json.dumps({
        "decisions": options.decisions, "seed": options.seed, "rounds": options.rounds,
        "ingest_s": round(ingested, 2), "copy_s": round(copied, 2), "ratio": round(copied / ingested, 3),
        "decisions_per_s": round(options.decisions / ingested),
        "peak_mib": round(max(said["peak_mib"] for said, _ in rounds)),
    }, indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
