"""One suggestion as it lies on the table: its text, its siblings, the keys of its reasons, what was said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID, uuid4

from django.core import signing
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from loop.decision.models import Decision
from loop.decision.querysets import in_order
from loop.decision.rules import LABELLED
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.roles import MATRIX, Permission
from loop.suggestion.models import Suggestion
from loop.templatetags.screenplay import elements
from loop.web.desk import Desk
from loop.web.editor.codes import Codes, codes_of
from loop.web.editor.rows import CANDIDATES, Progress, address, short_name
from loop.web.editor.wanted import Wanted, kind_words, verdicts

SHOWN_SALT: Final = "circled.shown"
REVEALED: Final = (
    "revealed"  # in the session: what somebody looked up before judging, so that "blind" is never claimed falsely
)
REVEALED_LIMIT: Final = 500
SCRIPT_PARTS: Final = frozenset({"heading", "cue", "dialogue"})  # with all three a text is laid out as a page of script


def judged(production: Production, uid: UUID) -> Suggestion | None:
    """A suggestion of the production with what its page shows of itself. One query."""
    found = Suggestion.objects.select_related("production", "brief__scene", "model", "media", "text")
    return found.filter(production=production, uid=uid).first()


def scene_of(suggestion: Suggestion, told: object) -> str:
    """The scene of the brief, else the one that came with the suggestion."""
    scene = suggestion.brief.scene
    return scene.number if scene else str(told or "")


def content_of(suggestion: Suggestion) -> tuple[str | None, str | None, dict[str, Any]]:
    """(content, prompt, meta); None for a text that does not exist or was erased."""
    text = getattr(suggestion, "text", None)
    if text is None:
        return None, None, {}
    return text.content, text.prompt, text.meta if isinstance(text.meta, dict) else {}


def layout_of(content: str | None) -> str:
    """How a text is laid out: as a screenplay if it has a heading, a cue and a line spoken, else as prose."""
    if content and {kind for kind, _, _ in elements(content)} >= SCRIPT_PARTS:
        return "screenplay"
    return "prose"


def spoken_for(desk: Desk, production: Production, me: Contributor) -> list[Contributor]:
    """For whom this login may decide: the lead and the others who judge here. At most one query."""
    if not desk.may(Permission.DECIDE_ON_BEHALF):
        return []
    judges = [role for role, held in MATRIX.items() if Permission.DECIDE in held]
    of_members = Q(memberships__production=production, memberships__role__in=judges, memberships__active=True)
    people = Contributor.objects.filter(of_members | Q(pk=production.lead_id)).exclude(pk=me.pk).distinct()
    return sorted(people, key=lambda one: (one.pk != production.lead_id, str(one)))


def said_of(suggestion: Suggestion) -> list[Decision]:
    """Every live verdict on a suggestion, in the order that counts. One query."""
    found = verdicts(suggestion.production).filter(suggestion=suggestion)
    return list(in_order(found.select_related("decided_by", "on_behalf_of", "text")))


def own(decisions: list[Decision], me: Contributor | None) -> Decision | None:
    """The last verdict that is one's own judgement, else the last that one entered for somebody else."""
    if me is None:
        return None
    judgements = [each for each in decisions if (each.on_behalf_of_id or each.decided_by_id) == me.pk]
    entered = [each for each in decisions if each.decided_by_id == me.pk]
    found = judgements or entered
    return found[-1] if found else None


def may_see_others(request: HttpRequest, suggestion: Suggestion, me: Contributor | None, mine: Decision | None) -> bool:
    """Who judges sees what others said after saying something of one's own, or after asking for it."""
    if me is None or (mine is not None and mine.outcome in LABELLED):
        return True
    return str(suggestion.uid) in request.session.get(REVEALED, [])


def name_of(decision: Decision) -> str:
    """Whose judgement it is, and who entered it for them: both names stay."""
    if decision.on_behalf_of is None:
        return str(decision.decided_by)
    return f"{decision.on_behalf_of}, by {decision.decided_by}"


