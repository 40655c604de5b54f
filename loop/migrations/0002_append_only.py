"""Append-only triggers, the erasing function and the grants of the runtime role."""

from django.db import migrations

from loop.migrations._sql import run_file


class Migration(migrations.Migration):
    dependencies = [("loop", "0001_initial")]

    operations = [
        run_file(
            "0002_append_only",
            sha256="e4929f1b9d9ef67311d424f2f859039a32e2d04797e2f4973310a22272e23ff4",
            reverse_sha256="c46770a136858fa69df38d84890ef014665536162252a76fa6cf34940bbd0c59",
        ),
    ]
