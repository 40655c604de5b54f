"""What the finished files hold, counted from the files themselves: the card and the manifest state nothing else."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from loop.export.columns import Shape
from loop.export.splits import split_of_file

T = TypeVar("T", date, str)

COUNTED = ("fb_verdict", "fb_decider_role", "fb_stage", "fb_kind", "fb_model", "fb_output_owner")
USES = ("fb_use_generative_training", "fb_use_training", "fb_use_inference", "fb_use_data_mining")


@dataclass(slots=True)
class SplitTally:
    """Counts over the rows of one split. `labels` is {value of the label's column: rows}, `briefs` their names."""

    rows: int = 0
    briefs: set[bytes] = field(default_factory=set)
    labels: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Tally:
    """Counts over all rows of a release. `values` is {column: {value: rows}}; `auths` is {pseudonym: rows}."""

    rows: int = 0
    values: dict[str, Counter[str]] = field(default_factory=dict)
    auths: Counter[str] = field(default_factory=Counter)
    expires_on: date | None = None
    first_month: str | None = None
    last_month: str | None = None
    without_prompt: int = 0
    splits: dict[str, "SplitTally"] = field(default_factory=dict)  # none where there is one split

    def of(self, column: str) -> dict[str, int]:
        """{value: rows} of a counted column, most rows first, then by value."""
        counter = self.values.get(column, Counter())
        return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def tally(paths: Iterable[Path], shape: Shape, *, splits: Sequence[str] = ()) -> Tally:
    """Reads the counted columns of the files, one row group at a time; `splits`: counts of each of these too."""
    counted = tuple(dict.fromkeys((*COUNTED, *USES, *shape.origins, shape.label_balance)))
    columns = [*counted, "fb_auth_ids", "fb_expires_on", "fb_decided_on", "fb_prompt_recorded"]
    columns += ["fb_brief"] if splits else []
    found = Tally(
        values={name: Counter() for name in counted}, splits={name: SplitTally() for name in splits}
    )  # fmt: skip
    for path in paths:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=columns)
                found.rows += table.num_rows
                if splits:
                    _count_split(found.splits[split_of_file(path.name)], table, shape.label_balance)
                for name in counted:
                    _count(found.values[name], table.column(name))
                _count(found.auths, pc.list_flatten(table.column("fb_auth_ids")))
                found.without_prompt += table.num_rows - (pc.sum(table.column("fb_prompt_recorded")).as_py() or 0)
                found.expires_on = _least(found.expires_on, pc.min(table.column("fb_expires_on")).as_py())
                months = pc.min_max(table.column("fb_decided_on")).as_py()
                found.first_month = _least(found.first_month, months["min"])
                found.last_month = max(filter(None, (found.last_month, months["max"])), default=None)
    return found


def _count_split(split: SplitTally, table: pa.Table, label: str) -> None:
    split.rows += table.num_rows
    split.briefs.update(bytes.fromhex(name) for name in pc.unique(table.column("fb_brief")).to_pylist())
    _count(split.labels, table.column(label))


def _count(counter: Counter[str], column: object) -> None:
    for pair in pc.value_counts(column).to_pylist():
        value = pair["values"]
        if value is not None:
            counter[str(value).lower() if isinstance(value, bool) else value] += pair["counts"]


def _least(one: T | None, other: T | None) -> T | None:
    return min(filter(None, (one, other)), default=None)
