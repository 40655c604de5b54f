"""./manage.py production add | list | policy"""

import json
import sys
from argparse import BooleanOptionalAction
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.consent.govern import Governance, govern
from loop.management.acting import acting, add_actor_argument, production_named, refusals
from loop.management.arguments import a_date, a_file
from loop.material import ai_policy
from loop.material.models import Production
from loop.material.register import add_production
from loop.material.timecode import parse_rate
from loop.queue.models import ReviewPolicy
from loop.queue.policy import Settings, policy_of, set_policy
from loop.screening import codes

FLAGS: Final = {
    "blind-until-decided": "others' verdicts stay closed until one has judged",
    "hide-model": "the model's name stays closed until one has judged",
    "shuffle-candidates": "candidates come in another order for each person",
    "reason-required": "a reject or revise needs a reason",
}


class Command(BaseCommand):
    help = "Adds a production, lists those there are, says and sets how one is reviewed."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|list|policy")
        add = verbs.add_parser("add", help="add a production")
        add.add_argument("code", help="1 to 32 letters, digits, dots, dashes or underscores")
        add.add_argument("--title", default="", help="default: the code")
        add.add_argument("--rate", required=True, help="frames a second: 24, 25, 24000/1001")
        add.add_argument("--drop-frame", action="store_true", help="drop-frame timecode (30000/1001, 60000/1001)")
        add.add_argument("--guild", action="append", default=[], help="repeatable: a guild that covers the production")
        add.add_argument("--entity", default="", help="the company that is the production")
        add.add_argument("--reason-required", action="store_true", help="a reject or revise needs a reason")
        add_actor_argument(add)
        verbs.add_parser("list", help="all productions")
        policy = verbs.add_parser(
            "policy", help="how a production is reviewed and what it permits; what is not named stays as it is"
        )
        policy.add_argument("code")
        policy.add_argument("--reviewers", help="how many people judge an item: 1, 2 ...; all: everybody judges all")
        policy.add_argument("--lease", type=int, metavar="SECONDS", help="how long an item stays with one person")
        policy.add_argument("--skip", choices=ReviewPolicy.Skip.values, help="whether items may be skipped")
        for flag, help_text in FLAGS.items():
            policy.add_argument(f"--{flag}", action=BooleanOptionalAction, default=None, help=help_text)
        policy.add_argument(
            "--rules", type=a_file, metavar="FILE", help="rules for the use of AI as JSON; -: from stdin"
        )
        policy.add_argument("--show-rules", action="store_true", help="print the rules for the use of AI as JSON")
        policy.add_argument("--embargo-until", metavar="DATE", help="last day of the embargo; none: there is none")
        policy.add_argument("--legal-hold", action=BooleanOptionalAction, default=None, help="nothing leaves")
        policy.add_argument("--exports-allowed", action=BooleanOptionalAction, default=None, help="anything may leave")
        policy.add_argument("--accept-chip", action="append", metavar="CODE", help="repeatable: reasons of praise")
        policy.add_argument("--beat-chip", action="append", metavar="CODE", help="repeatable: beats")
        add_actor_argument(policy)
        screening = verbs.add_parser("screening", help="what screening holds back: a level for each family of findings")
        screening.add_argument("code")
        for family, words in codes.FAMILIES.items():
            screening.add_argument(f"--{family}", choices=codes.LEVELS, help=words)
        screening.add_argument("--table", action="store_true", help="every finding, and what it does at each level")
        add_actor_argument(screening)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "list":
            for production in Production.objects.order_by("code"):
                rate = f"{production.rate_num}/{production.rate_den}" + (" drop" if production.drop_frame else "")
                self.stdout.write(f"{production.code}: {production.title}, {rate} frames/s, {production.status}")
            return
        if options["verb"] == "policy":
            self._policy(options)
            return
        if options["verb"] == "screening":
            self._screening(options)
            return
        with refusals():
            production = add_production(
                code=options["code"],
                title=options["title"] or options["code"],
                rate=parse_rate(options["rate"]),
                drop_frame=options["drop_frame"],
                guilds=options["guild"],
                entity_name=options["entity"],
                reason_required=options["reason_required"],
                actor=acting(options["actor"]),
            )
        self.stdout.write(f"Added the production {production.code} at {options['rate']} frames/s.")

    def _screening(self, options: dict[str, Any]) -> None:
        production = production_named(options["code"])
        named = {family: options[family] for family in codes.FAMILIES if options[family] is not None}
        if named:
            with refusals():
                levels = codes.read(production.screening) | named
                govern(production=production, actor=acting(options["actor"]), screening=levels)
            production = production_named(options["code"])
        for family, level in codes.read(production.screening).items():
            self.stdout.write(f"{family}: {level}")
        for code in codes.CODES if options["table"] else ():
            self.stdout.write(f"{code.code}: standard {code.standard}, strict {code.strict}; {code.words}")

    def _policy(self, options: dict[str, Any]) -> None:
        production = production_named(options["code"])
        permits = _permits(options)
        if permits:
            with refusals():
                govern(production=production, actor=acting(options["actor"]), **permits)
            production = production_named(options["code"])
        if options["show_rules"]:
            self.stdout.write(json.dumps(production.ai_policy or {"rules": []}, indent=1, ensure_ascii=False))
            return
        wanted: dict[str, Any] = {
            "lease_s": options["lease"],
            "skip": options["skip"],
            "accept_chips": options["accept_chip"],
            "beat_chips": options["beat_chip"],
            **{flag.replace("-", "_"): options[flag.replace("-", "_")] for flag in FLAGS},
        }
        named: Settings = {name: value for name, value in wanted.items() if value is not None}  # type: ignore[assignment]
        if options["reviewers"] is not None:
            named["reviewers_per_item"] = _reviewers(options["reviewers"])
        if named:
            with refusals():
                set_policy(production=production, actor=acting(options["actor"]), **named)
            production = production_named(options["code"])
        policy = policy_of(production)
        people = "everybody judges everything"
        if policy.reviewers_per_item is not None:
            people = f"{policy.reviewers_per_item} to judge an item, handed out for {policy.lease_s} s"
        flags = [f"{flag}: {'yes' if _flag(production, policy, flag) else 'no'}" for flag in FLAGS]
        self.stdout.write(
            f"{production.code}: {people}; skipping {policy.get_skip_display().lower()}; {', '.join(flags)}"
        )
        rules = ai_policy.read(production.ai_policy)
        self.stdout.write(
            f"{len(rules)} rules for the use of AI (--show-rules);"
            f" embargo until {production.embargo_until or 'never set'};"
            f" legal hold {'on' if production.legal_hold else 'off'};"
            f" exports {'allowed' if production.exports_allowed else 'not allowed'}"
        )


def _permits(options: dict[str, Any]) -> Governance:
    """What was named of what the production permits."""
    wanted: Governance = {}
    if options["rules"] is not None:
        wanted["ai_policy"] = _read_rules(options["rules"])
    if options["embargo_until"] is not None:
        text = options["embargo_until"]
        wanted["embargo_until"] = None if text == "none" else a_date("--embargo-until", text)
    if options["legal_hold"] is not None:
        wanted["legal_hold"] = options["legal_hold"]
    if options["exports_allowed"] is not None:
        wanted["exports_allowed"] = options["exports_allowed"]
    return wanted


def _read_rules(path: Path) -> Any:
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        return json.loads(text)
    except OSError as error:
        raise CommandError(f"--rules: {path}: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"--rules: expected JSON, found {error}") from error


def _flag(production: Production, policy: ReviewPolicy, flag: str) -> bool:
    return bool(getattr(production if flag == "reason-required" else policy, flag.replace("-", "_")))


def _reviewers(text: str) -> int | None:
    if text == "all":
        return None
    if not (text.isascii() and text.isdigit()):
        raise CommandError(f"--reviewers: expected a number or all, found {text!r}.")
    return int(text)
