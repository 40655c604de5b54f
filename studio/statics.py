"""Static files with their digest in the name, imports inside our ES modules included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import HashedFilesMixin
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

from studio.slim import slim_script, slim_sheet

_IMPORTS = HashedFilesMixin._js_module_import_aggregation_patterns[1]  # type: ignore[attr-defined]  # noqa: SLF001
_SLIM = {".css": slim_sheet, ".js": slim_script}
OWN = ("loop/css/", "loop/js/")


class _Slim:
    """The storage that files are collected from, with our own scripts and sheets as they are served."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def open(self, name: str) -> ContentFile[bytes]:
        with self._storage.open(name) as file:
            text = file.read().decode("utf-8")
        return ContentFile(_SLIM[name[name.rindex(".") :]](text).encode("utf-8"))


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise ships no types
    """A page of one version never loads a script of another: `import` paths are rewritten to hashed names as well.

    In our own modules only: Django's switch for this reads every library's scripts, and stumbles over the name of a
    package that one of them imports. Our own files are served without comments; libraries as they came.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("loop/*.js", _IMPORTS))

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:  # noqa: FBT001, FBT002 - Django's signature
        slim = {
            name: (_Slim(storage), path) if name.startswith(OWN) and name.endswith(tuple(_SLIM)) else (storage, path)
            for name, (storage, path) in paths.items()
        }
        yield from super().post_process(slim, dry_run, **options)
