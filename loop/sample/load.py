"""Bringing in the sample production "Night Ferry" through the verbs that any production goes through."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from loop.kernel.actor import Actor
from loop.material.models import Production
from loop.sample import material, people, pictures, registry
from loop.sample.content import facts
from loop.sample.logins import Login

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The sample as it stands. The numbers of new rows are 0 when it was there before."""

    production: Production
    logins: tuple[Login, ...]
    suggestions: int
    suggestions_new: int
    decisions: int
    decisions_new: int
    files: int
    files_new: int
    authorisations: int


def load(*, actor: Actor, at: datetime, say: Say | None = None, with_files: bool = True) -> Loaded:
    """Brings in production, people, material, suggestions with decisions, and the consent registry.

    Every part is looked up before it is written, so a second call changes nothing and one that was interrupted is
    continued. Logins get a random password each, which `keys/sample_logins.json` keeps; see `Login.password`.
    Without `with_files` the pictures, clips and sounds are named and not stored; a later load stores them.
    `actor` must be the system or an admin; `at` is the moment of recording. `say` is told of each part before its turn.
    Durable, in as many transactions as it calls verbs. Raises ConflictError if the production's code or a login's name
    belongs to somebody else, and what the verbs raise.
    """
    tell = say or (lambda _: None)
    given = facts()
    tell("production, people and logins")
    production = people.the_production(given, actor=actor, at=at)
    logins = people.add_logins(given, production, actor=actor)
    parties = people.add_parties(given, production, actor=actor, at=at)
    tell("scripts, boards, notes, scenes and takes")
    material.add_breakdown(given, production, actor=actor, at=at)
    material.add_documents(given, production, parties, actor=actor, at=at)
    tell("suggestions with their decisions")
    report = material.add_suggestions(production, actor=actor)
    stored = pictures.Stored(files=0, new=0)
    if with_files:
        tell("pictures, clips and sounds")
        stored = pictures.add_pictures(production, actor=actor, at=at)
    tell("recipients, authorisations with their evidence, one withdrawal")
    registry.add_recipients(given, actor=actor, at=at)
    notices = registry.add_notices(given, production, actor=actor, at=at)
    authorisations = registry.add_authorisations(given, production, parties, notices, actor=actor, at=at)
    registry.add_withdrawals(given, authorisations, actor=actor)
    registry.add_requests(given, production, parties, notices, actor=actor, at=at)
    registry.add_terms(given, actor=actor, at=at)
    return Loaded(
        production=production,
        logins=tuple(logins),
        suggestions=report.suggestions_new + report.suggestions_known,
        suggestions_new=report.suggestions_new,
        decisions=report.decisions_new + report.decisions_known,
        decisions_new=report.decisions_new,
        files=stored.files,
        files_new=stored.new,
        authorisations=len(authorisations),
    )
