"""Keys and signatures (docs/spec/README.md#keys-and-signatures)."""

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.independent.strict_json import Malformed, Mismatch, Unsupported, require

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
SUITES = {"eddsa-jcs-2022": "Ed25519", "ecdsa-jcs-2019": "P-256"}
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL = {0, 1, _P - 1, _ORDER_8, _P - _ORDER_8}


@dataclass(frozen=True)
class Key:
    """An acceptable public key."""

    algorithm: str
    public: bytes

    def __post_init__(self) -> None:
        if self.algorithm == "Ed25519":
            _accept_ed25519(self.public)
        else:
            _p256(self.public)

    def verify(self, signature: bytes, message: bytes) -> None:
        """Mismatch unless the signature is this key's."""
        require(len(signature) == 64, Mismatch, "a signature of another length")
        try:
            if self.algorithm == "Ed25519":
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
            else:
                r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
                _p256(self.public).verify(encode_dss_signature(r, s), message, ECDSA(SHA256()))
        except InvalidSignature as error:
            raise Mismatch("a false signature") from error


def _p256(public: bytes) -> EllipticCurvePublicKey:
    require(len(public) == 33 and public[0] in {2, 3}, Malformed, "a P-256 key of another form")
    try:
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), public)
    except ValueError as error:
        raise Malformed("no point of P-256") from error


def _accept_ed25519(public: bytes) -> None:
    require(len(public) == 32, Malformed, "an Ed25519 key of another length")
    y = int.from_bytes(public, "little") & (2**255 - 1)
    x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    on_curve = x_squared == 0 or pow(x_squared, (_P - 1) // 2, _P) == 1
    require(y < _P and on_curve and y not in _SMALL, Malformed, "an Ed25519 key that is not acceptable")


def base58(text: str) -> bytes:
    """Bytes of multibase base58btc, its `z` included."""
    require(text[:1] == "z" and len(text) <= 512, Malformed, "no base58 text")
    digits = text[1:]
    require(set(digits) <= set(ALPHABET), Malformed, "no base58 text")
    number = 0
    for digit in digits:
        number = number * 58 + ALPHABET.index(digit)
    zeros = len(digits) - len(digits.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)


def multikey(text: str) -> Key:
    """A key from its multibase text."""
    data = base58(text)
    if data[:2] == b"\xed\x01":
        return Key("Ed25519", data[2:])
    require(data[:2] == b"\x80\x24", Unsupported, "a key of another kind")
    return Key("P-256", data[2:])


def signature(text: str) -> bytes:
    """The 64 bytes of a signature."""
    data = base58(text)
    require(len(data) == 64, Malformed, "a signature of another length")
    return data


def y_of(key: Key) -> bytes:
    """The second coordinate of a P-256 key."""
    return _p256(key.public).public_numbers().y.to_bytes(32)
