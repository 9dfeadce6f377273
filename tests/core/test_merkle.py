import base64
import json
import tracemalloc
import warnings
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.core.digest import Digest, LeafIndex, TreeSize, leaf_hash, node_hash
from notary.core.errors import Malformed, Mismatch, NotaryError
from notary.core.merkle import (
    NodeReader,
    Tree,
    TreeBuilder,
    consistency_path,
    inclusion_path,
    root_of_path,
    roots_of_consistency,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

DOCUMENTS = [f"document {at}".encode() for at in range(300)]
LEAVES = [leaf_hash(document) for document in DOCUMENTS]
SMALL = range(1, 34)


# The obvious reference: RFC 9162 §2.1 in its own words, over the documents themselves.


def split(n: int) -> int:
    """Return the largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(d: Sequence[bytes]) -> bytes:
    """MTH(D[n]), RFC 9162 §2.1.1."""
    if len(d) == 1:
        return sha256(b"\x00" + d[0]).digest()
    k = split(len(d))
    return sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def path(m: int, d: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]), RFC 9162 §2.1.3.1."""
    if len(d) == 1:
        return []
    k = split(len(d))
    if m < k:
        return [*path(m, d[:k]), mth(d[k:])]
    return [*path(m - k, d[k:]), mth(d[:k])]


def subproof(m: int, d: Sequence[bytes], b: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b), RFC 9162 §2.1.4.1; PROOF(m, D[n]) is SUBPROOF(m, D[n], true)."""
    if m == len(d):
        return [] if b else [mth(d)]
    k = split(len(d))
    if m <= k:
        return [*subproof(m, d[:k], b), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


def root_of(size: int) -> Digest:
    return Digest(mth(DOCUMENTS[:size]))


def complete_only(size: int) -> NodeReader:
    """A reader that knows complete nodes of a tree of this size, and fails for any other."""
    tree = Tree(LEAVES[:size])

    def read(level: int, index: int) -> Digest:
        assert index + 1 << level <= size, "asked for a node that is not complete"
        return tree.node(level, index)

    return read


def flipped(value: bytes, bit: int) -> Digest:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return Digest(bytes(changed))


def verify(leaf: Digest, index: int, size: int, proof: Sequence[Digest], root: Digest) -> None:
    verify_inclusion(leaf, LeafIndex(index), TreeSize(size), proof, root)


def extend(old_root: Digest, old: int, new_root: Digest, new: int, proof: Sequence[Digest]) -> None:
    verify_consistency(old_root, TreeSize(old), new_root, TreeSize(new), proof)


# Vectors


def decoded(vector: dict[str, Any], name: str) -> Digest:
    return Digest(base64.b64decode(vector[name]))


def decoded_proof(vector: dict[str, Any]) -> list[Digest]:
    return [Digest(base64.b64decode(node)) for node in vector["proof"] or []]


def verify_inclusion_vector(vector: dict[str, Any]) -> None:
    leaf, root = decoded(vector, "leafHash"), decoded(vector, "root")
    verify(leaf, vector["leafIdx"], vector["treeSize"], decoded_proof(vector), root)


def verify_consistency_vector(vector: dict[str, Any]) -> None:
    old, new = decoded(vector, "root1"), decoded(vector, "root2")
    extend(old, vector["size1"], new, vector["size2"], decoded_proof(vector))


@pytest.mark.parametrize(
    "kind, count, check",
    [("inclusion", 35, verify_inclusion_vector), ("consistency", 22, verify_consistency_vector)],
)
def test_every_published_proof_and_mutation_has_its_verdict(
    standards: Path,
    subtests: pytest.Subtests,
    kind: str,
    count: int,
    check: Callable[[dict[str, Any]], None],
) -> None:
    """The probes of transparency-dev/merkle pass and fail as their authors say, each under its name."""
    files = sorted((standards / "vectors/merkle-rfc6962" / kind).rglob("*.json"))
    assert len(files) == count
    for file in files:
        vector = json.loads(file.read_text())
        with subtests.test(msg=f"{file.parent.name}: {vector['desc']}"):
            if vector["wantErr"]:
                with pytest.raises(NotaryError):
                    check(vector)
            else:
                check(vector)


def test_the_reference_tree_has_its_published_roots(standards: Path) -> None:
    """Certificate Transparency's eight leaves give its eight roots, in the code and in the reference."""
    vector = json.loads((standards / "vectors/merkle-rfc6962/reference-tree.json").read_text())
    documents = [bytes.fromhex(leaf) for leaf in vector["leaves_hex"]]
    builder = TreeBuilder()
    for size, (document, root) in enumerate(zip(documents, vector["roots_by_size"], strict=True), 1):
        builder.append(leaf_hash(document))
        assert builder.root().hex() == root
        assert mth(documents[:size]).hex() == root
        assert Tree(map(leaf_hash, documents[:size])).root.hex() == root


# Every small tree, against the reference


@pytest.mark.parametrize("size", SMALL)
def test_every_root_and_inclusion_proof_is_the_rfcs(size: int) -> None:
    """Builder, whole tree and node reader give RFC 9162's root and its path for every leaf."""
    tree, read, root = Tree(LEAVES[:size]), complete_only(size), root_of(size)
    builder = TreeBuilder()
    for leaf in LEAVES[:size]:
        builder.append(leaf)
    assert builder.root() == tree.root == tree_root(TreeSize(size), read) == root
    assert builder.size == tree.size == size
    for index, proof in enumerate(tree.paths()):
        assert list(proof) == path(index, DOCUMENTS[:size])
        assert proof == inclusion_path(LeafIndex(index), TreeSize(size), read)
        assert proof == inclusion_path(LeafIndex(index), TreeSize(size), tree.node)
        verify(LEAVES[index], index, size, proof, root)


@pytest.mark.parametrize("new", SMALL)
def test_every_consistency_proof_is_the_rfcs(new: int) -> None:
    """The proof from every smaller size is RFC 9162's, and leads to both roots."""
    for old in range(1, new + 1):
        proof = consistency_path(TreeSize(old), TreeSize(new), complete_only(new))
        assert list(proof) == subproof(old, DOCUMENTS[:new], True)
        extend(root_of(old), old, root_of(new), new, proof)


@pytest.mark.parametrize("size", range(1, 18))
def test_a_proof_holds_at_its_own_index_only(size: int) -> None:
    """The path of one leaf never proves it anywhere else in the tree, nor beside it."""
    root = root_of(size)
    for index, proof in enumerate(Tree(LEAVES[:size]).paths()):
        for elsewhere in {*range(-2, size + 3), 2**64 - 1} - {index}:
            with pytest.raises(NotaryError):
                verify(LEAVES[index], elsewhere, size, proof, root)


@pytest.mark.parametrize("size", range(1, 18))
def test_a_proof_fails_under_a_size_of_another_height(size: int) -> None:
    """A path is as long as the tree is high, so a size that is off by a level is refused."""
    for index, proof in enumerate(Tree(LEAVES[:size]).paths()):
        for wrong in range(-1, 70):
            if (wrong - 1).bit_length() != (size - 1).bit_length() or wrong < 1:
                with pytest.raises(Malformed):
                    verify(LEAVES[index], index, wrong, proof, root_of(size))


def test_a_path_does_not_prove_the_size() -> None:
    """Leaf 0 of 3 also seems leaf 0 of 4: a size has to come from what is signed, never from a proof."""
    proof = next(Tree(LEAVES[:3]).paths())
    verify(LEAVES[0], 0, 4, proof, root_of(3))


@pytest.mark.parametrize("size", range(2, 10))
def test_no_interior_node_verifies_as_a_leaf(size: int) -> None:
    """Neither an interior node nor the document of its two children stands at any index, with any rest of a path."""
    tree, root = Tree(LEAVES[:size]), root_of(size)
    rests = {proof[cut:] for proof in tree.paths() for cut in range(len(proof) + 1)}
    for level, at in interior_nodes(size):
        children = tree.node(level - 1, 2 * at), tree.node(level - 1, 2 * at + 1)
        for forged in (node_hash(*children), leaf_hash(b"".join(children))):
            for index in range(size):
                for rest in rests:
                    with pytest.raises(NotaryError):
                        verify(forged, index, size, rest, root)


def interior_nodes(size: int) -> list[tuple[int, int]]:
    return [(level, at) for level in range(1, 5) for at in range(size) if ((2 * at + 1) << (level - 1)) < size]


# Properties

SIZES = st.integers(1, len(LEAVES))


@given(size=SIZES, data=st.data())
def test_every_leaf_proves_and_any_flipped_bit_fails(size: int, data: st.DataObject) -> None:
    """A proof of any leaf verifies; one bit changed in leaf, path or root and it does not."""
    index = data.draw(st.integers(0, size - 1))
    proof = list(inclusion_path(LeafIndex(index), TreeSize(size), complete_only(size)))
    leaf, root = LEAVES[index], root_of(size)
    verify(leaf, index, size, proof, root)
    bit, part = data.draw(st.integers(0, 255)), data.draw(st.integers(-2, len(proof) - 1))
    if part == -2:
        root = flipped(root, bit)
    elif part == -1:
        leaf = flipped(leaf, bit)
    else:
        proof[part] = flipped(proof[part], bit)
    with pytest.raises(Mismatch):
        verify(leaf, index, size, proof, root)


@given(sizes=st.tuples(SIZES, SIZES).map(sorted), data=st.data())
def test_growth_proves_and_any_flipped_bit_fails(sizes: list[int], data: st.DataObject) -> None:
    """A log proves that it extends its former self; one bit changed in a root or the path and it does not."""
    old, new = sizes
    proof = list(consistency_path(TreeSize(old), TreeSize(new), complete_only(new)))
    old_root, new_root = root_of(old), root_of(new)
    extend(old_root, old, new_root, new, proof)
    bit, part = data.draw(st.integers(0, 255)), data.draw(st.integers(-2, len(proof) - 1))
    if part == -2:
        old_root = flipped(old_root, bit)
    elif part == -1:
        new_root = flipped(new_root, bit)
    else:
        proof[part] = flipped(proof[part], bit)
    with pytest.raises(Mismatch):
        extend(old_root, old, new_root, new, proof)


@given(size=st.integers(2, len(LEAVES)), data=st.data())
def test_a_log_that_changed_a_leaf_cannot_prove_growth(size: int, data: st.DataObject) -> None:
    """Whoever rewrites one old leaf finds no proof from the old root among those it can make."""
    old, changed = data.draw(st.integers(1, size - 1)), data.draw(st.integers(0, size - 1))
    rewritten = Tree([*LEAVES[:changed], leaf_hash(b"rewritten"), *LEAVES[changed + 1 : size]])
    proof = consistency_path(TreeSize(old), TreeSize(size), rewritten.node)
    if changed < old:
        with pytest.raises(Mismatch):
            extend(root_of(old), old, rewritten.root, size, proof)
    else:
        extend(root_of(old), old, rewritten.root, size, proof)


@given(size=SIZES, data=st.data())
def test_a_path_of_another_length_is_malformed(size: int, data: st.DataObject) -> None:
    """A sibling too many or too few is refused before anything is hashed."""
    index = LeafIndex(data.draw(st.integers(0, size - 1)))
    old = TreeSize(data.draw(st.integers(1, size)))
    proof = inclusion_path(index, TreeSize(size), complete_only(size))
    growth = consistency_path(old, TreeSize(size), complete_only(size))
    for wrong in (proof[1:], proof[:-1], (*proof, LEAVES[0]), (LEAVES[0], *proof)):
        if len(wrong) != len(proof):
            with pytest.raises(Malformed):
                root_of_path(LEAVES[index], index, TreeSize(size), wrong)
    for wrong in (growth[1:], growth[:-1], (*growth, LEAVES[0]), (LEAVES[0], *growth)):
        if len(wrong) != len(growth):
            with pytest.raises(Malformed):
                roots_of_consistency(root_of(old), old, TreeSize(size), wrong)


@given(size=SIZES, more=st.integers(0, 40))
def test_a_stored_tree_is_taken_up_where_it_stands(size: int, more: int) -> None:
    """The nodes that appending completes are all a store needs: for roots, proofs and going on."""
    store: dict[tuple[int, int], Digest] = {}

    def keep(index: int, completed: Sequence[Digest]) -> None:
        for level, node in enumerate(completed):
            assert (level, index >> level) not in store
            store[level, index >> level] = node

    builder = TreeBuilder()
    for index in range(size):
        keep(index, builder.append(LEAVES[index]))
    resumed = TreeBuilder.resume(TreeSize(size), lambda level, index: store[level, index])
    end = min(size + more, len(LEAVES))
    for index in range(size, end):
        keep(index, resumed.append(LEAVES[index]))
    assert (resumed.size, resumed.root()) == (end, root_of(end))
    for index, proof in enumerate(Tree(LEAVES[:end]).paths()):
        read = inclusion_path(LeafIndex(index), TreeSize(end), lambda level, index: store[level, index])
        assert read == proof


@pytest.mark.parametrize("before", [0, 1, 1023, 1024])
@pytest.mark.parametrize("many", [0, 1, 1023, 1024, 3 * 1024 + 5])
def test_many_leaves_at_once_are_the_same_tree(before: int, many: int) -> None:
    """Whether they begin and end with a subtree or not; and it grows on as if each had been appended."""
    leaves = [leaf_hash(number.to_bytes(4)) for number in range(before + many + 1)]
    builder, slow = TreeBuilder(), TreeBuilder()
    for leaf in leaves[:before]:
        builder.append(leaf)
    builder.extend(leaves[before : before + many])
    for leaf in leaves[:-1]:
        slow.append(leaf)
    assert builder.size == slow.size == before + many
    assert builder.append(leaves[-1]) == slow.append(leaves[-1])
    assert builder.root() == slow.root()


# Costs


def test_proofs_from_stored_nodes_read_logarithmically_few() -> None:
    """In a log of a trillion entries, a root or a proof reads fewer than a hundred nodes."""
    size, reads = TreeSize(10**12 - 1), 0

    def read(level: int, index: int) -> Digest:
        nonlocal reads
        reads += 1
        return leaf_hash(f"{level}/{index}".encode())

    for ask in (
        lambda: tree_root(size, read),
        lambda: inclusion_path(LeafIndex(123_456_789_012), size, read),
        lambda: consistency_path(TreeSize(10**11 + 7), size, read),
    ):
        reads = 0
        ask()
        assert 0 < reads < 100


def test_the_builder_keeps_no_more_than_the_edge() -> None:
    """The root of a long stream takes memory for one node a level."""
    builder = TreeBuilder()
    for leaf in LEAVES:
        builder.append(leaf)
        assert len(builder._edge) == builder.size.bit_count()


def test_all_proofs_of_a_batch_are_never_held_at_once() -> None:
    """Going through 16,384 proofs takes less memory than the siblings of 100 of them."""
    tree = Tree(leaf_hash(at.to_bytes(2)) for at in range(16_384))
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in tree.paths():
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 100 * 14 * 32


# Bounds


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: Tree([]),
        lambda: TreeBuilder().root(),
        lambda: TreeBuilder.resume(TreeSize(0), complete_only(1)),
        lambda: tree_root(TreeSize(0), complete_only(1)),
        lambda: inclusion_path(LeafIndex(0), TreeSize(0), complete_only(1)),
        lambda: root_of_path(LEAVES[0], LeafIndex(0), TreeSize(0), ()),
        lambda: consistency_path(TreeSize(0), TreeSize(1), complete_only(1)),
        lambda: roots_of_consistency(LEAVES[0], TreeSize(0), TreeSize(1), ()),
    ],
)
def test_there_is_no_empty_tree(attempt: Callable[[], object]) -> None:
    """The root of nothing is an error, and nothing is proven from it or in it."""
    with pytest.raises(Malformed, match="at least 1 leaf"):
        attempt()


