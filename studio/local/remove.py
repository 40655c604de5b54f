"""Removes a home with everything in it, the servers' data elsewhere included.

python -m studio.local.remove [--ask] HOME
"""

import shutil
import sys
from pathlib import Path

from studio.local.home import claim
from studio.local.locks import is_held
from studio.local.servers import stop_servers


def remove(root: Path) -> str:
    """Deletes the home at `root` and answers "", or the reason why it is kept: somebody uses it."""
    root = root.resolve()
    if not (root / "home.json").exists():
        return f"{root} is not a home of Circled"
    home = claim(root)
    if is_held(home.run / "up.lock") or not stop_servers(root):
        return f"{root} is in use; stop it first"
    # The home goes first: without its pointer no data elsewhere can be taken for live.
    shutil.rmtree(home.root)
    if home.is_split:
        shutil.rmtree(home.place, ignore_errors=True)
    else:
        shutil.rmtree(home.sockets, ignore_errors=True)
    return ""


def main(arguments: list[str]) -> int:
    """Exit code 0 if the home is gone, 1 if it is kept."""
    root = Path(arguments[-1]).resolve()
    if "--ask" in arguments:
        answer = input(f"Remove {root} with its database, releases and keys? Type yes: ")
        if answer.strip() != "yes":
            print("Nothing was removed.")
            return 1
    reason = remove(root)
    print(reason or f"Removed {root}.")
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
