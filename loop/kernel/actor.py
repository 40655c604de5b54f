"""Who does something: a person with a login, a tool with a token, a contributor by their link, or the system itself."""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """The acting party of a verb.

    `pid` is the opaque identifier that the audit log keeps; `user_id` is the login's internal key (None for a tool
    without one, and for the system); `scopes` limits a token (None means: not a token, the roles alone decide).
    `party_id` is the contributor who came by a link of their own: they act for themself and for nobody else.
    `recipient_id` is the recipient that came by the address of a release's answers: it answers its recalls, no more.
    """

    pid: str
    label: str
    user_id: int | None = None
    is_admin: bool = False
    scopes: frozenset[str] | None = None
    production_ids: frozenset[int] | None = field(default=None)
    party_id: int | None = None
    recipient_id: int | None = None

    @property
    def is_tool(self) -> bool:
        """A token acts, so scopes bind as well as roles."""
        return self.scopes is not None


SYSTEM = Actor(pid="system", label="Circled")


def person(uid: UUID, *, label: str, user_id: int, is_admin: bool = False) -> Actor:
    """The actor for a login."""
    return Actor(pid=f"user:{uid}", label=label, user_id=user_id, is_admin=is_admin)


def tool(
    uid: UUID, *, label: str, scopes: frozenset[str], production_ids: frozenset[int], user_id: int | None = None
) -> Actor:
    """The actor for an API token: bound to scopes and to productions."""
    return Actor(pid=f"token:{uid}", label=label, user_id=user_id, scopes=scopes, production_ids=production_ids)


def by_link(uid: UUID, *, party_id: int, production_id: int) -> Actor:
    """The actor for a contributor's own link. The log names the link, which says nothing of the person."""
    return Actor(pid=f"link:{uid}", label="a contributor", party_id=party_id, production_ids=frozenset({production_id}))


def by_recipient(uid: UUID, *, recipient_id: int) -> Actor:
    """The actor for the address of a release's answers: the log names the recipient, no person."""
    return Actor(pid=f"recipient:{uid}", label="a recipient", recipient_id=recipient_id)
