"""Who may write into the registry. Source: product.md, "Who may do what"."""

from collections.abc import Iterable

from loop.kernel.actor import Actor
from loop.kernel.errors import NotAllowedError
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.querysets import is_permitted, is_system, productions_where, require
from loop.people.roles import Permission


def require_authorise(actor: Actor, production: Production | None, parties: Iterable[Contributor]) -> None:
    """Raises unless `actor` may record what `parties` allow: a consent officer, or a person for nobody but themself."""
    _require(actor, production, parties, Permission.AUTHORISE, Permission.AUTHORISE_OWN)


def require_withdraw(actor: Actor, production: Production | None, parties: Iterable[Contributor]) -> None:
    """Raises unless `actor` may withdraw for `parties`: a consent officer, or a person for nobody but themself."""
    _require(actor, production, parties, Permission.WITHDRAW, Permission.WITHDRAW_OWN)


def require_settle(actor: Actor, production: Production | None) -> None:
    """Raises unless `actor` may write into the compensation ledger: a consent officer or a producer."""
    if production is None and not is_system(actor):
        raise NotAllowedError("A record for every production is kept on the console only.", permission="settle")
    if production is not None:
        require(actor, production, Permission.SETTLE)


def require_registry(actor: Actor) -> None:
    """Raises unless `actor` may register recipients and terms, which belong to no single production.

    That is the system, an admin, or a consent officer of any production.
    """
    if is_system(actor) or actor.is_admin or productions_where(actor, Permission.AUTHORISE).exists():
        return
    raise NotAllowedError("This needs a consent officer or an admin.", permission=Permission.AUTHORISE.value)


def _require(
    actor: Actor,
    production: Production | None,
    parties: Iterable[Contributor],
    anybody: Permission,
    oneself: Permission,
) -> None:
    if is_system(actor):
        return
    if actor.party_id is not None:
        _require_own(actor, production, parties, oneself)
        return
    if production is None:
        raise NotAllowedError("A record for every production is kept on the console only.", permission=anybody.value)
    own = actor.user_id is not None and all(party.user_id == actor.user_id for party in parties)
    if own and is_permitted(actor, production, oneself):
        return
    require(actor, production, anybody)


def _require_own(
    actor: Actor, production: Production | None, parties: Iterable[Contributor], oneself: Permission
) -> None:
    """A link opens its party's own records of its production; whoever takes back may do so for every production."""
    here = oneself is Permission.WITHDRAW_OWN if production is None else production.pk in (actor.production_ids or ())
    if not here or any(party.pk != actor.party_id for party in parties):
        raise NotAllowedError("A link is for the records of its own party only.", permission=oneself.value)
