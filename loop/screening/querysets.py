"""Named reads: what is held back at the moment, and who is looked for."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from loop.material.models import Production
from loop.screening import codes
from loop.screening.models import ScreeningRun, ScreenVerdict
from loop.screening.roster import Roster

POLICY_VERSION = "policy-1"
"""The version of verdicts that a production's own rules gave, and not the screening of a text."""

POLICY_CODE = codes.POLICY


def held_back(production: Production) -> QuerySet[ScreenVerdict]:
    """The verdicts that quarantine a text of the production and that no later verdict on the same text answers."""
    later = ScreenVerdict.objects.filter(
        Q(suggestion=OuterRef("suggestion")) | Q(decision=OuterRef("decision")), pk__gt=OuterRef("pk")
    )
    ours = Q(suggestion__production=production) | Q(decision__production=production)
    return ScreenVerdict.objects.filter(ours, ~Exists(later), verdict=ScreenVerdict.Verdict.QUARANTINED)


def held_alone_by(production: Production, code: str) -> list[ScreenVerdict]:
    """The verdicts that `code` alone makes hold a text back, oldest first. One query."""
    levels = codes.read(production.screening)
    found = held_back(production).filter(findings__has_key=code).select_related("suggestion", "decision").order_by("id")
    return [each for each in found if not any(codes.holds(other, levels) for other in each.findings if other != code)]


def suggestions_held_back(production: Production) -> QuerySet[ScreenVerdict]:
    """The verdicts that hold back suggestions of the production. `.values("suggestion")` are theirs."""
    later = ScreenVerdict.objects.filter(suggestion=OuterRef("suggestion"), pk__gt=OuterRef("pk"))
    return ScreenVerdict.objects.filter(
        ~Exists(later), verdict=ScreenVerdict.Verdict.QUARANTINED, suggestion__production=production
    )


def rules_of(verdict: ScreenVerdict) -> list[str]:
    """The names of the production's rules that a verdict names."""
    return [code.removeprefix(POLICY_CODE) for code in verdict.findings if code.startswith(POLICY_CODE)]


_PEOPLE: Final = """
SELECT coalesce(c.name, ''), coalesce(u.username, ''), coalesce(u.email, ''),
    coalesce(u.first_name || ' ' || u.last_name, '')
FROM loop_contributor c LEFT JOIN loop_user u ON u.id = c.user_id
WHERE c.kind = 'person' AND c.id IN (
    SELECT contributor_id FROM loop_credit WHERE production_id = %(production)s
    UNION SELECT contributor_id FROM loop_member WHERE production_id = %(production)s)
ORDER BY c.id
"""


def roster_of(production_id: int) -> Roster:
    """The people of a production, by credit and by login, as they are looked for in its texts. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, {"production": production_id})
        people = cursor.fetchall()
    names = {name for full, _, _, login in people for name in (full, login.strip()) if name}
    emails, logins = {email for _, _, email, _ in people if email}, {login for _, login, _, _ in people if login}
    return _roster(tuple(sorted(names)), tuple(sorted(emails)), tuple(sorted(logins)))


@lru_cache(maxsize=64)
def _roster(names: tuple[str, ...], emails: tuple[str, ...], logins: tuple[str, ...]) -> Roster:
    # Many names make a large pattern: made once for as long as the people stay the same.
    return Roster(names=names, emails=emails, logins=logins)


def runs_under_way() -> list[int]:
    """The runs under way, oldest first."""
    return list(ScreeningRun.objects.filter(finished_at=None).order_by("id").values_list("id", flat=True))
