"""Orders under a name, by version; a release says which one it came from."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import loop.kernel.ids


class Migration(migrations.Migration):
    dependencies = [("loop", "0017_export_next_of")]

    operations = [
        migrations.CreateModel(
            name="SavedRecipe",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=loop.kernel.ids.uuid7, editable=False, unique=True)),
                ("name", models.CharField(max_length=60)),
                ("version", models.PositiveIntegerField()),
                ("profile", models.CharField(max_length=32)),
                ("purpose", models.CharField(max_length=40)),
                ("recipe", models.JSONField()),
                ("saved_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "production",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="recipes", to="loop.production"
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="recipes", to="loop.recipient"
                    ),
                ),
                (
                    "saved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"db_table": "loop_saved_recipe"},
        ),
        migrations.AddConstraint(
            model_name="savedrecipe",
            constraint=models.UniqueConstraint(
                fields=("production", "name", "version"), name="saved_recipe_unique_version"
            ),
        ),
        migrations.AddField(
            model_name="export",
            name="saved",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="exports",
                to="loop.savedrecipe",
            ),
        ),
    ]
