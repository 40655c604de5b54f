"""Lets an erasure empty the columns of history that hold people's words, on the record."""

from django.db import migrations

from loop.migrations._sql import run_file


class Migration(migrations.Migration):
    dependencies = [("loop", "0011_offer_of_request")]

    operations = [
        run_file(
            "0012_erase_fields",
            sha256="90e9250abf1657e57ccb2bc1917599526f848dd70f52179cfb1e80ca725ec30d",
            reverse_sha256="9019a2c533ec9e644c9e126d806e0a4349680843653c842040254e035255722a",
        ),
    ]
