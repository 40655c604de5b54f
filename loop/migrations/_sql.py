"""Runs a named SQL file of loop/sql. Its digest is frozen here, so an applied file cannot be edited unnoticed."""

import hashlib
from pathlib import Path

from django.db.migrations import RunSQL

FOLDER = Path(__file__).resolve().parent.parent / "sql"


def _read(name: str, sha256: str) -> str:
    text = (FOLDER / name).read_text(encoding="utf-8")
    found = hashlib.sha256(text.encode()).hexdigest()
    if found != sha256:
        raise RuntimeError(f"loop/sql/{name}: expected sha256 {sha256}, found {found}; write a new file instead")
    return text


def run_file(name: str, *, sha256: str, reverse_sha256: str) -> RunSQL:
    """The operation that applies `<name>.sql` and reverses with `<name>.reverse.sql`.

    Percent signs are safe: the file is run without parameters.
    """
    return RunSQL(sql=_read(f"{name}.sql", sha256), reverse_sql=_read(f"{name}.reverse.sql", reverse_sha256))
