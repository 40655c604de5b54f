"""./manage.py quarantine list | release | release-code"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.kernel.ids import uid_of
from loop.management.acting import acting, add_actor_argument, production_named, refusals
from loop.screening.querysets import held_back
from loop.screening.release import release
from loop.screening.release_code import release_code


class Command(BaseCommand):
    help = "Lists what is held in quarantine on a production, and releases it with a reason."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|release|release-code")
        listed = verbs.add_parser("list", help="what is held back: codes, no text")
        listed.add_argument("--production", required=True, metavar="CODE")
        let_go = verbs.add_parser("release", help="let a text go; the finding stays on record")
        let_go.add_argument("uid", metavar="UID", help="the verdict, as list prints it")
        let_go.add_argument("--production", required=True, metavar="CODE")
        let_go.add_argument("--reason", required=True)
        add_actor_argument(let_go)
        many = verbs.add_parser("release-code", help="let go all that one finding alone holds back")
        many.add_argument("code", metavar="FINDING", help="as list prints it: control.token")
        many.add_argument("--production", required=True, metavar="CODE")
        many.add_argument("--reason", required=True)
        add_actor_argument(many)

    def handle(self, *args: Any, **options: Any) -> None:
        production = production_named(options["production"])
        found = held_back(production).select_related("suggestion", "decision__suggestion").order_by("id")
        if options["verb"] == "list":
            for each in found:
                suggestion = each.suggestion or each.decision.suggestion  # type: ignore[union-attr]  # one of them is set
                what = "" if each.suggestion else " (what was said of it)"
                self.stdout.write(f"{each.uid} {suggestion.external_id}{what}: {', '.join(each.findings)}")
            self.stdout.write(f"{len(found)} held back.")
            return
        if options["verb"] == "release-code":
            with refusals():
                count = release_code(
                    production=production,
                    code=options["code"],
                    reason=options["reason"],
                    actor=acting(options["actor"]),
                )
            self.stdout.write(f"Released {count}.")
            return
        uid = uid_of(options["uid"])
        verdict = found.filter(uid=uid).first() if uid else None
        if verdict is None:
            raise CommandError(f"{production.code} holds nothing back under {options['uid']!r}; see: quarantine list")
        with refusals():
            release(verdict=verdict, production=production, reason=options["reason"], actor=acting(options["actor"]))
        self.stdout.write("Released.")
