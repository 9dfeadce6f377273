import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.core.block_note import BlockNote
from notary.core.errors import Malformed, NotaryError, Unsupported

TEXT = f"credential-notary/block/v1\neip155:1\n21000000\n0x{'ab' * 32}\n"


def test_a_block_note_is_four_lines() -> None:
    """Header, chain, number and hash, each on its line: docs/spec's block note."""
    note = BlockNote.parse(TEXT)
    assert note == BlockNote("eip155:1", 21_000_000, bytes([0xAB]) * 32)
    assert note.text == TEXT


@given(chain=st.integers(1, 10**9), number=st.integers(0, 2**63 - 1), block=st.binary(min_size=32, max_size=32))
def test_every_block_note_survives_writing_and_reading(chain: int, number: int, block: bytes) -> None:
    """What a party signs is what a verifier reads."""
    note = BlockNote(f"eip155:{chain}", number, block)
    assert BlockNote.parse(note.text) == note


@pytest.mark.parametrize(
    "old, new",
    [
        ("credential-notary/block/v1", "credential-notary/block"),
        ("credential-notary/block/v1", "Credential-notary/block/v1"),
        ("credential-notary/block/v1", "log.example/block/v1"),
        ("eip155:1\n", "eip155:01\n"),
        ("eip155:1\n", "eip155:\n"),
        ("eip155:1\n", "1\n"),
        ("eip155:1\n", "eip155:1 \n"),
        ("21000000", "021000000"),
        ("21000000", "-1"),
        ("21000000", "0x1406f40"),
        ("21000000", str(2**63)),
        ("0xab", "ab"),
        ("0xab", "0xAB"),
        ("0xab", "0x"),
        ("0xab", "0xabab"),
        (TEXT, TEXT[:-1]),
        (TEXT, TEXT + "\n"),
        (TEXT, TEXT + "more"),
        (TEXT, TEXT + "more\n"),
        (TEXT, ""),
        (TEXT, "credential-notary/block/v1\n"),
    ],
)
def test_another_spelling_is_malformed(old: str, new: str) -> None:
    """A block note has one spelling, and no line more or less."""
    with pytest.raises(Malformed):
        BlockNote.parse(TEXT.replace(old, new))


def test_another_version_is_unknown() -> None:
    """A later version of the note is not judged by this release."""
    with pytest.raises(Unsupported):
        BlockNote.parse(TEXT.replace("/v1", "/v2"))


@pytest.mark.parametrize(
    "chain, number, block",
    [("eip155:0", 1, bytes(32)), ("solana:1", 1, bytes(32)), ("eip155:1", -1, bytes(32)), ("eip155:1", 1, bytes(31))],
)
def test_no_block_note_is_made_that_could_not_be_read(chain: str, number: int, block: bytes) -> None:
    """Chain, number and hash are checked before anything is signed."""
    with pytest.raises(NotaryError):
        BlockNote(chain, number, block)
