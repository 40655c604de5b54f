"""A screening of what is recorded, step by step: each may be lost and taken up again, by whoever finds it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from loop.consent.lock import hold
from loop.decision.models import Decision
from loop.kernel.actor import SYSTEM
from loop.screening import codes
from loop.screening.models import ScreeningRun, ScreenVerdict
from loop.screening.querysets import POLICY_CODE
from loop.screening.screen import Judged, screen_of, texts_of_decision, texts_of_suggestion
from loop.screening.verdict import record_verdict
from loop.suggestion.models import Suggestion

STEP: Final = 1_000  # subjects a step: the lock of publishing is held for that long


def reread(run_id: int) -> ScreeningRun | None:
    """The next step of a run in one transaction, under the lock of publishing; None: it is finished, or another's now.

    A verdict is appended where it differs from the one that counts. What a person released stays released unless a
    further code holds it back; what the production's rules hold stays held. Durable.
    """
    production_id = ScreeningRun.objects.values_list("production_id", flat=True).get(pk=run_id)
    with transaction.atomic(durable=True):
        moment = hold([production_id])
        open_runs = ScreeningRun.objects.select_for_update(skip_locked=True, of=("self",)).select_related("production")
        run = open_runs.filter(pk=run_id, finished_at=None).first()
        if run is None:
            return None
        is_ours = run.version == codes.SCREEN  # one that was asked of an earlier version ends: that version is gone
        if not is_ours or not (_suggestions(run, moment) or _decisions(run, moment)):
            run.finished_at = moment
        run.save()
    return run


def _suggestions(run: ScreeningRun, moment: datetime) -> bool:
    found = list(
        Suggestion.objects.filter(production=run.production_id, pk__gt=run.suggestion_done, pk__lte=run.suggestion_end)
        .order_by("pk")
        .values_list("pk", "uid", "text__prompt", "text__content")[:STEP]
    )
    judged = screen_of(run.production).judge([texts_of_suggestion(prompt, content) for *_, prompt, content in found])
    standing = _standing("suggestion_id", [pk for pk, *_ in found])
    for (pk, uid, *_), verdict in zip(found, judged, strict=True):
        _say(run, verdict, standing.get(pk), moment, suggestion=Suggestion(pk=pk, uid=uid))
    run.texts_read += len(found)
    run.suggestion_done = found[-1][0] if found else run.suggestion_end
    return bool(found)


def _decisions(run: ScreeningRun, moment: datetime) -> bool:
    found = list(
        Decision.objects.filter(
            production=run.production_id, pk__gt=run.decision_done, pk__lte=run.decision_end, text__isnull=False
        )
        .order_by("pk")
        .values_list("pk", "uid", "text__rationale", "text__revised_content", "text__span_texts")[:STEP]
    )
    judged = screen_of(run.production).judge(
        [texts_of_decision(said, revised, spans) for *_, said, revised, spans in found]
    )
    standing = _standing("decision_id", [pk for pk, *_ in found])
    for (pk, uid, *_), verdict in zip(found, judged, strict=True):
        _say(run, verdict, standing.get(pk), moment, decision=Decision(pk=pk, uid=uid))
    run.texts_read += len(found)
    run.decision_done = found[-1][0] if found else run.decision_end
    return bool(found)


def _standing(subject: str, keys: list[int]) -> dict[int, ScreenVerdict]:
    """The verdict that counts, for each of the subjects that have one. One query."""
    found = ScreenVerdict.objects.filter(**{f"{subject}__in": keys}).order_by("id")
    return {getattr(each, subject): each for each in found}


def _say(run: ScreeningRun, judged: Judged | None, standing: ScreenVerdict | None, moment: datetime, **of: Any) -> None:
    wanted = _wanted(judged, standing, codes.read(run.production.screening))
    if wanted is None:
        return
    verdict, findings = wanted
    places = judged.places if judged else None
    record_verdict(
        verdict=verdict, version=codes.SCREEN, findings=findings, places=places, actor=SYSTEM,
        production_id=run.production_id, at=moment, **of,
    )  # fmt: skip
    run.recorded += 1
    run.held += verdict == codes.QUARANTINED


def _wanted(
    judged: Judged | None, standing: ScreenVerdict | None, levels: Mapping[str, str]
) -> tuple[str, dict[str, int]] | None:
    """What is to be recorded beside what counts now; None: nothing new."""
    verdict = judged.verdict if judged else codes.PASSED
    findings = dict(judged.findings) if judged else {}
    if standing is None:
        return (verdict, findings) if findings else None
    if standing.verdict == ScreenVerdict.Verdict.RELEASED:
        holding = {code for code in findings if codes.action(code, levels) == codes.HOLD}
        return (verdict, findings) if holding - set(standing.findings) else None
    if standing.verdict == ScreenVerdict.Verdict.QUARANTINED:
        rules = {code: count for code, count in standing.findings.items() if code.startswith(POLICY_CODE)}
        findings = {**rules, **findings}
        verdict = codes.QUARANTINED if rules else verdict
    return None if (verdict, findings) == (standing.verdict, dict(standing.findings)) else (verdict, findings)
