"""Signed notes: a text, an empty line, signature lines (c2sp.org/signed-note).

Two kinds of Ed25519 keys are known here: plain ones, and witnesses' which sign
the time they saw the text too (cosignature/v1, c2sp.org/tlog-cosignature).

A note says nothing until keys that the reader already had are found to have
signed it. Lines of other keys are carried along unread, since every note may
gather more of them; a bad line of a known key refuses the whole note.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self

from notary.core.digest import sha256
from notary.core.encoding import from_base64, shorten, to_base64
from notary.core.errors import Malformed, Mismatch, Unsupported
from notary.core.keys import Algorithm, PublicKey

MAX_SIZE = 256 * 1024
"""Bytes of a note; 16 post-quantum signatures, which every reader must take, fill less than half."""
MAX_SIGNATURES = 64
MAX_TIMESTAMP = 2**63 - 1

_DASH = "\u2014 "
_KEY_ID_SIZE = 4
_TIMESTAMP_SIZE = 8

_NEVER = r"\x00-\x09\x0b-\x1f\ud800-\udfff"  # control characters, and what UTF-8 cannot hold
_TEXT = re.compile(rf"[^{_NEVER}]*\n")
_KEY_NAME = re.compile(rf"[^\s+{_NEVER}]+")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class SignatureType(IntEnum):
    """What a key signs: the text as it stands, or the text under a header with the time."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line. `value` is what stands after the key id, in the key's own format."""

    name: str
    key_id: bytes
    value: bytes

    def __post_init__(self) -> None:
        _check_name(self.name, "note signature, key name")
        if len(self.key_id) != _KEY_ID_SIZE or not self.value:
            raise Malformed("note signature", expected="a key id of 4 bytes and a signature")

    @classmethod
    def parse(cls, line: str, where: str = "note signature") -> Self:
        """Read a signature line without its line feed."""
        name, space, encoded = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not space:
            raise Malformed(where, expected="an em dash, a key name and base64", actual=shorten(line))
        data = from_base64(encoded, where)
        return cls(name, data[:_KEY_ID_SIZE], data[_KEY_ID_SIZE:])

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.value)}"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under a name, written as a vkey: `<name>+<key id>+<base64(type ‖ key)>`.

    `id` is the first four bytes of H(name ‖ LF ‖ type ‖ key): it finds the
    lines to verify and proves nothing, since colliding keys are easily made.
    """

    name: str
    type: SignatureType
    public_key: PublicKey
    id: bytes = field(init=False)

    def __post_init__(self) -> None:
        _check_name(self.name, "verifier key, name")
        if self.public_key.algorithm is not Algorithm.ED25519:
            raise Malformed("verifier key", expected="an Ed25519 key", actual=self.public_key.multibase)
        digest = sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public_key.raw)
        object.__setattr__(self, "id", digest[:_KEY_ID_SIZE])

    @classmethod
    def parse(cls, text: str, where: str = "verifier key") -> Self:
        """Read a vkey: Malformed where its parts disagree, Unsupported for other signature types."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        data = from_base64(encoded, where)
        if not data:
            raise Malformed(where, expected="<name>+<8 hex digits>+<base64>", actual=shorten(text))
        if data[0] not in list(SignatureType):
            raise Unsupported(f"{where}, signature type", expected="1 or 4", actual=data[0])
        key = cls(name, SignatureType(data[0]), PublicKey.ed25519(data[1:]))
        if key.id.hex() != key_id:
            raise Malformed(f"{where}, key id", expected=key.id.hex(), actual=key_id)
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.type]) + self.public_key.raw)}"

    def verify(self, text: str, signature: NoteSignature) -> None:
        """Check that this key made a signature over a note's text.

        Mismatch where it did not; Malformed for a time beyond what a cosignature may hold.
        """
        message, made = text, signature.value
        if self.type is SignatureType.COSIGNATURE:
            stamp, made = made[:_TIMESTAMP_SIZE], made[_TIMESTAMP_SIZE:]
            message = _cosigned(text, int.from_bytes(stamp))
        try:
            self.public_key.verify(made, message.encode())
        except Mismatch as error:
            raise Mismatch(f"note signature of {shorten(self.name)}: {error.what}") from error

    def sign(self, text: str, sign: Callable[[bytes], bytes], *, timestamp: int | None = None) -> NoteSignature:
        """Sign a note's text with the private half, which `sign` holds; Mismatch where it holds another.

        A cosignature takes the Unix time at which the text was seen, a plain signature takes none.
        """
        _check_text(text)
        if (timestamp is None) is not (self.type is SignatureType.ED25519):
            raise Malformed("note signature", expected="a time for a cosignature, none for a plain one")
        if timestamp is None:
            value = sign(text.encode())
        else:
            message = _cosigned(text, timestamp).encode()
            value = timestamp.to_bytes(_TIMESTAMP_SIZE) + sign(message)
        signature = NoteSignature(self.name, self.id, value)
        self.verify(text, signature)
        return signature


