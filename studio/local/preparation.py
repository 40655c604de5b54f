"""What stands before the services can start: roles and grants, migrations, static files."""

import hashlib
import json
from pathlib import Path

import psycopg
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from studio import env
from studio.local import roles
from studio.local.home import Home, write_private
from studio.local.servers import ServersError


def ensure_external_roles() -> list[str]:
    """Makes roles and grants on the database that DATABASE_URL names; returns the statements that were run.

    Does nothing in embedded mode, where the keeper did it. Raises ServersError, or RolesError with the SQL to run.
    """
    runtime = env.database_url("DATABASE_URL")
    owner = env.database_url("DATABASE_OWNER_URL") or runtime
    if runtime is None or owner is None:
        return []
    try:
        with psycopg.connect(owner.uri(), autocommit=True, connect_timeout=10) as connection:
            return roles.ensure(connection, runtime_login=runtime.user)
    except psycopg.OperationalError as error:
        raise ServersError(f"The database does not answer at {owner.host}, port {owner.port}: {error}") from error


def migrate() -> int:
    """Applies what is missing, as the owner; returns how many migrations that were."""
    executor = MigrationExecutor(connections["owner"])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        call_command("migrate", database="owner", verbosity=0, interactive=False)
    connections.close_all()
    return len(plan)


def collect_static(home: Home) -> bool:
    """Collects the static files unless none changed since the last time; True if it did."""
    stamp = home.run / "static.json"
    state = _state_of_static_files()
    is_there = (home.root / "static" / "staticfiles.json").exists() and stamp.exists()
    if is_there and json.loads(stamp.read_text()) == state:
        return False
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    write_private(stamp, json.dumps(state))
    return True


def _state_of_static_files() -> str:
    digest = hashlib.sha256(str(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = storage.path(path)
            digest.update(f"{path}\0".encode())
            with Path(found).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
