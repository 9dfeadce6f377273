from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from notary.core.encoding import to_base64
from notary.core.errors import Malformed, Mismatch, NotaryError, Unsupported
from notary.core.keys import PublicKey
from notary.core.note import (
    MAX_SIGNATURES,
    MAX_SIZE,
    Note,
    NoteSignature,
    SignatureType,
    VerifierKey,
    read_decimal,
)

# Known answers of Go's golang.org/x/mod/sumdb/note, where the format comes from (BSD-3-Clause).
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
BY_PETER = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
BY_ENOCH = (
    "\u2014 EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
# A witness key of transparency-dev/formats (Apache-2.0).
REMORA = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
# The example of c2sp.org/tlog-cosignature: a log's line and a witness's.
WITNESSED = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
    "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZ"
    "qhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)

SEEN = 1_679_315_147


def private(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def key_of(seed: int, kind: SignatureType = SignatureType.ED25519, name: str | None = None) -> VerifierKey:
    raw = private(seed).public_key().public_bytes_raw()
    return VerifierKey(name or f"party-{seed}.example", kind, PublicKey.ed25519(raw))


def signed(seed: int, text: str = TEXT) -> NoteSignature:
    return key_of(seed).sign(text, private(seed).sign)


def cosigned(seed: int, text: str = TEXT, timestamp: int = SEEN) -> NoteSignature:
    return key_of(seed, SignatureType.COSIGNATURE).sign(text, private(seed).sign, timestamp=timestamp)


def parse_line(line: str) -> Note:
    return Note.parse(f"{TEXT}\n{line}\n".encode())


# Vectors


@pytest.mark.parametrize("text", [PETER, ENOCH, REMORA])
def test_published_verifier_keys_are_read_and_written_alike(text: str) -> None:
    """Keys of Go's checksum database and of a public witness keep their one spelling."""
    assert str(VerifierKey.parse(text)) == text


def test_published_signatures_verify() -> None:
    """Notes that Go signed are accepted here, with the keys that were asked for."""
    note = Note.parse(f"{TEXT}\n{BY_PETER}{BY_ENOCH}".encode())
    peter, enoch = VerifierKey.parse(PETER), VerifierKey.parse(ENOCH)
    assert note.text == TEXT
    assert note.verify([peter, enoch]) == (peter, enoch)
    assert note.verify([peter]) == (peter,)
    assert note.verify([VerifierKey.parse(REMORA)]) == ()
    assert note.verify([]) == ()


def test_the_specifications_example_keeps_its_bytes() -> None:
    """A witnessed checkpoint is written back as it was read."""
    note = Note.parse(WITNESSED.encode())
    assert [signature.name for signature in note.signatures] == [
        "example.com/behind-the-sofa",
        "witness.example.com/w1",
    ]
    assert int.from_bytes(note.signatures[1].value[:8]) == SEEN
    assert (str(note), bytes(note)) == (WITNESSED, WITNESSED.encode())


def test_a_cosignature_signs_the_specifications_message() -> None:
    """A witness signs a header line, the time and the whole text (c2sp.org/tlog-cosignature)."""
    signature = cosigned(1)
    assert signature.value[:8] == SEEN.to_bytes(8)
    message = b"cosignature/v1\ntime 1679315147\n" + TEXT.encode()
    private(1).public_key().verify(signature.value[8:], message)


# Reading strictly


@pytest.mark.parametrize(
    "data",
    [
        b"",
        TEXT.encode(),
        f"{TEXT}\n".encode(),
        f"{TEXT}\n{BY_PETER[:-1]}".encode(),
        f"{TEXT}\n{BY_PETER[:-1]}x".encode(),
        f"{TEXT}{BY_PETER}".encode(),
        f"{TEXT}\n{BY_PETER}\n".encode(),
        f"{TEXT}\n{BY_PETER}Unexpected line.\n".encode(),
        f"{TEXT}\n{BY_PETER}\n{BY_PETER}x\n".encode(),
        f"\x01{TEXT}\n{BY_PETER}".encode(),
        f"\t{TEXT}\n{BY_PETER}".encode(),
        f"{TEXT}\n{BY_PETER}".replace("\n", "\r\n").encode(),
        b"\xff" + f"{TEXT}\n{BY_PETER}".encode(),
        f"{TEXT}\n{BY_PETER}".encode("utf-16"),
    ],
)
def test_what_is_no_signed_note_is_refused(data: bytes) -> None:
    """No signature, no empty line, no last line feed, control characters, another encoding: no note."""
    with pytest.raises(Malformed):
        Note.parse(data)


BLOB = to_base64(b"keyidsignature")


@pytest.mark.parametrize(
    "line",
    [
        f"- party.example {BLOB}",
        f"\u2013 party.example {BLOB}",
        f"\u2014party.example {BLOB}",
        f"\u2014  {BLOB}",
        f"\u2014 {BLOB}",
        "\u2014 party.example",
        "\u2014 party.example ",
        f"\u2014 party+example {BLOB}",
        f"\u2014 party\u00a0example {BLOB}",
        f"\u2014 party\u2028example {BLOB}",
        f"\u2014 party\u0085example {BLOB}",
        f"\u2014 party example {BLOB}",
        f"\u2014 party.example {BLOB} ",
        f"\u2014 party.example {BLOB.rstrip('=')}",
        f"\u2014 party.example {BLOB}=",
        "\u2014 party.example a2V5aWRzaWduYXR1cmV=",
        "\u2014 party.example a-_b",
        f"\u2014 party.example {to_base64(b'key')}",
        f"\u2014 party.example {to_base64(b'four')}",
        f" \u2014 party.example {BLOB}",
    ],
)
def test_what_is_no_signature_line_is_refused(line: str) -> None:
    """Em dash, space, name without white space or plus, space, canonical base64 of more than a key id."""
    with pytest.raises(Malformed):
        parse_line(line)


def test_the_last_empty_line_parts_text_and_signatures() -> None:
    """A text may have empty lines, and lines that look like signatures: they sign nothing."""
    text = f"one\n\n{BY_PETER}\n"
    note = Note(text, (signed(1, text),))
    assert Note.parse(bytes(note)) == note
    assert note.verify([VerifierKey.parse(PETER), key_of(1)]) == (key_of(1),)


def test_names_beyond_ascii_are_carried() -> None:
    """A line of a key that is not known here stays as it is, whatever letters its name has."""
    note = Note(TEXT, (replace(signed(1), name="zażółć.example/γ"),))
    assert Note.parse(bytes(note)) == note


@given(
    text=st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40).map(lambda line: line + "\n"),
    names=st.lists(st.from_regex(r"[a-zé./0-9]+", fullmatch=True), min_size=1, max_size=5),
    value=st.binary(min_size=1, max_size=80),
)
def test_every_note_survives_writing_and_reading(text: str, names: list[str], value: bytes) -> None:
    """A note read back is the note that was written."""
    note = Note(text, tuple(NoteSignature(name, b"keyi", value) for name in names))
    assert Note.parse(str(note).encode()) == note


@pytest.mark.parametrize("text", ["", "no line feed", "a\x00\n", "a\r\n", "\ud800\n", "a\tb\n"])
def test_no_note_is_made_that_could_not_be_read(text: str) -> None:
    """Texts without their line feed, with control characters or lone surrogates are refused when made or signed."""
    with pytest.raises(Malformed, match="note text"):
        Note(text, (signed(1),))
    with pytest.raises(Malformed, match="note text"):
        signed(1, text)


def test_a_note_has_limits() -> None:
    """64 signatures and 256 KiB: more than anybody needs, and an end for whoever floods."""
    Note(TEXT, (signed(1),) * MAX_SIGNATURES)
    for count in (0, MAX_SIGNATURES + 1):
        with pytest.raises(Malformed, match="1 to 64 signatures"):
            Note(TEXT, (signed(1),) * count)
    with pytest.raises(Malformed, match="1 to 64 signatures"):
        Note.parse(f"{TEXT}\n{BY_PETER * (MAX_SIGNATURES + 1)}".encode())
    with pytest.raises(Malformed, match="at most 262144 bytes"):
        Note("x" * MAX_SIZE + "\n", (signed(1),))
    with pytest.raises(Malformed, match="at most 262144 bytes"):
        Note.parse(b"x" * (MAX_SIZE + 1))


def test_sixteen_post_quantum_signatures_fit() -> None:
    """Every reader has to take 16 signatures of nearly 5 kB (c2sp.org/signed-note)."""
    lines = (NoteSignature(f"witness-{at}.example", b"keyi", bytes(5000)) for at in range(16))
    assert len(Note.parse(bytes(Note(TEXT, (*lines, signed(1))))).signatures) == 17


# Verifier keys


@pytest.mark.parametrize("text", [PETER, REMORA])
def test_no_part_of_a_verifier_key_is_a_verifier_key(text: str) -> None:
    """Cut anywhere or with any one character changed, a key is refused."""
    cuts = {text[start:end] for start in range(len(text)) for end in range(start + 1, len(text) + 1)} - {text, ""}
    changed = {text[:at] + chr(ord(letter) + 1) + text[at + 1 :] for at, letter in enumerate(text)}
    for wrong in cuts | changed:
        with pytest.raises(NotaryError):
            VerifierKey.parse(wrong)


@pytest.mark.parametrize(
    "text, error",
    [
        ("", Malformed),
        ("PeterNeumann+c74f20a3", Malformed),
        (PETER.replace("c74f20a3", "C74F20A3"), Malformed),
        (PETER.replace("c74f20a3", "00000000"), Malformed),
        (PETER + "=", Malformed),
        (PETER + "\n", Malformed),
        (" " + PETER, Malformed),
        # Another key's length and another signature type, each with its own key id (of Go's tests).
        ("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", Malformed),
        ("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", Unsupported),
    ],
)
def test_a_key_with_a_wrong_part_is_refused(text: str, error: type[NotaryError]) -> None:
    """Key ids are checked and have one spelling; signature types nobody here knows are said to be unknown."""
    with pytest.raises(error):
        VerifierKey.parse(text)


def test_a_key_of_small_order_is_refused() -> None:
    """The identity point, under which anyone signs anything, is no verifier key."""
    identity = bytes([1]) + bytes(31)
    with pytest.raises(Malformed, match="small order"):
        VerifierKey.parse(f"evil.example+00000000+{to_base64(bytes([1]) + identity)}")


def test_a_key_of_another_curve_is_refused() -> None:
    """Notes are signed with Ed25519 here."""
    p256 = PublicKey.parse("zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv", "key")
    with pytest.raises(Malformed, match="an Ed25519 key"):
        VerifierKey("party.example", SignatureType.ED25519, p256)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\x00b", "a\u3000b", "\ud800"])
def test_a_key_has_a_name_that_a_line_can_carry(name: str) -> None:
    """White space, plus signs and control characters would end or split a line."""
    with pytest.raises(Malformed, match="a name without"):
        replace(key_of(1), name=name)


def test_type_and_name_are_part_of_the_key_id() -> None:
    """A log's key is not a witness's, nor another name's, though the 32 bytes are the same."""
    ids = {key_of(1).id, key_of(1, SignatureType.COSIGNATURE).id, key_of(1, name="other.example").id}
    assert len(ids) == 3


# Verifying


def test_both_kinds_of_signature_count() -> None:
    """A log's plain signature and a witness's cosignature stand side by side."""
    log, witness = key_of(1), key_of(2, SignatureType.COSIGNATURE)
    note = Note.parse(bytes(Note(TEXT, (signed(1), cosigned(2)))))
    assert note.verify([witness, log]) == (log, witness)


def test_each_key_counts_once() -> None:
    """Signing twice, being listed twice, or taking a second name or type makes nobody two parties."""
    witness, plain, alias = key_of(1, SignatureType.COSIGNATURE), key_of(1), key_of(1, name="alias.example")
    by_alias = alias.sign(TEXT, private(1).sign)
    note = Note(TEXT, (cosigned(1), cosigned(1, timestamp=SEEN + 1), signed(1), signed(1), by_alias))
    assert note.verify([witness, witness]) == (witness,)
    assert len(note.verify([witness, plain, alias])) == 1


def test_lines_of_unknown_keys_are_ignored() -> None:
    """Another key's line says nothing, even with a known key's name or its id."""
    key = key_of(1)
    same_name = NoteSignature(key.name, b"\x00\x00\x00\x00", b"x")
    same_id = NoteSignature("other.example", key.id, b"x")
    assert Note(TEXT, (same_name, same_id)).verify([key]) == ()
    assert Note(TEXT, (same_name, signed(1), same_id)).verify([key]) == (key,)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: value[:0],
        lambda value: value[:-1],
        lambda value: value + b"\x00",
        lambda value: value[:8],
        lambda value: value[8:],
        lambda value: bytes(len(value)),
        lambda value: bytes([value[0] ^ 1]) + value[1:],
        lambda value: value[:-1] + bytes([value[-1] ^ 1]),
    ],
)
@pytest.mark.parametrize("make, kind", [(signed, SignatureType.ED25519), (cosigned, SignatureType.COSIGNATURE)])
def test_a_known_keys_bad_line_refuses_the_note(
    make: Callable[[int], NoteSignature], kind: SignatureType, spoil: Callable[[bytes], bytes]
) -> None:
    """Whoever alters a line of a key that counts spoils the note, good lines of it included."""
    good = make(1)
    with pytest.raises(NotaryError):
        Note(TEXT, (good, replace(good, value=spoil(good.value)))).verify([key_of(1, kind)])


