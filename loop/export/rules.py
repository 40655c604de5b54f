"""States of a release, what a death in each of them leaves behind, and the fixed numbers of its building. Pure.

The row of the export is the truth; messages only say "look at it", so they may be lost, late or doubled.

| state     | the next step                | if the process dies in this state                                 |
|-----------|------------------------------|-------------------------------------------------------------------|
| ordered   | freeze: membership, in one   | the transaction rolls back whole; the lease runs out, the sweep   |
|           | transaction                  | names the release again, membership is frozen once                |
| frozen    | open: shards may be claimed  | nothing was written; one conditional UPDATE, repeated freely      |
| building  | build: shards, each under    | a half-written file has the lease's token in its name and is      |
|           | its own lease                | never looked at; the lease runs out and another worker writes the |
|           |                              | same bytes under the same name                                    |
| verifying | assemble the folder, verify  | all in the folder are facts of the database, so it is assembled   |
|           | it, publish                  | again to the same bytes; a manifest that is already in the log    |
|           |                              | is not logged twice                                               |
| awaiting  | none until a second person   | as published; the verified folder lies in its place, is served to |
|           | approves (verifying) or      | nobody, and is put together again after the approval              |
|           | refuses (cancelled)          |                                                                   |
| published | none                         | the state and the audit event are one transaction                 |
| failed    | none until a person retries  | as published                                                      |
| cancelled | none                         | as published                                                      |

From verifying a release goes back to building when the last look at consent takes rows out: the touched shards are
written again, and the lock is not held meanwhile. It goes to awaiting when it is to leave the studio and nobody has
approved it; an approval that comes earlier is found then, and it is published at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ORDERED, FROZEN, BUILDING, VERIFYING = "ordered", "frozen", "building", "verifying"
AWAITING = "awaiting"
PUBLISHED, FAILED, CANCELLED = "published", "failed", "cancelled"

UNFINISHED = (ORDERED, FROZEN, BUILDING, VERIFYING)  # the next step is a worker's
ALLOWED: Mapping[str, frozenset[str]] = {
    ORDERED: frozenset({FROZEN, FAILED, CANCELLED}),
    FROZEN: frozenset({BUILDING, FAILED, CANCELLED}),
    BUILDING: frozenset({VERIFYING, FAILED, CANCELLED}),
    VERIFYING: frozenset({BUILDING, AWAITING, PUBLISHED, FAILED, CANCELLED}),
    AWAITING: frozenset({VERIFYING, BUILDING, CANCELLED}),  # building: an erasure took rows out
    PUBLISHED: frozenset(),
    FAILED: frozenset({ORDERED, FROZEN}),
    CANCELLED: frozenset(),
}

MAX_ATTEMPTS = 5  # a step or a shard that dies this often is poisonous: a person must look
LEASE_S = 60  # on the database's clock
HEARTBEAT_S = 10  # six chances to renew a lease
ROWS_PER_SHARD = 50_000
ROWS_PER_GROUP = 5_000  # about 10 MB of text at 2 kB a row: what a streaming reader holds at once
SMALLEST_COUNT = 5  # a smaller number of refused rows could point at a person

FORMAT_VERSION = "1"
MANIFEST, ENVELOPE = "manifest.json", "manifest.dsse.json"
PROOF, EVENT, KEY = "audit/export.tlog-proof", "audit/event.json", "audit/log.vkey"
CONSENTS = "consents.jsonl"
CROISSANT, DPS = "croissant.json", "dps.json"
OF_SUGGESTIONS = ("stages", "kinds", "models", "origins", "briefs")
DAYS = ("decided_from", "decided_until")  # one value each, YYYY-MM-DD, both included
OF_ROWS = ("outcomes", "reasons", "roles", "people", *DAYS)
FILTERS = (*OF_SUGGESTIONS, *OF_ROWS)
KEPT_INSIDE = frozenset({"briefs", "people"})  # filters whose values name what a recipient may not know: their number
LABEL_POLICIES = ("every_decision", "latest_per_person", "lead_wins", "majority")
LABELLED_OUTCOMES = ("accept", "reject", "revise")

# Column names that trainers switch on (TRL 1.16); a column of ours with such a name changes how a model is trained.
TRAINER_WORDS = frozenset(
    {
        "image",
        "images",
        "tools",
        "chat_template_kwargs",
        "messages",
        "text",
        "labels",
        "margin",
        "ref_chosen_logps",
        "ref_rejected_logps",
        "prompt_ids",
        "chosen_ids",
        "rejected_ids",
        "completion_ids",
        "seq_lengths",
        "completion_mask",
    }
)


@dataclass(frozen=True, slots=True)
class Slice:
    """Positions [first, end) of one shard."""

    number: int
    first: int
    end: int
    split: str = "train"


def may_become(state: str, following: str) -> bool:
    """Whether a release in `state` may go to `following`."""
    return following in ALLOWED[state]


def slices(rows: int, rows_per_shard: int) -> list[Slice]:
    """The shards of `rows` frozen positions; no rows still make one shard, so that the folder has a file to load."""
    if rows_per_shard < 1:
        raise ValueError(f"expected at least one row a shard, found {rows_per_shard}")
    count = max(1, -(-rows // rows_per_shard))
    return [Slice(n, n * rows_per_shard, min(rows, (n + 1) * rows_per_shard)) for n in range(count)]


def split_slices(rows: Sequence[tuple[str, int]], rows_per_shard: int) -> list[Slice]:
    """The shards of splits that follow one another, (name, rows) each. A split without rows has none; if none has rows,
    the first has one shard.
    """
    found: list[Slice] = []
    first = 0
    for name, count in [each for each in rows if each[1]] or rows[:1]:
        parts = slices(count, rows_per_shard)
        found += [Slice(len(found) + each.number, first + each.first, first + each.end, name) for each in parts]
        first += count
    return found


def suppressed(counts: Mapping[str, int]) -> dict[str, int | str]:
    """Counts as they may leave the house: small ones read "<5".

    If exactly one is small, a total from elsewhere would give it away, so the next larger one loses its number too
    and reads "5 or more".
    """
    small = {code for code, n in counts.items() if 0 < n < SMALLEST_COUNT}
    out: dict[str, int | str] = {
        code: f"<{SMALLEST_COUNT}" if code in small else n for code, n in sorted(counts.items()) if n > 0
    }
    rest = sorted((n, code) for code, n in counts.items() if n >= SMALLEST_COUNT)
    if len(small) == 1 and rest:
        out[rest[0][1]] = f"{SMALLEST_COUNT} or more"
    return out


def folder_name(production_code: str, number: int, profile: str) -> str:
    """The name a release folder has on disk: letters, digits, dashes and underscores."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in production_code.lower())
    return f"{safe}-e{number}-{profile.replace('_', '-')}"


def shard_file(number: int, count: int, split: str = "train") -> str:
    """The name of a shard in the folder, as `datasets` and the Hub write it."""
    return f"{split}-{number:05d}-of-{count:05d}.parquet"
