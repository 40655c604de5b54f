"""What an authorisation would change, before it is recorded: recorded for real, asked about, and taken out again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from loop.consent.lock import database_moment
from loop.consent.models import Evidence
from loop.consent.recording import GrantTerms, checked, write_authorisations
from loop.consent.repeats import repeats
from loop.export.compare import Effect, compare, pairs
from loop.kernel.actor import Actor
from loop.material.models import Production
from loop.people.models import Contributor


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What recording would do. `effects`: one for each recipient and purpose it speaks of, changed or not.

    `known`: parties of whom the same is recorded already.
    """

    parties: tuple[Contributor, ...]
    known: tuple[Contributor, ...]
    effects: tuple[Effect, ...]

    @property
    def gained(self) -> int:
        """Signals that could leave, over all recipients and purposes."""
        return sum(effect.gained for effect in self.effects)

    @property
    def lost(self) -> int:
        """Signals that could leave no longer."""
        return sum(effect.lost for effect in self.effects)

    @property
    def released(self) -> int:
        """Published rows that could leave no longer. A restriction recalls nothing by itself; a withdrawal does."""
        return sum(rows for effect in self.effects for _, rows in effect.released)


def what_if(*, parties: Sequence[Contributor], given: GrantTerms, production: Production, actor: Actor) -> WhatIf:
    """The effect on `production` of recording `given` for `parties`; nothing of it remains. Durable.

    The same fields are checked and refused as by `grant_many`. The records are written with their events, the gate is
    asked, and all of it is rolled back: no row, no event and no file. Asked about are the purposes that the record or
    the one it supersedes speaks of, for every recipient with an agreement in force for them and for those it names.
    """
    with transaction.atomic(durable=True):
        fields = checked(parties, given, actor)
        known = {} if given.supersedes else {each.party_id: each.party for each in repeats(parties, given, fields)}
        fresh = [each for each in parties if each.pk not in known]
        purposes = set(given.uses) | set(given.supersedes.uses if given.supersedes else ())
        named = {*given.recipients, *(given.supersedes.recipients if given.supersedes else ())}

        def change(at: datetime) -> None:
            document = given.evidence
            evidence = Evidence.objects.create(
                sha256=document.sha256, kind=document.kind, file_name=document.file_name,
                size_bytes=len(document.content), stored_name="", signed_at=document.signed_at,
                method=document.method, recorded_at=at,
            )  # fmt: skip
            write_authorisations(fresh, given, fields, evidence, actor, at)

        asked = pairs(purposes, moment=database_moment(), named=named)
        effects = compare(production=production, parties=[each.pk for each in fresh], asked=asked, change=change)
    return WhatIf(tuple(fresh), tuple(known.values()), tuple(effects))
