"""The two roles of the database: one owns the schema and migrates, the other runs and cannot change history.

Roles belong to a whole cluster, so they are made here and not by a migration.
"""

import psycopg
from psycopg import sql

OWNER = "circled_owner"
RUNTIME = "circled_app"
ROLES = (OWNER, RUNTIME)
OLDEST_VERSION = 150000

Connection = psycopg.Connection[tuple[object, ...]]


class RolesError(RuntimeError):
    """The roles are not as they must be, and this login may not make them so. The message holds the SQL to run."""


def give_passwords(connection: Connection, passwords: dict[str, str]) -> None:
    """Makes both roles as logins with these passwords (embedded mode). `connection` is a superuser's, in autocommit."""
    for role, password in passwords.items():
        exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        verb = sql.SQL("ALTER" if exists else "CREATE")
        statement = sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD {}")
        connection.execute(statement.format(verb, sql.Identifier(role), sql.Literal(_verifier(connection, password))))


def ensure(connection: Connection, *, runtime_login: str = "") -> list[str]:
    """Makes roles and grants of the database that `connection` (autocommit) is in, where they are missing.

    Returns the statements that were run, none if all was right; see `missing`. Raises RolesError with the SQL for an
    administrator if this login may not.
    """
    statements = missing(connection, runtime_login=runtime_login)
    done: list[str] = []
    for statement in statements:
        try:
            connection.execute(statement.encode())
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidGrantOperation) as error:
            login = connection.info.user
            rest = "\n".join(f"  {line};" for line in statements[len(done) :])
            raise RolesError(
                f"The login {login} may not prepare the database {connection.info.dbname}: {_first(error)}\n"
                f"Let an administrator run this there, then start again:\n{rest}"
            ) from error
        done.append(statement)
    return done


def missing(connection: Connection, *, runtime_login: str = "") -> list[str]:
    """The statements that would make roles and grants right. Reads only.

    The login of `connection` must be able to become the owner, and `runtime_login` (the same one by default) the
    runtime role. Raises RolesError for a server older than PostgreSQL 15.
    """
    if connection.info.server_version < OLDEST_VERSION:
        raise RolesError(
            f"PostgreSQL 15 or later is needed; this server is {connection.info.parameter_status('server_version')}."
        )
    login, database = connection.info.user, connection.info.dbname
    query = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"
    existing = {str(row[0]) for row in connection.execute(query, [list(ROLES)])}
    statements = [f"CREATE ROLE {role} NOLOGIN" for role in ROLES if role not in existing]
    for name, role in ((login, OWNER), (runtime_login or login, RUNTIME)):
        if role not in existing or not _holds(connection, "pg_has_role(%s, %s, 'MEMBER')", name, role):
            statements.append(f"GRANT {role} TO {_quoted(connection, name)}")
    place = _quoted(connection, database)
    wanted = (
        (
            f"DATABASE {place}",
            "has_database_privilege(%s, %s, %s)",
            database,
            OWNER,
            ("CONNECT", "CREATE", "TEMPORARY"),
        ),
        (f"DATABASE {place}", "has_database_privilege(%s, %s, %s)", database, RUNTIME, ("CONNECT", "TEMPORARY")),
        ("SCHEMA public", "has_schema_privilege(%s, %s, %s)", "public", OWNER, ("USAGE", "CREATE")),
        ("SCHEMA public", "has_schema_privilege(%s, %s, %s)", "public", RUNTIME, ("USAGE",)),
    )
    for target, question, name, role, privileges in wanted:
        if role not in existing or not all(_holds(connection, question, role, name, one) for one in privileges):
            statements.append(f"GRANT {', '.join(privileges)} ON {target} TO {role}")
    return statements


def faults(connection: Connection) -> list[str]:
    """What is wrong with the roles themselves, in words: too much power takes the protection of history away."""
    found = []
    query = "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = ANY(%s)"
    for role, is_super, bypasses, creates in connection.execute(query, [list(ROLES)]):
        if is_super or bypasses or creates:
            found.append(f"{role} is superuser, bypasses row security or makes roles: ALTER ROLE {role} NOSUPERUSER "
                         "NOBYPASSRLS NOCREATEROLE")  # fmt: skip
    both = connection.execute("SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)", [list(ROLES)]).fetchone()
    if both and both[0] == len(ROLES) and _holds(connection, "pg_has_role(%s, %s, 'MEMBER')", RUNTIME, OWNER):
        found.append(f"{RUNTIME} is a member of {OWNER} and could change history: REVOKE {OWNER} FROM {RUNTIME}")
    return found


def _verifier(connection: Connection, password: str) -> str:
    # Hashed on this side: the password itself never reaches a server log.
    return connection.pgconn.encrypt_password(password.encode(), b"", b"scram-sha-256").decode()


def _holds(connection: Connection, question: str, *values: str) -> bool:
    row = connection.execute(f"SELECT {question}".encode(), values).fetchone()
    return bool(row and row[0])


def _quoted(connection: Connection, name: str) -> str:
    return sql.Identifier(name).as_string(connection)


def _first(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error)).strip()
