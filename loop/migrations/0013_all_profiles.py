"""A release may take every shape; the choices are Django's alone, so the database does nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loop", "0012_erase_fields")]

    operations = [
        migrations.AlterField(
            model_name="export",
            name="profile",
            field=models.CharField(
                choices=[
                    ("signals", "Signals"),
                    ("preference", "Preference pairs"),
                    ("unpaired_preference", "Unpaired preference"),
                    ("sft", "Answers to imitate"),
                    ("prompt_only", "Prompts"),
                    ("stepwise", "Answers in steps"),
                    ("reward", "Preference pairs as whole texts"),
                    ("span_critique", "Marked ranges"),
                    ("pairs_of_takes", "Pairs of takes"),
                    ("evaluation", "Evaluation"),
                    ("label_studio", "Label Studio"),
                    ("argilla", "Argilla"),
                    ("openai_ft", "OpenAI fine-tuning"),
                ],
                max_length=32,
            ),
        ),
    ]
