"""A production says what screening holds back, a verdict where it found it, and a run how far it has read."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loop", "0015_export_splits"),
    ]

    operations = [
        migrations.AddField(
            model_name="production",
            name="screening",
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name="screenverdict",
            name="places",
            field=models.JSONField(null=True),
        ),
        migrations.CreateModel(
            name="ScreeningRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.CharField(max_length=16)),
                ("everything", models.BooleanField(default=False)),
                ("suggestion_done", models.BigIntegerField(default=0)),
                ("suggestion_end", models.BigIntegerField(default=0)),
                ("decision_done", models.BigIntegerField(default=0)),
                ("decision_end", models.BigIntegerField(default=0)),
                ("texts_read", models.BigIntegerField(default=0)),
                ("recorded", models.BigIntegerField(default=0)),
                ("held", models.BigIntegerField(default=0)),
                ("asked_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "production",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="screening_runs", to="loop.production"
                    ),
                ),
            ],
            options={
                "db_table": "loop_screening_run",
                "indexes": [
                    models.Index(condition=models.Q(("finished_at", None)), fields=["id"], name="screening_run_open")
                ],
            },
        ),
    ]
