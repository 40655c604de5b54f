"""A shard is of one split of the briefs; those of earlier orders are of the one there was."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loop", "0014_consent_in_doubt")]

    operations = [
        migrations.AddField(
            model_name="exportshard",
            name="split",
            field=models.CharField(db_default="train", default="train", max_length=32),
        ),
    ]
