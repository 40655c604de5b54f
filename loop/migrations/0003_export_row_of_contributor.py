"""The index by which a withdrawal finds the released rows of a party."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("loop", "0002_append_only")]

    operations = [
        migrations.AddIndex(
            model_name="exportrow",
            index=GinIndex(fields=["contributor_ids"], name="export_row_of_contributor"),
        ),
    ]
