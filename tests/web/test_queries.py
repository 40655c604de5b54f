"""Every page of the house on the sample production: at most twelve questions to the database, whatever lies in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, reverse

from loop.audit.models import AuditEvent
from loop.audit.seal import seal_all
from loop.consent.models import ApprovalRequest, Authorisation, Recipient
from loop.decision.models import Decision
from loop.export.advance import advance
from loop.export.models import Export
from loop.export.order import order
from loop.export.rules import UNFINISHED
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.models import Contributor, User
from loop.people.querysets import actor_for_user
from loop.recall.models import RecallNotice
from loop.recall.propose import propose
from loop.recall.withdraw import withdraw
from loop.sample.release import order_release
from loop.screening.models import ScreenVerdict
from loop.screening.verdict import record_verdict
from loop.suggestion.models import Suggestion
from loop.web import urls as pages
from tests.support.databases import FreshDatabase
from tests.support.stock import Stock

MOST = 12
# What it would reach is worked out by the gate itself, in tables of its own: as many steps as the gate has.
WORKED_OUT = {"party-erase": 48, "authorisation-withdraw": 36, "approval": 40}
STOP_POLLING = 286  # the last answer about an export that is done
Given = dict[str, Any]


@pytest.fixture
def stock(sample_stock: Stock) -> Stock:
    return sample_stock


def given(name: str) -> Given:
    """The arguments of an address: of something that the sample has."""
    found: dict[str, Callable[[], object]] = {
        "brief": lambda: Suggestion.objects.get(external_id="nf-10-a").brief.uid,
        "text": lambda: Suggestion.objects.filter(media=None).exclude(decisions=None).earliest("id").uid,
        "clip": lambda: Suggestion.objects.get(external_id="nf-10-a").uid,
        "file": lambda: Suggestion.objects.get(external_id="nf-10-a").media.uid,  # type: ignore[union-attr]
        "decision": lambda: Decision.objects.earliest("id").uid,
        "authorisation": lambda: Authorisation.objects.earliest("id").uid,
        "party": lambda: Contributor.objects.filter(namespace=Production.objects.get().code).earliest("id").uid,
        "approval of a release": lambda: ApprovalRequest.objects.get(kind="release").uid,
        "approval of a withdrawal": lambda: ApprovalRequest.objects.get(kind="withdrawal").uid,
        "recall": lambda: RecallNotice.objects.earliest("id").uid,
        "held": lambda: ScreenVerdict.objects.filter(verdict="quarantined").latest("id").uid,
        "event": lambda: AuditEvent.objects.filter(type="decision.recorded").earliest("id").uid,
    }
    return {"uid": found[name]()}


def held_code() -> str:
    return next(iter(ScreenVerdict.objects.filter(verdict="quarantined").latest("id").findings))


def exported(**more: Any) -> Callable[[], Given]:
    return lambda: {"number": Export.objects.earliest("id").number, **more}


def of(name: str, **more: Any) -> Callable[[], Given]:
    return lambda: given(name) | more


def nothing() -> Given:
    return {}


# (name of the address, who asks, its arguments, its query). A name may stand more than once.
PAGES: tuple[tuple[str, str, Callable[[], Given], str], ...] = (
    ("home", "editor", nothing, ""),
    ("home", "admin", nothing, ""),
    ("me", "editor", nothing, ""),
    ("find", "editor", nothing, "q=nf"),
    ("session", "editor", nothing, ""),
    ("production", "editor", nothing, ""),
    ("production", "producer", nothing, ""),
    ("queue", "editor", nothing, ""),
    ("queue", "director", nothing, "state=all"),
    ("review", "editor", nothing, ""),
    ("review", "editor", nothing, "fragment=1"),
    ("review", "director", nothing, "state=all"),
    ("compare", "editor", of("brief"), ""),
    ("policy", "producer", nothing, ""),
    ("dossier", "editor", of("text"), ""),
    ("dossier", "auditor", of("clip"), ""),
    ("media", "editor", of("file", kind="poster"), ""),
    ("media-state", "editor", of("file"), ""),
    ("decision", "editor", of("decision"), ""),
    ("exports", "data", nothing, ""),
    ("export-new", "data", nothing, ""),
    ("export", "data", exported(), ""),
    ("export-progress", "data", exported(), ""),
    ("export-excluded", "data", exported(), ""),
    ("export-excluded-csv", "data", exported(), ""),
    ("export-compare", "data", exported(other=3), ""),
    ("export-compare", "consent", exported(other=3), ""),
    ("export-compare-csv", "data", exported(other=3), ""),
    ("export-compare-balance", "data", exported(other=3), ""),
    ("export-recalled", "data", exported(), ""),
    ("export-recalled-csv", "data", exported(), ""),
    ("export-recalled-feed", "data", exported(), ""),
    ("authorisations", "consent", nothing, ""),
    ("authorisations-csv", "consent", nothing, ""),
    ("authorisation-new", "consent", nothing, ""),
    ("authorisation", "consent", of("authorisation"), ""),
    ("authorisation-evidence", "consent", of("authorisation"), ""),
    ("authorisation-withdraw", "consent", of("authorisation"), ""),
    ("compensation", "consent", nothing, ""),
    ("compensation", "producer", nothing, ""),
    ("compensation-csv", "producer", nothing, ""),
    ("parties", "consent", nothing, ""),
    ("parties-csv", "consent", nothing, ""),
    ("party-new", "consent", nothing, ""),
    ("party", "consent", of("party"), ""),
    ("coverage", "consent", nothing, ""),
    ("coverage-csv", "consent", nothing, ""),
    ("party-erase", "consent", of("party"), ""),
    ("ai-use", "producer", nothing, ""),
    ("ai-use", "consent", nothing, ""),
    ("ai-use-csv", "producer", nothing, ""),
    ("ai-use-terms-csv", "producer", nothing, ""),
    ("quarantine", "producer", nothing, ""),
    ("quarantine-csv", "producer", nothing, ""),
    ("quarantine-release", "producer", of("held"), ""),
    ("quarantine-release-code", "producer", lambda: {"finding": held_code()}, ""),
    ("explain", "consent", of("text"), ""),
    ("explain-row", "consent", exported(), ""),
    ("approvals", "consent", nothing, ""),
    ("approvals-csv", "auditor", nothing, ""),
    ("approval", "consent", of("approval of a release"), ""),
    ("approval", "consent", of("approval of a withdrawal"), ""),
    ("requests", "consent", nothing, ""),
    ("requests", "auditor", nothing, "state=unanswered"),
    ("requests-csv", "consent", nothing, ""),
    ("request-new", "consent", nothing, ""),
    ("notices", "consent", nothing, ""),
    ("notices-csv", "auditor", nothing, ""),
    ("recalls", "consent", nothing, ""),
    ("recalls-csv", "consent", nothing, ""),
    ("recall", "consent", of("recall"), ""),
    ("report", "editor", nothing, ""),
    ("report-csv", "editor", lambda: {"by": "model"}, ""),
    ("production-csv", "editor", lambda: {"name": "stages"}, ""),
    ("trail", "auditor", nothing, ""),
    ("trail-csv", "auditor", nothing, ""),
    ("event", "auditor", of("event"), ""),
    ("event-proof", "auditor", of("event"), ""),
    ("checkpoint", "auditor", nothing, ""),
)


GESTURES = frozenset({
    "assign", "choose", "claims", "coach", "compensation-meet", "decide", "draft", "export-act",
    "export-compare-choose", "export-next", "export-replace", "export-take", "link-close", "link-new", "media-retry",
    "opinion", "reveal", "reveal-text", "view", "views",
})  # fmt: skip


def routes(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns)
        else:
            yield each


ROUTES = {str(each.name): str(each.pattern) for each in routes(pages.urlpatterns)}


def test_every_page_asks_at_most_twelve_times(fresh_database: FreshDatabase) -> None:
    production = Production.objects.get()
    export, _ = order_release(production=production, actor=actor_for_user(User.objects.get(username="data")))
    while export.state in UNFINISHED:
        advance(export.pk)
        export.refresh_from_db()
    carried = Authorisation.objects.filter(pk__in=export.rows.values_list("authorisation_ids__0", flat=True))
    assert withdraw(authorisations=[carried.earliest("id")], actor=SYSTEM).notices
    order(
        production=production, profile="signals", purpose="ai_evaluation", actor=SYSTEM,
        recipient=Recipient.objects.get(code="larkspur-labs"),
    )  # fmt: skip
    again = order(
        production=production, profile=export.profile, purpose=export.purpose, actor=SYSTEM, recipient=export.recipient
    )
    while again.state in UNFINISHED:
        advance(again.pk)
        again.refresh_from_db()
    others = {each for found in export.rows.values_list("authorisation_ids", flat=True) for each in found}
    other = Authorisation.objects.filter(pk__in=others).exclude(party__authorisations__events__state="ConsentWithdrawn")
    assert propose(authorisations=[other.earliest("id")], actor=SYSTEM).is_waiting
    with transaction.atomic():
        record_verdict(
            verdict=ScreenVerdict.Verdict.QUARANTINED, version="test", findings={"policy.none": 1}, actor=SYSTEM,
            suggestion=Suggestion.objects.get(external_id="nf-10-a"), production_id=production.pk, at=now(),
        )  # fmt: skip
    seal_all()
    too_many: dict[str, int] = {}
    for name, who, arguments, query in PAGES:
        client = Client()
        client.force_login(
            User.objects.get(username=who), backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        own = {"code": production.code} if "<str:code>" in ROUTES[name] else {}
        address = f"{reverse(name, kwargs=own | arguments())}?{query}"
        client.get(address).close()  # the first of a process fills caches that are not the page's
        with CaptureQueriesContext(connection) as captured:
            response = client.get(address)
            if response.streaming:
                list(response)
        response.close()
        assert response.status_code in {200, STOP_POLLING}, f"{who} at {address}: {response.status_code}"
        asked = [each["sql"] for each in captured.captured_queries]
        number = len([each for each in asked if not each.startswith(("SAVEPOINT", "RELEASE"))])
        if number > WORKED_OUT.get(name, MOST):
            too_many[f"{who} at {address}"] = number
    assert not too_many, too_many


def test_no_page_is_missing_from_the_table() -> None:
    doors = {name for name in ROUTES if name.startswith("door")}  # no login opens these: tests/web/contributor counts
    missing = ROUTES.keys() - GESTURES - doors - {name for name, *_ in PAGES}
    assert not missing, f"say who asks for these pages, and with what: {sorted(missing)}"