def test_a_signature_over_another_text_is_a_mismatch() -> None:
    """A line moved to another note does not verify, and the message names its key."""
    for signature, kind in ((signed(1), SignatureType.ED25519), (cosigned(1), SignatureType.COSIGNATURE)):
        with pytest.raises(Mismatch, match=r"party-1\.example"):
            Note("another text\n", (signature,)).verify([key_of(1, kind)])


def test_a_cosignature_is_no_plain_signature_of_its_message() -> None:
    """What a witness signed cannot be shown as a plain note of the same key."""
    message = f"cosignature/v1\ntime {SEEN}\n{TEXT}"
    with_other_id = NoteSignature(key_of(1).name, key_of(1, SignatureType.COSIGNATURE).id, cosigned(1).value[8:])
    assert Note(message, (with_other_id,)).verify([key_of(1)]) == ()


def test_a_time_beyond_63_bits_is_malformed() -> None:
    """A cosignature's time does not exceed 2^63 − 1, be it made or read."""
    assert Note(TEXT, (cosigned(1, timestamp=2**63 - 1),)).verify([key_of(1, SignatureType.COSIGNATURE)])
    for beyond in (-1, 2**63):
        with pytest.raises(Malformed, match="cosignature, time"):
            cosigned(1, timestamp=beyond)
    late = replace(cosigned(1), value=(2**63).to_bytes(8) + bytes(64))
    with pytest.raises(Malformed, match="cosignature, time"):
        Note(TEXT, (late,)).verify([key_of(1, SignatureType.COSIGNATURE)])


