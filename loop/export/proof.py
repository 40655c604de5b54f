"""`audit/`: that the release's manifest stands in the house's log, for outsiders to check."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db import transaction

from loop.audit.keys import load_or_create
from loop.audit.proof import inclusion
from loop.audit.querysets import TrailFilter, everything, trail
from loop.audit.record import record
from loop.audit.seal import seal_all
from loop.export.lease import LeaseLostError
from loop.export.models import Export
from loop.export.rules import EVENT, KEY, PROOF, VERIFYING
from loop.kernel.actor import SYSTEM
from loop.kernel.canonical import Json, canonical
from loop.kernel.clock import now
from loop.kernel.errors import NotFoundError

BUILT = "export.built"


@dataclass(frozen=True, slots=True)
class Opening:
    """An entry of the log with the salt and the facts that its commitment covers."""

    entry: bytes
    salt: bytes
    facts: Mapping[str, Json]

    def stored(self) -> bytes:
        return canonical({"entry": self.entry.decode(), "salt": self.salt.hex(), "facts": self.facts}) + b"\n"


def log_manifest(export: Export, token: UUID, *, manifest_sha256: str, counts: Mapping[str, Json]) -> None:
    """Records export.built with the manifest's digest, once for each distinct manifest; keeps its counts with the row.

    Raises LeaseLostError if the lease is another's.
    """
    at = now()
    with transaction.atomic(durable=True):
        row = Export.objects.select_for_update().filter(pk=export.pk, state=VERIFYING, lease_token=token).first()
        if row is None:
            raise LeaseLostError(f"release {export.uid}: expected to hold its lease, found another holder")
        if row.manifest_sha256 == manifest_sha256:
            return
        row.manifest_sha256 = manifest_sha256
        row.built_at = at
        row.counts = counts
        row.save(update_fields=["manifest_sha256", "built_at", "counts"])
        record(
            event=BUILT,
            actor=SYSTEM,
            obj_table="loop_export",
            obj_uid=export.uid,
            production_id=export.production_id,
            at=at,
            facts={"manifest_sha256": manifest_sha256, "rows": counts["rows"]},
        )


def write_proof(export: Export, folder: Path) -> None:
    """Seals the log and writes the three files of `audit/` for the newest export.built event of the release."""
    seal_all()
    wanted = TrailFilter(event=BUILT, obj_table="loop_export", obj_uid=export.uid)
    event = trail(wanted, visible=everything())[0]
    found = inclusion(event.uid)
    if found.salt is None or found.facts is None:
        raise NotFoundError(f"release {export.uid}: expected the facts of its export.built event, found them erased")
    (folder / "audit").mkdir(exist_ok=True)
    (folder / EVENT).write_bytes(Opening(entry=found.entry, salt=found.salt, facts=found.facts).stored())
    (folder / PROOF).write_text(found.proof.text(), encoding="utf-8")
    (folder / KEY).write_text(f"{load_or_create().verifier}\n", encoding="utf-8")
