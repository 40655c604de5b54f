"""What a withdrawal would mean beyond the releases it reaches: for models, for recipients, for exports to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from loop.consent.lock import hold
from loop.consent.models import Authorisation, AuthorisationState, Recipient
from loop.consent.withdraw import withdraw as take_back
from loop.export.compare import Effect, compare, pairs
from loop.export.models import Export
from loop.kernel.actor import Actor
from loop.material.models import Production
from loop.recall.models import RecallAck
from loop.recall.scope import WithdrawalReport, party_of, permit, productions_of, report_of
from loop.recall.trace import trace

_MADE_BY = """
SELECT m.label, count(DISTINCT r.row_id) FROM recalled_row r
JOIN loop_export_row x ON x.id = r.row_id
JOIN loop_decision d ON d.id IN (x.decision_id, x.other_decision_id)
JOIN loop_suggestion s ON s.id = d.suggestion_id JOIN loop_model_version m ON m.id = s.model_id
GROUP BY m.label ORDER BY m.label
"""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model that a recipient named in an answer to an earlier recall of a release, with what it did about it."""

    name: str
    action: str
    export: Export


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would follow. `report`: the releases reached.

    `trained`: models known to be trained on those releases, as recipients said; whoever was never asked has said
    nothing. `made_by`: (model version, rows): whose outputs stand in the rows, which is another thing. `future`: what
    could leave no longer, or again, for each recipient and purpose.
    """

    report: WithdrawalReport
    trained: tuple[TrainedModel, ...]
    made_by: tuple[tuple[str, int], ...]
    future: tuple[Effect, ...]

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        """Who holds a published row that it reaches, by code."""
        held = {each.export.recipient.code: each.export.recipient for each in self.report.published}
        return tuple(held[code] for code in sorted(held))

    @property
    def signals(self) -> int:
        """The most signals that could no longer leave to any one recipient for any one purpose."""
        return max((effect.lost for effect in self.future), default=0)


def foresee(*, authorisations: Sequence[Authorisation], actor: Actor) -> Foreseen:
    """What withdrawing these records of one party would mean. Nothing of it remains. Durable.

    The releases are those of `preview`; the future is asked of the gate with the records taken back, which is rolled
    back again. Raises what `withdraw` raises. Two passes of the gate for each recipient and purpose concerned.
    """
    party = party_of(authorisations)
    permit(actor, authorisations, party)

    def change(at: datetime) -> None:
        for each in authorisations:
            take_back(authorisation=each, state=AuthorisationState.WITHDRAWN.value, actor=actor, at=at, reason="")

    with transaction.atomic(durable=True), connection.cursor() as cursor:
        moment = hold(productions_of(authorisations))
        report = report_of(authorisations, trace(cursor, party=party.pk, withdrawn=authorisations, moment=moment))
        cursor.execute(_MADE_BY)
        made_by: list[tuple[str, int]] = cursor.fetchall()
        purposes = {purpose for each in authorisations for purpose in each.uses}
        asked = pairs(purposes, moment=moment)
        future = [
            effect
            for production in _productions(authorisations, party.namespace)
            for effect in compare(production=production, parties=[party.pk], asked=asked, change=change)
        ]
    trained = _trained([each.export for each in report.published])
    return Foreseen(report, trained, tuple(made_by), tuple(each for each in future if each.changes))


def _productions(authorisations: Sequence[Authorisation], namespace: str) -> list[Production]:
    """Where the records speak; one that speaks of every production is asked about where the party is known."""
    found = {each.production.pk: each.production for each in authorisations if each.production is not None}
    if any(each.production is None for each in authorisations):
        found |= {each.pk: each for each in Production.objects.filter(code=namespace)}
    return [found[pk] for pk in sorted(found)]


def _trained(exports: Sequence[Export]) -> tuple[TrainedModel, ...]:
    """What recipients answered about models, the newest word about each model of each release."""
    by_pk = {each.pk: each for each in exports}
    newest: dict[tuple[int, str], str] = {}
    acks = RecallAck.objects.filter(notice__export__in=exports).order_by("id")
    for export_id, models in acks.values_list("notice__export_id", "models_affected"):
        for model in models:
            newest[export_id, str(model["id"])] = str(model["action"])
    return tuple(TrainedModel(name, action, by_pk[pk]) for (pk, name), action in sorted(newest.items()))