# Signing


def test_signing_with_another_private_key_is_noticed() -> None:
    """A signature that would not verify is never handed out."""
    with pytest.raises(Mismatch):
        key_of(1).sign(TEXT, private(2).sign)


def test_a_time_belongs_to_cosignatures_only() -> None:
    """A plain signature has no time, a cosignature always has one."""
    with pytest.raises(Malformed, match="a time for a cosignature"):
        key_of(1).sign(TEXT, private(1).sign, timestamp=SEEN)
    with pytest.raises(Malformed, match="a time for a cosignature"):
        key_of(1, SignatureType.COSIGNATURE).sign(TEXT, private(1).sign)


@pytest.mark.parametrize("key_id", [b"", b"abc", b"abcde"])
def test_a_signature_line_has_a_key_id_of_four_bytes(key_id: bytes) -> None:
    """Any other length would move the signature's own bytes."""
    with pytest.raises(Malformed, match="key id of 4 bytes"):
        NoteSignature("party.example", key_id, b"x")


# Numbers


@pytest.mark.parametrize("number", [0, 1, 42, 2**63 - 1])
def test_numbers_are_read_in_their_one_spelling(number: int) -> None:
    """Zero, and digits that begin with another one, below 2^63."""
    assert read_decimal(str(number), "number") == number


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "01", "00", " 1", "1 ", "1\n", "1_0", "1e3", "0x1", "١", str(2**63), "9" * 5000]
)
def test_other_spellings_of_numbers_are_refused(text: str) -> None:
    """A second spelling would be a second text with the same meaning."""
    with pytest.raises(Malformed, match="decimal"):
        read_decimal(text, "number")
