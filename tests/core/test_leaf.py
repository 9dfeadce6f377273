from hashlib import sha256 as plain_sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.core.digest import ZERO, Digest, leaf_hash, sha256
from notary.core.errors import Malformed
from notary.core.leaf import Form, Leaf, hash_leaf

DIGESTS = st.binary(min_size=32, max_size=32).map(Digest)


@given(st.sampled_from(Form), DIGESTS, DIGESTS, DIGESTS)
def test_a_leaf_is_hashed_as_the_specification_says(form: Form, salt: Digest, digest: Digest, evidence: Digest) -> None:
    """leaf_hash of tag, form, salt, digest and evidence: 119 bytes with RFC 9162's prefix, two blocks of SHA-256."""
    data = b"credential-notary/v1\0" + bytes([form]) + salt + digest + evidence
    assert len(b"\0" + data) == 119
    assert Leaf(form, salt, digest, evidence).hash() == leaf_hash(data) == hash_leaf(form, salt, digest, evidence)
    assert Leaf(form, salt, digest, evidence).hash() == plain_sha256(b"\0" + data).digest()


@given(DIGESTS, DIGESTS, DIGESTS)
def test_each_part_counts(salt: Digest, digest: Digest, evidence: Digest) -> None:
    """Parts exchanged, another form, evidence left out: another leaf."""
    leaf = Leaf(Form.JSON, salt, digest, evidence).hash()
    assert leaf != Leaf(Form.FILE, salt, digest, evidence).hash()
    assert (leaf == Leaf(Form.JSON, digest, salt, evidence).hash()) is (salt == digest)
    assert (leaf == Leaf(Form.JSON, salt, digest).hash()) is (evidence == ZERO)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_salt_has_32_bytes(size: int) -> None:
    """A shorter one would let its neighbour's bytes slip in."""
    with pytest.raises(Malformed, match="32 bytes"):
        Leaf(Form.JSON, bytes(size), sha256(b""))
