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
from loop.kernel.clock import now, rfc3339
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.roles import MATRIX, Permission
from loop.queue.querysets import verdicts
from loop.suggestion.models import Suggestion
from loop.templatetags.screenplay import elements
from loop.web.desk import Desk
from loop.web.editor.board import beside
from loop.web.editor.codes import Codes, codes_of
from loop.web.editor.drafts import told as draft_told
from loop.web.editor.media import media_card, stage_of
from loop.web.editor.provenance import with_provenance
from loop.web.editor.rows import CANDIDATES, Progress, address, short_name
from loop.web.editor.sheet import (
    base_of,
    chips,
    hides_model,
    marks_of,
    policy_here,
    quote_of,
    said_spans,
    with_spans,
)
from loop.web.editor.wanted import Wanted, kind_words

SHOWN_SALT: Final = "circled.shown"
REVEALED: Final = (
    "revealed"  # in the session: what somebody looked up before judging, so that "blind" is never claimed falsely
)
REVEALED_LIMIT: Final = 500
SCRIPT_PARTS: Final = frozenset({"heading", "cue", "dialogue"})  # with all three a text is laid out as a page of script


def judged(production: Production, uid: UUID) -> Suggestion | None:
    """A suggestion of the production with what its page shows of itself. One query."""
    found = Suggestion.objects.select_related("production", "brief__scene", "model", "media", "text")
    return with_provenance(found).filter(production=production, uid=uid).first()


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
    return list(in_order(with_spans(found.select_related("decided_by", "on_behalf_of", "text"))))


def own(decisions: list[Decision], me: Contributor | None) -> Decision | None:
    """The last verdict that is one's own judgement, else the last that one entered for somebody else."""
    if me is None:
        return None
    judgements = [each for each in decisions if (each.on_behalf_of_id or each.decided_by_id) == me.pk]
    entered = [each for each in decisions if each.decided_by_id == me.pk]
    found = judgements or entered
    return found[-1] if found else None


def may_see_others(request: HttpRequest, suggestion: Suggestion, me: Contributor | None, mine: Decision | None) -> bool:
    """Who judges sees what others said after saying something of one's own, or after asking for it.

    Where the production does not judge blind, at once.
    """
    if me is None or (mine is not None and mine.outcome in LABELLED):
        return True
    if not policy_here(request, suggestion.production).blind_until_decided:
        return True
    return _looked_up(request, suggestion)


def _looked_up(request: HttpRequest, suggestion: Suggestion) -> bool:
    return str(suggestion.uid) in request.session.get(REVEALED, [])


