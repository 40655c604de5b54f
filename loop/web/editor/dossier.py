"""The dossier of a suggestion: where it came from, what was said of it, where it went."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from loop.decision.models import Decision, DecisionSpan
from loop.decision.rules import LABELLED
from loop.material.models import Production
from loop.material.timecode import to_timecode
from loop.people.models import Role
from loop.people.roles import Permission
from loop.signal.choose import words_of
from loop.suggestion.models import Suggestion
from loop.suggestion.reveal import MAX_BASIS
from loop.web.desk import Desk, open_production, page
from loop.web.editor import record
from loop.web.editor.codes import Codes, codes_of
from loop.web.editor.diff import changed_words, compare
from loop.web.editor.highlight import Marked, segments
from loop.web.editor.item import (
    REVEALED,
    REVEALED_LIMIT,
    content_of,
    judged,
    layout_of,
    may_see_others,
    model_waits,
    own,
    scene_of,
)
from loop.web.editor.opinions import opinion_of
from loop.web.editor.provenance import provenance
from loop.web.editor.queue import judge
from loop.web.editor.rows import address, short_name
from loop.web.editor.wanted import Wanted, kind_words

HIDDEN: Final = "model hidden until you decide"
SEVERITIES: Final = {1: "a note", 2: "fix if cheap", 3: "must be fixed", 4: "unusable"}


@page
@require_GET
def dossier(request: HttpRequest, code: str, uid: UUID) -> HttpResponse:
    """Everything recorded about one suggestion, without the texts for whoever may not see them. At most 12 queries."""
    desk, production = open_production(request, code)
    suggestion = judged(production, uid)
    if suggestion is None:
        raise Http404("No such suggestion.")
    return show(request, desk, production, suggestion, sees_text=desk.may(Permission.SEE_TEXT))


def show(
    request: HttpRequest,
    desk: Desk,
    production: Production,
    suggestion: Suggestion,
    *,
    sees_text: bool,
    more: Mapping[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with the texts or without. `more` is for the form that asks for a reveal."""
    decisions = record.decisions_on(suggestion)
    me = judge(desk, production)
    live = [each for each in decisions if _is_live(each)]
    mine = own([each for each in live if each.outcome != "retract"], me)
    is_open = may_see_others(request, suggestion, me, mine)
    shown = decisions if is_open else [each for each in decisions if me and me.pk in _people(each)]
    is_hidden = model_waits(request, suggestion, me, mine)
    codes = codes_of(production, suggestion.kind)
    content, prompt, meta = content_of(suggestion)
    marks = Marks(shown)
    carried = record.carried_by(suggestion)
    context = {
        "suggestion": suggestion,
        "name": suggestion.external_id,
        "short": short_name(suggestion.external_id),
        "kind_label": kind_words(suggestion.kind).capitalize(),
        "scene": scene_of(suggestion, meta.get("scene") if sees_text else ""),
        "sees_text": sees_text,
        "may_reveal": not sees_text and desk.may(Permission.REVEAL_TEXT),
        "may_open_exports": desk.may(Permission.SEE_EXPORT),
        "may_ask_gate": desk.may(Permission.SEE_REGISTRY) or desk.may(Permission.ORDER_EXPORT),
        "basis_limit": MAX_BASIS,
        "content": content,
        "prompt": prompt,
        "erased": getattr(suggestion, "text", None) is None,
        "segments": segments(content, marks.into("content")) if sees_text and content else [],
        "prompt_segments": segments(prompt, marks.into("prompt")) if sees_text and prompt else [],
        "layout": layout_of(content) if sees_text and not marks.into("content") else "prose",
        "meta": json.dumps(meta, indent=2, ensure_ascii=False) if sees_text and meta else "",
        "decisions": [told(each, codes, marks, content, sees_text=sees_text) for each in reversed(shown)],
        "hidden": len([each for each in decisions if each.outcome in LABELLED]) if not is_open else 0,
        "facts": _facts(suggestion) | ({"model": HIDDEN} if is_hidden else {}),
        "model_hidden": is_hidden,
        "parameters": json.dumps(suggestion.parameters, indent=2, ensure_ascii=False)
        if suggestion.parameters and not is_hidden
        else "",
        "constraints": suggestion.brief.constraints_asked if sees_text else [],
        "kin": _kin(suggestion, is_hidden=is_hidden),
        "materials": [each for each in carried if each["tag"] in {"material", "asked"}],
        "contributors": _contributors(carried),
        "exports": record.exports_of(decisions),
        "events": record.events_of(desk, production, [suggestion.uid, *(each.uid for each in shown)]),
        "review_url": address(production, Wanted(), suggestion.uid) if me else "",
        "opinion": opinion_of(suggestion, me, here=request.path) if me else None,
        "digest": bytes(suggestion.digest).hex(),
        "provenance": provenance(production, suggestion, is_hidden=is_hidden),
        "may_release": desk.may(Permission.MANAGE_PEOPLE),
        **(more or {}),
    }
    return render(request, "editor/dossier.html", context, status=status)


@page
@require_POST
def reveal(request: HttpRequest, code: str, uid: UUID) -> HttpResponse:
    """Shows a judge what others said before an own verdict. It is noted: a verdict after it does not count as blind."""
    desk, production = open_production(request, code, Permission.SEE_TEXT)
    suggestion = judged(production, uid)
    if suggestion is None or judge(desk, production) is None:
        raise Http404("No such suggestion.")
    seen = [each for each in request.session.get(REVEALED, []) if each != str(uid)]
    request.session[REVEALED] = [*seen, str(uid)][-REVEALED_LIMIT:]
    return redirect("dossier", code=code, uid=uid)


