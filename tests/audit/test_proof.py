"""Proofs of single events hold under every checkpoint, wherever their hashes come from."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import transaction

from loop.audit import keys, proof
from loop.audit.entry import parse
from loop.audit.merkle import leaf_hash, verify_inclusion
from loop.audit.models import AuditCheckpoint, AuditEvent, AuditLeaf
from loop.audit.note import open_checkpoint, parse_proof
from loop.audit.proof import inclusion
from loop.audit.record import record
from loop.audit.seal import seal
from loop.kernel.actor import SYSTEM
from loop.kernel.canonical import commitment
from loop.kernel.errors import NotFoundError

pytestmark = pytest.mark.usefixtures("fresh_database")


def happens(count: int) -> None:
    with transaction.atomic():
        for _ in range(count):
            record(
                event="production.changed", actor=SYSTEM, obj_table="loop_production", obj_uid=uuid4(),
                production_id=None, at=datetime(2026, 5, 1, tzinfo=UTC), facts={"number": count},
            )  # fmt: skip


@pytest.mark.parametrize("read_at_once", [1, 4, 1024])
def test_every_event_is_proved_under_every_checkpoint_that_covers_it(
    read_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "READ_AT_ONCE", read_at_once)
    for count in (1, 1, 3, 8, 2, 17, 5, 30):
        happens(count)
        seal()
    trusted = keys.trusted()
    for checkpoint in AuditCheckpoint.objects.order_by("size"):
        for leaf in AuditLeaf.objects.filter(log_index__lt=checkpoint.size).select_related("event")[::3]:
            found = inclusion(leaf.event.uid, size=checkpoint.size)
            assert parse_proof(found.proof.text()) == found.proof
            signed = open_checkpoint(found.proof.note, trusted)
            assert signed.size == checkpoint.size
            assert verify_inclusion(
                leaf=leaf_hash(found.entry), index=leaf.log_index, size=signed.size, proof=found.proof.hashes,
                root_hash=signed.root,
            )  # fmt: skip


def test_it_takes_the_smallest_checkpoint_and_opens_the_facts() -> None:
    happens(2)
    first = seal()
    happens(2)
    seal()
    event = AuditEvent.objects.order_by("id")[0]
    found = inclusion(event.uid)
    assert open_checkpoint(found.proof.note, keys.trusted()).size == first.size
    assert found.salt is not None
    assert found.facts == {"number": 2}
    assert commitment(found.salt, found.facts) == parse(found.entry).commit


def test_what_cannot_be_proved_is_refused() -> None:
    happens(1)
    event = AuditEvent.objects.get()
    with pytest.raises(NotFoundError, match="sealed"):
        inclusion(event.uid)
    seal()
    with pytest.raises(NotFoundError, match="size 1000"):
        inclusion(event.uid, size=1000)
    with pytest.raises(NotFoundError):
        inclusion(uuid4())
