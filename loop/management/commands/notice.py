"""./manage.py notice add | list"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.consent.evidence import read_document
from loop.consent.models import Notice
from loop.consent.notice import record_notice
from loop.consent.permission import require_registry
from loop.management.acting import acting, add_actor_argument, refusals
from loop.management.arguments import a_file


class Command(BaseCommand):
    help = "The texts that people are shown when they are asked, by version and language."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|list")
        added = verbs.add_parser("add", help="keep a version of the notice; another text needs another version")
        added.add_argument("version")
        added.add_argument("language", help="en, de ...")
        added.add_argument("file", type=a_file, metavar="FILE", help="its text, in UTF-8")
        add_actor_argument(added)
        verbs.add_parser("list", help="the versions there are")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "list":
            for each in Notice.objects.order_by("id"):
                self.stdout.write(f"{each.version}/{each.language}  {each.text_sha256}")
            return
        actor = acting(options["actor"])
        with refusals():
            require_registry(actor)
            try:
                text = read_document(options["file"], field="text").content.decode()
            except UnicodeDecodeError as error:
                raise CommandError(f"text: expected UTF-8, found an invalid byte at {error.start}.") from error
            found = record_notice(version=options["version"], language=options["language"], text=text, actor=actor)
        self.stdout.write(f"{found.version}/{found.language}  {found.text_sha256}")
