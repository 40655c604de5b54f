"""Makes the tables of the complete gate append-only."""

from django.db import migrations

from loop.migrations._sql import run_file


class Migration(migrations.Migration):
    dependencies = [("loop", "0006_complete_gate")]

    operations = [
        run_file(
            "0007_registry_append_only",
            sha256="14f659bdcd3fb8b9332677fe5c6ba48b47c17e34ffb7929da937f12aed319dba",
            reverse_sha256="08089479a338f4c028fa0f897440b38f4679ec0806e0d3f3f77c0d579027a322",
        ),
    ]
