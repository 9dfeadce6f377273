"""Evidence, encrypted before it is pinned: age (C2SP age.md), a fresh identity for every item.

What is pinned is public for ever, so only ciphertext is; the identity goes to
the ledger and, if the holder wants, into the receipt. Who holds no identity
learns the size. Erasing the identity erases the item.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, field
from typing import BinaryIO, cast

import pyrage

from notary.core.digest import Digest
from notary.core.errors import IssuerError, Malformed, Mismatch, NotaryError, OperatorError

MAX_ITEM = 64 << 20
"""Bytes of the largest item: what a learner's browser still decrypts."""

_OVERHEAD = 64 << 10
"""Bytes allowed on top of a ciphertext: age adds a header and 16 bytes to each 64 KiB, 17 KiB at most."""


@dataclass(frozen=True, slots=True)
class EncryptedItem:
    """One item ready to be pinned.

    `digest` and `size` are the plaintext's, for the evidence manifest;
    `ciphertext` is a temporary file at its beginning, gone when closed;
    `identity` is the secret, `AGE-SECRET-KEY-1…`.
    """

    digest: Digest
    size: int
    identity: str = field(repr=False)
    ciphertext: BinaryIO


def encrypt(plaintext: BinaryIO, name: str, *, max_size: int = MAX_ITEM) -> EncryptedItem:
    """Encrypt one item, streamed, for an identity made now. `name` stands in messages.

    IssuerError when it is larger than `max_size` bytes.
    """
    identity = pyrage.x25519.Identity.generate()
    too_large = IssuerError(
        f"evidence {name} is too large",
        expected=f"at most {max_size} bytes",
        hint="Make it smaller, or put a document that refers to it in its place.",
    )
    reader = _Bounded(plaintext, max_size, too_large)
    ciphertext = _temporary()
    try:
        pyrage.encrypt_io(reader, ciphertext, [identity.to_public()])
    except BaseException as error:
        ciphertext.close()
        if reader.failure:
            raise reader.failure from None
        if isinstance(error, pyrage.EncryptError):
            raise OperatorError(
                f"evidence {name} cannot be encrypted", actual=error, hint="Check the space for temporary files."
            ) from error
        raise
    ciphertext.seek(0)
    return EncryptedItem(Digest(reader.hash.digest()), reader.size, str(identity), ciphertext)


def decrypt(ciphertext: BinaryIO, identity: str, name: str, *, max_size: int = MAX_ITEM) -> BinaryIO:
    """Decrypt one item, streamed, into a temporary file that only its owner can read, gone when closed.

    Malformed for what is no identity or too large, Mismatch for another item's identity and
    for a ciphertext that was changed or cut: nothing of it is given then.
    """
    try:
        key = pyrage.x25519.Identity.from_str(identity)
    except pyrage.IdentityError as error:
        raise Malformed(f"identity for evidence {name}", expected="an age identity, AGE-SECRET-KEY-1…") from error
    too_large = Malformed(
        f"ciphertext of evidence {name} is too large", expected=f"at most {max_size + _OVERHEAD} bytes"
    )
    reader = _Bounded(ciphertext, max_size + _OVERHEAD, too_large)
    plaintext = _temporary()
    try:
        pyrage.decrypt_io(reader, plaintext, [key])
    except (pyrage.DecryptError, OSError) as error:
        plaintext.close()
        # age's own refusals reach Python as an OSError without a number; a full disk has one.
        if reader.failure or (isinstance(error, OSError) and error.errno is not None):
            raise reader.failure or error from None
        raise Mismatch(f"evidence {name}", expected="a ciphertext of this identity, unchanged", actual=error) from error
    except BaseException:
        plaintext.close()
        raise
    plaintext.seek(0)
    return plaintext


class _Bounded:
    """A stream as age reads it: counted, hashed, ended by an error beyond its bound.

    age wraps what `read` raises in errors of its own; the first is kept here.
    """

    def __init__(self, stream: BinaryIO, most: int, too_large: NotaryError) -> None:
        self._stream, self._most, self._too_large = stream, most, too_large
        self.size, self.hash = 0, hashlib.sha256()
        self.failure: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._stream.read(size)
            self.size += len(data)
            if self.size > self._most:
                raise self._too_large
        except Exception as error:
            self.failure = error
            raise
        self.hash.update(data)
        return data


def _temporary() -> BinaryIO:
    """A file without a name, readable by its owner only, even while it exists."""
    return cast("BinaryIO", tempfile.TemporaryFile())
