"""Public keys: Ed25519 and P-256, and the signatures they verify.

The text form is `publicKeyMultibase` of the Data Integrity suites: base58btc
over a multicodec prefix and the key (vc-di-eddsa §2.1.1, vc-di-ecdsa §2.1.1);
a credential's own key may come as a JWK (RFC 7517, RFC 8037). Refused are points
off their curve, encodings that are not canonical (one key, one spelling) and
Ed25519 points of small order, under which anyone can make signatures. Every
other kind of key is Unsupported.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Self, assert_never

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from notary.core.canonical import JSON
from notary.core.encoding import from_base58, from_base64url, shorten, to_base58
from notary.core.errors import Malformed, Mismatch, Unsupported

SIGNATURE_SIZE = 64
"""Bytes of every signature here: Ed25519's R ‖ S, or P-256's r ‖ s."""

_FIELD = 2**255 - 19
_D = -121665 * pow(121666, -1, _FIELD) % _FIELD
_Y_OF_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER = frozenset({0, 1, _FIELD - 1, _Y_OF_ORDER_8, _FIELD - _Y_OF_ORDER_8})
"""The y of all eight points of edwards25519 whose order divides 8 (RFC 8032 §5.1, cofactor 8)."""


class Algorithm(Enum):
    """A signature algorithm: its label in trust files, multicodec prefix and one Data Integrity suite."""

    ED25519 = "Ed25519", b"\xed\x01", "eddsa-jcs-2022"
    P256 = "P-256", b"\x80\x24", "ecdsa-jcs-2019"

    def __init__(self, label: str, prefix: bytes, cryptosuite: str) -> None:
        self.label = label
        self.prefix = prefix
        self.cryptosuite = cryptosuite


JOSE_ALGORITHMS = {"EdDSA": Algorithm.ED25519, "Ed25519": Algorithm.ED25519, "ES256": Algorithm.P256}
"""What JOSE calls the same algorithms (RFC 7518 §3.4, RFC 8037 §3.1, RFC 9864 §2.2)."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies signatures; `raw` is RFC 8032's 32 bytes, or SEC 1's 33 compressed bytes."""

    algorithm: Algorithm
    raw: bytes

    def __post_init__(self) -> None:
        match self.algorithm:
            case Algorithm.ED25519:
                _check_edwards_point(self.raw)
            case Algorithm.P256:
                _load_p256(self.raw)
            case _:
                assert_never(self.algorithm)

    @classmethod
    def ed25519(cls, raw: bytes) -> Self:
        """Take the 32 bytes of an Ed25519 key; Malformed where they are no key."""
        return cls(Algorithm.ED25519, raw)

    @classmethod
    def p256(cls, raw: bytes) -> Self:
        """Take the 33 bytes of a compressed P-256 point; Malformed where they are none."""
        return cls(Algorithm.P256, raw)

    @classmethod
    def parse(cls, multibase: str, where: str) -> Self:
        """Read `publicKeyMultibase`: Malformed for what is no key, Unsupported for other kinds."""
        if not multibase.startswith("z"):
            raise Malformed(where, expected="base58btc multibase (z…)", actual=shorten(multibase))
        data = from_base58(multibase[1:], where)
        for algorithm in Algorithm:
            if data.startswith(algorithm.prefix):
                return cls._at(where, algorithm, data.removeprefix(algorithm.prefix))
        raise Unsupported(
            f"{where} is a key of another kind", expected="Ed25519 (z6Mk…) or P-256 (zDn…)", actual=shorten(multibase)
        )

    @classmethod
    def from_jwk(cls, jwk: dict[str, JSON], where: str) -> Self:
        """Read a JWK; its `alg` and `use`, where there are any, must allow verifying with it."""
        kind, curve, alg, use = (jwk.get(name) for name in ("kty", "crv", "alg", "use"))
        match kind, curve:
            case "OKP", "Ed25519":
                algorithm, raw = Algorithm.ED25519, _coordinate(jwk, "x", where)
            case "EC", "P-256":
                x, y = _coordinate(jwk, "x", where), _coordinate(jwk, "y", where)
                algorithm, raw = Algorithm.P256, _compress(x, y, where)
            case _:
                raise Unsupported(
                    f"{where} is a key of another kind",
                    expected="OKP Ed25519 or EC P-256",
                    actual=f"{shorten(kind)} {shorten(curve)}",
                )
        if alg is not None and JOSE_ALGORITHMS.get(str(alg)) is not algorithm:
            raise Malformed(f"{where}.alg", expected=f"one for {algorithm.label}", actual=shorten(alg))
        if use is not None and use != "sig":
            raise Malformed(f"{where}.use", expected="sig", actual=shorten(use))
        return cls._at(where, algorithm, raw)

    @classmethod
    def _at(cls, where: str, algorithm: Algorithm, raw: bytes) -> Self:
        try:
            return cls(algorithm, raw)
        except Malformed as error:
            raise Malformed(f"{where}: {error.what}", expected=error.expected, actual=error.actual) from error

    @property
    def multibase(self) -> str:
        """The key as `publicKeyMultibase`."""
        return "z" + to_base58(self.algorithm.prefix + self.raw)

    @property
    def cryptosuite(self) -> str:
        """The one Data Integrity suite whose proofs this key makes."""
        return self.algorithm.cryptosuite

    def verify(self, signature: bytes, message: bytes) -> None:
        """Check a signature: RFC 8032 for Ed25519, ECDSA with SHA-256 as r ‖ s for P-256.

        Raises Mismatch. S of Ed25519 is below the group's order; of ECDSA's two
        equivalent signatures both pass, as the Data Integrity suites allow.
        """
        if len(signature) != SIGNATURE_SIZE:
            raise Mismatch("signature", expected=f"{SIGNATURE_SIZE} bytes", actual=f"{len(signature)} bytes")
        try:
            match self.algorithm:
                case Algorithm.ED25519:
                    Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
                case Algorithm.P256:
                    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
                    _load_p256(self.raw).verify(encode_dss_signature(r, s), message, ECDSA(SHA256()))
                case _:
                    assert_never(self.algorithm)
        except InvalidSignature as error:
            raise Mismatch(f"the signature does not verify under the key {self.multibase}") from error


