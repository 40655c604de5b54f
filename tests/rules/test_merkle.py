"""The tree against RFC 6962's own recursive definitions and its published vectors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.audit import merkle

# The leaves and roots that certificate-transparency implementations publish for RFC 6962.
LEAVES = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    bytes(range(0x50, 0x58)),
    bytes(range(0x60, 0x70)),
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CONSISTENCY = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
    (6, 7): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]

sizes = st.integers(min_value=1, max_value=200)


def leaves_of(size: int) -> list[bytes]:
    return [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(size)]


def half(size: int) -> int:
    """RFC 6962, 2.1: the largest power of two smaller than size."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def tree_hash(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return merkle.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = half(len(leaves))
    return merkle.node_hash(tree_hash(leaves[:k]), tree_hash(leaves[k:]))


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = half(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), tree_hash(leaves[k:])]
    return [*path(m - k, leaves[k:]), tree_hash(leaves[:k])]


def subproof(m: int, leaves: list[bytes], *, is_whole: bool) -> list[bytes]:
    """RFC 6962, 2.1.2, word for word."""
    if m == len(leaves):
        return [] if is_whole else [tree_hash(leaves)]
    k = half(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], is_whole=is_whole), tree_hash(leaves[k:])]
    return [*subproof(m - k, leaves[k:], is_whole=False), tree_hash(leaves[:k])]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    assert merkle.root(HASHES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("sizes_", "expected"), CONSISTENCY.items())
def test_consistency_proofs_are_the_published_ones(sizes_: tuple[int, int], expected: list[str]) -> None:
    first, second = sizes_
    assert [value.hex() for value in merkle.consistency_proof(HASHES[:second], first)] == expected


@given(sizes)
def test_root_is_the_recursive_definition(size: int) -> None:
    assert merkle.root(leaves_of(size)) == tree_hash(leaves_of(size))


@given(sizes, st.integers(min_value=0))
def test_a_frontier_continues_where_it_stopped(size: int, cut: int) -> None:
    leaves = leaves_of(size)
    frontier: list[bytes] = []
    count = 0
    for leaf in leaves[: cut % size]:
        count = merkle.append(frontier, count, leaf)
    assert len(frontier) == count.bit_count()
    kept = list(frontier)
    for leaf in leaves[cut % size :]:
        count = merkle.append(kept, count, leaf)
    assert merkle.frontier_root(kept) == tree_hash(leaves)


@given(sizes, st.integers(min_value=0))
def test_inclusion_proof_is_the_recursive_definition_and_verifies(size: int, number: int) -> None:
    leaves, index = leaves_of(size), number % size
    proof = merkle.inclusion_proof(leaves, index)
    assert proof == path(index, leaves)
    assert merkle.verify_inclusion(leaf=leaves[index], index=index, size=size, proof=proof, root_hash=tree_hash(leaves))


@given(sizes, st.integers(min_value=0), st.data())
def test_a_changed_inclusion_proof_fails(size: int, number: int, data: st.DataObject) -> None:
    leaves, index = leaves_of(size), number % size
    root, proof = tree_hash(leaves), merkle.inclusion_proof(leaves, index)

    def verifies(
        leaf: bytes = leaves[index], index: int = index, size: int = size, proof: list[bytes] = proof,
        root: bytes = root,
    ) -> bool:  # fmt: skip
        return merkle.verify_inclusion(leaf=leaf, index=index, size=size, proof=proof, root_hash=root)

    assert verifies()
    assert not verifies(leaf=merkle.leaf_hash(b"another"))
    assert not verifies(root=merkle.leaf_hash(b"another"))
    assert not verifies(proof=[*proof, root])
    assert not verifies(index=size)
    assert not verifies(index=-1)
    if size > 1:
        other = data.draw(st.integers(0, size - 1).filter(lambda value: value != index))
        assert not verifies(index=other)
        position = data.draw(st.integers(0, len(proof) - 1))
        assert not verifies(proof=proof[:position] + proof[position + 1 :])
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(proof[position], "big") ^ (1 << bit)).to_bytes(32, "big")
        assert not verifies(proof=[*proof[:position], flipped, *proof[position + 1 :]])


@given(sizes, st.integers(min_value=0))
def test_consistency_proof_is_the_recursive_definition_and_verifies(second: int, number: int) -> None:
    leaves, first = leaves_of(second), number % second + 1
    proof = merkle.consistency_proof(leaves, first)
    assert proof == subproof(first, leaves, is_whole=True)
    assert merkle.verify_consistency(
        first=first, first_root=tree_hash(leaves[:first]), second=second, second_root=tree_hash(leaves), proof=proof
    )


@given(st.integers(2, 200), st.integers(min_value=0), st.data())
def test_a_changed_consistency_proof_fails(second: int, number: int, data: st.DataObject) -> None:
    leaves = leaves_of(second)
    first = number % (second - 1) + 1
    old, new, proof = tree_hash(leaves[:first]), tree_hash(leaves), merkle.consistency_proof(leaves, first)
    forged = merkle.leaf_hash(b"another")

    def verifies(first_root: bytes = old, second_root: bytes = new, proof: list[bytes] = proof) -> bool:
        return merkle.verify_consistency(
            first=first, first_root=first_root, second=second, second_root=second_root, proof=proof
        )

    assert verifies()
    assert not verifies(first_root=forged)
    assert not verifies(second_root=forged)
    assert not verifies(proof=[*proof, forged])
    assert not verifies(proof=[])
    position = data.draw(st.integers(0, len(proof) - 1))
    assert not verifies(proof=[*proof[:position], forged, *proof[position + 1 :]])
    assert not verifies(proof=proof[:position] + proof[position + 1 :])


def test_the_empty_tree_and_the_tree_itself_need_no_proof() -> None:
    root = tree_hash(HASHES)
    nothing = merkle.EMPTY_ROOT
    assert merkle.verify_consistency(first=0, first_root=nothing, second=8, second_root=root, proof=[])
    assert not merkle.verify_consistency(first=0, first_root=root, second=8, second_root=root, proof=[])
    assert merkle.verify_consistency(first=8, first_root=root, second=8, second_root=root, proof=[])
    assert not merkle.verify_consistency(first=8, first_root=root, second=8, second_root=root, proof=[root])
    assert not merkle.verify_consistency(first=9, first_root=root, second=8, second_root=root, proof=[])


def test_ranges_outside_the_tree_are_refused() -> None:
    with pytest.raises(ValueError, match="below the size 3, found 3"):
        merkle.inclusion_ranges(3, 3)
    with pytest.raises(ValueError, match="found 0 and 3"):
        merkle.consistency_ranges(0, 3)
