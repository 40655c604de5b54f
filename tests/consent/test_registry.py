"""The registry's verbs: what they write and record, and what they refuse without leaving anything behind."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from loop.audit.models import AuditEvent
from loop.consent.agreement import AgreementTerms, record_agreement
from loop.consent.evidence import MOST_BYTES, document_of, read_document
from loop.consent.grant import grant, grant_many
from loop.consent.models import Authorisation, AuthorisationEvent, Evidence, Recipient
from loop.consent.recipient import add_recipient
from loop.consent.recording import GrantTerms
from loop.consent.terms import PURPOSES
from loop.kernel.actor import SYSTEM, Actor
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, LoopError, NotAllowedError, NotFoundError, NotValidError
from loop.material.models import Production
from loop.people.member import add_member
from loop.people.models import Contributor, Role, User
from loop.people.querysets import actor_for_user
from loop.suggestion.models import ModelTerms, ModelVersion
from loop.suggestion.terms import record_terms

pytestmark = pytest.mark.django_db

AGREEMENT = AgreementTerms(
    signed_on=date(2026, 1, 2), valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31),
    purposes=["ai_generative_training", "ai_evaluation"], places=["us", "CA"],
)  # fmt: skip
RIDER = document_of("rider.txt", b"I allow it. Signed.", kind="rider", method="wet ink")


@pytest.fixture
def ferry() -> Production:
    return Production.objects.create(code="FERRY", title="Ferry", rate_num=24, created_at=now())


@pytest.fixture
def director(ferry: Production) -> Contributor:
    return Contributor.objects.create(namespace="FERRY", external_id="director-1", created_at=now())


@pytest.fixture
def lab() -> Recipient:
    return add_recipient(code="lab", name="The Lab", kind="external", actor=SYSTEM, agreement=AGREEMENT)


@pytest.fixture
def terms(ferry: Production, lab: Recipient) -> Callable[..., GrantTerms]:
    def make(**changes: Any) -> GrantTerms:
        usual: dict[str, Any] = {
            "production": ferry,
            "uses": {"ai_generative_training": "allowed"},
            "basis": "consent",
            "evidence": RIDER,
            "valid_from": date(2026, 1, 1),
            "valid_until": date(2026, 12, 31),
            "recipients": ["lab"],
        }
        return GrantTerms(**(usual | changes))

    return make


def login(name: str, role: Role, production: Production) -> Actor:
    user = User.objects.create(username=name)
    add_member(user=user, production=production, role=role, actor=SYSTEM)
    return actor_for_user(user)


def events() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("type", flat=True))


def test_it_registers_a_recipient_with_what_it_signed(lab: Recipient) -> None:
    agreement = lab.agreements.get()
    assert (agreement.purposes, agreement.places) == (["ai_evaluation", "ai_generative_training"], ["CA", "US"])
    assert events() == ["recipient.added", "recipient.agreement"]


def test_a_recipient_is_registered_once_and_may_sign_again(lab: Recipient) -> None:
    with pytest.raises(ConflictError, match="already registered"):
        add_recipient(code="lab", name="Another", kind="internal", actor=SYSTEM)
    record_agreement(recipient=lab, agreement=AGREEMENT, actor=SYSTEM)
    assert lab.agreements.count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"valid_until": date(2025, 12, 31)}, "valid_until"),
        ({"signed_on": date(2027, 1, 1)}, "signed_on"),
        ({"purposes": []}, "purposes"),
        ({"purposes": ["training"]}, "purposes"),
        ({"purposes": ["digital_replica"]}, "purposes"),
        ({"places": ["USA"]}, "places"),
        ({"places": ["XX"]}, "places"),
        ({"retention_days": -1}, "retention_days"),
        ({"weights_owner": "x" * 101}, "weights_owner"),
    ],
)
def test_a_bad_agreement_leaves_no_recipient(changes: dict[str, Any], field: str) -> None:
    bad = AgreementTerms(**({name: getattr(AGREEMENT, name) for name in AGREEMENT.__slots__} | changes))
    with pytest.raises(NotValidError) as refusal:
        add_recipient(code="lab", name="The Lab", kind="external", actor=SYSTEM, agreement=bad)
    assert refusal.value.field == field
    assert not Recipient.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"), [({"code": " "}, "code"), ({"code": "a\x00b"}, "code"), ({"kind": "friend"}, "kind")]
)
def test_a_bad_recipient_is_refused(changes: dict[str, str], field: str) -> None:
    with pytest.raises(NotValidError) as refusal:
        add_recipient(**({"code": "lab", "name": "Lab", "kind": "external"} | changes), actor=SYSTEM)
    assert refusal.value.field == field


def test_it_records_what_a_party_allows(
    director: Contributor, terms: Callable[..., GrantTerms], own_home: Path
) -> None:
    given = grant(party=director, given=terms(territory=["us"], capacities=["decider"]), actor=SYSTEM)
    given.refresh_from_db()
    assert given.uses == {"ai_generative_training": {"value": "allowed"}}
    assert (given.territory_allow, given.capacities, given.recipients) == (["US"], ["decider"], ["lab"])
    assert [event.state for event in given.events.all()] == ["ConsentGiven"]
    assert events()[-3:] == ["evidence.stored", "authorisation.recorded", "authorisation.state"]
    kept = own_home / "media" / given.evidence.stored_name
    assert kept.read_bytes() == RIDER.content
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert (given.evidence.sha256, given.evidence.method) == (RIDER.sha256, "wet ink")


def test_many_parties_share_the_evidence(director: Contributor, terms: Callable[..., GrantTerms]) -> None:
    writer = Contributor.objects.create(namespace="FERRY", external_id="writer-1", created_at=now())
    recorded = grant_many(parties=[director, writer], given=terms(), actor=SYSTEM)
    assert [each.party for each in recorded] == [director, writer]
    assert Evidence.objects.count() == 1
    grant(party=writer, given=terms(valid_until=date(2027, 12, 31), valid_from=date(2027, 1, 1)), actor=SYSTEM)
    assert Evidence.objects.count() == 1
    with pytest.raises(NotValidError, match="found none"):
        grant_many(parties=[], given=terms(), actor=SYSTEM)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"valid_until": date(2025, 12, 31)}, "valid_until"),
        ({"uses": {}}, "uses"),
        ({"uses": {"training": "allowed"}}, "uses"),
        ({"uses": {"research": "yes"}}, "uses.research"),
        ({"uses": {"digital_replica": "allowed"}}, "uses"),
        ({"uses": {"digital_replica": "constrained"}}, "uses"),
        ({"uses": {"research": {"value": "allowed", "constraint": {"rows": 1}}}}, "uses"),
        ({"uses": {"research": {"value": "constrained", "constraint": {"share": 0.5}}}}, "uses"),
        ({"uses": {"research": {"value": "allowed", "until": "2027"}}}, "uses"),
        ({"basis": "friendship"}, "basis"),
        ({"recipients": ["nobody"]}, "recipients"),
        ({"recipients": []}, "recipients"),
        ({"recipient_kinds": ["friend"]}, "recipient_kinds"),
        ({"territory": ["USA"]}, "territory"),
        ({"deny_territory": ["ZZ"]}, "deny_territory"),
        ({"territory": ["US", "CA"], "deny_territory": ["CA"]}, "deny_territory"),
        ({"capacities": ["director"]}, "capacities"),
        ({"material_kinds": [" "]}, "material_kinds"),
        ({"on_withdrawal": ["forget"]}, "on_withdrawal"),
    ],
)
def test_a_bad_grant_leaves_nothing(
    director: Contributor, terms: Callable[..., GrantTerms], own_home: Path, changes: dict[str, Any], field: str
) -> None:
    before = events()
    with pytest.raises(NotValidError) as refusal:
        grant(party=director, given=terms(**changes), actor=SYSTEM)
    assert refusal.value.field == field
    assert "expected" in str(refusal.value) or "never granted" in str(refusal.value) or "belongs" in str(refusal.value)
    assert not Authorisation.objects.exists()
    assert not Evidence.objects.exists()
    assert events() == before
    assert not list((own_home / "media").iterdir())


def test_a_replica_may_be_refused_and_a_denial_names_nobody(
    director: Contributor, terms: Callable[..., GrantTerms]
) -> None:
    denied = terms(uses=dict.fromkeys(PURPOSES, "notAllowed"), recipients=[])
    assert grant(party=director, given=denied, actor=SYSTEM).recipients == []


def test_a_grant_from_the_future_counts_from_now(director: Contributor, terms: Callable[..., GrantTerms]) -> None:
    given = grant(party=director, given=terms(), actor=SYSTEM, at=now() + timedelta(days=1))
    assert AuthorisationEvent.objects.get(authorisation=given).effective_at <= now() + timedelta(seconds=5)


def test_evidence_must_be_a_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, found in (
        (tmp_path / "missing.pdf", "No such file"),
        (tmp_path, "folder"),
    ):
        with pytest.raises(NotValidError, match=found) as refusal:
            read_document(path)
        assert refusal.value.field == "evidence"
    empty = tmp_path / "empty.pdf"
    empty.touch()
    with pytest.raises(NotValidError, match="empty"):
        read_document(empty)
    large = tmp_path / "large.pdf"
    with large.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(NotValidError, match="at most"):
        read_document(large)

    def unreadable(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    large.write_bytes(b"x")
    monkeypatch.setattr(Path, "read_bytes", unreadable)
    with pytest.raises(NotValidError, match="Permission denied"):
        read_document(large)


def test_only_the_party_and_a_consent_officer_authorise(
    ferry: Production, director: Contributor, terms: Callable[..., GrantTerms]
) -> None:
    officer, editor = login("olga", Role.CONSENT_OFFICER, ferry), login("ed", Role.EDITOR, ferry)
    own = Contributor.objects.get(user_id=editor.user_id)
    grant(party=director, given=terms(), actor=officer)
    grant(party=own, given=terms(), actor=editor)
    refused: list[tuple[Actor, Contributor, dict[str, Any], type[LoopError]]] = [
        (editor, director, {}, NotAllowedError),
        (login("dora", Role.DATA, ferry), director, {}, NotAllowedError),
        (actor_for_user(User.objects.create(username="root", is_superuser=True)), director, {}, NotAllowedError),
        (actor_for_user(User.objects.create(username="stranger")), director, {}, NotFoundError),
        (officer, director, {"production": None}, NotAllowedError),
    ]
    for actor, party, changes, error in refused:
        with pytest.raises(error):
            grant(party=party, given=terms(**changes), actor=actor)
    with pytest.raises(NotAllowedError):
        add_recipient(code="mine", name="Mine", kind="external", actor=editor)
    add_recipient(code="theirs", name="Theirs", kind="external", actor=officer)
    assert Authorisation.objects.count() == 2


def test_it_records_a_suppliers_terms() -> None:
    record_terms(label="vendor/model@2", training_on_outputs="allowed", output_owner="Studio", actor=SYSTEM)
    record_terms(label="vendor/model@2", training_on_outputs="notAllowed", evidence=RIDER, actor=SYSTEM)
    model = ModelVersion.objects.get()
    assert (model.vendor, model.name, model.version) == ("vendor", "model", "2")
    assert [each.training_on_outputs for each in ModelTerms.objects.order_by("id")] == ["allowed", "notAllowed"]
    with pytest.raises(NotValidError) as refusal:
        record_terms(label="vendor/model@2", training_on_outputs="perhaps", actor=SYSTEM)
    assert refusal.value.field == "training_on_outputs"


@pytest.mark.parametrize(
    "table",
    ["loop_evidence", "loop_recipient_agreement", "loop_authorisation", "loop_authorisation_event", "loop_model_terms"],
)
def test_the_runtime_role_changes_nothing_recorded(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(current_user, %s, 'UPDATE'), has_table_privilege(current_user, %s, 'DELETE'),"
            " has_table_privilege(current_user, %s, 'TRUNCATE')",
            [table] * 3,
        )
        assert cursor.fetchone() == (False, False, False)
