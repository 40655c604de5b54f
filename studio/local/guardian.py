"""The guardian: ends the services of a supervisor that was killed. It waits on a pipe that only the supervisor holds.

python -m studio.local.guardian HOME RUN   (started by the supervisor, in a session of its own)
"""

import signal
import sys
from pathlib import Path

from studio.local.processes import end_marked


def guard(home: Path, run: str) -> None:
    """Returns once the supervisor has ended, however it did, and none of its services is left."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()  # until the end of file: the kernel closes a killed supervisor's end of the pipe
    end_marked(home, run=run)


if __name__ == "__main__":
    guard(Path(sys.argv[1]), sys.argv[2])
