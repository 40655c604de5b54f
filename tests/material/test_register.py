"""Productions and versions of material."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from loop.kernel.actor import SYSTEM, Actor
from loop.kernel.canonical import commitment
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, NotAllowedError, NotValidError
from loop.material.models import MaterialText, Production
from loop.material.register import add_material_version, add_production
from loop.people.models import Contributor
from tests.intake.shows import show

pytestmark = pytest.mark.django_db


def test_it_adds_a_production() -> None:
    made = add_production(
        code="FERRY", title="Night Ferry", rate=Fraction(30000, 1001), drop_frame=True, guilds=["WGA"], actor=SYSTEM
    )
    assert (made.rate_num, made.rate_den, made.drop_frame, made.guilds) == (30000, 1001, True, ["WGA"])
    with pytest.raises(ConflictError):
        add_production(code="FERRY", title="Another", rate=Fraction(24), actor=SYSTEM)
    assert Production.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"code": "has space"}, "code"), ({"code": ""}, "code"),
        ({"title": " "}, "title"), ({"rate": Fraction(0)}, "rate"),
        ({"rate": Fraction(-24)}, "rate"), ({"drop_frame": True}, "drop_frame"),
    ],
)  # fmt: skip
def test_a_malformed_production_is_refused(more: dict[str, Any], field: str) -> None:
    with pytest.raises(NotValidError) as refused:
        add_production(**{"code": "A", "title": "A", "rate": Fraction(24), "actor": SYSTEM, **more})
    assert refused.value.field == field


def test_only_an_admin_adds_a_production() -> None:
    with pytest.raises(NotAllowedError):
        add_production(code="A", title="A", rate=Fraction(24), actor=Actor(pid="user:x", label="somebody", user_id=1))


def test_it_adds_versions_of_material() -> None:
    production = show()
    author = Contributor.objects.create(namespace=production.code, external_id="author", created_at=now())

    def add(text: str, **more: Any) -> Any:
        return add_material_version(
            production=production, external_id="script", text=text, actor=SYSTEM,
            **{"kind": "script", "contributors": [(author, "author_of_source")], **more},
        )  # fmt: skip

    white = add("INT. FERRY", label="white")
    blue = add("INT. FERRY - NIGHT", label="blue")
    assert (white.number, blue.number, add("INT. FERRY - NIGHT").pk) == (1, 2, blue.pk)
    text = MaterialText.objects.get(version=blue)
    assert commitment(bytes(text.salt), {"body": text.body}) == bytes(blue.text_commit)
    assert white.material.contributions.count() == 1
    with pytest.raises(ConflictError):
        add("x", kind="storyboard")
    with pytest.raises(NotValidError):
        add("x", contributors=[(author, "friend")])
    with pytest.raises(NotValidError):
        add_material_version(production=production, external_id="a", kind="script", actor=SYSTEM)
