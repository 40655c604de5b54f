"""Inclusion proofs: that one event stands at its index under a signed checkpoint, for outsiders to check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from loop.audit.merkle import inclusion_ranges, node_hash, root, split
from loop.audit.models import AuditCheckpoint, AuditEvent, AuditLeaf
from loop.audit.note import InclusionProof
from loop.kernel.canonical import Json
from loop.kernel.errors import NotFoundError

READ_AT_ONCE = 1024  # leaves; a subtree up to this size is computed from its leaves without looking further


@dataclass(frozen=True, slots=True)
class Inclusion:
    """An event with everything an outsider needs to check it.

    The leaf is SHA-256(0x00 || entry); the entry's commit is SHA-256(salt || canonical facts). Salt and facts are
    None for an event that vouches by digest, and after erasure.
    """

    entry: bytes
    salt: bytes | None
    facts: Mapping[str, Json] | None
    proof: InclusionProof


def inclusion(event_uid: UUID, *, size: int | None = None) -> Inclusion:
    """The proof of an event under the checkpoint of `size`; by default the smallest one that covers it.

    Raises NotFoundError for an unknown event, one that is not sealed yet (seal first), and a size without checkpoint
    or too small. Reads a few checkpoints and leaves, not the log: subtrees that a checkpoint's frontier already holds
    are taken from there.
    """
    event = AuditEvent.objects.filter(uid=event_uid).select_related("leaf", "payload").first()
    leaf = getattr(event, "leaf", None)
    if event is None or leaf is None:
        raise NotFoundError(f"expected a sealed event, found none with the id {event_uid}")
    covering = AuditCheckpoint.objects.filter(size__gt=leaf.log_index)
    checkpoint = (covering if size is None else covering.filter(size=size)).order_by("size").first()
    if checkpoint is None:
        raise NotFoundError(f"expected a checkpoint that covers index {leaf.log_index}, found none of size {size}")
    hashes = _roots(inclusion_ranges(leaf.log_index, checkpoint.size))
    payload = getattr(event, "payload", None)
    return Inclusion(
        entry=bytes(event.entry),
        salt=bytes(payload.salt) if payload else None,
        facts=payload.facts if payload else None,
        proof=InclusionProof(leaf.log_index, hashes, checkpoint.note),
    )


def _roots(ranges: Sequence[tuple[int, int]]) -> tuple[bytes, ...]:
    """The roots of these subtrees. The leaves of all the small ones come in one question."""
    small = [each for each in ranges if each[1] - each[0] <= READ_AT_ONCE]
    wanted = Q()
    for start, end in small:
        wanted |= Q(log_index__gte=start, log_index__lt=end)
    leaves = dict(AuditLeaf.objects.filter(wanted).values_list("log_index", "leaf_hash")) if small else {}
    found = []
    for start, end in ranges:
        there = (start, end) in small and all(index in leaves for index in range(start, end))
        found.append(root([bytes(leaves[at]) for at in range(start, end)]) if there else subtree_root(start, end))
    return tuple(found)


def subtree_root(start: int, end: int) -> bytes:
    """The root over the sealed leaves `start` (inclusive) to `end` (exclusive), as RFC 6962 splits them.

    A full subtree of 2^k leaves that is a left child stands in the frontier of every checkpoint from its own end up
    to the end of its right sibling; anything else is put together from halves, the smallest from leaves.
    """
    width = end - start
    if width > READ_AT_ONCE and width & (width - 1) == 0 and start % (2 * width) == 0:
        found = AuditCheckpoint.objects.filter(size__gte=end, size__lt=end + width).order_by("size").first()
        if found is not None:
            # The frontier's nodes stand for the set bits of the size, largest first: count those above this one.
            return bytes(found.frontier[(found.size // (2 * width)).bit_count()])
    if width > READ_AT_ONCE:
        middle = start + split(width)
        return node_hash(subtree_root(start, middle), subtree_root(middle, end))
    rows = AuditLeaf.objects.filter(log_index__gte=start, log_index__lt=end).order_by("log_index")
    leaves = [bytes(leaf) for leaf in rows.values_list("leaf_hash", flat=True)]
    if len(leaves) != width:
        raise NotFoundError(f"expected {width} leaves from index {start} on, found {len(leaves)}")
    return root(leaves)
