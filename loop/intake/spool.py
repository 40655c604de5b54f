"""Lines that can be read a second time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

IN_MEMORY: Final = 8 * 2**20  # bytes; more go to a temporary file

Again = Callable[[], "Path | Iterable[bytes]"]


@contextmanager
def rereadable(lines: Path | Iterable[bytes]) -> Iterator[Again]:
    """A function that gives the lines from their beginning, as often as asked.

    A file or a list is read again; what comes once (a request, a pipe) is kept in a temporary file meanwhile.
    """
    if isinstance(lines, (Path, list, tuple)):
        yield lambda: lines
        return
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as spool:
        for line in lines:
            spool.write(line.rstrip(b"\r\n") + b"\n")

        def again() -> Iterable[bytes]:
            spool.seek(0)
            return spool

        yield again
