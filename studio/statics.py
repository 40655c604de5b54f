"""Static files with their digest in the name, imports inside our ES modules included."""

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage

_IMPORTS = HashedFilesMixin._js_module_import_aggregation_patterns[1]  # type: ignore[attr-defined]  # noqa: SLF001


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise ships no types
    """A page of one version never loads a script of another: `import` paths are rewritten to hashed names as well.

    In our own modules only: Django's switch for this reads every library's scripts, and stumbles over the name of a
    package that one of them imports.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("loop/*.js", _IMPORTS))