def card(
    request: HttpRequest,
    desk: Desk,
    suggestion: Suggestion,
    *,
    me: Contributor,
    filters: Wanted,
    reached: Progress,
    candidates: list[dict[str, Any]],
    marks: Mapping[int, str],
    given: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What editor/_item.html shows. `given` is a form that was refused: it stands again as it was filled in.

    At most three queries: verdicts, codes, people to speak for.
    """
    production = suggestion.production
    codes = codes_of(production, suggestion.kind)
    decisions = said_of(suggestion)
    mine = own(decisions, me)
    is_open = may_see_others(request, suggestion, me, mine)
    others = [each for each in decisions if each is not mine and each.outcome in LABELLED] if is_open else []
    content, prompt, meta = content_of(suggestion)
    position = next((place for place, each in enumerate(candidates) if each["pk"] == suggestion.pk), 0)
    told = given or {}
    checked = set(told.get("reasons", ()))
    return {
        "uid": suggestion.uid,
        "brief": suggestion.brief_id,
        "name": short_name(suggestion.external_id),
        "full_name": suggestion.external_id,
        "no": reached.place,
        "kind_label": kind_words(suggestion.kind).capitalize(),
        "scene": scene_of(suggestion, meta.get("scene")),
        "prompt": prompt,
        "content": content,
        "missing": _missing(suggestion),
        "layout": layout_of(content),
        "medium": "text",
        "stage_template": "editor/_stage_text.html",
        "candidates": _siblings(production, filters, candidates, position, marks),
        "more_candidates": max(0, len(candidates) - CANDIDATES),
        "letter": _letter(position),
        "model": suggestion.model.label if suggestion.model else suggestion.get_origin_display().lower(),
        "cost_usd": suggestion.cost_usd,
        "latency_ms": suggestion.latency_ms,
        "dossier_url": reverse("dossier", args=[production.code, suggestion.uid]),
        "idempotency_key": told.get("idempotency_key") or uuid4(),
        "shown": shown(suggestion, candidates, others=len(others), is_open=is_open),
        "reasons": [{"code": code, "label": label, "checked": code in checked} for code, label in codes.digits],
        "more_reasons": [{"code": code, "label": label, "checked": code in checked} for code, label in codes.more],
        "reason_count": len(codes.digits) + len(codes.more),
        "beats": [
            {"code": code, "label": label, "checked": code in told.get("beats", ())} for code, label in codes.beats
        ],
        "given": told,
        "mine": mine and _verdict(mine, codes),
        "others": [_verdict(each, codes) for each in others],
        "on_behalf": [
            {"uid": each.uid, "key": str(each.uid), "name": str(each)} for each in spoken_for(desk, production, me)
        ],
        "speaks_for_oneself": desk.may(Permission.DECIDE),
    }


def shown(suggestion: Suggestion, candidates: list[dict[str, Any]], *, others: int, is_open: bool) -> str:
    """What was on screen, signed: it comes back with the verdict and is stored with it; nobody else can write it."""
    seen = {
        "page": "review",
        "candidates": [str(each["uid"]) for each in candidates[:CANDIDATES]],
        "blind": not (is_open and others),
        "verdicts_shown": others,
    }
    return signing.dumps([str(suggestion.uid), seen], salt=SHOWN_SALT, compress=True)


def read_shown(token: str, suggestion: Suggestion) -> dict[str, Any]:
    """What the token of the page says was on screen; only the page if there is none, or one of another suggestion."""
    try:
        uid, seen = signing.loads(token, salt=SHOWN_SALT)
    except (signing.BadSignature, ValueError):
        return {"page": "review"}
    return dict(seen) if uid == str(suggestion.uid) else {"page": "review"}


def _letter(position: int) -> str:
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _siblings(
    production: Production, filters: Wanted, found: list[dict[str, Any]], position: int, marks: Mapping[int, str]
) -> list[dict[str, Any]]:
    # A window round the one on the table, so that it is always among those shown.
    first = max(0, min(position - CANDIDATES // 2, len(found) - CANDIDATES))
    return [
        {
            "uid": each["uid"],
            "url": address(production, filters, each["uid"]),
            "letter": _letter(first + place),
            "outcome": marks.get(each["pk"], ""),
        }
        for place, each in enumerate(found[first : first + CANDIDATES])
    ]


def _missing(suggestion: Suggestion) -> str:
    if getattr(suggestion, "text", None) is None:
        return "It was erased on request. What was decided of it stays on record."
    if suggestion.media is not None:
        return f"The suggestion is a file ({suggestion.media.mime}). Its address and digest stand in the dossier."
    return "The suggestion came without one."


def _verdict(decision: Decision, codes: Codes) -> dict[str, Any]:
    text = getattr(decision, "text", None)
    return {
        "uid": decision.uid,
        "url": reverse("decision", args=[decision.uid]),
        "outcome": decision.outcome,
        "by": name_of(decision),
        "reasons": codes.reason_labels(decision.reasons),
        "rationale": text.rationale if text else None,
        "at": decision.decided_at,
        "on_behalf_of": decision.on_behalf_of,
    }
