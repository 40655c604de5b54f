"""./manage.py recipe save | list | show | order | retire"""

import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from loop.export.models import SavedRecipe
from loop.export.order_recipe import order_recipe
from loop.export.recipe import DEFAULT_LABELS, STANDARD
from loop.export.retire_recipe import retire_recipe
from loop.export.save_recipe import save_recipe
from loop.export.saved import saved_recipe
from loop.management.acting import acting, add_actor_argument, add_second_argument, production_named, refusals
from loop.management.commands.export import FILTERS, recipient_named
from loop.tasks import nudge


class Command(BaseCommand):
    help = "Orders under a name: saved again they get a new version, and every release says which it came from."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="save|list|show|order|retire")
        saved = verbs.add_parser("save", help="keep an order's parameters; the flags are those of ./manage.py export")
        listed = verbs.add_parser("list", help="the newest version of each")
        shown = verbs.add_parser("show", help="a version of it, in full")
        ordered = verbs.add_parser("order", help="order what it says")
        retired = verbs.add_parser("retire", help="order it no more; it stays as a record")
        for each in (saved, listed, shown, ordered, retired):
            if each is not listed:
                each.add_argument("name")
            each.add_argument("--production", required=True, metavar="CODE")
        for name in ("purpose", "recipient", "profile"):
            saved.add_argument(f"--{name}", required=True)
        saved.add_argument("--labels", default=DEFAULT_LABELS)
        saved.add_argument("--form", default=STANDARD)
        saved.add_argument("--splits", default="")
        saved.add_argument("--split-seed", default="")
        for name in ("format", *FILTERS):
            saved.add_argument(f"--{name.replace('_', '-')}", action="append", default=[], dest=name)
        for each in (shown, ordered):
            each.add_argument("--version", type=int, metavar="N", help="default: the newest", dest="wanted")
        ordered.add_argument("--as-of", type=int, metavar="SIZE", help="the size of a signed checkpoint of the log")
        ordered.add_argument("--date", type=date.fromisoformat, metavar="D", help="judge consent on this day")
        add_second_argument(ordered, "a release that goes outside the studio")
        for each in (saved, ordered, retired):
            add_actor_argument(each)

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals():
            getattr(self, f"_{options['verb']}")(options)

    def _save(self, options: dict[str, Any]) -> None:
        found = save_recipe(
            production=production_named(options["production"]), name=options["name"], profile=options["profile"],
            purpose=options["purpose"], recipient=recipient_named(options["recipient"]),
            actor=acting(options["actor"]), labels=options["labels"], form=options["form"],
            formats=options["format"], splits=options["splits"], split_seed=options["split_seed"],
            filters={name: options[flag] for flag, name in FILTERS.items() if options[flag]},
        )  # fmt: skip
        self.stdout.write(f"Saved {found}.")

    def _list(self, options: dict[str, Any]) -> None:
        production = production_named(options["production"])
        every = SavedRecipe.objects.filter(production=production).select_related("recipient")
        for each in every.order_by("name", "-version").distinct("name"):
            retired = ", retired" if each.retired_at else ""
            self.stdout.write(f"{each}: {each.profile} for {each.purpose}, to {each.recipient.code}{retired}")

    def _show(self, options: dict[str, Any]) -> None:
        each = saved_recipe(production_named(options["production"]), options["name"], options["wanted"])
        about = {"name": each.name, "version": each.version, "profile": each.profile, "purpose": each.purpose,
                 "recipient": each.recipient.code, "retired": each.retired_at is not None}  # fmt: skip
        self.stdout.write(json.dumps(about | {"recipe": each.recipe}, indent=2, ensure_ascii=False))

    def _order(self, options: dict[str, Any]) -> None:
        each = saved_recipe(production_named(options["production"]), options["name"], options["wanted"])
        second = acting(options["approve_as"]) if options["approve_as"] else None
        export = order_recipe(
            recipe=each, actor=acting(options["actor"]), checkpoint=options["as_of"], gate_date=options["date"],
            second=second,
        )  # fmt: skip
        nudge(export)
        self.stdout.write(f"Ordered {options['production']} E-{export.number} ({export.uid}) by {each}.")

    def _retire(self, options: dict[str, Any]) -> None:
        production = production_named(options["production"])
        found = retire_recipe(production=production, name=options["name"], actor=acting(options["actor"]))
        self.stdout.write(f"Retired {found.name}.")
