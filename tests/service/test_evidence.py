import hashlib
import io
import os
import stat
from typing import Any, BinaryIO, cast

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.core.errors import IssuerError, Malformed, Mismatch, OperatorError
from notary.service.evidence.encryption import EncryptedItem, decrypt, encrypt

CONTENT = os.urandom(200_000)


@pytest.fixture(scope="module")
def item() -> EncryptedItem:
    return encrypt(io.BytesIO(CONTENT), "thesis.pdf")


def ciphertext_of(item: EncryptedItem) -> bytes:
    item.ciphertext.seek(0)
    return item.ciphertext.read()


@given(st.binary(max_size=200_000))
def test_an_item_comes_back(content: bytes) -> None:
    """Digest and size are the plaintext's; the identity opens the ciphertext."""
    item = encrypt(io.BytesIO(content), "item")
    assert (item.digest, item.size) == (hashlib.sha256(content).digest(), len(content))
    with item.ciphertext, decrypt(item.ciphertext, item.identity, "item") as plaintext:
        assert plaintext.read() == content


def test_the_format_is_age_and_other_tools_open_it(item: EncryptedItem) -> None:
    """The first line is the C2SP format's, and age itself decrypts with the identity as text."""
    ciphertext = ciphertext_of(item)
    assert ciphertext.startswith(b"age-encryption.org/v1\n")
    assert pyrage.decrypt(ciphertext, [pyrage.x25519.Identity.from_str(item.identity)]) == CONTENT
    assert item.identity.startswith("AGE-SECRET-KEY-1")


def test_every_item_has_an_identity_of_its_own_that_is_not_shown() -> None:
    """Two items of the same content share nothing, and a log line has no secret."""
    first, second = (encrypt(io.BytesIO(b"same"), "item") for _ in range(2))
    assert first.identity != second.identity
    assert ciphertext_of(first) != ciphertext_of(second)
    assert first.identity not in repr(first)


def test_another_items_identity_does_not_open_it(item: EncryptedItem) -> None:
    """Disclosing one item discloses one item."""
    other = encrypt(io.BytesIO(b"other"), "other")
    with pytest.raises(Mismatch, match="thesis"):
        decrypt(io.BytesIO(ciphertext_of(item)), other.identity, "thesis.pdf")


@pytest.mark.parametrize("identity", ["", "AGE-SECRET-KEY-1", "age1qqqq", "AGE-SECRET-KEY-1" + "Q" * 58])
def test_what_is_no_identity_is_refused_and_not_shown(item: EncryptedItem, identity: str) -> None:
    """It may be a secret with a letter wrong."""
    with pytest.raises(Malformed) as caught:
        decrypt(io.BytesIO(ciphertext_of(item)), identity, "thesis.pdf")
    assert "Q" * 58 not in str(caught.value)


@pytest.mark.parametrize("cut", [0, 1, 100, 70_000, 131_272, -1, -16, -17])
def test_a_cut_ciphertext_gives_nothing(item: EncryptedItem, cut: int) -> None:
    """Not even the part that was whole."""
    with pytest.raises(Mismatch):
        decrypt(io.BytesIO(ciphertext_of(item)[:cut]), item.identity, "thesis.pdf")


@pytest.mark.parametrize("at", [5, 30, 120, 250, 70_000, 150_000, 200_200])
def test_a_changed_ciphertext_gives_nothing(item: EncryptedItem, at: int) -> None:
    """A flipped bit in the header or in any part."""
    changed = bytearray(ciphertext_of(item))
    changed[at] ^= 1
    with pytest.raises(Mismatch):
        decrypt(io.BytesIO(bytes(changed)), item.identity, "thesis.pdf")


def test_bytes_after_the_ciphertext_are_refused(item: EncryptedItem) -> None:
    """A file that goes on is not the file that was pinned."""
    with pytest.raises(Mismatch):
        decrypt(io.BytesIO(ciphertext_of(item) + b"x"), item.identity, "thesis.pdf")


def test_an_item_beyond_the_cap_is_refused_with_what_to_do() -> None:
    """One byte more than allowed; as much as allowed is taken."""
    assert encrypt(io.BytesIO(bytes(1000)), "photo", max_size=1000).size == 1000
    with pytest.raises(IssuerError, match="evidence photo is too large: expected at most 1000 bytes"):
        encrypt(io.BytesIO(bytes(1001)), "photo", max_size=1000)


def test_an_endless_source_is_read_no_further_than_the_cap() -> None:
    """Memory and disk are not filled first."""

    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1, /) -> bytes:
            self.given += size
            return bytes(size)

    source = Endless()
    with pytest.raises(IssuerError):
        encrypt(cast("BinaryIO", source), "endless", max_size=1 << 20)
    assert source.given < 2 << 20
    identity = encrypt(io.BytesIO(b""), "item").identity
    with pytest.raises(Malformed, match="too large"):
        decrypt(cast("BinaryIO", source), identity, "endless", max_size=1 << 20)


def test_a_ciphertext_beyond_the_cap_is_refused(item: EncryptedItem) -> None:
    """The allowance for age's own bytes apart."""
    with pytest.raises(Malformed, match="too large"):
        decrypt(io.BytesIO(ciphertext_of(item)), item.identity, "thesis.pdf", max_size=100_000)


def test_a_source_that_breaks_is_reported_as_itself(item: EncryptedItem) -> None:
    """Not as a failure of the encryption."""

    class Broken(io.RawIOBase):
        def read(self, _size: int = -1, /) -> bytes:
            raise OSError(5, "the disk is gone")

    for work in (
        lambda stream: encrypt(stream, "item"),
        lambda stream: decrypt(stream, item.identity, "item"),
    ):
        with pytest.raises(OSError, match="the disk is gone"):
            work(cast("BinaryIO", Broken()))


def test_a_full_disk_is_reported_as_itself(item: EncryptedItem, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator must act, not the institution; wherever the disk is full, at the last byte too."""

    class Full(io.BytesIO):
        room = 0

        def write(self, data: Any, /) -> int:
            if self.tell() + len(data) > self.room:
                raise OSError(28, "No space left on device")
            return super().write(data)

    monkeypatch.setattr("notary.service.evidence.encryption._temporary", Full)
    for Full.room in (0, len(CONTENT) - 1):
        with pytest.raises(OperatorError, match="No space left"):
            encrypt(io.BytesIO(CONTENT), "item")
        with pytest.raises(OSError, match="No space left"):
            decrypt(io.BytesIO(ciphertext_of(item)), item.identity, "item")


def test_plaintext_on_disk_is_for_its_owner_only(item: EncryptedItem) -> None:
    """And it has no name that outlives the process."""
    with decrypt(io.BytesIO(ciphertext_of(item)), item.identity, "item") as plaintext:
        status = os.fstat(plaintext.fileno())
        assert stat.S_IMODE(status.st_mode) == 0o600
        assert status.st_nlink == 0
