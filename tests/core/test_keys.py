import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from notary.core.encoding import to_base58, to_base64url
from notary.core.errors import Malformed, Mismatch, NotaryError, Unsupported
from notary.core.keys import Algorithm, PublicKey

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
ORDER = 2**252 + 27742317777372353535851937790883648493
ORDER_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

Point = tuple[int, int]


# The obvious reference: affine addition on edwards25519 (RFC 8032 §5.1), slow and complete.


def add(a: Point, b: Point) -> Point:
    (x1, y1), (x2, y2) = a, b
    both = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + both, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - both, -1, P)
    return x % P, y % P


def points_with(y: int) -> list[Point]:
    """Return the points of the curve with this y, by RFC 8032 §5.1.3's square root."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    roots = {r * factor % P for r in (root, P - root) for factor in (1, pow(2, (P - 1) // 4, P))}
    return [(x, y) for x in sorted(roots) if x * x % P == square]


def times(point: Point, factor: int) -> Point:
    total = (0, 1)
    while factor:
        if factor & 1:
            total = add(total, point)
        point, factor = add(point, point), factor >> 1
    return total


def encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def p256_key(secret: int = 1) -> tuple[ec.EllipticCurvePrivateKey, PublicKey]:
    private = ec.derive_private_key(secret, ec.SECP256R1())
    raw = private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return private, PublicKey.p256(raw)


def p256_signature(private: ec.EllipticCurvePrivateKey, message: bytes) -> tuple[int, int]:
    return utils.decode_dss_signature(private.sign(message, ec.ECDSA(hashes.SHA256())))


def test_ed25519_answers_as_wycheproof_says(standards: Path) -> None:
    """Every Wycheproof verdict on an Ed25519 signature is ours."""
    groups = json.loads((standards / "vectors/wycheproof/testvectors_v1/ed25519_test.json").read_text())["testGroups"]
    asked = 0
    for group in groups:
        key = PublicKey.ed25519(bytes.fromhex(group["publicKey"]["pk"]))
        for test in group["tests"]:
            try:
                key.verify(bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"]))
            except Mismatch:
                assert test["result"] == "invalid", test
            else:
                assert test["result"] == "valid", test
            asked += 1
    assert asked == 151


def test_every_key_of_the_did_key_vectors_keeps_its_spelling(standards: Path) -> None:
    """Ed25519 and P-256 keys are read and written alike; P-384 and P-521 are unsupported, never misread."""
    names = [
        name
        for file in ("ed25519-x25519.json", "nist-curves.json")
        for name in json.loads((standards / "vectors/did-key" / file).read_text())
    ]
    read = 0
    for name in names:
        multibase = name.removeprefix("did:key:")
        try:
            assert PublicKey.parse(multibase, "key").multibase == multibase
            read += 1
        except Unsupported:
            assert multibase.startswith(("z82", "z2J"))
    assert read == 8


def test_only_base58btc_of_the_multibase_table_is_read(standards: Path) -> None:
    """A multibase of another base is refused; base58btc decodes to what the table says, and that is no key."""
    rows = (standards / "vectors/multibase/tests/basic.csv").read_text().splitlines()[1:]
    for row in rows:
        base, text = (part.strip().strip('"') for part in row.split(",", 1))
        with pytest.raises(Unsupported if base == "base58btc" else Malformed):
            PublicKey.parse(text, "key")


def test_points_of_small_order_are_no_keys() -> None:
    """All eight, found as multiples by the large group's order, are refused, with either sign bit."""
    small = {times(point, ORDER) for y in range(2, 60) for point in points_with(y)}
    assert len(small) == 8
    for point in small:
        for raw in (encode(point), encode((1 - point[0] % 2, point[1]))):
            with pytest.raises(Malformed, match="small order"):
                PublicKey.ed25519(raw)


