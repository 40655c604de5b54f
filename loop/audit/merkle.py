"""The Merkle tree of RFC 6962 section 2.1 (the same as RFC 9162 section 2.1): roots, frontiers and proofs. Pure.

Everything works on leaf hashes of 32 bytes. A frontier is the list of roots of the full subtrees that a tree of some
size splits into, largest first: one per set bit of the size. It is all that is needed to append.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def append(frontier: list[bytes], size: int, leaf: bytes) -> int:
    """Adds one leaf hash to the frontier of a tree of `size` leaves, in place; returns the new size."""
    node, level = leaf, size
    while level & 1:
        node = node_hash(frontier.pop(), node)
        level >>= 1
    frontier.append(node)
    return size + 1


def frontier_root(frontier: Sequence[bytes]) -> bytes:
    """The root of the tree whose full subtrees are given, largest first."""
    if not frontier:
        return EMPTY_ROOT
    node = frontier[-1]
    for left in reversed(frontier[:-1]):
        node = node_hash(left, node)
    return node


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes, in one pass and with memory for one frontier."""
    frontier: list[bytes] = []
    size = 0
    for leaf in leaves:
        size = append(frontier, size, leaf)
    return frontier_root(frontier)


def split(size: int) -> int:
    """The largest power of two smaller than `size`, which must be at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The subtrees whose roots prove that leaf `index` is in a tree of `size`, from the leaf's sibling upwards.

    Raises ValueError for an index outside the tree.
    """
    if not 0 <= index < size:
        raise ValueError(f"expected an index below the size {size}, found {index}")
    ranges = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(first: int, second: int) -> list[tuple[int, int]]:
    """The subtrees whose roots prove that the tree of `first` leaves is a prefix of the tree of `second` leaves.

    Raises ValueError unless 0 < first <= second. Empty for equal sizes.
    """
    if not 0 < first <= second:
        raise ValueError(f"expected 0 < first <= second, found {first} and {second}")
    ranges = []
    start, end = 0, second
    whole = True  # the old tree's root itself is what is being proved, so the verifier already holds it
    while first != end:
        middle = start + split(end - start)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
            whole = False
    if not whole:
        ranges.append((start, end))
    return ranges[::-1]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of leaf `index` in the tree over `leaves` (RFC 6962, 2.1.1)."""
    return [root(leaves[start:end]) for start, end in inclusion_ranges(index, len(leaves))]


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """The proof that the tree over the first `first` leaves is a prefix of the tree over all (RFC 6962, 2.1.2)."""
    return [root(leaves[start:end]) for start, end in consistency_ranges(first, len(leaves))]


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes) -> bool:
    """Whether `proof` leads from `leaf` at `index` to `root_hash` of a tree of `size` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    number, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            node = node_hash(sibling, node)
            while not number & 1 and number:
                number >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        number >>= 1
        last >>= 1
    return last == 0 and node == root_hash


def verify_consistency(
    *, first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether `proof` shows that the first tree is a prefix of the second (RFC 9162, 2.1.4.2).

    An empty first tree is a prefix of every tree, with an empty proof.
    """
    if not 0 <= first <= second:
        return False
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    if first == second:
        return not proof and first_root == second_root
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    number, last = first - 1, second - 1
    while number & 1:
        number >>= 1
        last >>= 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not number & 1 and number:
                number >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        number >>= 1
        last >>= 1
    return last == 0 and old == first_root and new == second_root
