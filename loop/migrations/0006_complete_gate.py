"""Facts that the complete gate asks for, requests and answers, approvals, acknowledgements, contributors' doors."""

import django.contrib.postgres.fields
import django.db.models.deletion
import loop.kernel.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loop", "0005_review_room"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovalRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=loop.kernel.ids.uuid7, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(choices=[("withdrawal", "A withdrawal"), ("release", "A release")], max_length=12),
                ),
                ("subject", models.UUIDField()),
                ("asked", models.JSONField()),
                ("asked_by", models.CharField(max_length=80)),
                ("asked_at", models.DateTimeField()),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="loop.auditevent"
                    ),
                ),
                (
                    "production",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
                        to="loop.production",
                    ),
                ),
            ],
            options={
                "db_table": "loop_approval_request",
            },
        ),
        migrations.CreateModel(
            name="RecipientDuty",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=loop.kernel.ids.uuid7, editable=False, unique=True)),
                ("kind", models.CharField(max_length=32)),
                ("reference", models.UUIDField()),
                ("due_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="loop.auditevent"
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="duties", to="loop.recipient"
                    ),
                ),
            ],
            options={
                "db_table": "loop_recipient_duty",
            },
        ),
        migrations.AddField(
            model_name="contributor",
            name="minor_until",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="recipientagreement",
            name="use_days",
            field=models.IntegerField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="CompensationEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=loop.kernel.ids.uuid7, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("due", "Due"), ("settled", "Settled"), ("waived", "Waived")], max_length=8
                    ),
                ),
                ("release", models.UUIDField(blank=True, null=True)),
                ("rows", models.BigIntegerField(blank=True, null=True)),
                ("amount", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("due_on", models.DateField(blank=True, null=True)),
                ("recorded_at", models.DateTimeField()),
                (
                    "authorisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="loop.authorisation"
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="loop.auditevent"
                    ),
                ),
                (
                    "evidence",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="loop.evidence",
                    ),
                ),
                (
                    "settles",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="met_by",
                        to="loop.compensationentry",
                    ),
                ),
            ],
            options={
                "db_table": "loop_compensation_entry",
            },
        ),
        migrations.CreateModel(
            name="ConsentRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=loop.kernel.ids.uuid7, editable=False, unique=True)),
                (
                    "uses",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
                (
                    "recipients",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), size=None),
                ),
                ("valid_until", models.DateField()),
                ("sent_at", models.DateTimeField()),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="loop.auditevent"
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="loop.notice"),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="requests", to="loop.contributor"
                    ),
                ),
                (
                    "production",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="requests", to="loop.production"
                    ),
                ),
            ],
            options={
                "db_table": "loop_consent_request",
            },
        ),
        migrations.CreateModel(
            name="ConsentAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "answer",
                    models.CharField(
                        choices=[("given", "Given"), ("refused", "Refused"), ("deferred", "Deferred")], max_length=8
                    ),
                ),
                ("answered_at", models.DateTimeField()),
                (
                    "authorisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="loop.authorisation",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="loop.auditevent"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="loop.consentrequest"
                    ),
                ),
            ],
            options={
                "db_table": "loop_consent_answer",
            },
        ),
        migrations.CreateModel(
            name="ContributorLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=loop.kernel.ids.uuid7, editable=False, unique=True)),
                ("secret_sha256", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "contributor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links", to="loop.contributor"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "production",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links", to="loop.production"
                    ),
                ),
            ],
            options={
                "db_table": "loop_contributor_link",
            },
        ),
        migrations.CreateModel(
            name="GuildNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=loop.kernel.ids.uuid7, editable=False, unique=True)),
                ("guild", models.CharField(max_length=32)),
                (
                    "kind",
                    models.CharField(choices=[("notice", "Notice"), ("consultation", "Consultation")], max_length=16),
                ),
                ("sent_on", models.DateField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="loop.auditevent"
                    ),
                ),
                (
                    "evidence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="loop.evidence"
                    ),
                ),
                (
                    "production",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="guild_notices", to="loop.production"
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="guild_notices",
                        to="loop.recipient",
                    ),
                ),
            ],
            options={
                "db_table": "loop_guild_notice",
            },
        ),
        migrations.CreateModel(
            name="RecallAck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=loop.kernel.ids.uuid7, editable=False, unique=True)),
                ("by", models.CharField(max_length=200)),
                ("copies_deleted", models.BooleanField()),
                ("models_affected", models.JSONField(blank=True, default=list)),
                ("received_at", models.DateTimeField()),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="loop.auditevent"
                    ),
                ),
                (
                    "evidence",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="loop.evidence",
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="acks", to="loop.recallnotice"
                    ),
                ),
            ],
            options={
                "db_table": "loop_recall_ack",
            },
        ),
        migrations.CreateModel(
            name="RecipientDutyMet",
            fields=[
                (
                    "duty",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="met",
                        serialize=False,
                        to="loop.recipientduty",
                    ),
                ),
                ("met_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loop_recipient_duty_met",
            },
        ),
        migrations.CreateModel(
            name="ScreenVerdict",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=loop.kernel.ids.uuid7, editable=False, unique=True)),
                ("version", models.CharField(max_length=16)),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("pass", "Passed"),
                            ("redacted", "Redacted"),
                            ("quarantined", "Quarantined"),
                            ("released", "Released"),
                        ],
                        max_length=12,
                    ),
                ),
                ("findings", models.JSONField(blank=True, default=dict)),
                ("recorded_at", models.DateTimeField()),
                (
                    "decision",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="screenings",
                        to="loop.decision",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="loop.auditevent"
                    ),
                ),
                (
                    "suggestion",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="screenings",
                        to="loop.suggestion",
                    ),
                ),
            ],
            options={
                "db_table": "loop_screen_verdict",
            },
        ),
        migrations.CreateModel(
            name="ApprovalDecision",
            fields=[
                (
                    "request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="decision",
                        serialize=False,
                        to="loop.approvalrequest",
                    ),
                ),
                ("approved", models.BooleanField()),
                ("decided_by", models.CharField(max_length=80)),
                ("decided_at", models.DateTimeField()),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="loop.auditevent"
                    ),
                ),
            ],
            options={
                "db_table": "loop_approval_decision",
            },
        ),
        migrations.AddIndex(
            model_name="approvalrequest",
            index=models.Index(fields=["kind", "subject"], name="approval_of_subject"),
        ),
        migrations.AddIndex(
            model_name="compensationentry",
            index=models.Index(fields=["authorisation", "kind"], name="compensation_of_record"),
        ),
        migrations.AddConstraint(
            model_name="compensationentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "due"), _negated=True),
                    models.Q(("due_on__isnull", False), ("settles__isnull", True)),
                    _connector="OR",
                ),
                name="compensation_due_has_a_day",
            ),
        ),
        migrations.AddIndex(
            model_name="consentrequest",
            index=models.Index(fields=["production", "sent_at"], name="consent_request_sent"),
        ),
        migrations.AddIndex(
            model_name="guildnotice",
            index=models.Index(fields=["production", "guild"], name="guild_notice_of_production"),
        ),
        migrations.AddField(
            model_name="recipientdutymet",
            name="event",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="loop.auditevent"
            ),
        ),
        migrations.AddIndex(
            model_name="recipientduty",
            index=models.Index(fields=["recipient", "due_at"], name="recipient_duty_due"),
        ),
        migrations.AddConstraint(
            model_name="recipientduty",
            constraint=models.UniqueConstraint(fields=("kind", "reference"), name="recipient_duty_unique"),
        ),
        migrations.AddIndex(
            model_name="screenverdict",
            index=models.Index(fields=["suggestion", "-id"], name="screen_of_suggestion"),
        ),
        migrations.AddIndex(
            model_name="screenverdict",
            index=models.Index(fields=["decision", "-id"], name="screen_of_decision"),
        ),
        migrations.AddConstraint(
            model_name="screenverdict",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decision__isnull", True), ("suggestion__isnull", False)),
                    models.Q(("decision__isnull", False), ("suggestion__isnull", True)),
                    _connector="OR",
                ),
                name="screen_verdict_of_one_subject",
            ),
        ),
    ]
