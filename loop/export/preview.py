"""What an order would give, without ordering it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import connection, transaction

from loop.audit.querysets import checkpoint_at, cutoff_for_export
from loop.audit.seal import seal_all
from loop.consent.models import Recipient
from loop.export import recipe as recipes
from loop.export.beside import check_formats
from loop.export.candidates import sift
from loop.export.filters import check_filters
from loop.export.foresee import Foreseen, foresee
from loop.export.models import Export, Profile
from loop.export.order import check_question
from loop.export.profiles.registry import SHAPES
from loop.export.recipe import NO_FILTERS
from loop.kernel.actor import Actor
from loop.kernel.clock import now, utc_date
from loop.kernel.errors import NotValidError
from loop.material.models import Production
from loop.people.querysets import is_permitted, is_system, require
from loop.people.roles import Permission


@dataclass(frozen=True, slots=True)
class Preview:
    """Rows that would leave, rows refused by their primary code, and what no rule makes (pairs of equal texts ...).

    `more` says what kind of rows would leave, and what keeps the others.
    """

    rows: int
    excluded: Mapping[str, int]
    not_made: Mapping[str, int]
    checkpoint_size: int
    more: Foreseen = field(default_factory=Foreseen)

    @property
    def kept_back(self) -> int:
        return sum(self.excluded.values())

    @property
    def considered(self) -> int:
        return self.rows + self.kept_back


def preview(
    *,
    production: Production,
    profile: str,
    purpose: str,
    recipient: Recipient | None,
    actor: Actor,
    labels: str = recipes.DEFAULT_LABELS,
    filters: Mapping[str, Sequence[str]] = NO_FILTERS,
    checkpoint: int | None = None,
    gate_date: date | None = None,
    form: str = recipes.STANDARD,
    formats: Sequence[str] = (),
    splits: str = "",
    split_seed: str = "",
) -> Preview:
    """Counts what `order` with the same arguments would freeze now. Raises what `order` raises.

    Seals the log, as an order does (a timer does the same every few seconds); leaves nothing else behind: the temp
    tables end with the transaction. Durable.
    """
    at = now()
    require(actor, production, Permission.ORDER_EXPORT)
    if profile not in Profile.values:
        raise NotValidError(f"profile: expected {' or '.join(Profile.values)}, found {profile!r}", field="profile")
    recipe = recipes.write(
        labels=labels, filters=filters, profile=profile, form=form, formats=formats, splits=splits,
        split_seed=split_seed,
    )  # fmt: skip
    check_filters(production, recipe)
    check_formats(profile, recipe.formats)
    on = gate_date or utc_date(at)
    check_question(production, profile=profile, purpose=purpose, recipient=recipient, on=on, at=at)
    seal_all()
    size = checkpoint_at(checkpoint).size if checkpoint is not None else cutoff_for_export().size
    asked = Export(
        production=production, profile=profile, purpose=purpose, recipient=recipient, recipe=recipe.stored(),
        checkpoint_size=size, gate_date=on,
    )  # fmt: skip
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        not_made = sift(asked, at)
        cursor.execute("SELECT coalesce(code, ''), count(*) FROM sieved GROUP BY 1 ORDER BY 1")
        counts: dict[str, int] = dict(cursor.fetchall())
        more = foresee(
            cursor, SHAPES[profile], recipe,
            shows_parties=_may(actor, production, Permission.SEE_REGISTRY),
            shows_texts=_may(actor, production, Permission.SEE_RELEASED_TEXT),
        )  # fmt: skip
    return Preview(rows=counts.pop("", 0), excluded=counts, not_made=not_made, checkpoint_size=size, more=more)


def _may(actor: Actor, production: Production, permission: Permission) -> bool:
    return is_system(actor) or is_permitted(actor, production, permission)
