"""What an order may have beside its Parquet: which profiles have what, and writing it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from loop.export.columns import Shape
from loop.export.credentials import SUFFIX
from loop.export.formats import write_rows
from loop.export.manifest import FileEntry
from loop.export.media_files import MEDIA, WEBDATASET, brought_in, media_columns, pieces, write_media, write_tars
from loop.export.models import Export
from loop.export.profiles.registry import SHAPES
from loop.export.splits import by_split
from loop.kernel.errors import NotValidError


@dataclass(frozen=True, slots=True)
class Beside:
    """The files, and how many media files the rows name, by whether they are here; empty where none were asked for.

    `credentials`: how many of them C2PA could bind one to.
    """

    files: tuple[FileEntry, ...] = ()
    media: Mapping[str, int] = field(default_factory=dict)


def check_formats(profile: str, formats: Sequence[str]) -> None:
    """Raises NotValidError for media of a profile whose rows name none."""
    asked = next((name for name in (MEDIA, WEBDATASET) if name in formats), None)
    if asked and not media_columns(SHAPES[profile]):
        having = ", ".join(name for name, shape in SHAPES.items() if media_columns(shape))
        raise NotValidError(
            f"formats: expected {asked} for a profile whose rows name media ({having}), found it for {profile}",
            field="formats",
        )


def write_beside(
    export: Export, shape: Shape, formats: Sequence[str], data: Sequence[FileEntry], folder: Path,
    check: Callable[[], None],
) -> Beside:  # fmt: skip
    """Writes what was asked for below `folder`, from its finished Parquet. At most one query."""
    files = write_rows(formats, data, folder, check)
    if not {MEDIA, WEBDATASET} & set(formats):
        return Beside(tuple(files))
    named = pieces(shape, [folder / entry.path for entry in data])
    stored = brought_in(export, named)
    if MEDIA in formats:
        files += write_media(export, named, stored, folder, check)
    if WEBDATASET in formats:
        uses = {piece.sha256: piece.uses for piece in named}
        for split, paths in by_split([entry.path for entry in data]).items():
            # A split's tar tells of its own rows alone, and allows no more than all rows of the release together.
            own = [replace(each, uses=uses[each.sha256]) for each in pieces(shape, [folder / path for path in paths])]
            files += write_tars(own, stored, folder, shape.name, check, split=split)
    counts = {"named": len(named), "included": len(stored), "missing": len(named) - len(stored)}
    if MEDIA in formats:
        counts["credentials"] = sum(entry.path.endswith(f".{SUFFIX}") for entry in files)
    return Beside(tuple(files), counts)
