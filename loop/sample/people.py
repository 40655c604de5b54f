"""The sample's production, its people and what they may see."""

from datetime import datetime

from loop.decision.beat import register_beat
from loop.kernel.actor import Actor
from loop.kernel.errors import ConflictError
from loop.material.lead import set_lead
from loop.material.models import Production
from loop.material.register import add_production
from loop.material.timecode import parse_rate
from loop.people.account import add_user
from loop.people.contributor import known_as
from loop.people.member import add_member
from loop.people.models import Contributor, User
from loop.sample.content import Facts
from loop.sample.logins import Login, Passwords


def the_production(facts: Facts, *, actor: Actor, at: datetime) -> Production:
    """The production of the sample, added if it is not there.

    Raises ConflictError, before anything is written, if its code or the name of one of its logins is somebody else's.
    """
    wanted = facts["production"]
    found = Production.objects.filter(code=wanted["code"]).first()
    if found is not None and not found.is_demo:
        raise ConflictError(f"The code {found.code} belongs to a production that is not the sample.", field="code")
    Passwords().refuse_strangers(_usernames(facts), found)
    if found is None:
        return add_production(
            code=wanted["code"],
            title=wanted["title"],
            rate=parse_rate(wanted["rate"]),
            drop_frame=wanted["drop_frame"],
            guilds=wanted["guilds"],
            entity_name=wanted["entity_name"],
            ai_policy=wanted["ai_policy"],
            reason_required=wanted["reason_required"],
            is_demo=wanted["is_demo"],
            actor=actor,
            at=at,
        )
    return found


def add_logins(facts: Facts, production: Production, *, actor: Actor) -> list[Login]:
    """Every login of the sample with its role, each added once. Call it before `add_parties`: it ties the names."""
    members = facts["members"]
    passwords = Passwords()
    names = _usernames(facts)
    passwords.make(names)
    users = {user.get_username(): user for user in User.objects.filter(username__in=names)}
    new = {}
    for member in members:
        name = member["username"]
        if name not in users:
            added = add_user(
                username=name,
                password=passwords.given(name),
                name=member["display_name"],
                is_admin=member.get("is_admin", False),
                actor=actor,
            )
            users[name] = new[name] = added.user
        for role in member["roles"]:
            add_member(
                user=users[name], production=production, role=role, actor=actor,
                contributor_id=member["contributor"], name=member["display_name"],
            )  # fmt: skip
    passwords.note(new)
    return [
        Login(member["username"], tuple(member["roles"]), member["does"],
              passwords.current(users[member["username"]]))
        for member in members
    ]  # fmt: skip


def add_parties(facts: Facts, production: Production, *, actor: Actor, at: datetime) -> dict[str, Contributor]:
    """Every contributor of the sample by the name its files use, with the credits; and who leads, and the beats."""
    parties = {}
    for party in facts["contributors"]:
        for function in party["credits"]:
            parties[party["id"]] = known_as(
                namespace=production.code, external_id=party["id"], production=production, function=function,
                kind=party["kind"], name=party["name"], actor=actor, at=at,
            )  # fmt: skip
    set_lead(production=production, contributor=parties[facts["production"]["lead"]], actor=actor, at=at)
    for beat in facts["beats"]:
        register_beat(production=production, code=beat["code"], label=beat["label"], actor=actor, at=at)
    return parties


def _usernames(facts: Facts) -> list[str]:
    return [member["username"] for member in facts["members"]]
