"""./manage.py model terms"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from loop.consent.evidence import read_document
from loop.management.acting import acting, add_actor_argument, refusals
from loop.management.arguments import a_file
from loop.suggestion.models import ModelTerms
from loop.suggestion.terms import record_terms


class Command(BaseCommand):
    help = "Records what a model's supplier allows."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="terms")
        terms = verbs.add_parser("terms", help="whether others may train on what the model puts out")
        terms.add_argument("label", help="the model as it is named with its suggestions: vendor/name@version")
        terms.add_argument("--training", required=True, help=", ".join(ModelTerms.Training.values))
        terms.add_argument("--owner", default="", help="who owns the outputs")
        terms.add_argument("--evidence", type=a_file, metavar="FILE", help="the supplier's terms")
        add_actor_argument(terms)

    def handle(self, *args: Any, **options: Any) -> None:
        actor = acting(options["actor"])
        with refusals():
            evidence = read_document(options["evidence"], kind="terms") if options["evidence"] else None
            recorded = record_terms(
                label=options["label"],
                training_on_outputs=options["training"],
                output_owner=options["owner"],
                evidence=evidence,
                actor=actor,
            )
        self.stdout.write(f"{recorded.model.label}: training on its outputs {recorded.training_on_outputs}.")
