"""Makes the record of erasures append-only."""

from django.db import migrations

from loop.migrations._sql import run_file


class Migration(migrations.Migration):
    dependencies = [("loop", "0008_erasures_and_versions")]

    operations = [
        run_file(
            "0009_erasures_append_only",
            sha256="1db04671a3b4df8803bea21e15513a68a6092cbe76346551e7148c0f732af7bc",
            reverse_sha256="57511384d47e2ba93d370ec900d69e2c911fe393b5bf4f11e887027df0938ccd",
        ),
    ]
