"""What a party left on a production that can be erased: its words, its files, its name. Reads only.

The party's own words are: texts of what it decided or what was decided for it; texts of suggestions, briefs and
materials that name it as their author (or in an unknown capacity, which could be that); what it began to write. Its
files are those of that work, and recordings that show its likeness. What others said of its work is theirs.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from loop.consent.models import Authorisation, CompensationEntry, Evidence
from loop.decision.models import Decision, DecisionDraft
from loop.material.models import Capacity, Material, MaterialVersion, Media, Production
from loop.people.models import Contributor, Credit, Member, User
from loop.queue.models import Assignment, Claim, OpinionRequest, SavedView
from loop.suggestion.models import Brief, Suggestion

AUTHOR: Final = ("", Capacity.AUTHOR_OF_SOURCE.value, Capacity.AUTHOR_OF_REVISION.value)
SHOWN: Final = (*AUTHOR, Capacity.PERFORMER_LIKENESS.value)
PSEUDONYM: Final = "erased-"


@dataclass(frozen=True, slots=True)
class Remains:
    """What there is to erase. `login` is erased with it; None: there is none, or it serves another production."""

    party: Contributor
    production: Production
    suggestions: list[Suggestion]
    decisions: list[Decision]
    versions: list[MaterialVersion]
    briefs: list[Brief]
    materials: list[Material]
    media: list[Media]
    evidence: list[Evidence]
    drafts: QuerySet[DecisionDraft]
    queue: dict[str, QuerySet[Any]]
    login: User | None
    kept: tuple[str, ...]  # what stays, by name

    @property
    def has_name(self) -> bool:
        """Whether it is still known by the name it came with."""
        return not self.party.external_id.startswith(PSEUDONYM)

    @property
    def texts(self) -> tuple[list[int], list[int]]:
        """The keys of the suggestions and of the decisions whose texts go."""
        return [each.pk for each in self.suggestions], [each.pk for each in self.decisions]


def remains_of(
    party: Contributor, production: Production, *, with_evidence: bool = False, with_derived: bool = False
) -> Remains:
    """What `party` left on `production`.

    `with_evidence`: also the documents it signed, which are else kept as proof of what it allowed. `with_derived`: also
    revisions that others made of its texts.
    """
    suggestions = list(_suggestions(party, production, AUTHOR))
    decided = Q(decided_by=party) | Q(on_behalf_of=party)
    if with_derived:
        decided |= Q(suggestion__in=suggestions, has_revision=True)
    own = Decision.objects.filter(decided, production=production)
    decisions = list(own.exclude(text=None, context={}).select_related("text").order_by("id"))
    works = Material.objects.filter(production=production)
    written = works.filter(contributions__contributor=party, contributions__capacity__in=AUTHOR).distinct()
    shown = works.filter(contributions__contributor=party, contributions__capacity__in=SHOWN).distinct()
    media, shared = _media(party, production, shown)
    evidence = _evidence(party) if with_evidence else []
    user = party.user or User.objects.filter(memberships__contributor=party).first()
    login, login_kept = _login(user, production)
    others = Decision.objects.filter(suggestion__in=suggestions, has_revision=True).exclude(decided).count()
    return Remains(
        party=party,
        production=production,
        suggestions=[each for each in suggestions if getattr(each, "text", None) is not None or each.parameters],
        decisions=decisions,
        versions=list(MaterialVersion.objects.filter(material__in=written, text__isnull=False).order_by("id")),
        briefs=list(_briefs(party, production).exclude(constraints_asked=[])),
        materials=list(written.exclude(title="")),
        media=media,
        evidence=evidence,
        drafts=DecisionDraft.objects.filter(
            (Q(user=user) if user else Q(pk__in=[])) | Q(suggestion__in=suggestions), suggestion__production=production
        ),
        queue=_queue(party, user, production),
        login=login,
        kept=tuple(_kept(party, production, shared, others, login_kept, with_evidence=with_evidence)),
    )


def _suggestions(party: Contributor, production: Production, capacities: Collection[str]) -> QuerySet[Suggestion]:
    own = Q(contributions__contributor=party, contributions__capacity__in=capacities)
    asked = Q(brief__contributions__contributor=party, brief__contributions__capacity__in=capacities)
    found = Suggestion.objects.filter(own | asked, production=production).distinct()
    return found.select_related("text").order_by("id")


def _briefs(party: Contributor, production: Production) -> QuerySet[Brief]:
    by_it = Q(contributions__contributor=party, contributions__capacity__in=AUTHOR)
    of_its = Q(suggestions__contributions__contributor=party, suggestions__contributions__capacity__in=AUTHOR)
    return Brief.objects.filter(by_it | of_its, production=production).distinct().order_by("id")


def _media(party: Contributor, production: Production, shown: QuerySet[Material]) -> tuple[list[Media], list[Media]]:
    """Its files, and those that others' work uses as well."""
    suggestions = _suggestions(party, production, SHOWN)
    found = Media.objects.filter(Q(suggestions__in=suggestions) | Q(versions__material__in=shown)).distinct()
    other = Exists(Suggestion.objects.filter(media=OuterRef("pk")).exclude(pk__in=suggestions.values("pk"))) | Exists(
        MaterialVersion.objects.filter(media=OuterRef("pk")).exclude(material__in=shown)
    )
    mine: list[Media] = []
    shared: list[Media] = []
    for each in found.exclude(uri__startswith=PSEUDONYM).annotate(is_shared=other).order_by("id"):
        (shared if each.is_shared else mine).append(each)
    return mine, shared


