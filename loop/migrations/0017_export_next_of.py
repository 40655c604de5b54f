"""A release may be the next of an earlier one; its version is worked out once its rows are known."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loop", "0016_screening")]

    operations = [
        migrations.AlterField(
            model_name="export",
            name="version",
            field=models.CharField(blank=True, default="1.0.0", max_length=20),
        ),
        migrations.AddField(
            model_name="export",
            name="next_of",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="followed_by",
                to="loop.export",
            ),
        ),
    ]
