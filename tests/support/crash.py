"""Works on releases until it reaches a named point, and kills itself there with SIGKILL.

python tests/support/crash.py POINT
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

from loop.consent.models import ApprovalRequest  # noqa: E402
from loop.export import assemble, build, finish, freeze, places, proof, publish, writers  # noqa: E402
from loop.export.advance import advance  # noqa: E402
from loop.export.sweep import sweep  # noqa: E402
from loop.people.models import User  # noqa: E402
from loop.people.querysets import actor_for_user  # noqa: E402
from loop.recall import approve  # noqa: E402

# point -> (where the function is looked up, its name, die before or after it)
POINTS: dict[str, tuple[Any, str, str]] = {
    "freeze, before its commit": (freeze, "_settle", "after"),
    "shard half written": (writers, "sha256_of", "before"),
    "shard written, not renamed": (writers.os, "fsync", "before"),
    "shard renamed, not reported": (build, "_finish", "before"),
    "shard reported": (build, "_finish", "after"),
    "folder half assembled": (assemble, "_signed", "before"),
    "manifest written, not in the log": (assemble, "log_manifest", "before"),
    "manifest in the log, no proof": (assemble, "write_proof", "before"),
    "log sealed, no proof": (proof, "seal_all", "after"),
    "folder verified, not in place": (finish, "_put", "before"),
    "folder in place, not published": (finish, "publish", "before"),
    "before the commit of publishing": (publish, "_settle", "after"),
    "awaiting, not told": (finish, "publish", "after"),
    "approved, before its commit": (approve, "go_on", "after"),
    "published, litter left": (places, "remove_shards", "before"),
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(point: str) -> None:
    module, name, when = POINTS[point]
    real: Callable[..., Any] = getattr(module, name)

    def deadly(*args: Any, **keywords: Any) -> Any:
        if when == "before":
            die()
        result = real(*args, **keywords)
        die()
        return result

    setattr(module, name, deadly)
    if module is approve:
        officer = User.objects.get(username="olga")
        request = ApprovalRequest.objects.get(decision=None)
        approve.approve(request=request, actor=actor_for_user(officer))
    while found := sweep():
        for export_id in found:
            advance(export_id)
    raise SystemExit("the point was never reached")


if __name__ == "__main__":
    main(sys.argv[1])
