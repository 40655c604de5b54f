"""A request says what is offered for the consent it asks for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loop", "0010_rules_for_ai")]

    operations = [
        migrations.AddField(
            model_name="consentrequest",
            name="compensation",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