def _evidence(party: Contributor) -> list[Evidence]:
    """Documents of its records that nobody else's record rests on."""
    own = Authorisation.objects.filter(party=party)
    others = Authorisation.objects.exclude(party=party).filter(evidence=OuterRef("pk"))
    entries = CompensationEntry.objects.filter(authorisation__party=party)
    found = Evidence.objects.filter(
        Q(pk__in=own.values("evidence")) | Q(pk__in=entries.values("evidence")), ~Exists(others)
    )
    return list(found.exclude(file_name="[erased]").order_by("id"))


def _login(user: User | None, production: Production) -> tuple[User | None, User | None]:
    """(the login to erase, the login to keep because it works elsewhere)."""
    if user is None or user.username.startswith(PSEUDONYM):
        return None, None
    elsewhere = Member.objects.filter(user=user, active=True).exclude(production=production).exists()
    return (None, user) if elsewhere or user.is_superuser else (user, None)


def _queue(party: Contributor, user: User | None, production: Production) -> dict[str, QuerySet[Any]]:
    of_it: dict[str, QuerySet[Any]] = {
        "claims": Claim.objects.filter(contributor=party),
        "assignments": Assignment.objects.filter(contributor=party),
        "opinion requests": OpinionRequest.objects.filter(asked_by=party),
        "credits": Credit.objects.filter(contributor=party, production=production).exclude(function="erased"),
    }
    named = Q(query__contains=party.external_id)
    views = SavedView.objects.filter(production=production)
    of_it["saved views"] = views.filter(named | Q(owner=user) if user else named)
    return of_it


def _kept(
    party: Contributor,
    production: Production,
    shared: list[Media],
    others: int,
    login: User | None,
    *,
    with_evidence: bool,
) -> list[str]:
    lines = ["the write-ahead log and the backups of the database, until their retention ends"]
    records = Authorisation.objects.filter(party=party).count()
    if records:
        lines.append(f"what the party allowed or refused, with who signed, as proof: {records}")
    if not with_evidence:
        lines += [f"the document {each.sha256[:12]} of such a record" for each in _evidence(party)]
    lines += [f"the file {each.sha256[:12]}, which work of others uses as well" for each in shared]
    if others:
        lines.append(f"revisions that others made of the party's texts: {others}")
    if login is not None:
        lines.append(f"the login {login.uid}, which works beyond {production.code}")
    return lines
