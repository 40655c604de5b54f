"""Named reads: what is held back at the moment."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from loop.material.models import Production
from loop.screening.models import ScreenVerdict

POLICY_VERSION = "policy-1"
"""The version of verdicts that a production's own rules gave, and not the screening of a text."""

POLICY_CODE = "policy."
"""What the code of such a finding begins with; the rule's name follows."""


def held_back(production: Production) -> QuerySet[ScreenVerdict]:
    """The verdicts that quarantine a text of the production and that no later verdict on the same text answers."""
    later = ScreenVerdict.objects.filter(
        Q(suggestion=OuterRef("suggestion")) | Q(decision=OuterRef("decision")), pk__gt=OuterRef("pk")
    )
    ours = Q(suggestion__production=production) | Q(decision__production=production)
    return ScreenVerdict.objects.filter(ours, ~Exists(later), verdict=ScreenVerdict.Verdict.QUARANTINED)


def suggestions_held_back(production: Production) -> QuerySet[ScreenVerdict]:
    """The verdicts that hold back suggestions of the production. `.values("suggestion")` are theirs."""
    later = ScreenVerdict.objects.filter(suggestion=OuterRef("suggestion"), pk__gt=OuterRef("pk"))
    return ScreenVerdict.objects.filter(
        ~Exists(later), verdict=ScreenVerdict.Verdict.QUARANTINED, suggestion__production=production
    )


def rules_of(verdict: ScreenVerdict) -> list[str]:
    """The names of the production's rules that a verdict names."""
    return [code.removeprefix(POLICY_CODE) for code in verdict.findings if code.startswith(POLICY_CODE)]
