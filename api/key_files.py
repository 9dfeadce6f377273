"""Signing keys in files: PKCS #8, encrypted with a passphrase, readable by their owner only. The port `Signer`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from notary.core.errors import OperatorError
from notary.core.keys import Algorithm, PublicKey
from notary.core.own_signature import CredentialKey

_OTHERS = 0o077


class KeyFile:
    """An Ed25519 or P-256 key that was read from its file; its private part is never shown."""

    def __init__(self, private: Ed25519PrivateKey | EllipticCurvePrivateKey) -> None:
        self._private = private
        public = private.public_key()
        if isinstance(public, EllipticCurvePublicKey):
            key = PublicKey.p256(public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))
        else:
            key = PublicKey.ed25519(public.public_bytes(Encoding.Raw, PublicFormat.Raw))
        self.public_key_multibase = key.multibase

    @classmethod
    def create(cls, path: Path, passphrase: str, algorithm: Algorithm = Algorithm.ED25519) -> KeyFile:
        """Draw a key into a new file; OperatorError where the file is there already."""
        private: Ed25519PrivateKey | EllipticCurvePrivateKey = (
            Ed25519PrivateKey.generate() if algorithm is Algorithm.ED25519 else generate_private_key(SECP256R1())
        )
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
        match private:
            case Ed25519PrivateKey():
                return cls(private)
            case EllipticCurvePrivateKey(curve=SECP256R1()):
                return cls(private)
            case _:
                raise OperatorError(f"{path} holds a key of another kind", expected="Ed25519 or P-256")

    def sign(self, message: bytes) -> bytes:
        """Sign: RFC 8032, or ECDSA with SHA-256 as r ‖ s; 64 bytes."""
        if isinstance(self._private, Ed25519PrivateKey):
            return self._private.sign(message)
        r, s = decode_dss_signature(self._private.sign(message, ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    def __repr__(self) -> str:
        return f"KeyFile({self.public_key_multibase})"


def write_secret(path: Path, data: bytes) -> None:
    """Write a new file for its owner only; what is there already is never overwritten."""
    with new_secret(path) as file:
        file.write(data)


@contextmanager
def new_secret(path: Path) -> Iterator[BinaryIO]:
    """Open a new file for its owner only, durable when the block ends, gone when it raises.

    What is there already is never overwritten: OperatorError.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise OperatorError(
            f"{path} is there already", hint="Secrets are never overwritten: choose another name"
        ) from error
    except OSError as error:
        raise OperatorError(f"{path} cannot be written", actual=error.strerror, hint="Is its folder there?") from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


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


def persons_key(key: KeyFile) -> CredentialKey:
    """Return a person's key as it signs: by the did:key that it is."""
    from notary.service.receipts.endorsements import credential_key_id

    multibase = key.public_key_multibase
    return CredentialKey(PublicKey.parse(multibase, "key"), credential_key_id(multibase), key.sign)
