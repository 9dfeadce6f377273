"""Signing keys in files: PKCS #8, encrypted with a passphrase, readable by their owner only. The port `Signer`."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from notary.core.errors import OperatorError
from notary.core.keys import PublicKey

_OTHERS = 0o077


class KeyFile:
    """An Ed25519 key that was read from its file; its private part is never shown."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public_key_multibase = PublicKey.ed25519(raw).multibase

    @classmethod
    def create(cls, path: Path, passphrase: str) -> KeyFile:
        """Draw a key into a new file; OperatorError where the file is there already."""
        private = Ed25519PrivateKey.generate()
        encryption = BestAvailableEncryption(passphrase.encode())
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_secret(path, pem)
        return cls(private)

    @classmethod
    def load(cls, path: Path, passphrase: str) -> KeyFile:
        """Read a key; OperatorError where others may read it, or the passphrase is another."""
        pem = read_secret(path)
        try:
            private = load_pem_private_key(pem, passphrase.encode())
        except (ValueError, TypeError) as error:
            raise OperatorError(f"{path} cannot be opened", hint="Check the passphrase") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise OperatorError(f"{path} holds a key of another kind", expected="Ed25519")
        return cls(private)

    def sign(self, message: bytes) -> bytes:
        """Sign (RFC 8032): 64 bytes."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"KeyFile({self.public_key_multibase})"


def write_secret(path: Path, data: bytes) -> None:
    """Write a new file for its owner only; what is there already is never overwritten."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise OperatorError(
            f"{path} is there already", hint="Keys are never overwritten: choose another name"
        ) from error
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def read_secret(path: Path) -> bytes:
    """Read a file that only its owner may read."""
    try:
        rights = path.stat().st_mode & 0o777
        data = path.read_bytes()
    except OSError as error:
        raise OperatorError(f"{path} cannot be read", actual=error.strerror) from error
    if rights & _OTHERS:
        raise OperatorError(
            f"{path} is open to others", expected="0600", actual=f"{rights:04o}", hint=f"chmod 600 {path}"
        )
    return data