class Marks:
    """The spans of the decisions on a page, numbered from 1 in the order they are read: newest decision first."""

    def __init__(self, decisions: list[Decision]) -> None:
        self.numbers: dict[int, int] = {}
        self.spans: list[DecisionSpan] = []
        for decision in reversed(decisions):
            for span in sorted(decision.spans.all(), key=lambda each: each.position):
                self.numbers[span.pk] = len(self.numbers) + 1
                if _is_live(decision):
                    self.spans.append(span)

    def into(self, target: str) -> list[Marked]:
        """The ranges in a text, those of superseded decisions left out."""
        return [
            Marked(self.numbers[span.pk], span.start, span.end)
            for span in self.spans
            if span.target == target and span.unit == "code_point" and span.start is not None and span.end is not None
        ]


def _is_live(decision: Decision) -> bool:
    return getattr(decision, "superseded_by", None) is None


def _people(decision: Decision) -> set[int | None]:
    return {decision.decided_by_id, decision.on_behalf_of_id}


def told(decision: Decision, codes: Codes, marks: Marks, content: str | None, *, sees_text: bool) -> dict[str, Any]:
    """One decision as the timeline shows it."""
    text = getattr(decision, "text", None) if sees_text else None
    revised = text.revised_content if text else None
    newer = getattr(decision, "superseded_by", None)
    return {
        "uid": decision.uid,
        "url": reverse("decision", args=[decision.uid]),
        "outcome": decision.outcome,
        "by": str(decision.decided_by),
        "on_behalf_of": decision.on_behalf_of,
        "role": str(Role(decision.decider_role).label).lower() if decision.decider_role in Role.values else "",
        "at": decision.decided_at,
        "recorded_at": decision.recorded_at,
        "is_live": newer is None,
        "newer_url": reverse("decision", args=[newer.uid]) if newer else "",
        "newer_outcome": newer.outcome if newer else "",
        "older_url": reverse("decision", args=[decision.supersedes.uid]) if decision.supersedes else "",
        "reasons": codes.reason_labels(decision.reasons),
        "beats": codes.beat_labels(decision.beats),
        "negative_kind": decision.get_negative_kind_display() if decision.negative_kind not in {"", "explicit"} else "",
        "severity": SEVERITIES.get(decision.severity or 0, ""),
        "confidence": None if decision.confidence is None else f"{decision.confidence.normalize():f}",
        "active_ms": decision.active_ms,
        "rationale": text.rationale if text else None,
        "revised": revised,
        "has_text": decision.text_commit is not None,
        "diff": compare(content, revised) if revised is not None and content is not None else [],
        "changed": changed_words(content, revised) if revised is not None and content is not None else 0,
        "spans": [_span(span, decision, marks, codes, text, content) for span in decision.spans.all()],
        "blind": decision.context.get("blind"),
        "choice": words_of(decision),
        "candidates_shown": len(decision.context.get("candidates", ())),
        "digest": bytes(decision.digest).hex(),
    }


def _span(
    span: DecisionSpan, decision: Decision, marks: Marks, codes: Codes, text: Any, content: str | None
) -> dict[str, Any]:
    said = (text.span_texts or []) if text else []
    words = said[span.position] if span.position < len(said) else {}
    return {
        "number": marks.numbers[span.pk],
        "where": where(span),
        "target": span.get_target_display().lower(),
        "reason": ", ".join(codes.reason_labels([span.reason])) if span.reason else "",
        "label": words.get("label"),
        "note": words.get("note"),
    }


def where(span: DecisionSpan) -> str:
    """Where a span lies, for people: characters, timecode, or a part of the picture."""
    if span.unit == "region" and span.region:
        x, y, w, h = (f"{float(span.region[key]) * 100:.0f}" for key in ("x", "y", "w", "h"))
        return f"{w} by {h} % of the picture, from {x} % left and {y} % top"
    if span.start is None or span.end is None:
        return ""
    if span.unit == "frame" and span.rate_num and span.rate_den:
        rate = Fraction(span.rate_num, span.rate_den)
        first, end = (to_timecode(frame, rate, drop_frame=span.drop_frame) for frame in (span.start, span.end))
        return f"{first} to {end}"
    if span.start == span.end:
        return f"at character {span.start}"
    return f"characters {span.start} to {span.end}"


def _facts(suggestion: Suggestion) -> dict[str, Any]:
    return {
        "model": suggestion.model.label if suggestion.model else suggestion.get_origin_display(),
        "origin": suggestion.get_origin_display(),
        "stage": suggestion.get_stage_display() if suggestion.stage else "",
        "brief": suggestion.brief.external_id if suggestion.brief.grouped else "",
        "source": suggestion.source,
    }


def _kin(suggestion: Suggestion, *, is_hidden: bool) -> dict[str, list[dict[str, Any]]]:
    found = record.kin_of(suggestion)
    return {
        tag: [
            {
                "name": short_name(each.external_id),
                "url": reverse("dossier", args=[suggestion.production.code, each.uid]),
                "kind": kind_words(each.kind),
                "model": "" if is_hidden else each.model,
                "is_this": each.uid == suggestion.uid,
            }
            for each in kin
        ]
        for tag, kin in found.items()
    }


def _contributors(carried: list[dict[str, Any]]) -> list[dict[str, str]]:
    through = {"suggestion": "the suggestion", "brief": "the brief", "of_material": "a material"}
    people: dict[tuple[str, str], dict[str, str]] = {}
    for each in carried:
        if each["tag"] not in through:
            continue
        key = (each["name"], each["capacity"])
        row = people.setdefault(
            key,
            {
                "name": each["detail"] or each["name"],
                "capacity": record.capacity_words(each["capacity"]),
                "through": "",
            },
        )
        row["through"] = ", ".join(filter(None, (row["through"], through[each["tag"]])))
    return sorted(people.values(), key=lambda row: (row["capacity"], row["name"]))