@pytest.mark.parametrize("y", [P, P + 1, P + 2, 2**255 - 1])
def test_a_second_encoding_of_a_point_is_no_key(y: int) -> None:
    """A y at or above the field's prime is a second spelling and is refused."""
    with pytest.raises(Malformed, match="not canonical"):
        PublicKey.ed25519(y.to_bytes(32, "little"))


@given(st.integers(2, P - 2), st.integers(0, 1))
def test_ed25519_keys_are_exactly_the_points_of_large_order(y: int, sign: int) -> None:
    """Reading a key agrees with computing its point: on the curve and not of small order, or refused."""
    raw = (y | sign << 255).to_bytes(32, "little")
    if points_with(y) and any(times(point, 8) != (0, 1) for point in points_with(y)):
        assert PublicKey.ed25519(raw).raw == raw
        assert raw in [encode(point) for point in points_with(y)]
    else:
        with pytest.raises(Malformed):
            PublicKey.ed25519(raw)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_an_ed25519_key_has_32_bytes(size: int) -> None:
    """A key of another length is refused."""
    with pytest.raises(Malformed, match="32 bytes"):
        PublicKey.ed25519(bytes(size))


@given(st.binary(max_size=64), st.integers(0, 511))
def test_any_flipped_bit_of_an_ed25519_signature_fails(message: bytes, bit: int) -> None:
    """A signature verifies for its message, and with no bit changed."""
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    key = PublicKey.ed25519(private.public_key().public_bytes_raw())
    signature = private.sign(message)
    key.verify(signature, message)
    with pytest.raises(Mismatch):
        key.verify((int.from_bytes(signature) ^ 1 << bit).to_bytes(64), message)
    with pytest.raises(Mismatch):
        key.verify(signature, message + b"\0")


@given(st.binary(max_size=64), st.integers(1, 1000))
def test_both_equivalent_p256_signatures_verify(message: bytes, secret: int) -> None:
    """ECDSA with a high s verifies like one with a low s; another message does not."""
    private, key = p256_key(secret)
    r, s = p256_signature(private, message)
    for value in (s, ORDER_P256 - s):
        signature = r.to_bytes(32) + value.to_bytes(32)
        key.verify(signature, message)
        with pytest.raises(Mismatch):
            key.verify(signature, message + b"\0")


@pytest.mark.parametrize("r, s", [(0, 0), (0, 1), (1, 0), (ORDER_P256, ORDER_P256), (2**256 - 1, 1), (1, 2**256 - 1)])
def test_p256_values_out_of_range_do_not_verify(r: int, s: int) -> None:
    """Zero and values at or above the group's order are no signature (Wycheproof's edge values)."""
    _, key = p256_key()
    with pytest.raises(Mismatch):
        key.verify(r.to_bytes(32) + s.to_bytes(32), b"message")


@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(65)])
def test_a_signature_has_64_bytes(signature: bytes) -> None:
    """Another length never verifies."""
    with pytest.raises(Mismatch, match="64 bytes"):
        p256_key()[1].verify(signature, b"message")


@pytest.mark.parametrize("raw", [bytes(32), b"\x04" + bytes(32), b"\x02" + b"\xff" * 32, b"\x02" + bytes(31) + b"\x01"])
def test_what_is_no_compressed_p256_point_is_refused(raw: bytes) -> None:
    """Wrong length, wrong prefix, x beyond the field, x without a y: no key."""
    with pytest.raises(Malformed, match="P-256 key"):
        PublicKey.p256(raw)


def test_a_key_says_what_it_is() -> None:
    """Each kind knows its label in trust files and its one cryptosuite."""
    _, p256 = p256_key()
    assert (p256.algorithm, p256.algorithm.label, p256.cryptosuite) == (Algorithm.P256, "P-256", "ecdsa-jcs-2019")
    assert (Algorithm.ED25519.label, Algorithm.ED25519.cryptosuite) == ("Ed25519", "eddsa-jcs-2022")
    assert p256.multibase.startswith("zDn")
    assert PublicKey.parse(p256.multibase, "key") == p256