def model_waits(request: HttpRequest, suggestion: Suggestion, me: Contributor | None, mine: Decision | None) -> bool:
    """Whether the model is kept from whoever judges until they have, or have asked to see everything first."""
    if me is None or _looked_up(request, suggestion):
        return False
    return hides_model(policy_here(request, suggestion.production), mine)


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

    At most five queries: verdicts, codes, people to speak for, the text of a parent, what is known of a file.
    """
    production = suggestion.production
    policy = policy_here(request, production)
    codes = codes_of(production, suggestion.kind)
    decisions = said_of(suggestion)
    mine = own(decisions, me)
    is_open = may_see_others(request, suggestion, me, mine)
    others = [each for each in decisions if each is not mine and each.outcome in LABELLED] if is_open else []
    content, prompt, meta = content_of(suggestion)
    position = next((place for place, each in enumerate(candidates) if each["pk"] == suggestion.pk), 0)
    # A window round the one on the table, so that it is always among those shown.
    first = max(0, min(position - CANDIDATES // 2, len(candidates) - CANDIDATES))
    media = media_card(suggestion)
    medium, stage_template = stage_of(media)
    told = given or {}
    checked, moods = set(told.get("reasons", ())), set(told.get("beats", ()))
    is_hidden = model_waits(request, suggestion, me, mine)
    praises, beats = chips(policy, suggestion.kind, codes)
    texts = {"content": content, "prompt": prompt}
    seen = [each for each in (*others, mine) if each is not None]
    return {
        "uid": suggestion.uid,
        "brief": suggestion.brief_id,
        "brief_uid": suggestion.brief.uid,
        "name": short_name(suggestion.external_id),
        "full_name": suggestion.external_id,
        "no": reached.place,
        "kind_label": kind_words(suggestion.kind).capitalize(),
        "scene": scene_of(suggestion, meta.get("scene")),
        "prompt": prompt,
        "content": content,
        "missing": _missing(suggestion),
        "base": base_of(suggestion, content, prompt, meta),
        "layout": layout_of(content),
        "medium": medium,
        "beside": beside(production, suggestion, filters) if medium == "still" else [],
        "stage_template": stage_template,
        "media": media,
        "candidates": _siblings(production, filters, candidates, first, marks),
        "more_candidates": max(0, len(candidates) - CANDIDATES),
        "letter": letter(position),
        "model": suggestion.model.label if suggestion.model else suggestion.get_origin_display().lower(),
        "model_hidden": is_hidden,
        "skip": policy.skip,
        "cost_usd": suggestion.cost_usd,
        "latency_ms": suggestion.latency_ms,
        "dossier_url": reverse("dossier", args=[production.code, suggestion.uid]),
        "idempotency_key": told.get("idempotency_key") or uuid4(),
        "shown": shown(
            suggestion,
            candidates[first : first + CANDIDATES],
            first=first,
            others=len(others),
            is_open=is_open,
            model_hidden=is_hidden,
        ),
        "reasons": _ticks(codes.digits, checked),
        "more_reasons": _ticks(codes.more, checked),
        "reason_count": len(codes.digits) + len(codes.more),
        "praise": _ticks(praises, checked),
        "beat_chips": _ticks(beats, moods),
        "beats": _ticks([each for each in codes.beats if each not in beats], moods),
        "given": told,
        "draft": draft_told(desk.user, production, suggestion),
        "mine": mine and _verdict(mine, codes, texts),
        "others": [_verdict(each, codes, texts) for each in others],
        "others_spans": marks_of(seen, mine, {each.pk: name_of(each) for each in seen}),
        "on_behalf": [
            {"uid": each.uid, "key": str(each.uid), "name": str(each)} for each in spoken_for(desk, production, me)
        ],
        "speaks_for_oneself": desk.may(Permission.DECIDE),
    }


def _ticks(found: list[tuple[str, str]], checked: set[str]) -> list[dict[str, Any]]:
    return [{"code": code, "label": label, "checked": code in checked} for code, label in found]


def shown(
    suggestion: Suggestion,
    candidates: list[dict[str, Any]],
    *,
    first: int,
    others: int,
    is_open: bool,
    model_hidden: bool = False,
) -> str:
    """What was on screen, signed: it comes back with the verdict and is stored with it; nobody else can write it."""
    seen = {
        "page": "review",
        "candidates": [str(each["uid"]) for each in candidates],
        "letters": [letter(first + place) for place in range(len(candidates))],
        "blind": not (is_open and others),
        "verdicts_shown": others,
        "model_hidden": model_hidden,
        "opened_at": rfc3339(now()),
    }
    return signing.dumps([str(suggestion.uid), seen], salt=SHOWN_SALT, compress=True)


def read_shown(token: str, suggestion: Suggestion) -> dict[str, Any]:
    """What the token of the page says was on screen; only the page if there is none, or one of another suggestion."""
    try:
        uid, seen = signing.loads(token, salt=SHOWN_SALT)
    except (signing.BadSignature, ValueError):
        return {"page": "review"}
    return dict(seen) if uid == str(suggestion.uid) else {"page": "review"}


def letter(position: int) -> str:
    """A to Z, then AA: the name of a candidate by its place, from 0."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _siblings(
    production: Production, filters: Wanted, found: list[dict[str, Any]], first: int, marks: Mapping[int, str]
) -> list[dict[str, Any]]:
    return [
        {
            "uid": each["uid"],
            "url": address(production, filters, each["uid"]),
            "letter": letter(first + place),
            "take": each["take"],
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


def _verdict(decision: Decision, codes: Codes, texts: Mapping[str, str | None]) -> dict[str, Any]:
    text = getattr(decision, "text", None)
    return {
        "uid": decision.uid,
        "url": reverse("decision", args=[decision.uid]),
        "outcome": decision.outcome,
        "by": name_of(decision),
        "reasons": codes.reason_labels(decision.reasons),
        "rationale": text.rationale if text else None,
        "spans": [
            {
                "quote": quote_of(mark, texts),
                "reason": "".join(codes.reason_labels([mark["reason"]])) if mark.get("reason") else "",
                "note": mark.get("note", ""),
            }
            for mark in said_spans(decision)
        ],
        "at": decision.decided_at,
        "on_behalf_of": decision.on_behalf_of,
    }
