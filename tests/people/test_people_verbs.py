"""Logins, roles, contributors and tokens: what the verbs write, record and refuse."""

from datetime import timedelta

import pytest

from loop.audit.models import AuditEvent
from loop.kernel.actor import SYSTEM, tool
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, NotAllowedError, NotFoundError, NotValidError
from loop.material.models import Production
from loop.people.account import add_user
from loop.people.contributor import known_as
from loop.people.disable import disable_user
from loop.people.leave import end_membership
from loop.people.member import add_member
from loop.people.models import Contributor, Credit, Member, Role, Token, User
from loop.people.querysets import (
    actor_for_user,
    is_permitted,
    judges_as,
    productions_visible_to,
    productions_where,
    require,
    roles_of,
)
from loop.people.revoke import revoke_token
from loop.people.roles import MATRIX, Permission
from loop.people.token import create_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def ferry() -> Production:
    return Production.objects.create(code="FERRY", title="Ferry", rate_num=24, created_at=now())


@pytest.fixture
def other() -> Production:
    return Production.objects.create(code="OTHER", title="Other", rate_num=25, created_at=now())


def person(name: str, *, is_admin: bool = False) -> User:
    return User.objects.create(username=name, is_superuser=is_admin)


def events() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("type", flat=True))


def test_the_roles_of_the_table_are_the_roles_of_the_matrix() -> None:
    assert set(Role.values) == set(MATRIX)


def test_it_adds_a_login_once_in_any_case_of_letters() -> None:
    new = add_user(username="mara", actor=SYSTEM)
    assert new.user.check_password(new.password)
    assert new.password not in repr(new)
    assert not new.user.is_staff
    with pytest.raises(ConflictError):
        add_user(username="MARA", actor=SYSTEM)
    assert events() == ["user.added"]


@pytest.mark.parametrize("username", ["", "m\u0430ra", "mara cole", "-mara", "m" * 151, "mara\x00"])
def test_it_refuses_a_username_that_could_pass_for_another(username: str) -> None:
    with pytest.raises(NotValidError):
        add_user(username=username, actor=SYSTEM)


@pytest.mark.parametrize("password", ["", "short", "mara-is-mara", "password1234"])
def test_it_refuses_a_weak_password(password: str) -> None:
    with pytest.raises(NotValidError):
        add_user(username="mara-is-mara", actor=SYSTEM, password=password)
    assert not User.objects.exists()


def test_only_an_admin_makes_admins(ferry: Production) -> None:
    producer = person("producer")
    add_member(user=producer, production=ferry, role="producer", actor=SYSTEM)
    actor = actor_for_user(producer)
    assert add_user(username="new", actor=actor).user.is_superuser is False
    with pytest.raises(NotAllowedError):
        add_user(username="boss", actor=actor, is_admin=True)
    with pytest.raises(NotAllowedError):
        add_user(username="boss", actor=actor_for_user(person("nobody")))
    made = add_user(username="boss", actor=actor_for_user(person("root", is_admin=True)), is_admin=True)
    assert made.user.is_superuser
    assert made.user.is_staff


def test_it_adds_a_member_who_judges_as_a_credited_contributor(ferry: Production) -> None:
    member = add_member(user=person("mara"), production=ferry, role="editor", actor=SYSTEM, name="Mara")
    assert member.contributor.namespace == "FERRY"
    assert member.contributor.external_id == "mara"
    assert Credit.objects.filter(contributor=member.contributor, function="editor", production=ferry).exists()
    assert events() == ["contributor.added", "contributor.changed", "member.added"]
    assert add_member(user=member.user, production=ferry, role="editor", actor=SYSTEM) == member
    assert len(events()) == 3


def test_an_ended_membership_is_taken_up_again(ferry: Production) -> None:
    member = add_member(user=person("mara"), production=ferry, role="editor", actor=SYSTEM)
    actor = actor_for_user(member.user)
    assert is_permitted(actor, ferry, Permission.DECIDE)
    end_membership(member=member, actor=SYSTEM)
    end_membership(member=member, actor=SYSTEM)
    assert not is_permitted(actor, ferry, Permission.SEE_PRODUCTION)
    assert add_member(user=member.user, production=ferry, role="editor", actor=SYSTEM).pk == member.pk
    assert is_permitted(actor, ferry, Permission.DECIDE)
    assert events()[3:] == ["member.changed", "member.added"]


def test_it_refuses_an_unknown_role_a_disabled_login_and_who_may_not(ferry: Production, other: Production) -> None:
    user = person("mara")
    with pytest.raises(NotValidError):
        add_member(user=user, production=ferry, role="admin", actor=SYSTEM)
    editor = person("editor")
    add_member(user=editor, production=ferry, role="editor", actor=SYSTEM)
    with pytest.raises(NotAllowedError):
        add_member(user=user, production=ferry, role="editor", actor=actor_for_user(editor))
    with pytest.raises(NotFoundError):
        add_member(user=user, production=other, role="editor", actor=actor_for_user(editor))
    disable_user(user=user, actor=SYSTEM)
    with pytest.raises(NotValidError):
        add_member(user=user, production=ferry, role="editor", actor=SYSTEM)
    assert Member.objects.count() == 1


