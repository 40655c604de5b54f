"""Makes renditions until it reaches a named point, and kills itself there with SIGKILL.

python tests/support/crash_media.py POINT
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from loop.media import lease, proxies, render  # noqa: E402

# point -> (where the function is looked up, its name, die before or after it)
POINTS: dict[str, tuple[Any, str, str]] = {
    "taken, nothing made": (render, "probe", "before"),
    "in the middle of a film": (proxies._Frames, "finish", "before"),
    "made, without a name": (render, "settle", "before"),
    "named, not published": (render, "settle", "after"),
    "published": (lease.Lease, "publish", "after"),
}


def main(point: str) -> None:
    owner, name, when = POINTS[point]
    real: Callable[..., Any] = getattr(owner, name)

    def deadly(*args: Any, **keywords: Any) -> Any:
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*args, **keywords)
        os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, deadly)
    while render.render_next() is not None:
        pass


if __name__ == "__main__":
    main(sys.argv[1])
