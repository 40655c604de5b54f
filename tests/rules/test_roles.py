"""The permission matrix says exactly what the table "Who may do what" says."""

import pytest

from loop.people.roles import MATRIX, SCOPES, Permission, may, may_approve, may_tool

P = Permission
ROLES = ("director", "editor", "script_supervisor", "producer", "data", "consent_officer", "auditor", "admin")

# One line a permission, one letter a role in the order of ROLES: y or -.
TABLE = {
    P.SEE_PRODUCTION: "yyyyyyyy",
    P.SEE_TEXT: "yyyy----",
    P.SEE_RELEASED_TEXT: "----y---",
    P.SEE_EXCERPT: "-----y--",
    P.REVEAL_TEXT: "------yy",
    P.SEE_PUSHED_TEXT: "--------",
    P.DECIDE: "yy------",
    P.DECIDE_ON_BEHALF: "-yy-----",
    P.BRING_IN: "yyyy---y",
    P.SEE_EXPORT: "---yyyyy",
    P.ORDER_EXPORT: "----y---",
    P.DOWNLOAD_EXPORT: "----y---",
    P.APPROVE: "-----y--",
    P.SEE_REGISTRY: "-----yyy",
    P.AUTHORISE: "-----y--",
    P.AUTHORISE_OWN: "yyy-----",
    P.ANSWER_RECALL: "-----y--",
    P.WITHDRAW: "-----y--",
    P.WITHDRAW_OWN: "yyy-----",
    P.SETTLE: "---y-y--",
    P.READ_TRAIL_ALL: "------yy",
    P.READ_TRAIL_OWN: "yyy-----",
    P.READ_TRAIL_ORDERS: "----y---",
    P.READ_TRAIL_PRODUCTION: "---y----",
    P.READ_TRAIL_CONSENT: "-----y--",
    P.MANAGE_PEOPLE: "---y---y",
}

TOOLS = {
    "suggestions:write": {P.SEE_PRODUCTION, P.BRING_IN},
    "suggestions:read": {P.SEE_PRODUCTION, P.SEE_PUSHED_TEXT},
    "decisions:write": {P.SEE_PRODUCTION, P.DECIDE, P.DECIDE_ON_BEHALF},
    "decisions:read": {P.SEE_PRODUCTION, P.SEE_PUSHED_TEXT},
    "exports:order": {P.SEE_PRODUCTION, P.ORDER_EXPORT},
    "exports:read": {P.SEE_PRODUCTION, P.SEE_EXPORT},
    "exports:download": {P.SEE_PRODUCTION, P.SEE_EXPORT, P.DOWNLOAD_EXPORT},
    "recalls:acknowledge": {P.SEE_PRODUCTION, P.SEE_EXPORT, P.ANSWER_RECALL},
    "registry:read": {P.SEE_PRODUCTION, P.SEE_REGISTRY},
}


def test_the_table_names_every_permission_and_role() -> None:
    assert set(TABLE) == set(Permission)
    assert {*MATRIX, "admin"} == set(ROLES)
    assert set(TOOLS) == set(SCOPES)


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", ROLES)
def test_it_permits_exactly_what_the_table_says(permission: Permission, role: str) -> None:
    expected = TABLE[permission][ROLES.index(role)] == "y"
    held = frozenset() if role == "admin" else frozenset({role})
    assert may(held, role == "admin", permission) is expected


def test_roles_add_up_and_an_unknown_one_grants_nothing() -> None:
    assert may(frozenset({"data", "editor"}), False, P.DECIDE)
    assert may(frozenset({"data", "editor"}), False, P.ORDER_EXPORT)
    assert not any(may(frozenset({"intern"}), False, permission) for permission in Permission)
    assert not any(may(frozenset(), False, permission) for permission in Permission)


@pytest.mark.parametrize("scope", sorted(TOOLS))
def test_a_tool_may_what_its_scopes_say(scope: str) -> None:
    assert {permission for permission in Permission if may_tool({scope}, permission)} == TOOLS[scope]
    assert not may_tool({"suggestions"}, P.BRING_IN)
    assert not may_tool({"*"}, P.BRING_IN)


def test_nobody_approves_an_order_of_their_own() -> None:
    assert may_approve({"consent_officer"}, is_own_order=False)
    assert not may_approve({"consent_officer"}, is_own_order=True)
    assert not may_approve({"data", "director"}, is_own_order=False)
