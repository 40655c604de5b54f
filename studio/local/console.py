"""The supervisor's output: one line at a time, the service's name in front, coloured on a terminal."""

import os
import sys
import threading
from pathlib import Path
from typing import TextIO

COLOURS = {
    "database": 34,
    "broker": 35,
    "web": 32,
    "worker": 36,
    "control": 33,
    "media": 96,
    "scheduler": 90,
    "circled": 1,
}
WIDTH = max(len(name) for name in COLOURS)


class Console:
    """Writes whole lines, from any thread. `is_quiet` keeps services' lines off the screen; `say` always shows."""

    def __init__(self, stream: TextIO | None = None, *, is_quiet: bool = False) -> None:
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()
        self._is_coloured = self._stream.isatty() and not os.environ.get("NO_COLOR")
        self.is_quiet = is_quiet

    def service(self, name: str, text: str) -> None:
        """A line that a service wrote."""
        if not self.is_quiet:
            self._write(name, text)

    def say(self, text: str) -> None:
        """A line of our own."""
        for line in text.splitlines() or [""]:
            self._write("circled", line)

    def _write(self, name: str, text: str) -> None:
        label = f"{name:<{WIDTH}} |"
        if self._is_coloured:
            label = f"\x1b[{COLOURS.get(name, 37)}m{label}\x1b[0m"
        with self._lock:
            try:
                print(f"{label} {text}", file=self._stream, flush=True)
            except (BrokenPipeError, OSError):
                # Whoever read us is gone (a closed terminal, `| head`); the log files have every line.
                self.is_quiet = True


class Tail:
    """The lines that are added to a file from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = path.stat().st_size if path.exists() else 0
        self._rest = ""

    def lines(self) -> list[str]:
        """What was added since the last call; a half line waits for its end."""
        try:
            with self._path.open("rb") as file:
                if file.seek(0, os.SEEK_END) < self._position:
                    self._position = 0  # it was rotated
                file.seek(self._position)
                added = file.read()
        except FileNotFoundError:
            return []
        self._position += len(added)
        *whole, self._rest = (self._rest + added.decode(errors="replace")).split("\n")
        return [line for line in whole if line.strip()]