@lru_cache(maxsize=256)
def _check_edwards_point(raw: bytes) -> None:
    """Refuse what is not the one encoding of a point of edwards25519 whose order is large (RFC 8032 §5.1.3)."""
    if len(raw) != 32:
        raise Malformed("Ed25519 key", expected="32 bytes", actual=f"{len(raw)} bytes")
    y = int.from_bytes(raw, "little") % 2**255
    if y >= _FIELD:
        raise Malformed("Ed25519 key: its encoding is not canonical")
    if y in _SMALL_ORDER:
        raise Malformed("Ed25519 key: a point of small order, for which anyone can make signatures")
    numerator, denominator = y * y - 1, _D * y * y + 1
    if pow(numerator * denominator, (_FIELD - 1) // 2, _FIELD) != 1:  # x² = numerator / denominator: Euler's criterion
        raise Malformed("Ed25519 key: no point of the curve")


@lru_cache(maxsize=256)
def _load_p256(raw: bytes) -> EllipticCurvePublicKey:
    """Decompress a point of P-256 (SEC 1 §2.3.4)."""
    if len(raw) != 33:
        raise Malformed("P-256 key", expected="33 bytes, a compressed point", actual=f"{len(raw)} bytes")
    try:
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw)
    except ValueError as error:
        raise Malformed("P-256 key: no point of the curve") from error


def _compress(x: bytes, y: bytes, where: str) -> bytes:
    """Give the compressed form of a point of P-256 (SEC 1 §2.3.3), once it is one."""
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), b"\x04" + x + y)
    except ValueError as error:
        raise Malformed(f"{where}: no point of the curve") from error
    return bytes([2 + y[-1] % 2]) + x


def _coordinate(jwk: dict[str, JSON], name: str, where: str) -> bytes:
    value = jwk.get(name)
    if not isinstance(value, str):
        raise Malformed(f"{where}.{name}", expected="base64url", actual=shorten(value))
    data = from_base64url(value, f"{where}.{name}")
    if len(data) != 32:
        raise Malformed(f"{where}.{name}", expected="32 bytes", actual=f"{len(data)} bytes")
    return data
