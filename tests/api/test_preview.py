"""A preview over the API: what an order would give, refused as the order would be."""

from collections.abc import Callable
from typing import Any

import pytest

from loop.export.models import Export
from loop.material.models import Production
from tests.api.conftest import Caller
from tests.api.test_exports import ORDER, drop_temporary_tables, lab  # noqa: F401  (a fixture)


def seen(caller: Caller, **more: Any) -> Any:
    answer = caller.post("exports/preview", ORDER | more)
    drop_temporary_tables()
    return answer


def test_it_says_what_the_order_would_give_and_orders_nothing(robot: Caller) -> None:
    found = seen(robot, splits="train=0.5,test=0.5")
    assert found.status == 200, found.body
    body = found.body
    assert body["rows"] + sum(body["excluded_by_code"].values()) == body["considered"]
    assert sum(each["rows"] for each in body["splits"]) == body["rows"]
    assert [each["split"] for each in body["splits"]] == ["train", "test"]
    assert sum(body["label_balance"].values()) == body["rows"]
    assert body["unlocks"] == []
    assert not Export.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"recipient": "nobody"}, "recipient"),
        ({"splits": "train=0.5"}, "splits"),
        ({"split_seed": "7"}, "split_seed"),
        ({"filters": {"reasons": ["story.none"]}}, "reasons"),
        ({"filters": {"people": ["eve"]}}, "people"),
        ({"filters": {"decided_from": ["soon"]}}, "decided_from"),
    ],
)
def test_it_is_refused_with_the_field_as_the_order_is(robot: Caller, change: dict[str, Any], field: str) -> None:
    answers = [seen(robot, **change), robot.post("exports", ORDER | change)]
    for answer in answers:
        assert answer.status in (400, 422), answer.body
        assert field in str(answer.body)
    assert answers[0].status == answers[1].status


def test_a_profile_that_the_purpose_does_not_fit_is_refused_with_the_rule(robot: Caller) -> None:
    answer = seen(robot, profile="preference")
    assert answer.status == 422
    assert "rule 2" in str(answer.body)


def test_it_needs_the_scope_of_orders(caller_of: Callable[..., Caller], ferry: Production) -> None:
    assert caller_of(ferry, scopes=("exports:read",)).post("exports/preview", ORDER).status == 403
