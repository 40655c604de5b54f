"""The OpenAPI document: valid, complete, and about problems too."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.urls import get_resolver

from loop.api import urls
from tests.api.conftest import Caller


def test_the_schema_is_valid_without_warnings(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))


@pytest.fixture
def schema(db: None, nobody: Caller) -> dict[str, Any]:
    import yaml

    answer = nobody.get("schema/")
    assert answer.status == 200
    found = yaml.safe_load(answer.body) if isinstance(answer.body, bytes) else answer.body
    assert isinstance(found, dict)
    return found


def test_it_describes_every_route(schema: dict[str, Any]) -> None:
    described = {path.rstrip("/").removeprefix("/api/v1") for path in schema["paths"]}
    assert get_resolver()
    assert len(described) == len(
        [pattern for pattern in urls.urlpatterns if pattern.name not in {"api-nowhere", "api-schema"}]
    )
    assert "/suggestions/bulk" in described


def test_every_operation_says_how_it_refuses(schema: dict[str, Any]) -> None:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            codes = set(operation["responses"])
            assert codes & {"200", "201", "202"}, (path, method)
            assert {"400", "401", "403", "429"} <= codes, (path, method)
            assert "application/problem+json" in operation["responses"]["400"]["content"]


def test_it_needs_a_bearer_token(schema: dict[str, Any]) -> None:
    assert schema["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            is_open = any(part in path for part in ("/downloads/{signature}", "/feeds/", "/recall-answers/"))
            expected = [] if is_open else [{"bearer": []}]
            assert operation.get("security", []) == expected, path
