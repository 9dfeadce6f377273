"""Evidence, encrypted before it is pinned: age (C2SP age.md), a fresh identity for every item.

What is pinned is public for ever, so only ciphertext is; the identity goes to
the ledger and, if the holder wants, into the receipt. Who holds no identity
learns the size. Erasing the identity erases the item.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from typing import BinaryIO, cast

import pyrage

from notary.core.digest import Digest
from notary.core.errors import IssuerError, Malformed, Mismatch, OperatorError
from notary.service.evidence.age_streams import Bounded, Written

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
    reader = bounded(plaintext, name, max_size=max_size)
    ciphertext = _temporary()
    writer = Written(ciphertext)
    try:
        pyrage.encrypt_io(reader, writer, [identity.to_public()])
        writer.check()
    except BaseException as error:
        ciphertext.close()
        if reader.failure:
            raise reader.failure from None
        if isinstance(error, pyrage.EncryptError | OSError):
            raise OperatorError(
                f"evidence {name} cannot be encrypted", actual=error, hint="Check the space for temporary files."
            ) from error
        raise
    ciphertext.seek(0)
    return EncryptedItem(Digest(reader.hash.digest()), reader.size, str(identity), ciphertext)


def bounded(plaintext: BinaryIO, name: str, *, max_size: int = MAX_ITEM) -> Bounded:
    """Return an item's stream, counted and hashed; its `read` raises IssuerError beyond `max_size` bytes."""
    too_large = IssuerError(
        f"evidence {name} is too large",
        expected=f"at most {max_size} bytes",
        hint="Make it smaller, or put a document that refers to it in its place.",
    )
    return Bounded(plaintext, max_size, too_large)


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
    reader = Bounded(ciphertext, max_size + _OVERHEAD, too_large)
    plaintext = _temporary()
    writer = Written(plaintext)
    try:
        pyrage.decrypt_io(reader, writer, [key])
        writer.check()
    except (pyrage.DecryptError, OSError) as error:
        plaintext.close()
        failure = reader.failure or writer.failure
        if failure:  # else it is age's own refusal, which reaches Python as an OSError too
            raise failure from None
        raise Mismatch(f"evidence {name}", expected="a ciphertext of this identity, unchanged", actual=error) from error
    except BaseException:
        plaintext.close()
        raise
    plaintext.seek(0)
    return plaintext


def _temporary() -> BinaryIO:
    """A file without a name, readable by its owner only, even while it exists."""
    return cast("BinaryIO", tempfile.TemporaryFile())