def test_two_logins_are_never_one_contributor(ferry: Production) -> None:
    add_member(user=person("mara"), production=ferry, role="editor", actor=SYSTEM, contributor_id="writer-09")
    with pytest.raises(ConflictError):
        add_member(user=person("jo"), production=ferry, role="editor", actor=SYSTEM, contributor_id="writer-09")


def test_a_contributor_is_known_by_its_namespace(ferry: Production, other: Production) -> None:
    one = known_as(namespace="FERRY", external_id="w-9", production=ferry, function="decider", actor=SYSTEM)
    same = known_as(namespace="FERRY", external_id="w-9", production=ferry, function="writer", actor=SYSTEM)
    two = known_as(namespace="OTHER", external_id="w-9", production=other, function="decider", actor=SYSTEM)
    assert one == same != two
    assert set(one.credits.values_list("function", flat=True)) == {"decider", "writer"}
    assert Contributor.objects.count() == 2
    with pytest.raises(NotValidError):
        known_as(namespace="FERRY", external_id="", production=ferry, function="decider", actor=SYSTEM)


def test_visibility_by_membership_admin_and_token(ferry: Production, other: Production) -> None:
    mara = person("mara")
    add_member(user=mara, production=ferry, role="data", actor=SYSTEM)
    actor = actor_for_user(mara)
    assert list(productions_visible_to(actor)) == [ferry]
    assert list(productions_where(actor, Permission.ORDER_EXPORT)) == [ferry]
    assert not productions_where(actor, Permission.DECIDE).exists()
    assert roles_of(actor, ferry.pk) == {"data"}
    assert roles_of(actor, other.pk) == frozenset()
    admin = actor_for_user(person("root", is_admin=True))
    assert list(productions_visible_to(admin)) == [ferry, other]
    assert not productions_where(admin, Permission.DECIDE).exists()
    robot = tool(mara.uid, label="robot", scopes=frozenset({"exports:order"}), production_ids=frozenset({other.pk}))
    assert list(productions_visible_to(robot)) == [other]
    assert list(productions_where(robot, Permission.ORDER_EXPORT)) == [other]
    assert not productions_where(robot, Permission.DECIDE).exists()
    require(robot, other, Permission.ORDER_EXPORT)
    with pytest.raises(NotAllowedError):
        require(robot, other, Permission.DECIDE)
    with pytest.raises(NotFoundError):
        require(robot, ferry, Permission.ORDER_EXPORT)
    assert not productions_visible_to(SYSTEM).exists()


def test_the_system_needs_no_role_and_a_tool_cannot_pose_as_it(ferry: Production) -> None:
    require(SYSTEM, ferry, Permission.MANAGE_PEOPLE)
    user = person("mara")
    posing = tool(user.uid, label="Circled", scopes=frozenset(), production_ids=frozenset({ferry.pk}))
    with pytest.raises(NotAllowedError):
        require(posing, ferry, Permission.MANAGE_PEOPLE)


def test_with_several_roles_somebody_judges_as_the_one_who_decides(ferry: Production) -> None:
    mara = person("mara")
    add_member(user=mara, production=ferry, role="data", actor=SYSTEM, contributor_id="mara-data")
    editor = add_member(user=mara, production=ferry, role="editor", actor=SYSTEM)
    assert judges_as(actor_for_user(mara), ferry) == editor.contributor
    assert judges_as(SYSTEM, ferry) is None


def test_it_creates_a_token_that_the_database_cannot_give_back(ferry: Production) -> None:
    mara = person("mara")
    add_member(user=mara, production=ferry, role="editor", actor=SYSTEM)
    token, text = create_token(
        user=mara, name="pipeline", scopes=["suggestions:write"], productions=[ferry], actor=SYSTEM, days=7
    )
    prefix, uid, secret = text.split("_", 2)
    assert (prefix, uid) == ("circled", token.uid.hex)
    assert len(secret) >= 43
    assert secret.encode() not in bytes(token.secret_sha256)
    assert token.expires_at - token.created_at == timedelta(days=7)
    assert events()[-1] == "token.created"
    revoke_token(token=token, actor=actor_for_user(mara))
    revoke_token(token=token, actor=SYSTEM)
    assert events().count("token.revoked") == 1


def test_it_refuses_a_token_beyond_its_maker(ferry: Production, other: Production) -> None:
    mara = person("mara")
    add_member(user=mara, production=ferry, role="editor", actor=SYSTEM)
    good = {"user": mara, "name": "x", "scopes": ["suggestions:write"], "productions": [ferry], "actor": SYSTEM}
    wrong: list[dict[str, object]] = [
        {"days": 91}, {"days": 0}, {"scopes": []}, {"scopes": ["everything"]}, {"productions": []}, {"name": " "},
        {"productions": [other]},
    ]  # fmt: skip
    for change in wrong:
        with pytest.raises(NotValidError):
            create_token(**{**good, **change})
    robot = tool(mara.uid, label="r", scopes=frozenset({"suggestions:write"}), production_ids=frozenset({ferry.pk}))
    with pytest.raises(NotAllowedError):
        create_token(**{**good, "actor": robot})
    with pytest.raises(NotAllowedError):
        create_token(**{**good, "actor": actor_for_user(mara)})
    assert not Token.objects.exists()
