"""From finished shards to a published folder."""

import shutil
from pathlib import Path
from uuid import UUID

from loop.audit.keys import trusted
from loop.export import places
from loop.export.assemble import assemble
from loop.export.lease import Held, held
from loop.export.models import Export
from loop.export.publish import publish
from loop.export.rules import PUBLISHED
from loop.export.verify import verify
from loop.export.verify_absence import check_absence
from loop.export.verify_splits import check_drawn
from loop.export.writers import sync_folder
from loop.kernel.errors import LoopError


class NotVerifiedError(LoopError):
    """The folder that was just put together does not pass its own verification; `facts` has the findings."""

    code = "not_verified"


def finish(export: Export, token: UUID) -> str | None:
    """Assembles, verifies, puts the folder in its place and publishes it. Returns the new state, None if outrun.

    Its splits are held against the lot that every brief drew (splits.py), which the folder alone cannot show.
    A release that replaces another is held against it: no row that was recalled from that one may be in this one.

    The folder has its place before the state says so: whoever reads `published` finds it there.
    """
    with held("loop_export", export.pk, token) as lease:
        folder = assemble(export, token, lease.check)
        report = verify(folder, keys=trusted())
        check_drawn(folder, export, report)
        if export.replaces is not None and places.release(export.replaces).is_dir():
            check_absence(folder, places.release(export.replaces), report)
        if not report.ok:
            raise NotVerifiedError(
                f"expected a folder that verifies, found: {report.findings[0]}", found=len(report.findings)
            )
        final = _put(export, folder, lease)
        state = publish(export.pk, token, folder=str(final.relative_to(places.root())))
    if state == PUBLISHED:
        places.remove_shards(export)
        places.sweep_litter(export)
    return state


def _put(export: Export, folder: Path, lease: Held) -> Path:
    final = places.release(export)
    lease.check()
    if final.exists():  # put there by a worker that died before it published
        aside = places.unfinished(final.parent, lease.token).with_suffix(".old.tmp")
        final.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
    folder.rename(final)
    sync_folder(final.parent)
    return final
