"""Signing keys in files, of both kinds that institutions use."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from api.key_files import KeyFile, write_secret
from notary.core.errors import OperatorError
from notary.core.keys import Algorithm, PublicKey

WORD = "correct horse battery"


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_key_signs_what_its_public_half_verifies(tmp_path: Path, algorithm: Algorithm) -> None:
    """Drawn, read back, and each signature 64 bytes that the core verifies."""
    made = KeyFile.create(tmp_path / "key.pem", WORD, algorithm)
    loaded = KeyFile.load(tmp_path / "key.pem", WORD)
    assert loaded.public_key_multibase == made.public_key_multibase
    public = PublicKey.parse(made.public_key_multibase, "key")
    assert public.algorithm is algorithm
    for number in range(8):  # r and s of ECDSA begin with a zero byte now and then
        public.verify(loaded.sign(b"%d" % number), b"%d" % number)


@pytest.mark.parametrize("private", [Ed448PrivateKey.generate(), generate_private_key(SECP384R1())])
def test_key_of_another_kind_is_refused(tmp_path: Path, private: Ed448PrivateKey) -> None:
    """Whatever no verifier would take."""
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(WORD.encode()))
    write_secret(tmp_path / "key.pem", pem)
    with pytest.raises(OperatorError, match="another kind: expected Ed25519 or P-256"):
        KeyFile.load(tmp_path / "key.pem", WORD)
