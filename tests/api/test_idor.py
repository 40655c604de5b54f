"""Every route by every caller: who is refused how. A new route without a line here fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from loop.api import urls
from loop.audit.record import record
from loop.consent.agreement import AgreementTerms
from loop.consent.evidence import document_of
from loop.consent.grant import grant
from loop.consent.recipient import add_recipient
from loop.consent.recording import GrantTerms
from loop.export.models import Export
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.kernel.ids import uuid7
from loop.material.models import Production
from loop.people.models import Contributor
from loop.recall.models import RecallNotice
from tests.api.conftest import Caller

GHOST = "018f0000-0000-7000-8000-000000000000"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

# route -> (its methods, the object it takes)
ROUTES: dict[str, tuple[set[str], str | None]] = {
    "api-me": ({"GET", "HEAD"}, None),
    "api-productions": ({"GET", "HEAD"}, None),
    "api-suggestions": ({"GET", "HEAD", "POST"}, None),
    "api-suggestions-bulk": ({"POST"}, None),
    "api-suggestion": ({"GET", "HEAD"}, "suggestion"),
    "api-media": ({"PUT"}, "media"),
    "api-decisions": ({"GET", "HEAD", "POST"}, None),
    "api-decision": ({"GET", "HEAD"}, "decision"),
    "api-explain": ({"GET", "HEAD"}, None),
    "api-exports": ({"GET", "HEAD", "POST"}, None),
    "api-export-preview": ({"POST"}, None),
    "api-export": ({"GET", "HEAD"}, "export"),
    "api-export-next": ({"POST"}, "export"),
    "api-export-compare": ({"GET", "HEAD"}, "export"),
    "api-export-cancel": ({"POST"}, "export"),
    "api-export-files": ({"GET", "HEAD"}, "export"),
    "api-export-downloads": ({"POST"}, "export"),
    "api-export-recalls": ({"GET", "HEAD"}, "export"),
    "api-export-replacement": ({"POST"}, "export"),
    "api-recalls": ({"GET", "HEAD"}, None),
    "api-recall": ({"GET", "HEAD"}, "recall"),
    "api-recall-acknowledge": ({"POST"}, "recall"),
}
OPEN = {
    "api-schema",
    "api-download",
    "api-feed",
    "api-recall-answers",
    "api-nowhere",
}  # need no token; tested on their own


@pytest.fixture
def objects(robot: Caller, a_line: Callable[..., dict[str, Any]]) -> dict[str, str]:
    """A suggestion, a decision and an export of the ferry."""
    from datetime import date

    agreement = AgreementTerms(
        signed_on=date(2026, 1, 1),
        valid_from=date(2026, 1, 1),
        valid_until=date(2036, 1, 1),
        purposes=["ai_evaluation"],
    )
    add_recipient(code="lab", name="Lab", kind="internal", actor=SYSTEM, agreement=agreement)
    media = {"uri": "clip.mp4", "sha256": "a" * 64, "mime": "video/mp4"}
    suggestion = robot.post("suggestions", a_line("s1", media=media)).body["id"]
    decision = robot.post(
        "decisions", {"suggestion": suggestion, "external_id": "d1", "outcome": "accept", "decided_by": "director-1"}
    ).body["id"]
    export = robot.post("exports", {"profile": "signals", "purpose": "ai_evaluation", "recipient": "lab"}).body["id"]
    return {
        "suggestion": suggestion, "decision": decision, "export": export, "media": media["sha256"],
        "recall": recalled(export),
    }  # fmt: skip


def recalled(export: str) -> str:
    """A recall of the export, written as the verb of withdrawal writes it; that one is tried in tests/recall."""
    at = now()
    released = Export.objects.get(uid=export)
    party = Contributor.objects.get(external_id="director-1")
    document = document_of("release.txt", b"I allow it.")
    terms = GrantTerms(
        production=released.production, uses={"ai_evaluation": "allowed"}, basis="consent", evidence=document,
        valid_from=at.date(), valid_until=at.date(), recipients=["lab"],
    )  # fmt: skip
    authorisation = grant(party=party, given=terms, actor=SYSTEM)
    uid = uuid7()
    event = record(
        event="recall.issued", actor=SYSTEM, obj_table="loop_recall_notice", obj_uid=uid,
        production_id=released.production_id, at=at, facts={"rows": 1},
    )  # fmt: skip
    RecallNotice.objects.create(
        uid=uid, export=released, cause=authorisation.events.get(), basis="withdrawn_by_party", actions=["stop_use"],
        deadline=at, rows=1, event=event, issued_at=at,
    )  # fmt: skip
    return str(uid)


def address(name: str, uid: str) -> str:
    if ROUTES[name][1] == "media":
        return reverse(name, kwargs={"sha256": "0" * 64 if uid == GHOST else uid})
    if name == "api-export-compare":
        return reverse(name, kwargs={"uid": uid, "other": uid})
    return reverse(name, kwargs={"uid": uid} if ROUTES[name][1] else None)


def test_the_table_has_every_route() -> None:
    assert {str(pattern.name) for pattern in urls.urlpatterns} == set(ROUTES) | OPEN


@pytest.mark.parametrize("name", ROUTES)
def test_each_method_of_each_route(
    name: str, objects: dict[str, str], robot: Caller, stranger: Caller, nobody: Caller,
    caller_of: Callable[..., Caller], ferry: Production,
) -> None:  # fmt: skip
    methods, kind = ROUTES[name]
    bare = caller_of(ferry, scopes=("suggestions:read",), name="reader")
    uid = objects.get(kind or "", GHOST)
    for method in METHODS:
        body: Any = {} if method != "GET" else None
        assert nobody.call(method, address(name, uid), body=body).status == 401, method
        assert Caller("circled_" + "0" * 32 + "_" + "A" * 43).call(method, address(name, uid), body=body).status == 401
        if method not in methods:
            for caller in (robot, stranger, bare):
                assert caller.call(method, address(name, uid), body=body).status == 405, method
            continue
        if kind is None:
            continue
        foreign = stranger.call(method, address(name, uid), body=body)
        missing = stranger.call(method, address(name, GHOST), body=body)
        expected = 400 if name == "api-export-downloads" else 404  # the body is read first, and is the same for both
        assert foreign.status == missing.status == expected, (method, foreign.body)
        assert without_request_id(foreign.body) == without_request_id(missing.body)
        assert set(foreign.headers) == set(missing.headers)
        scoped = bare.call(method, address(name, uid), body=body)
        assert scoped.status == (200 if kind == "suggestion" else 403), method


def test_a_foreign_export_gives_no_link(objects: dict[str, str], stranger: Caller) -> None:
    foreign = stranger.post(f"exports/{objects['export']}/downloads", {"file": "README.md"})
    missing = stranger.post(f"exports/{GHOST}/downloads", {"file": "README.md"})
    assert foreign.status == missing.status == 404
    assert without_request_id(foreign.body) == without_request_id(missing.body)


def test_lists_and_bodies_reach_only_ones_own(objects: dict[str, str], stranger: Caller) -> None:
    for path in ("suggestions", "decisions", "exports"):
        assert stranger.get(path).body["items"] == []
        foreign, missing = stranger.get(path, {"production": "FERRY"}), stranger.get(path, {"production": "NOWHERE"})
        assert foreign.status == missing.status == 404
        assert without_request_id(foreign.body) == without_request_id(missing.body)
    assert stranger.get("decisions", {"suggestion": objects["suggestion"]}).body["items"] == []
    verdict = {"outcome": "accept", "external_id": "d9", "decided_by": "x"}
    for name, body in (
        ("decisions", verdict | {"suggestion": objects["suggestion"]}),
        ("decisions", verdict | {"suggestion": GHOST}),
        ("decisions", verdict | {"suggestion_external_id": "s1"}),
        ("decisions", verdict | {"suggestion_external_id": "s1", "production": "FERRY"}),
        ("exports", {"profile": "signals", "purpose": "ai_evaluation", "recipient": "lab", "production": "FERRY"}),
        ("suggestions", {"external_id": "x", "content": "x", "model": "m", "production": "FERRY"}),
    ):
        assert stranger.post(name, body).status == 404, (name, body)


def without_request_id(body: Any) -> Any:
    return {key: value for key, value in body.items() if key != "request_id"} if isinstance(body, dict) else body
