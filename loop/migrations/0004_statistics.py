"""Lets the runtime role refresh the planner's statistics after a bulk load."""

from django.db import migrations

from loop.migrations._sql import run_file


class Migration(migrations.Migration):
    dependencies = [("loop", "0003_export_row_of_contributor")]

    operations = [
        run_file(
            "0004_statistics",
            sha256="bc05fc7b775466b7de0892f1786ed70fc77aff5a102d1883be40fe32032d7419",
            reverse_sha256="5da89b7e2b7df9e84bd840963ca58f2f3338cf705f8c8e4eaf735455a57bdf0e",
        ),
    ]
