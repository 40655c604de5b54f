"""Recipes under a name: versions that stay, orders that say whence they came, and the same bytes as without a name."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from loop.audit.models import AuditEvent
from loop.export import places
from loop.export.models import Export, SavedRecipe
from loop.export.order import OrderRefusedError
from loop.export.order_recipe import RetiredError, order_recipe
from loop.export.retire_recipe import retire_recipe
from loop.export.save_recipe import save_recipe
from loop.export.saved import saved_recipe
from loop.kernel.actor import SYSTEM
from loop.kernel.errors import NotAllowedError, NotFoundError, NotValidError
from loop.people.member import add_member
from loop.people.models import Role, User
from loop.people.querysets import actor_for_user
from tests.support.databases import FreshDatabase
from tests.support.releases import PURPOSE, Stage, few_lines, finished, stage

SPLITS = "train=0.5,test=0.5"


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    made.authorises()
    return made


def saves(show: Stage, name: str = "weekly", **changes: Any) -> SavedRecipe:
    asked: dict[str, Any] = {"production": show.production, "profile": "signals", "purpose": PURPOSE,
                             "recipient": show.recipient, "actor": SYSTEM, "name": name}  # fmt: skip
    return save_recipe(**(asked | changes))


def test_saved_again_it_has_a_new_version_and_the_old_one_stays(show: Stage) -> None:
    first = saves(show)
    assert saves(show).pk == first.pk
    second = saves(show, splits=SPLITS, filters={"people": ["editor-1"]})
    assert [each.version for each in SavedRecipe.objects.order_by("version")] == [1, 2]
    assert saved_recipe(show.production, "weekly") == second
    assert saved_recipe(show.production, "weekly", 1).recipe == first.recipe
    assert AuditEvent.objects.filter(type="recipe.saved").count() == 2


def test_a_release_says_which_recipe_and_version_and_has_the_bytes_of_the_same_order(show: Stage) -> None:
    saves(show)
    recipe = saves(show, splits=SPLITS, filters={"people": ["editor-1"]}, formats=["jsonl"])
    export = finished(order_recipe(recipe=recipe, actor=SYSTEM))
    folder = places.root() / export.folder
    plain, other = show.releases(
        "signals", splits=SPLITS, filters={"people": ["editor-1"]}, formats=["jsonl"], checkpoint=export.checkpoint_size
    )
    assert bytes(plain.order_digest) == bytes(export.order_digest)
    for path in [*(folder / "data").rglob("*.parquet"), *(folder / "jsonl").rglob("*.jsonl")]:
        assert path.read_bytes() == (other / path.relative_to(folder)).read_bytes()
    stated = json.loads((folder / "manifest.json").read_text())["release"]["recipe"]
    assert stated == {"name": "weekly", "version": 2}
    assert "- Recipe: weekly, version 2" in (folder / "README.md").read_text()
    assert "recipe" not in json.loads((other / "manifest.json").read_text())["release"]
    assert "- Recipe:" not in (other / "README.md").read_text()


def test_a_retired_one_orders_nothing_until_it_is_saved_again(show: Stage) -> None:
    recipe = saves(show)
    retire_recipe(production=show.production, name="weekly", actor=SYSTEM)
    retire_recipe(production=show.production, name="weekly", actor=SYSTEM)
    with pytest.raises(RetiredError, match="save it again"):
        order_recipe(recipe=saved_recipe(show.production, "weekly"), actor=SYSTEM)
    assert not Export.objects.exists()
    assert AuditEvent.objects.filter(type="recipe.retired").count() == 1
    again = saves(show)
    assert (again.version, again.recipe) == (2, recipe.recipe)
    assert order_recipe(recipe=again, actor=SYSTEM).saved == again


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " a"}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"profile": "gossip"}, "profile"),
        ({"labels": "loudest"}, "labels"),
        ({"splits": "train=0.5"}, "splits"),
        ({"filters": {"people": ["eve"]}}, "people"),
        ({"formats": ["stone"]}, "formats"),
    ],
)
def test_what_could_not_be_ordered_is_not_saved(show: Stage, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(NotValidError) as refused:
        saves(show, **changes)
    assert refused.value.facts["field"] == field
    with pytest.raises(OrderRefusedError, match="rule 2"):
        saves(show, profile="evaluation")
    assert not SavedRecipe.objects.exists()


def test_who_may_not_order_saves_and_retires_nothing(show: Stage) -> None:
    saves(show)
    people = {role: User.objects.create(username=role) for role in (Role.DATA, Role.EDITOR)}
    for role, user in people.items():
        add_member(user=user, production=show.production, role=role, actor=SYSTEM)
    assert saves(show, name="mine", actor=actor_for_user(people[Role.DATA])).saved_by == people[Role.DATA]
    editor = actor_for_user(people[Role.EDITOR])
    with pytest.raises(NotAllowedError):
        saves(show, name="hers", actor=editor)
    with pytest.raises(NotAllowedError):
        retire_recipe(production=show.production, name="weekly", actor=editor)
    with pytest.raises(NotAllowedError):
        order_recipe(recipe=saved_recipe(show.production, "weekly"), actor=editor)
    with pytest.raises(NotFoundError, match="no recipe 'none'"):
        saved_recipe(show.production, "none")
    with pytest.raises(NotFoundError, match="no version 9"):
        saved_recipe(show.production, "weekly", 9)


def test_the_command_saves_lists_shows_orders_and_retires(show: Stage) -> None:
    def said(*arguments: str) -> str:
        out = StringIO()
        call_command("recipe", *arguments, "--production", "night-ferry", stdout=out)
        return out.getvalue()

    flags = ("--profile", "signals", "--purpose", PURPOSE, "--recipient", "night-ferry-lab", "--person", "editor-1")
    assert said("save", "weekly", *flags) == "Saved weekly, version 1.\n"
    assert said("save", "weekly", *flags, "--splits", SPLITS) == "Saved weekly, version 2.\n"
    assert f"weekly, version 2: signals for {PURPOSE}, to night-ferry-lab" in said("list")
    shown = json.loads(said("show", "weekly", "--version", "1"))
    assert (shown["version"], shown["recipe"]["filters"]) == (1, {"people": ["editor-1"]})
    assert "by weekly, version 2." in said("order", "weekly")
    assert Export.objects.get().saved == SavedRecipe.objects.get(version=2)
    assert said("retire", "weekly") == "Retired weekly.\n"
    assert "retired" in said("list")
    with pytest.raises(CommandError, match="retired"):
        said("order", "weekly")
