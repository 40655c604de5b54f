"""The two roles: made where the login may, and spelled out as SQL where it may not."""

import psycopg
import pytest

from studio.local import roles
from tests.support.databases import FreshDatabase


def test_a_migrated_database_lacks_nothing(fresh_database: FreshDatabase) -> None:
    with fresh_database.connect("superuser") as admin:
        runtime = fresh_database.server.runtime.user
        assert roles.missing(admin, runtime_login=runtime) == []
        assert roles.faults(admin) == []


def test_a_login_without_rights_is_told_the_statements(fresh_database: FreshDatabase) -> None:
    admin = fresh_database.connect("superuser")
    admin.execute("CREATE ROLE circled_test_guest LOGIN PASSWORD 'guest'")
    try:
        admin.execute("SET ROLE circled_test_guest")
        # As the guest, on the same connection: what matters is whose rights are asked.
        with pytest.raises(roles.RolesError) as refused:
            roles.ensure(admin, runtime_login="circled_test_guest")
        assert 'GRANT circled_app TO "circled_test_guest";' in str(refused.value)
        assert "Let an administrator run this" in str(refused.value)
    finally:
        admin.execute("RESET ROLE")
        admin.execute("DROP ROLE circled_test_guest")


def test_missing_grants_are_made_once(fresh_database: FreshDatabase) -> None:
    admin = fresh_database.connect("superuser")
    admin.execute("REVOKE USAGE ON SCHEMA public FROM circled_app, PUBLIC")
    assert roles.ensure(admin, runtime_login=fresh_database.server.runtime.user) == [
        "GRANT USAGE ON SCHEMA public TO circled_app"
    ]
    assert roles.ensure(admin, runtime_login=fresh_database.server.runtime.user) == []


def test_the_runtime_role_cannot_become_the_owner(fresh_database: FreshDatabase) -> None:
    if fresh_database.server.runtime == fresh_database.server.admin:
        connection = fresh_database.connect("superuser")
        connection.execute("SET SESSION AUTHORIZATION circled_app")
    else:
        connection = fresh_database.connect()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SET ROLE circled_owner")
