"""What is wrong with this installation? Each check answers ok, warn or fail in one line, with what to do about it."""

import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import redis
from django.conf import settings
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from studio.local import roles
from studio.local.account import abandoned

OK, WARN, FAIL = "ok", "warn", "fail"
LEAST_DISK_BYTES = 1024**3
LOW_DISK_BYTES = 5 * 1024**3
HEARTBEAT_LATE_S = 60
MEDIA_LATE_S = 600
SKEW_WARN_S = 2.0
SKEW_FAIL_S = 60.0
MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer: what was asked, how bad it is, what was found, and what to do if it is not ok."""

    subject: str
    level: str
    found: str
    advice: str = ""


def examine() -> Iterator[Finding]:
    """Every check in turn. What cannot be asked because the database does not answer is left out."""
    yield from keys()
    yield from disk()
    yield from leftovers()
    reachable = database()
    yield reachable
    if reachable.level != FAIL:
        for check in (role_names, migrations, clock, heartbeat, media):
            yield from _guarded(check)
    yield broker()


def database() -> Finding:
    """Does PostgreSQL 15 or later answer, as the runtime role?"""
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT current_user, current_setting('server_version')")
            role, version = cursor.fetchone()
    except DatabaseError as error:
        if isinstance(error.__cause__, psycopg.errors.InvalidParameterValue):
            return Finding("database", FAIL, _first_line(error), "Run: ./manage.py migrate, which makes the roles")
        advice = "Start it: ./manage.py up" if settings.IS_EMBEDDED_DATABASE else "Check the server in DATABASE_URL."
        return Finding("database", FAIL, f"does not answer: {_first_line(error)}", advice)
    major = int(str(version).split(".", 1)[0].split()[0])
    if major * 10000 < roles.OLDEST_VERSION:
        return Finding("database", FAIL, f"PostgreSQL {version}", "PostgreSQL 15 or later is needed.")
    return Finding("database", OK, f"PostgreSQL {version}, as {role}")


def role_names() -> Iterator[Finding]:
    """Are both roles there, with what they need and nothing that lets them change history?"""
    connection = _raw("owner")
    lacking = roles.missing(connection, runtime_login=str(connections["default"].settings_dict["USER"]))
    if lacking:
        yield Finding("roles", FAIL, f"{len(lacking)} grants are missing", f"Run: {'; '.join(lacking)}")
    harmful = roles.faults(connection)
    for fault in harmful:
        yield Finding("roles", FAIL, fault, "")
    if not lacking and not harmful:
        yield Finding("roles", OK, f"{roles.OWNER} and {roles.RUNTIME} as they must be")


def migrations() -> Iterator[Finding]:
    """Is the schema the one this code expects?"""
    executor = MigrationExecutor(connections["owner"])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        yield Finding("migrations", FAIL, f"{len(plan)} not applied", "Run: ./manage.py migrate")
        return
    unknown = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations)
    unknown = {key for key in unknown if key[0] == "loop"}
    if unknown:
        yield Finding(
            "migrations", WARN, f"the database is ahead by {len(unknown)}", "Run the version that migrated it."
        )
        return
    yield Finding("migrations", OK, "all applied")


def clock() -> Iterator[Finding]:
    """Do this machine and the database agree on the time? Consent is judged by it."""
    with connections["default"].cursor() as cursor:
        before = datetime.now(UTC)
        cursor.execute("SELECT clock_timestamp()")
        there = cursor.fetchone()[0]
        after = datetime.now(UTC)
    skew = max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
    level = OK if skew < SKEW_WARN_S else WARN if skew < SKEW_FAIL_S else FAIL
    yield Finding(
        "clock", level, f"{skew:.1f} s apart from the database", "" if level == OK else "Set both clocks by NTP."
    )


def heartbeat() -> Iterator[Finding]:
    """Has a worker shown itself lately?"""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT to_regclass('loop_heartbeat') IS NOT NULL")
        if not cursor.fetchone()[0]:
            yield Finding("workers", FAIL, "the table of heartbeats is missing", "Run: ./manage.py migrate")
            return
        cursor.execute("SELECT name, extract(epoch FROM clock_timestamp() - at) FROM loop_heartbeat ORDER BY name")
        beats = [(str(name), float(seconds)) for name, seconds in cursor.fetchall()]
    advice = "Start them: ./manage.py up, or ./manage.py run_worker"
    if not beats:
        yield Finding("workers", WARN, "no worker has ever shown itself", advice)
    for name, seconds in beats:
        level = OK if seconds < HEARTBEAT_LATE_S else WARN
        yield Finding("workers", level, f"{name} was last seen {seconds:.0f} s ago", "" if level == OK else advice)


def media() -> Iterator[Finding]:
    """Is what the page shows of files being made?"""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT to_regclass('loop_media_rendition') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return  # `migrations` says so
        cursor.execute(
            "SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'running'"
            " AND leased_until > clock_timestamp()), count(*) FILTER (WHERE state = 'failed'),"
            " coalesce(extract(epoch FROM clock_timestamp() - min(created_at) FILTER (WHERE state = 'waiting')), 0)"
            " FROM loop_media_rendition"
        )
        waiting, running, failed, oldest_s = cursor.fetchone()
    found = f"{waiting} waiting, {running} being made, {failed} failed"
    if waiting and not running and oldest_s > MEDIA_LATE_S:
        yield Finding("media", WARN, found, "Start a worker for them: ./manage.py up, or ./manage.py run_worker")
    elif failed:
        yield Finding("media", WARN, found, "The pages of those files say why, and can have them tried again.")
    else:
        yield Finding("media", OK, found)


def broker() -> Finding:
    """Does the broker answer? Without it work is done later, so this is a warning."""
    address = settings.BROKER_URL.replace("redis+socket://", "unix://").replace("virtual_host=", "db=")
    try:
        with redis.Redis.from_url(address, socket_timeout=3, socket_connect_timeout=3) as client:
            found = client.info("server")
            policy = dict(client.config_get("maxmemory-policy")).get("maxmemory-policy", "")
    except redis.exceptions.ResponseError:
        return Finding("broker", OK, "answers (its settings are hidden)")
    except (redis.exceptions.RedisError, OSError) as error:
        return Finding("broker", WARN, f"does not answer: {_first_line(error)}",
                       "Start it, or run ./manage.py run_worker, which needs none.")  # fmt: skip
    name = found.get("server_name", "redis")
    version = found.get("valkey_version") or found.get("redis_version")
    if policy not in ("", "noeviction"):
        return Finding(
            "broker", WARN, f"{name} {version} may evict messages ({policy})", "Set maxmemory-policy noeviction."
        )
    return Finding("broker", OK, f"{name} {version}")


def disk() -> Iterator[Finding]:
    """Is there room for releases and data?"""
    for name, path in {"disk": settings.CIRCLED_HOME, "data disk": settings.HOME.place}.items():
        is_elsewhere = settings.IS_EMBEDDED_DATABASE and settings.HOME.is_split
        if not path.exists() or (name == "data disk" and not is_elsewhere):
            continue
        free = shutil.disk_usage(path).free
        level = FAIL if free < LEAST_DISK_BYTES else WARN if free < LOW_DISK_BYTES else OK
        yield Finding(
            name, level, f"{free // MIB} MiB free at {path}", "" if level == OK else "Make room, or move CIRCLED_HOME."
        )


def leftovers() -> Iterator[Finding]:
    """Does data lie around whose home was deleted by hand?"""
    for place, root in abandoned().items():
        yield Finding("leftover", WARN, f"{place} holds the data of {root}, which is gone", f"Run: rm -rf {place}")


def keys() -> Iterator[Finding]:
    """Are the secrets there, and readable by their owner only?"""
    folder = settings.KEYS_ROOT
    names = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    if not names:
        yield Finding("keys", WARN, f"none in {folder} yet", "They are made at the first start.")
        return
    secrets = [path for path in names if path.suffix != ".vkey"]  # the public halves are for everybody
    open_ones = [path.name for path in secrets if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        open_ones.insert(0, str(folder))
    if open_ones:
        yield Finding("keys", FAIL, f"others may read {', '.join(open_ones)}", f"Run: chmod -R go= {folder}")
        return
    yield Finding("keys", OK, f"{len(names)} in {folder}, private")


def _guarded(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """A check that the database refuses is itself a finding."""
    try:
        yield from check()
    except (DatabaseError, psycopg.Error, roles.RolesError) as error:
        yield Finding(check.__name__, FAIL, _first_line(error), "Run: ./manage.py migrate, then ask again.")


def _raw(alias: str) -> roles.Connection:
    connection = connections[alias]
    connection.ensure_connection()
    found: roles.Connection = connection.connection
    return found


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
