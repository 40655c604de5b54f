"""A release that follows another: its version says what became of the rows."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from loop.export import places
from loop.export.models import Export
from loop.export.order_next import order_next
from loop.kernel.actor import SYSTEM
from loop.kernel.errors import ConflictError, NotFoundError, NotValidError
from loop.people.account import add_user
from loop.people.models import Contributor
from loop.people.querysets import actor_for_user
from loop.recall.querysets import records_of
from loop.recall.reissue import reissue
from loop.recall.withdraw import withdraw
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, decision, few_lines, finished, stage, suggestion


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    made.authorises()
    return made


def follows(old: Export, **changes: Any) -> Export:
    new = finished(order_next(export=old, actor=SYSTEM, **changes))
    assert new.state == "published", new.failure
    return new


def withdraws(show: Stage, name: str) -> None:
    withdraw(authorisations=records_of(Contributor.objects.get(external_id=name), show.production), actor=SYSTEM)


def folder(export: Export) -> Path:
    return places.root() / export.folder


def test_the_version_says_what_became_of_the_rows(show: Stage) -> None:
    first, _ = show.releases()
    same = follows(first)
    show.brings_in([suggestion(20, decision("accept"))])
    more = follows(same)
    packed = follows(more, formats=["csv"])
    labels = follows(packed, labels="every_decision")
    withdraws(show, "director-1")
    less = follows(labels)
    versions = [each.version for each in (first, same, more, packed, labels, less)]
    assert versions == ["1.0.0", "1.0.1", "1.1.0", "1.1.1", "2.0.0", "3.0.0"]
    release = json.loads((folder(more) / "manifest.json").read_bytes())["release"]
    assert (release["version"], release["next_of"]["uid"]) == ("1.1.0", str(same.uid))
    assert release["next_of"]["manifest_sha256"] == same.manifest_sha256
    assert json.loads((folder(more) / "croissant.json").read_bytes())["version"] == "1.1.0"
    card = (folder(more) / "README.md").read_text()
    assert "Version: 1.1.0" in card
    assert str(same.uid) in card


def test_it_has_the_bytes_of_the_same_order_by_itself(show: Stage) -> None:
    first, _ = show.releases()
    plain, at = show.releases()
    new = follows(first, checkpoint=plain.checkpoint_size)
    names = sorted(path.relative_to(at) for path in (at / "data").rglob("*.parquet"))
    assert names
    assert all((at / name).read_bytes() == (folder(new) / name).read_bytes() for name in names)


def test_its_version_is_unknown_until_its_rows_are(show: Stage) -> None:
    first, _ = show.releases()
    waiting = order_next(export=first, actor=SYSTEM)
    assert waiting.version == ""
    with pytest.raises(ConflictError, match="E-2 in the making"):
        order_next(export=first, actor=SYSTEM)
    withdraws(show, "director-1")
    with pytest.raises(ConflictError, match="E-2 in the making"):
        reissue(export=first, actor=SYSTEM)
    assert finished(waiting).version == "2.0.0"
    assert finished(reissue(export=first, actor=SYSTEM)).version == "3.0.0"


def test_only_the_newest_of_a_line_is_followed(show: Stage) -> None:
    first, _ = show.releases()
    follows(first)
    with pytest.raises(ConflictError, match=r"name E-2 1\.0\.1"):
        order_next(export=first, actor=SYSTEM)
    waiting = show.orders("preference")
    with pytest.raises(ConflictError, match="E-3, which is ordered"):
        order_next(export=waiting, actor=SYSTEM)


def test_the_same_key_answers_with_the_first_order(show: Stage) -> None:
    first, _ = show.releases()
    second = finished(order_next(export=first, actor=SYSTEM, idempotency_key="nightly"))
    assert order_next(export=first, actor=SYSTEM, idempotency_key="nightly") == second


def test_what_is_no_line_is_refused(show: Stage) -> None:
    first, _ = show.releases()
    for words, changes in (
        ("another profile", {"profile": "preference"}),
        ("another purpose", {"purpose": "ai_evaluation"}),
        ("one to replace as well", {"replaces": first}),
    ):
        with pytest.raises(NotValidError, match=words) as refused:
            show.orders(**({"next_of": first} | changes))
        assert refused.value.facts["field"] == "next_of"
    other = stage("day-ferry")
    with pytest.raises(NotValidError, match="another production"):
        other.orders(next_of=first)
    with pytest.raises(NotValidError, match="another recipient"):
        show.orders(next_of=first, recipient=stage("noon-ferry").recipient)
    stranger = add_user(username="stranger", actor=SYSTEM).user
    with pytest.raises(NotFoundError):
        order_next(export=first, actor=actor_for_user(stranger))


def test_the_command_orders_it_and_refuses_what_the_earlier_one_says(show: Stage) -> None:
    show.releases(labels="every_decision")
    out = StringIO()
    call_command("export", production="night-ferry", next_of="E-1", formats=["jsonl"], stdout=out)
    new = Export.objects.get(number=2)
    assert (new.next_of.number if new.next_of else None, new.recipe["labels"]) == (1, "every_decision")
    assert new.recipe["formats"] == ["jsonl"]
    assert "Ordered night-ferry E-2" in out.getvalue()
    for words, options in (
        ("leave out --profile", {"next_of": "night-ferry/E-1", "profile": "signals"}),
        ("leave out --preview", {"next_of": "night-ferry/E-1", "preview": True}),
        ("There is no release", {"next_of": "night-ferry/E-9"}),
        ("E-2 in the making", {"next_of": "night-ferry/E-1"}),
        ("--production, --purpose, --recipient, --profile", {}),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("export", **options)
