"""A worker writes one shard of a frozen release."""

from collections.abc import Iterator
from uuid import UUID

import pyarrow as pa
from django.db import connection

from loop.consent.models import Authorisation
from loop.export import places
from loop.export import recipe as recipes
from loop.export.arrow import stream
from loop.export.keys import Pseudonyms
from loop.export.lease import Held, LeaseLostError, claim_shard, held
from loop.export.models import Export, ExportShard
from loop.export.profiles.registry import shape_of
from loop.export.rows import Constants, Transformer, schema, select
from loop.export.rules import MAX_ATTEMPTS
from loop.export.writers import Written, write_parquet

SHARD = "loop_export_shard"
LONGEST_FAILURE = 500

_FINISH = """
UPDATE loop_export_shard SET state = 'done', lease_token = NULL, lease_until = NULL, failure = '',
       rows = %s, size_bytes = %s, sha256 = %s, path = %s
WHERE id = %s AND state = 'running' AND lease_token = %s
"""
# A shard that failed for the last time fails the release; before that it waits for the next worker.
_FAILED = """
UPDATE loop_export_shard SET state = CASE WHEN attempts >= %s THEN 'failed' ELSE 'pending' END,
       lease_token = NULL, lease_until = NULL, failure = %s
WHERE id = %s AND state = 'running' AND lease_token = %s
"""
_AUTHORISATIONS = """
SELECT DISTINCT unnest(authorisation_ids) FROM loop_export_row
WHERE export_id = %s AND position >= %s AND position < %s
"""


def build(export_id: int) -> bool:
    """Claims one shard, writes it, and reports it done. False: there was none to claim.

    1. Claim: pending, or running under a lease that ran out; attempts are counted by the claim.
    2. Write: the frozen positions only, to a temporary file, synced, renamed to a name with its digest.
    3. Done: an update that names the lease. If another worker took over meanwhile, nothing changes: its file has the
       same bytes and the same name.

    What goes wrong is kept with the shard, without any text of the production, and raised.
    """
    claimed = claim_shard(export_id)
    if claimed is None:
        return False
    shard_id, token = claimed
    shard = ExportShard.objects.select_related("export__production", "export__recipient").get(pk=shard_id)
    try:
        with held(SHARD, shard_id, token) as lease:
            written = _write(shard, lease)
        _finish(shard, token, written)
    except LeaseLostError:
        return True  # whoever holds it now finishes it
    except Exception as error:
        _fail(shard_id, token, f"{type(error).__name__} in shard {shard.number}")
        raise
    return True


def _write(shard: ExportShard, lease: Held) -> Written:
    export = shard.export
    recipe = recipes.read(export.recipe)
    shape = shape_of(export.profile, recipe.form)
    names = Pseudonyms(recipient=export.recipient.code, order_digest=bytes(export.order_digest))
    constants = Constants(
        labels=recipe.labels, policy_version=export.policy_version,
        checkpoint=export.checkpoint_size,
    )  # fmt: skip
    query = select(shape, export_id=export.pk, first=shard.first_position, end=shard.end_position, constants=constants)
    transformer = Transformer(shape, names=names, authorisations=_authorisations(shard))
    folder = places.shards(export)
    with stream(query) as batches:
        return write_parquet(
            _checked(transformer.tables(iter(batches)), lease),
            schema=schema(shape),
            temporary=places.unfinished(folder, lease.token),
            named=lambda digest: places.shard(export, shard.number, digest),
        )


def _checked(tables: Iterator[pa.Table], lease: Held) -> Iterator[pa.Table]:
    for table in tables:
        lease.check()
        yield table


def _authorisations(shard: ExportShard) -> dict[int, UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_AUTHORISATIONS, [shard.export_id, shard.first_position, shard.end_position])
        used = [row[0] for row in cursor.fetchall()]
    return dict(Authorisation.objects.filter(pk__in=used).values_list("pk", "uid"))


def _finish(shard: ExportShard, token: UUID, written: Written) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _FINISH,
            [written.rows, written.size_bytes, written.sha256, written.path.name, shard.pk, token],
        )
        if cursor.rowcount != 1:
            raise LeaseLostError(f"shard {shard.number}: expected to hold its lease, found another holder")


def _fail(shard_id: int, token: UUID, reason: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_FAILED, [MAX_ATTEMPTS, reason[:LONGEST_FAILURE], shard_id, token])


def expected_shards(export: Export) -> list[ExportShard]:
    """The shards of a release in order."""
    return list(ExportShard.objects.filter(export=export).order_by("number"))
