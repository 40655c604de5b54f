"""The splits of a release in Croissant's words: a record set that names them, and a field that says a row's split."""

from loop.export.record import ReleaseRecord
from loop.kernel.canonical import Json

SPLITS = "splits"
KINDS = {"train": "cr:TrainingSplit", "validation": "cr:ValidationSplit", "test": "cr:TestSplit"}


def splits(record: ReleaseRecord) -> list[Json]:
    """The record set of the splits that have files; none where there is one split."""
    if not record.recipe.splits:
        return []
    named = dict.fromkeys(shard.split for shard in record.shards)
    fields: list[Json] = [
        {"@type": "cr:Field", "@id": f"{SPLITS}/name", "name": "name", "dataType": "sc:Text"},
        {"@type": "cr:Field", "@id": f"{SPLITS}/url", "name": "url", "dataType": "sc:URL"},
    ]
    words: list[Json] = [
        {f"{SPLITS}/name": name, f"{SPLITS}/url": KINDS.get(name, "cr:Split").replace("cr:", HOME)} for name in named
    ]
    return [
        {
            "@type": "cr:RecordSet",
            "@id": SPLITS,
            "name": SPLITS,
            "dataType": "cr:Split",
            "description": "Splits by brief: no brief has rows in two of them.",
            "key": {"@id": f"{SPLITS}/name"},
            "field": fields,
            "data": words,
        }
    ]


HOME = "http://mlcommons.org/croissant/"


def split_field(record: ReleaseRecord, file_set: str) -> list[Json]:
    """The field of a row that says its split, by the name of its file."""
    if not record.recipe.splits:
        return []
    return [
        {
            "@type": "cr:Field",
            "@id": f"{record.shape.name}/split",
            "name": "split",
            "description": "The split of the row, by the name of its file.",
            "dataType": "sc:Text",
            "references": {"field": {"@id": f"{SPLITS}/name"}},
            "source": {
                "fileSet": {"@id": file_set},
                "extract": {"fileProperty": "filename"},
                "transform": {"regex": r"^([a-z0-9_]+)-\d+-of-\d+\.parquet$"},
            },
        }
    ]
