"""Keeps a production's rules for the use of AI as a list in order, and finds what is held back without reading all."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def to_rules(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """{stage: {kind: verdict}} becomes one rule each, what forbids first; a breach is held back, not refused."""
    productions = apps.get_model("loop", "Production").objects.using(schema_editor.connection.alias)
    for production in productions.exclude(ai_policy={}):
        if "rules" in production.ai_policy:
            continue
        rules = [
            {"stage": stage, "kind": kind, "verdict": verdict}
            for stage, uses in production.ai_policy.items()
            for kind, verdict in uses.items()
        ]
        rules.sort(key=lambda rule: rule["verdict"] != "not_permitted")
        for number, rule in enumerate(rules, start=1):
            rule["name"] = f"rule-{number}"
            if rule["verdict"] == "not_permitted":
                rule["on_breach"] = "quarantine"
        production.ai_policy = {"rules": rules}
        production.save(update_fields=["ai_policy"])


def to_table(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Back to {stage: {kind: verdict}}; rules that name no stage or no kind have no place there and are left out."""
    productions = apps.get_model("loop", "Production").objects.using(schema_editor.connection.alias)
    for production in productions.exclude(ai_policy={}):
        table: dict[str, dict[str, str]] = {}
        for rule in production.ai_policy.get("rules", []):
            if rule.get("stage") and rule.get("kind"):
                table.setdefault(rule["stage"], {}).setdefault(rule["kind"], rule["verdict"])
        production.ai_policy = table
        production.save(update_fields=["ai_policy"])


class Migration(migrations.Migration):
    dependencies = [("loop", "0009_erasures_append_only")]

    operations = [
        migrations.RunPython(to_rules, to_table),
        migrations.AddIndex(
            model_name="screenverdict",
            index=models.Index(
                condition=models.Q(("verdict", "quarantined")), fields=["suggestion"], name="screen_quarantined"
            ),
        ),
    ]
