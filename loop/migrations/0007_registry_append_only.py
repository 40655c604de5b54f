"""Makes the tables of the complete gate append-only."""

from django.db import migrations

from loop.migrations._sql import run_file


class Migration(migrations.Migration):
    dependencies = [("loop", "0006_complete_gate")]

    operations = [
        run_file(
            "0007_registry_append_only",
            sha256="98cd9106ef0d70d7f90aeafa55a576055565b934efc74656809d7a7a64edfc74",
            reverse_sha256="13930dd2b7f3908bbf246dc0bd66e5b082d5872cc509b6f767b9beffbc8e4736",
        ),
    ]
