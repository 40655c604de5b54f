"""Who is involved in a production at all."""

from django.db.models import QuerySet

from loop.decision.models import Decision
from loop.material.models import MaterialContribution, Production
from loop.people.models import Contributor, Credit
from loop.suggestion.models import BriefContribution, SuggestionContribution


def known_parties(production: Production) -> QuerySet[Contributor]:
    """Every contributor known to the production at this moment, by id: what `--all-parties` means.

    Those with a credit on it, who decided or were decided for in it, and the listed contributors of its suggestions,
    briefs and materials. Who joins later is not among them and needs an authorisation of their own. One query.
    """
    decisions = Decision.objects.filter(production=production)
    sources = (
        Credit.objects.filter(production=production).values("contributor_id"),
        decisions.values("decided_by_id"),
        decisions.filter(on_behalf_of__isnull=False).values("on_behalf_of_id"),
        SuggestionContribution.objects.filter(suggestion__production=production).values("contributor_id"),
        BriefContribution.objects.filter(brief__production=production).values("contributor_id"),
        MaterialContribution.objects.filter(material__production=production).values("contributor_id"),
    )
    return Contributor.objects.filter(id__in=sources[0].union(*sources[1:])).order_by("id")
