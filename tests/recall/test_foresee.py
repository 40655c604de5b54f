"""What a withdrawal would mean beyond the releases it reaches, before it is recorded."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command

from loop.kernel.actor import SYSTEM
from loop.kernel.errors import NotAllowedError
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.querysets import actor_for_user
from loop.recall.acknowledge import acknowledge
from loop.recall.foresee import foresee
from loop.recall.models import RecallNotice
from loop.recall.querysets import records_of
from loop.recall.withdraw import withdraw
from tests.support.databases import FreshDatabase
from tests.support.releases import PURPOSE, Stage, few_lines, stage


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    made.authorises()
    return made


def everything() -> dict[str, int]:
    counts = {model._meta.db_table: model._default_manager.count() for model in apps.get_models()}
    return counts | {"files": sum(1 for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())}


def test_it_names_recipients_models_and_what_could_leave_no_longer(show: Stage) -> None:
    export, _ = show.releases()
    director = show.production.credits.get(contributor__external_id="director-1").contributor
    withdraw(authorisations=records_of(director, show.production), actor=SYSTEM)
    acknowledge(
        notice=RecallNotice.objects.get(), by="The Lab", copies_deleted=True, actor=SYSTEM,
        models_affected=[{"id": "taste-7b", "trained_on": "E-1", "action": "retrain_scheduled"}],
    )  # fmt: skip
    before = everything()
    editor = show.production.credits.get(contributor__external_id="editor-1").contributor
    records = records_of(editor, show.production)
    found = foresee(authorisations=records, actor=SYSTEM)
    assert [(each.export, each.rows) for each in found.report.published] == [(export, 6)]
    assert [each.code for each in found.recipients] == [show.recipient.code]
    assert [(each.name, each.action, each.export) for each in found.trained] == [
        ("taste-7b", "retrain_scheduled", export)
    ]
    assert found.made_by == (("vendor/model@1", 3), ("vendor/model@2", 3))
    effect = next(each for each in found.future if each.purpose == PURPOSE)
    assert (effect.recipient, effect.rows, effect.before, effect.after, effect.lost) == (show.recipient, 6, 6, 0, 6)
    assert effect.codes == (("WITHDRAWN", 0, 6),)
    assert found.signals == 6
    assert everything() == before
    out = io.StringIO()
    call_command("withdraw", "--authorisation", str(records[0].uid), "--preview", stdout=out)
    assert "Model trained on E-1: taste-7b, retrain_scheduled." in out.getvalue()
    assert f"for {PURPOSE}: 6 of 6 signals may leave now, 0 then." in out.getvalue()
    assert everything() == before


def test_what_another_record_carries_costs_nothing(show: Stage) -> None:
    (second,) = show.authorises("editor-1")
    show.releases()
    found = foresee(authorisations=[second], actor=SYSTEM)
    assert (found.report.published, found.made_by, found.future, found.signals) == ((), (), (), 0)


def test_only_who_may_withdraw_foresees(show: Stage) -> None:
    user = add_user(username="data", actor=SYSTEM).user
    add_member(user=user, production=show.production, role="data", actor=SYSTEM)
    (record, *_) = show.authorises("editor-1")
    with pytest.raises(NotAllowedError):
        foresee(authorisations=[record], actor=actor_for_user(user))
    assert foresee(authorisations=[record], actor=SYSTEM)
