"""./manage.py request send|list|link|close|notice"""

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from loop.consent.link import DAYS, open_link
from loop.consent.models import ContributorLink, Notice
from loop.consent.notice import record_notice
from loop.consent.querysets import RequestState, in_state, requests_of, state_of
from loop.consent.request import ask_parties
from loop.consent.unlink import close_link
from loop.kernel.actor import Actor
from loop.kernel.clock import now, utc_date
from loop.kernel.ids import uid_of
from loop.management.acting import acting, add_actor_argument, production_named, refusals
from loop.management.arguments import a_date, a_file, party_named
from loop.material.models import Production
from loop.people.models import Contributor

YEAR = timedelta(days=365)


class Command(BaseCommand):
    help = "Asks parties for their consent, and gives each a link of their own to answer by."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="send|list|link|close|notice")
        self._add_send(verbs.add_parser("send", help="asks parties for uses, all or none"))
        listing = verbs.add_parser("list", help="what was asked, newest first, and how far it is")
        listing.add_argument("--production", required=True, metavar="CODE")
        listing.add_argument("--state", choices=[each.value for each in RequestState], help="default: every state")
        link = verbs.add_parser("link", help="a new link for a party, printed this once")
        link.add_argument("--production", required=True, metavar="CODE")
        link.add_argument("--party", required=True, metavar="ID")
        link.add_argument("--days", type=int, default=DAYS, metavar="N", help=f"it ends by itself (default: {DAYS})")
        close = verbs.add_parser("close", help="closes a link; `list` prints the open ones")
        close.add_argument("link", metavar="LINK_UID")
        notice = verbs.add_parser("notice", help="records a version of the text that people read")
        notice.add_argument("file", type=a_file, metavar="FILE", help="plain text in UTF-8")
        notice.add_argument("--notice-version", required=True, metavar="VERSION")
        notice.add_argument("--language", required=True, metavar="CODE", help="en, no, ar ...")
        for each in (link, close, notice):
            add_actor_argument(each)

    def _add_send(self, parser: ArgumentParser) -> None:
        parser.add_argument("--production", required=True, metavar="CODE")
        parser.add_argument("--party", action="append", required=True, metavar="ID", help="once for each")
        parser.add_argument("--use", action="append", required=True, metavar="PURPOSE", help="once for each")
        parser.add_argument("--recipient", action="append", required=True, metavar="CODE", help="once for each")
        parser.add_argument("--until", metavar="DATE", help="until when it would run (default: a year from today)")
        parser.add_argument("--notice-version", required=True, metavar="VERSION", help="the text they read")
        parser.add_argument("--language", default="en", metavar="CODE", help="of that text (default: en)")
        parser.add_argument("--compensation-term", default="", metavar="TERM", help="what is offered, e.g. flat_fee")
        parser.add_argument("--compensation-amount", default="", metavar="N")
        parser.add_argument("--compensation-currency", default="", metavar="CUR")
        parser.add_argument("--links", action="store_true", help="also make a link for each, printed this once")
        add_actor_argument(parser)  # type: ignore[arg-type]  # a sub-parser is not Django's own class

    def handle(self, *args: Any, **options: Any) -> None:
        verbs = {
            "send": self._send, "list": self._list, "link": self._link, "close": self._close, "notice": self._notice,
        }  # fmt: skip
        with refusals():
            verbs[options["verb"]](options)

    def _send(self, options: dict[str, Any]) -> None:
        production, actor = production_named(options["production"]), acting(options["actor"])
        offered = {key: options[f"compensation_{key}"] for key in ("term", "amount", "currency")}
        sent = ask_parties(
            parties=[party_named(each, production) for each in options["party"]],
            production=production,
            uses=options["use"],
            recipients=options["recipient"],
            valid_until=_until(options["until"]),
            notice=_notice_named(options["notice_version"], options["language"]),
            compensation={key: value for key, value in offered.items() if value},
            actor=actor,
        )
        for each in sent:
            self.stdout.write(f"Asked {each.party.external_id} for {', '.join(each.uses)}: request {each.uid}.")
            if options["links"]:
                self._open(each.party, production, actor, DAYS)
        if not options["links"]:
            self.stdout.write(f"For a link: ./manage.py request link --production {production.code} --party ID")

    def _list(self, options: dict[str, Any]) -> None:
        production, today = production_named(options["production"]), utc_date(now())
        found = list(requests_of(production).filter(in_state(options["state"] or "", today)))
        for each in found:
            self.stdout.write(
                f"{each.uid}  {state_of(each, today):<10}  {each.party.external_id}: {', '.join(each.uses)} to"
                f" {', '.join(each.recipients)}, asked {each.sent_at:%Y-%m-%d}, until {each.valid_until}"
            )
        if not found:
            self.stdout.write("No request.")
        links = ContributorLink.objects.filter(production=production, revoked_at=None, expires_at__gt=now())
        for link in links.select_related("contributor").order_by("id"):
            used = f"last used {link.last_used_at:%Y-%m-%d}" if link.last_used_at else "never used"
            self.stdout.write(
                f"link {link.uid}  {link.contributor.external_id}: open until {link.expires_at:%Y-%m-%d}, {used}"
            )

    def _link(self, options: dict[str, Any]) -> None:
        production = production_named(options["production"])
        party = party_named(options["party"], production)
        self._open(party, production, acting(options["actor"]), options["days"])

    def _close(self, options: dict[str, Any]) -> None:
        uid = uid_of(options["link"])
        links = ContributorLink.objects.select_related("contributor", "production")
        found = links.filter(uid=uid).first() if uid else None
        if found is None:
            raise CommandError(f"There is no link {options['link']!r}; see: ./manage.py request list")
        close_link(link=found, actor=acting(options["actor"]))
        self.stdout.write(f"The link of {found.contributor.external_id} is closed.")

    def _notice(self, options: dict[str, Any]) -> None:
        try:
            text = options["file"].read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']}: expected a text file in UTF-8, found {error}.") from error
        notice = record_notice(
            version=options["notice_version"], language=options["language"], text=text, actor=acting(options["actor"])
        )
        self.stdout.write(f"Notice {notice.version} in {notice.language}: SHA-256 {notice.text_sha256}.")

    def _open(self, party: Contributor, production: Production, actor: Actor, days: int) -> None:
        link, secret = open_link(party=party, production=production, actor=actor, days=days)
        address = f"{settings.PUBLIC_URL}{reverse('door-enter', args=[secret])}"
        self.stdout.write(f"{party.external_id}: {address}")
        after = "" if settings.PUBLIC_URL else " Put the address of the pages in front of it."
        self.stdout.write(f"  Shown this once; open until {link.expires_at:%Y-%m-%d}. Link {link.uid}.{after}")


def _until(text: str | None) -> date:
    return a_date("--until", text) if text else utc_date(now()) + YEAR


def _notice_named(version: str, language: str) -> Notice:
    found = Notice.objects.filter(version=version, language=language).first()
    if found is None:
        known = ", ".join(f"{each.version} in {each.language}" for each in Notice.objects.order_by("-id")[:10])
        raise CommandError(
            f"--notice-version: there is no notice {version!r} in {language!r}. Notices: {known or 'none yet'}."
            " To record one: ./manage.py request notice FILE --notice-version VERSION --language CODE"
        )
    return found
