"""What screening costs bulk ingest: the same file with every family off and at the standard levels, in one run.

    python -m benchmarks.screening [--decisions 10000] [--seed 7] [--rounds 3]

Each round takes the generated file (benchmarks/ingest.py) into a fresh clone of the migrated template twice, in a
process of its own each: once off, once on, the order changing by round. Seconds are of the processor, of that process:
the detectors are its work alone, and another's load does not count. Prints one JSON object; `cost` is the share by
which screening lengthens ingest, and must stay under 0.25.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")


def child(path: Path, level: str) -> None:
    """One ingest in this process; prints its seconds."""
    import django

    django.setup()
    from fractions import Fraction

    from loop.consent.govern import govern
    from loop.intake.ingest import ingest
    from loop.kernel.actor import SYSTEM
    from loop.material.register import add_production
    from loop.screening.codes import FAMILIES

    production = add_production(code="BENCH", title="Benchmark", rate=Fraction(24), actor=SYSTEM)
    govern(production=production, actor=SYSTEM, screening=dict.fromkeys(FAMILIES, level))
    wall, began = time.perf_counter(), time.process_time()
    report = ingest(lines=path, production=production, actor=SYSTEM, source="benchmark")
    if not report.kept or report.quarantined:
        raise SystemExit(f"expected a good file, found {report.errors[:3]} and {report.quarantined} held")
    print(json.dumps({"cpu_s": time.process_time() - began, "wall_s": time.perf_counter() - wall}))


def one(path: Path, level: str) -> dict[str, float]:
    """What a child says of its ingest at a level, on a fresh database."""
    from tests.support import databases

    server = databases.find_server(Path(os.environ["CIRCLED_HOME"]))
    with databases.clone(server, databases.template(server), "bench_screening") as name:
        environment = {
            **os.environ, "DATABASE_URL": server.runtime.uri(name), "DATABASE_OWNER_URL": server.owner.uri(name),
        }  # fmt: skip
        command = [sys.executable, "-m", "benchmarks.screening", "--child", str(path), "--level", level]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    said: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--level", default="standard", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.level)
        return
    import django

    django.setup()
    from benchmarks.ingest import lines

    found: dict[str, list[dict[str, float]]] = {"off": [], "standard": []}
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "lines.jsonl"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines(options.decisions, options.seed))
        for number in range(options.rounds):
            for level in sorted(found, reverse=bool(number % 2)):
                found[level].append(one(path, level))
    spent = {level: statistics.median(each["cpu_s"] for each in said) for level, said in found.items()}
    wall = {level: statistics.median(each["wall_s"] for each in said) for level, said in found.items()}
    print(json.dumps({
        "decisions": options.decisions, "seed": options.seed, "rounds": options.rounds,
        "cost": round(spent["standard"] / spent["off"] - 1, 3),
        "off_cpu_s": round(spent["off"], 2), "on_cpu_s": round(spent["standard"], 2),
        "off_wall_s": round(wall["off"], 2), "on_wall_s": round(wall["standard"], 2),
    }, indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
