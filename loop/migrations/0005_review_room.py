"""Media facts and renditions, drafts, and what waits for whom."""

import django.contrib.postgres.fields
import django.db.models.deletion
import loop.kernel.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loop", "0004_statistics"),
    ]

    operations = [
        migrations.CreateModel(
            name="MediaFacts",
            fields=[
                (
                    "media",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="facts",
                        serialize=False,
                        to="loop.media",
                    ),
                ),
                (
                    "medium",
                    models.CharField(
                        choices=[("video", "Video"), ("still", "Still"), ("audio", "Audio"), ("other", "Other")],
                        max_length=8,
                    ),
                ),
                ("width", models.PositiveIntegerField(blank=True, null=True)),
                ("height", models.PositiveIntegerField(blank=True, null=True)),
                ("rate_num", models.PositiveIntegerField(blank=True, null=True)),
                ("rate_den", models.PositiveIntegerField(blank=True, null=True)),
                ("drop_frame", models.BooleanField(default=False)),
                ("frame_count", models.PositiveIntegerField(blank=True, null=True)),
                ("start_frame", models.PositiveIntegerField(default=0)),
                ("duration_ms", models.PositiveBigIntegerField(blank=True, null=True)),
                ("is_variable", models.BooleanField(default=False)),
                ("has_sound", models.BooleanField(default=False)),
                ("sample_rate", models.PositiveIntegerField(blank=True, null=True)),
                ("codec", models.CharField(blank=True, max_length=40)),
                ("probed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loop_media_facts",
            },
        ),
        migrations.CreateModel(
            name="ReviewPolicy",
            fields=[
                (
                    "production",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="policy",
                        serialize=False,
                        to="loop.production",
                    ),
                ),
                ("reviewers_per_item", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("blind_until_decided", models.BooleanField(default=True)),
                ("hide_model", models.BooleanField(default=False)),
                ("shuffle_candidates", models.BooleanField(default=False)),
                (
                    "skip",
                    models.CharField(
                        choices=[
                            ("allowed", "Allowed"),
                            ("with_reason", "With a reason"),
                            ("not_allowed", "Not allowed"),
                        ],
                        default="allowed",
                        max_length=12,
                    ),
                ),
                ("lease_s", models.PositiveIntegerField(default=600)),
                (
                    "accept_chips",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), blank=True, default=list, size=None
                    ),
                ),
                (
                    "beat_chips",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64), blank=True, default=list, size=None
                    ),
                ),
            ],
            options={
                "db_table": "loop_review_policy",
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=loop.kernel.ids.uuid7, editable=False, unique=True)),
                ("assigned_at", models.DateTimeField()),
                (
                    "assigned_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "contributor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="loop.contributor"
                    ),
                ),
                (
                    "suggestion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="loop.suggestion"
                    ),
                ),
            ],
            options={
                "db_table": "loop_assignment",
                "indexes": [models.Index(fields=["contributor", "suggestion"], name="assignment_of_person")],
                "constraints": [
                    models.UniqueConstraint(fields=("suggestion", "contributor"), name="assignment_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slot", models.PositiveSmallIntegerField(default=0)),
                ("claimed_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "contributor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="claims", to="loop.contributor"
                    ),
                ),
                (
                    "suggestion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="claims", to="loop.suggestion"
                    ),
                ),
            ],
            options={
                "db_table": "loop_claim",
                "indexes": [models.Index(fields=["contributor", "expires_at"], name="claim_of_person")],
                "constraints": [models.UniqueConstraint(fields=("suggestion", "slot"), name="claim_unique_slot")],
            },
        ),
        migrations.CreateModel(
            name="DecisionDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("body", models.JSONField()),
                ("saved_at", models.DateTimeField()),
                (
                    "suggestion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="drafts", to="loop.suggestion"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="drafts", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "loop_decision_draft",
                "constraints": [models.UniqueConstraint(fields=("user", "suggestion"), name="decision_draft_unique")],
            },
        ),
        migrations.CreateModel(
            name="OpinionRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=loop.kernel.ids.uuid7, editable=False, unique=True)),
                ("asked_at", models.DateTimeField()),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="loop.contributor"
                    ),
                ),
                (
                    "suggestion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="opinion_requests",
                        to="loop.suggestion",
                    ),
                ),
            ],
            options={
                "db_table": "loop_opinion_request",
                "constraints": [
                    models.UniqueConstraint(fields=("suggestion", "asked_by"), name="opinion_request_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="Rendition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=loop.kernel.ids.uuid7, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("proxy", "Proxy"),
                            ("poster", "Poster"),
                            ("thumb", "Thumbnail"),
                            ("peaks", "Waveform"),
                        ],
                        max_length=8,
                    ),
                ),
                ("version", models.PositiveSmallIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Being made"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("progress", models.PositiveSmallIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("fence", models.BigIntegerField(default=0)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("stored_name", models.CharField(blank=True, max_length=200)),
                ("mime", models.CharField(blank=True, max_length=100)),
                ("size_bytes", models.BigIntegerField(blank=True, null=True)),
                ("width", models.PositiveIntegerField(blank=True, null=True)),
                ("height", models.PositiveIntegerField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "media",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="renditions", to="loop.media"
                    ),
                ),
            ],
            options={
                "db_table": "loop_media_rendition",
                "indexes": [models.Index(fields=["state", "id"], name="rendition_work")],
                "constraints": [models.UniqueConstraint(fields=("media", "kind"), name="rendition_unique")],
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=loop.kernel.ids.uuid7, editable=False, unique=True)),
                ("name", models.CharField(max_length=60)),
                ("query", models.CharField(blank=True, max_length=1000)),
                ("is_shared", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="views", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "production",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="views", to="loop.production"
                    ),
                ),
            ],
            options={
                "db_table": "loop_saved_view",
                "constraints": [
                    models.UniqueConstraint(fields=("production", "owner", "name"), name="saved_view_unique")
                ],
            },
        ),
    ]