@pytest.mark.parametrize(
    "multibase, error",
    [
        ("", Malformed),
        ("z", Unsupported),
        ("z0", Malformed),
        ("6Mk", Malformed),
        ("z" + to_base58(b"\xed\x01" + bytes(31)), Malformed),
        ("z" + to_base58(b"\xed\x01" + bytes(32)), Malformed),
        ("z" + to_base58(b"\x80\x24" + bytes(33)), Malformed),
        ("z" + to_base58(b"\xe7\x01" + bytes(33)), Unsupported),
        ("z" + "2" * 600, Malformed),
    ],
)
def test_text_that_is_no_key_names_its_place(multibase: str, error: type[NotaryError]) -> None:
    """The message names where the key stood."""
    with pytest.raises(error, match=r"members\[3\]\.key"):
        PublicKey.parse(multibase, "members[3].key")


def jwk_of(key: str) -> dict[str, Any]:
    numbers = p256_key()[0].public_key().public_numbers()
    if key == "P-256":
        x, y = (to_base64url(value.to_bytes(32)) for value in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}
    raw = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    return {"kty": "OKP", "crv": "Ed25519", "x": to_base64url(raw)}


def test_jwks_of_the_vectors_are_the_keys_of_their_dids(standards: Path) -> None:
    """A P-256 JWK and the did:key beside it are one key; P-384 and P-521 are unsupported."""
    for did, entry in json.loads((standards / "vectors/did-key/nist-curves.json").read_text()).items():
        jwk = entry["verificationMethod"].get("publicKeyJwk")
        if jwk is None:
            continue
        try:
            assert PublicKey.from_jwk(jwk, "jwk") == PublicKey.parse(did.removeprefix("did:key:"), "key")
        except Unsupported:
            assert jwk["crv"] in ("P-384", "P-521")


def test_wycheproof_jwks_meant_to_be_refused_are_refused(standards: Path) -> None:
    """No key of another use, algorithm, type or curve, and no point off the curve, is taken from a JWK."""
    groups = json.loads((standards / "vectors/wycheproof/testvectors_v1/json_web_key_test.json").read_text())
    for group in groups["testGroups"]:
        keys = group.get("public", group["private"])["keys"]
        if [test["result"] for test in group["tests"]] != ["invalid"] or len(keys) > 1:
            continue
        with pytest.raises((Malformed, Unsupported)):
            PublicKey.from_jwk(keys[0], "jwk")


@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
def test_a_jwk_may_name_its_algorithm_and_use(alg: str) -> None:
    """`alg` in either spelling and `use` sig change nothing."""
    plain = jwk_of("Ed25519")
    assert PublicKey.from_jwk({**plain, "alg": alg, "use": "sig"}, "jwk") == PublicKey.from_jwk(plain, "jwk")


@pytest.mark.parametrize(
    "key, change, error",
    [
        ("Ed25519", {"alg": "ES256"}, Malformed),
        ("P-256", {"alg": "EdDSA"}, Malformed),
        ("P-256", {"alg": 7}, Malformed),
        ("P-256", {"use": "enc"}, Malformed),
        ("P-256", {"y": to_base64url(bytes(32))}, Malformed),
        ("P-256", {"y": None}, Malformed),
        ("P-256", {"x": to_base64url(bytes(31))}, Malformed),
        ("Ed25519", {"x": to_base64url(bytes(32))}, Malformed),
        ("Ed25519", {"crv": "X25519"}, Unsupported),
        ("P-256", {"kty": ["EC"]}, Unsupported),
    ],
)
def test_a_jwk_that_contradicts_itself_is_refused(key: str, change: dict[str, Any], error: type[NotaryError]) -> None:
    """Algorithm, use and coordinates must belong to one key."""
    with pytest.raises(error, match=r"header\.jwk"):
        PublicKey.from_jwk({**jwk_of(key), **change}, "header.jwk")