def test_a_log_does_not_shrink() -> None:
    """No proof leads from a larger tree to a smaller one."""
    with pytest.raises(Malformed, match="at least the old size 3"):
        consistency_path(TreeSize(3), TreeSize(2), complete_only(3))
    with pytest.raises(Malformed, match="at least the old size 3"):
        extend(root_of(3), 3, root_of(2), 2, ())


@pytest.mark.parametrize("index", [-1, 5, 2**64 - 1])
def test_a_leaf_outside_the_tree_has_no_proof(index: int) -> None:
    """An index is one of the tree's own."""
    with pytest.raises(Malformed, match="0 to 4"):
        inclusion_path(LeafIndex(index), TreeSize(5), complete_only(5))


def test_a_mismatch_says_both_roots() -> None:
    """Whoever reads the message sees the root that was expected and the one the path leads to."""
    with pytest.raises(Mismatch) as caught:
        verify(LEAVES[0], 0, 1, (), LEAVES[1])
    assert len(caught.value.expected or "") == len(caught.value.actual or "") == 43
    assert caught.value.expected != caught.value.actual


# A second opinion


@given(size=SIZES)
def test_merkletools_agrees_at_every_size(size: int) -> None:
    """Fed with the tagged hash, merkletools gives our roots and proofs: it too lifts a lone node unchanged.

    Not only where the trees are complete: that rule is RFC 9162's split, so the two coincide at every size.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it misses SHA-3, which is not used here
        from merkletools import MerkleTools

    other = MerkleTools()
    other.hash_function = lambda pair: sha256(b"\x01" + pair)
    other.add_leaf([leaf.hex() for leaf in LEAVES[:size]])
    other.make_tree()
    tree = Tree(LEAVES[:size])
    assert other.get_merkle_root() == tree.root.hex()
    for index, proof in enumerate(tree.paths()):
        theirs = other.get_proof(index)
        assert [bytes.fromhex(sibling) for step in theirs for sibling in step.values()] == list(proof)
        assert other.validate_proof(theirs, LEAVES[index].hex(), tree.root.hex())
