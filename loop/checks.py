"""What `./manage.py check` asks of the house: facts that two rooms must agree on, and that no import can tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.contrib import admin
from django.core.checks import CheckMessage, Error, Tags, register

TEXT_TABLES = frozenset({"MaterialText", "SuggestionText", "DecisionText", "AuditPayload", "Notice"})


def texts_stay_out_of_the_admin(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E001: a table that holds unreleased texts or erasable facts is registered in the admin."""
    registered = (model.__name__ for model in apps.get_models() if admin.site.is_registered(model))
    found = sorted(TEXT_TABLES.intersection(registered))
    return [
        Error(
            f"{name} holds texts that are shown only by a recorded reveal.",
            hint="Take it out of loop/admin.py; show the row it belongs to instead.",
            id="loop.E001",
        )
        for name in found
    ]


def roles_agree(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E002: the roles that can be stored are not those of the permission matrix."""
    from loop.people.models import Role
    from loop.people.roles import MATRIX

    if set(Role.values) == set(MATRIX):
        return []
    return [
        Error(
            f"Roles that can be stored: {sorted(Role.values)}; roles of the matrix: {sorted(MATRIX)}.",
            hint="Change loop/people/models.py and loop/people/roles.py together.",
            id="loop.E002",
        )
    ]


def register_all() -> None:
    """Called once when the application is ready."""
    register(texts_stay_out_of_the_admin, Tags.admin)
    register(roles_agree, Tags.models)
