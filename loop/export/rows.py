"""The worker's SELECT, and how its raw columns become the columns of the file. The allow-list of what leaves the house.

The rows come from the frozen membership only: `loop_export_row` between two positions, without those that the last
check dropped. Nothing here filters, so a shard written twice has the same bytes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from loop.export.columns import MESSAGE, SPAN, Column, Make, Shape
from loop.export.keys import Pseudonyms, text_digest_sql
from loop.signal.kinds import steps

DIGEST = Column(
    "fb_content_sha256", pa.string(), "",
    "SHA-256 over the row's texts, each as `<bytes>:<UTF-8>,` in the order given below (null is `-,`; a list is the "
    "text that its pieces make).",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Constants:
    """What is the same in every row of a release."""

    labels: str
    policy_version: str
    checkpoint: int  # the size of the log as of the order

    def fill(self, expression: str) -> str:
        """`expression` with its placeholders replaced by SQL literals."""
        filled = expression.replace("%(labels)s", _literal(self.labels))
        filled = filled.replace("%(policy_version)s", _literal(self.policy_version))
        return filled.replace("%(checkpoint)s", f"{self.checkpoint:d}")


def columns(shape: Shape) -> tuple[Column, ...]:
    """All columns of a file of this profile, in order."""
    return (*shape.columns, DIGEST)


def schema(shape: Shape) -> pa.Schema:
    """The Arrow schema of a file of this profile."""
    return pa.schema([column.field for column in columns(shape)])


def select(shape: Shape, *, export_id: int, first: int, end: int, constants: Constants) -> str:
    """The SELECT of positions [first, end), ordered by position. No parameters, so that COPY can run it too."""
    wanted: list[str] = []
    sources: dict[str, str] = {}
    for column in shape.columns:
        if isinstance(column.sql, Mapping):
            wanted += [f'{sql} AS "{column.name}.{part}"' for part, sql in column.sql.items()]
            sources[column.name] = f"({column.whole})"
        else:
            sources[column.name] = f"({constants.fill(column.sql)})"
            wanted.append(f'{sources[column.name]}{_cast(column)} AS "{column.name}"')
    wanted.append(f'{text_digest_sql(*(f"{sources[name]}::text" for name in shape.digested))} AS "{DIGEST.name}"')
    listed = ",\n    ".join(wanted)
    return (  # every part is a constant of this house, an integer or an escaped literal
        f"SELECT {listed}\n{constants.fill(shape.joins)}\n"  # noqa: S608
        f"WHERE r.export_id = {export_id:d} AND r.position >= {first:d} AND r.position < {end:d}\n"
        "  AND NOT EXISTS (SELECT FROM loop_export_row_dropped gone WHERE gone.row_id = r.id)\n"
        "ORDER BY r.position"
    )


class Transformer:
    """Turns batches of the SELECT into tables of the file's schema."""

    def __init__(self, shape: Shape, *, names: Pseudonyms, authorisations: Mapping[int, UUID]) -> None:
        self._columns = columns(shape)
        self._schema = schema(shape)
        self._names = names
        keys = sorted(authorisations)
        self._auth_keys = pa.array(keys, pa.int64())
        self._auth_names = pa.array([names.of("auth", authorisations[key]) for key in keys], pa.string())

    def tables(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
        """One table a batch."""
        for batch in batches:
            yield self.table(batch)

    def table(self, batch: pa.RecordBatch) -> pa.Table:
        """The batch in the file's schema. Raises KeyError for a row that names an authorisation nobody loaded."""
        arrays = [self._make(column, batch) for column in self._columns]
        fitting = [
            array if array.type == column.type else pc.cast(array, column.type)
            for array, column in zip(arrays, self._columns, strict=True)
        ]
        return pa.Table.from_arrays(fitting, schema=self._schema)

    def _make(self, column: Column, batch: pa.RecordBatch) -> pa.Array:
        match column.make:
            case Make.PSEUDONYM:
                return self._pseudonyms(column, _storage(batch.column(column.name)))
            case Make.AUTHS:
                return self._auths(batch.column(column.name))
            case Make.SPANS:
                return _spans(column, batch)
            case Make.MESSAGES:
                return _messages(column, batch)
            case Make.STEPS:
                return pa.array([parts for parts, _ in _steps(column.name, batch)], column.type)
            case Make.STEP_LABELS:
                return pa.array([labels for _, labels in _steps(column.what, batch)], column.type)
            case Make.PLAIN:
                return batch.column(column.name)

    def _pseudonyms(self, column: Column, uids: pa.Array) -> pa.Array:
        encoded = uids.dictionary_encode()
        names = pa.array([self._names.of(column.what, uid.as_py()) for uid in encoded.dictionary], pa.string())
        return names.take(encoded.indices)

    def _auths(self, lists: pa.Array) -> pa.Array:
        places = pc.index_in(lists.flatten(), value_set=self._auth_keys)
        if places.null_count:
            raise KeyError("a frozen row names an authorisation that is not among those of its release")
        return pa.ListArray.from_arrays(_offsets(lists), self._auth_names.take(places))


def _spans(column: Column, batch: pa.RecordBatch) -> pa.Array:
    parts = {name: batch.column(f"{column.name}.{name}") for name in SPAN.names}
    lists = parts["target"]
    values = [pc.cast(parts[field.name].flatten(), field.type) for field in SPAN]
    return pa.ListArray.from_arrays(_offsets(lists), pa.StructArray.from_arrays(values, fields=list(SPAN)))


def _messages(column: Column, batch: pa.RecordBatch) -> pa.Array:
    roles = list(column.sql)
    rows = batch.num_rows
    said = [pc.cast(batch.column(f"{column.name}.{role}"), pa.string()) for role in roles]
    # Row by row: the first turn of row 0, its second, the first of row 1 ...
    order = pa.array([turn * rows + row for row in range(rows) for turn in range(len(roles))], pa.int64())
    words = pa.concat_arrays(said).take(order) if rows else pa.array([], pa.string())
    who = pa.array(roles * rows, pa.string())
    offsets = pa.array(range(0, len(roles) * rows + 1, len(roles)), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays([who, words], fields=list(MESSAGE)))


def _steps(name: str, batch: pa.RecordBatch) -> Iterator[tuple[list[str], list[bool]]]:
    columns = [batch.column(f"{name}.{part}").to_pylist() for part in ("text", "start", "end", "praises")]
    for text, starts, ends, praises in zip(*columns, strict=True):
        yield steps(text, list(zip(starts, ends, praises, strict=True)))


def _offsets(lists: pa.Array) -> pa.Array:
    """Offsets from 0 for the flattened values; a null list is an empty one."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    return pa.array([0, *lengths.cumsum().tolist()], pa.int32())


def _storage(array: pa.Array) -> pa.Array:
    return array.storage if isinstance(array, pa.ExtensionArray) else array


def _cast(column: Column) -> str:
    return "::text" if pa.types.is_string(column.type) and column.make is Make.PLAIN else ""


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'::text"
