"""Static files with their digest in the name, imports inside ES modules included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """A page of one version never loads a script of another: `import` paths are rewritten to hashed names as well."""

    support_js_module_import_aggregation = True