@dataclass(frozen=True, slots=True)
class Note:
    """A text, its last line feed included, with one signature or more."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __post_init__(self) -> None:
        _check_text(self.text)
        if not 1 <= len(self.signatures) <= MAX_SIGNATURES:
            raise Malformed("note", expected=f"1 to {MAX_SIGNATURES} signatures", actual=len(self.signatures))
        _check_size(bytes(self), "note")

    @classmethod
    def parse(cls, data: bytes, where: str = "note") -> Self:
        """Read a signed note; the last empty line parts text and signatures."""
        _check_size(data, where)
        try:
            whole = data.decode()
        except UnicodeDecodeError as error:
            raise Malformed(
                where, expected="UTF-8", actual=f"byte {data[error.start]:#04x} at {error.start}"
            ) from error
        before, empty, after = whole.rpartition("\n\n")
        if not empty or not after.endswith("\n"):
            raise Malformed(where, expected="a text, an empty line and signature lines, each with its line feed")
        lines = after[:-1].split("\n")
        signatures = (NoteSignature.parse(line, f"{where}, signature {at}") for at, line in enumerate(lines, 1))
        return cls(before + "\n", tuple(signatures))

    def __str__(self) -> str:
        return "\n".join((self.text, *map(str, self.signatures), ""))

    def __bytes__(self) -> bytes:
        return str(self).encode()

    def verify(self, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
        """Return those of the given keys that signed this note; none means that it says nothing.

        One public key under two names or types counts once, so that nobody makes
        up a quorum alone. Mismatch where a line that bears a given key's name and
        id is not that key's signature.
        """
        known = tuple(keys)
        signed: dict[PublicKey, VerifierKey] = {}
        for signature in self.signatures:
            for key in known:
                if (key.name, key.id) == (signature.name, signature.key_id):
                    key.verify(self.text, signature)
                    signed.setdefault(key.public_key, key)
        return tuple(signed.values())


def read_decimal(text: str, where: str) -> int:
    """Read a number of a note's text: ASCII digits without leading zeros, below 2^63."""
    if not _DECIMAL.fullmatch(text) or int(text) >= 2**63:
        raise Malformed(where, expected="a decimal number below 2^63 without leading zeros", actual=shorten(text))
    return int(text)


def _cosigned(text: str, timestamp: int) -> str:
    """Return what a cosignature/v1 signs (c2sp.org/tlog-cosignature, Ed25519 signed message)."""
    if not 0 <= timestamp <= MAX_TIMESTAMP:
        raise Malformed("cosignature, time", expected=f"0 to {MAX_TIMESTAMP}", actual=timestamp)
    return f"cosignature/v1\ntime {timestamp}\n{text}"


def _check_size(data: bytes, where: str) -> None:
    if len(data) > MAX_SIZE:
        raise Malformed(where, expected=f"at most {MAX_SIZE} bytes", actual=len(data))


def _check_text(text: str) -> None:
    if not _TEXT.fullmatch(text):
        raise Malformed("note text", expected="lines without control characters, each with its line feed")


def _check_name(name: str, where: str) -> None:
    if not _KEY_NAME.fullmatch(name):
        raise Malformed(where, expected="a name without white space and plus sign", actual=shorten(name))
