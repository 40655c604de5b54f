"""Who may do what: the permission matrix, pure.

Source: product.md, "Who may do what". A member's role counts on its production only; admin is global. A tool has no
role: the scopes of its token decide (`may_tool`), on the token's productions.
"""

from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """One thing that may be done on a production."""

    SEE_PRODUCTION = "see_production"  # that it exists, its records without any text
    SEE_TEXT = "see_text"  # unreleased text and media
    SEE_RELEASED_TEXT = "see_released_text"  # rows that passed the gate
    SEE_EXCERPT = "see_excerpt"  # excerpts needed for a question of consent
    REVEAL_TEXT = "reveal_text"  # text, each time by a recorded reveal
    SEE_PUSHED_TEXT = "see_pushed_text"  # what the token itself brought
    DECIDE = "decide"
    DECIDE_ON_BEHALF = "decide_on_behalf"
    BRING_IN = "bring_in"  # material and suggestions
    SEE_EXPORT = "see_export"  # that a release exists, its order, counts and codes
    ORDER_EXPORT = "order_export"
    DOWNLOAD_EXPORT = "download_export"
    APPROVE = "approve"  # a release, or a withdrawal that touches one; never one's own order (`may_approve`)
    SEE_REGISTRY = "see_registry"  # every authorisation of the production
    AUTHORISE = "authorise"
    AUTHORISE_OWN = "authorise_own"
    ANSWER_RECALL = "answer_recall"  # record what a recipient did about a recall
    WITHDRAW = "withdraw"
    WITHDRAW_OWN = "withdraw_own"
    SETTLE = "settle"  # what is owed for an authorisation: see it, record it as due, settled or waived
    READ_TRAIL_ALL = "read_trail_all"
    READ_TRAIL_OWN = "read_trail_own"  # own actions
    READ_TRAIL_ORDERS = "read_trail_orders"  # own orders
    READ_TRAIL_PRODUCTION = "read_trail_production"
    READ_TRAIL_CONSENT = "read_trail_consent"
    MANAGE_PEOPLE = "manage_people"  # people, roles, taxonomy, policy


P = Permission

_EVERY_MEMBER: Final = frozenset({P.SEE_PRODUCTION})
_SEES_AND_BRINGS_IN: Final = frozenset({P.SEE_TEXT, P.BRING_IN})
_OWN_CONSENT_AND_TRAIL: Final = frozenset({P.AUTHORISE_OWN, P.WITHDRAW_OWN, P.READ_TRAIL_OWN})

MATRIX: Final[dict[str, frozenset[Permission]]] = {
    "director": _EVERY_MEMBER | _SEES_AND_BRINGS_IN | _OWN_CONSENT_AND_TRAIL | {P.DECIDE},
    "editor": _EVERY_MEMBER | _SEES_AND_BRINGS_IN | _OWN_CONSENT_AND_TRAIL | {P.DECIDE, P.DECIDE_ON_BEHALF},
    "script_supervisor": _EVERY_MEMBER | _SEES_AND_BRINGS_IN | _OWN_CONSENT_AND_TRAIL | {P.DECIDE_ON_BEHALF},
    "producer": _EVERY_MEMBER
    | _SEES_AND_BRINGS_IN
    | {P.SEE_EXPORT, P.SETTLE, P.READ_TRAIL_PRODUCTION, P.MANAGE_PEOPLE},
    "data": _EVERY_MEMBER | {P.SEE_RELEASED_TEXT, P.SEE_EXPORT, P.ORDER_EXPORT, P.DOWNLOAD_EXPORT, P.READ_TRAIL_ORDERS},
    "consent_officer": _EVERY_MEMBER
    | {
        P.SEE_EXCERPT,
        P.SEE_EXPORT,
        P.APPROVE,
        P.SEE_REGISTRY,
        P.AUTHORISE,
        P.WITHDRAW,
        P.SETTLE,
        P.READ_TRAIL_CONSENT,
        P.ANSWER_RECALL,
    },
    "auditor": _EVERY_MEMBER | {P.REVEAL_TEXT, P.SEE_EXPORT, P.SEE_REGISTRY, P.READ_TRAIL_ALL},
}

ADMIN: Final = _EVERY_MEMBER | {
    P.REVEAL_TEXT,
    P.BRING_IN,
    P.SEE_EXPORT,
    P.SEE_REGISTRY,
    P.READ_TRAIL_ALL,
    P.MANAGE_PEOPLE,
}

SUGGESTIONS_WRITE: Final = "suggestions:write"
SUGGESTIONS_READ: Final = "suggestions:read"
DECISIONS_WRITE: Final = "decisions:write"
DECISIONS_READ: Final = "decisions:read"
EXPORTS_ORDER: Final = "exports:order"
EXPORTS_READ: Final = "exports:read"
EXPORTS_DOWNLOAD: Final = "exports:download"
RECALLS_ACKNOWLEDGE: Final = "recalls:acknowledge"
REGISTRY_READ: Final = "registry:read"

SCOPES: Final[dict[str, frozenset[Permission]]] = {
    SUGGESTIONS_WRITE: frozenset({P.BRING_IN}),
    SUGGESTIONS_READ: frozenset({P.SEE_PUSHED_TEXT}),
    DECISIONS_WRITE: frozenset({P.DECIDE, P.DECIDE_ON_BEHALF}),
    DECISIONS_READ: frozenset({P.SEE_PUSHED_TEXT}),
    EXPORTS_ORDER: frozenset({P.ORDER_EXPORT}),
    EXPORTS_READ: frozenset({P.SEE_EXPORT}),
    EXPORTS_DOWNLOAD: frozenset({P.DOWNLOAD_EXPORT, P.SEE_EXPORT}),
    RECALLS_ACKNOWLEDGE: frozenset({P.ANSWER_RECALL, P.SEE_EXPORT}),
    REGISTRY_READ: frozenset({P.SEE_REGISTRY}),
}


def may(roles: AbstractSet[str], is_admin: bool, permission: Permission) -> bool:  # noqa: FBT001  (the joint says so)
    """Whether a login that holds `roles` on a production (and `is_admin` globally) has `permission` there.

    Roles add up. An unknown role grants nothing.
    """
    if is_admin and permission in ADMIN:
        return True
    return any(permission in MATRIX.get(role, frozenset()) for role in roles)


def may_tool(scopes: AbstractSet[str], permission: Permission) -> bool:
    """Whether a token with `scopes` has `permission` on one of its productions. An unknown scope grants nothing.

    Any token sees that its productions exist; nothing else comes without a scope.
    """
    if permission is P.SEE_PRODUCTION:
        return True
    return any(permission in SCOPES.get(scope, frozenset()) for scope in scopes)


def may_approve(roles: AbstractSet[str], *, is_own_order: bool) -> bool:
    """Whether somebody with `roles` may approve a release: nobody approves an order of their own."""
    return not is_own_order and may(roles, False, P.APPROVE)
