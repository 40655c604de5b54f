"""What is ordered, what is refused before anything runs, and what a preview says of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from loop.audit.querysets import TrailFilter, everything, trail
from loop.export.models import Export
from loop.export.order import KeyReusedError, OrderRefusedError
from loop.export.preview import preview
from loop.gate.reasons import CODES
from loop.kernel.actor import SYSTEM, tool
from loop.kernel.errors import LoopError, NotAllowedError, NotFoundError, NotValidError
from loop.kernel.ids import uuid7
from loop.material.models import Production
from tests.support.databases import FreshDatabase
from tests.support.releases import PROFILES, PURPOSE, Stage, few_lines, finished, stage, today

ROBOT = tool(uuid7(), label="robot", scopes=frozenset({"exports:order"}), production_ids=frozenset({1}))


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    return made


def test_it_records_an_order_with_its_number_and_event(show: Stage) -> None:
    first, second = show.orders(), show.orders("preference")
    assert (first.number, second.number, first.state) == (1, 2, "ordered")
    events = trail(TrailFilter(obj_uid=first.uid), visible=everything())
    assert [event.type for event in events] == ["export.ordered"]


def test_the_same_order_twice_without_new_data_has_the_same_digest(show: Stage) -> None:
    one, two = show.orders(), show.orders()
    assert (one.checkpoint_size, bytes(one.order_digest)) == (two.checkpoint_size, bytes(two.order_digest))
    show.authorises()
    assert show.orders().checkpoint_size > one.checkpoint_size


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"purpose": "world_domination"}, "PURPOSE_UNKNOWN", "rule 1"),
        ({"purpose": "digital_replica", "profile": "signals"}, "REPLICA_BLOCKED", "rule 1"),
        ({"purpose": "ai_evaluation", "profile": "preference"}, "FORMAT_PURPOSE_MISMATCH", "rule 2"),
        ({"recipient": None}, "RECIPIENT_NOT_AUTHORISED", "rule 3"),
        ({"purpose": "research"}, "RECIPIENT_NOT_AUTHORISED", "rule 3"),
        ({"gate_date": today() + timedelta(days=4000)}, "RECIPIENT_NOT_AUTHORISED", "rule 3"),
    ],
)
def test_a_rule_that_no_row_could_pass_refuses_the_order_and_says_the_way_out(
    show: Stage, changes: dict[str, Any], code: str, words: str
) -> None:
    with pytest.raises(OrderRefusedError, match=words) as refused:
        show.orders(**changes)
    assert refused.value.facts["codes"][0] == code
    assert code in CODES
    assert not Export.objects.exists()


def test_a_blocked_production_exports_nothing(show: Stage) -> None:
    Production.objects.update(legal_hold=True)
    with pytest.raises(OrderRefusedError, match="rule 5"):
        show.orders()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"profile": "gossip"}, "profile"),
        ({"labels": "loudest_wins"}, "labels"),
        ({"filters": {"moods": ["sad"]}}, "filters"),
        ({"filters": {"outcomes": ["skip"]}}, "outcomes"),
        ({"filters": {"stages": ["lunch"]}}, "stages"),
        ({"filters": {"kinds": ["poem"]}}, "kinds"),
        ({"filters": {"models": ["nobody/none"]}}, "models"),
        ({"filters": {"origins": ["stork"]}}, "origins"),
        ({"filters": {"briefs": ["b99"]}}, "briefs"),
        ({"rows_per_shard": 0}, "rows_per_shard"),
        ({"idempotency_key": ""}, "idempotency_key"),
    ],
)
def test_a_malformed_order_names_its_field(show: Stage, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(NotValidError) as refused:
        show.orders(**changes)
    assert refused.value.field == field
    assert not Export.objects.exists()


def test_a_checkpoint_that_nobody_signed_is_refused(show: Stage) -> None:
    with pytest.raises(NotFoundError, match="checkpoint"):
        show.orders(checkpoint=10_000)


def test_only_who_may_order_orders(show: Stage) -> None:
    assert show.orders(actor=ROBOT).state == "ordered"
    stranger = tool(uuid7(), label="x", scopes=frozenset({"exports:read"}), production_ids=frozenset({1}))
    with pytest.raises((NotAllowedError, NotFoundError)):
        show.orders(actor=stranger)
    with pytest.raises((NotAllowedError, NotFoundError)):
        preview(
            production=show.production, profile="signals", purpose=PURPOSE, recipient=show.recipient, actor=stranger
        )


def test_the_same_key_answers_with_the_first_order(show: Stage) -> None:
    first = show.orders(idempotency_key="k1")
    assert show.orders(idempotency_key="k1").pk == first.pk
    assert show.orders(idempotency_key="k1", actor=ROBOT).pk != first.pk  # a key is its actor's own
    with pytest.raises(KeyReusedError, match="profile"):
        show.orders("preference", idempotency_key="k1")
    with pytest.raises(KeyReusedError, match="gate_date"):
        show.orders(idempotency_key="k1", gate_date=today() - timedelta(days=1))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("is_authorised", [False, True])
def test_a_preview_counts_what_the_order_freezes(show: Stage, profile: str, is_authorised: bool) -> None:
    if is_authorised:
        show.authorises("editor-1")
    seen = preview(production=show.production, profile=profile, purpose=PURPOSE, recipient=show.recipient, actor=SYSTEM)
    export = finished(show.orders(profile))
    assert (seen.rows, seen.excluded, seen.not_made) == (
        export.rows_included,
        export.excluded_by_code,
        export.not_made,
    )
    assert seen.considered == export.rows_considered > 0
    assert (seen.rows > 0) is is_authorised
    assert seen.checkpoint_size == export.checkpoint_size
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pg_temp.candidates'), to_regclass('pg_temp.sieved')")
        assert cursor.fetchone() == (None, None)


def test_a_preview_refuses_what_an_order_refuses(show: Stage) -> None:
    with pytest.raises(LoopError, match="rule 2"):
        preview(
            production=show.production, profile="preference", purpose="ai_evaluation", recipient=show.recipient,
            actor=SYSTEM,
        )  # fmt: skip


def test_filters_narrow_what_is_considered(show: Stage) -> None:
    show.authorises()
    _, folder = show.releases(filters={"outcomes": ["revise"], "models": ["vendor/model@2"]})
    export = Export.objects.latest("id")
    assert export.rows_included == 1
    assert "Only: models: vendor/model@2; outcomes: revise" in (folder / "README.md").read_text()
