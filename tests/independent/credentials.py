"""What is read of a credential, and its own proof (docs/spec/leaf.md, verification.md)."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from tests.independent import images, keys
from tests.independent.formats import base64url, unbase64url
from tests.independent.strict_json import (
    Fault,
    Json,
    Malformed,
    Mismatch,
    Unsupported,
    depth,
    jcs,
    parse,
    require,
    sha256,
)

_SPACE = " \t\r\n"
_ALG = {"EdDSA": "Ed25519", "Ed25519": "Ed25519", "ES256": "P-256"}
_BEGINS = ("validFrom", "issuanceDate", "nbf")
_ENDS = ("validUntil", "expirationDate", "exp", "expires")


@dataclass(frozen=True)
class Credential:
    """A credential of one of the three forms; body is the JSON object or the payload."""

    form: int
    digest: bytes
    body: Json = None
    header: Json = None
    token: str = ""
    disclosures: list[str] = field(default_factory=list)


def of_form(form: int, value: Json) -> Credential:
    """The credential in a receipt."""
    if form == 1:
        return Credential(1, sha256(jcs(value)), value)
    if form == 2:
        return Credential(2, sha256(unbase64url(value)))
    return _jose(value.encode())


def of_file(form: int, data: bytes) -> Credential:
    """A credential file that should be of this form."""
    if form == 2:
        return Credential(2, sha256(data))
    data = data.strip(_SPACE.encode())
    if images.is_image(data):
        data = images.unbake(data, images.looks_like_jose).strip(_SPACE.encode())
    found = 1 if data.startswith(b"{") else 3 if images.looks_like_jose(data) else 0
    require(found != 0, Unsupported, "a credential of no known form")
    require(found == form, Mismatch, f"a credential of form {found}")
    return of_form(1, parse(data, limit=4 << 20, levels=32)) if form == 1 else _jose(data)


def _jose(data: bytes) -> Credential:
    data = data.strip(_SPACE.encode())
    require(len(data) <= 1 << 20, Malformed, "a token too long")
    try:
        token, *more = data.decode().split("~")
    except UnicodeDecodeError as error:
        raise Malformed("no text") from error
    header, payload = (parse(part, limit=1 << 20, levels=32) for part in _parts(token)[:2])
    require(isinstance(header, dict) and isinstance(payload, dict), Malformed, "no JSON objects")
    if more and more[-1]:
        require(images.looks_like_jose(more[-1].encode()), Malformed, "no key binding")
    require(len(more) <= 1001, Malformed, "too many disclosures")
    return Credential(3, sha256(token.encode()), payload, header, token, more[:-1])


def _parts(token: str) -> list[bytes]:
    require(images.looks_like_jose(token.encode()), Malformed, "no compact JOSE")
    return [unbase64url(part) for part in token.split(".")]


def items(value: Json) -> list[Json]:
    """An array, or one value; null is none."""
    return value if isinstance(value, list) else [] if value is None else [value]


def claims(credential: Credential, body: Json) -> list[Json]:
    """The objects that make the claims."""
    inner = body.get("vc") if credential.form == 3 else None
    return [body, inner] if isinstance(inner, dict) else [body]


def issuer(credential: Credential) -> str:
    """The one issuer the claims name."""
    found = []
    for part in claims(credential, credential.body):
        found += [part[name] for name in ("issuer", "iss") if name in part]
        badge = part.get("badge")
        if isinstance(badge, dict) and "issuer" in badge:
            found.append(badge["issuer"])
    names = [value.get("id") if isinstance(value, dict) else value for value in found]
    require(all(isinstance(name, str) and name for name in names), Malformed, "an issuer without id")
    require(len(set(names)) == 1, Malformed, f"{len(set(names))} issuers")
    return str(names[0])


def achievements(credential: Credential) -> list[list[str | None]]:
    """For each subject the ids of its achievements, None where one has none."""
    subjects: list[list[Json]] = []
    for part in claims(credential, credential.body):
        given = items(part.get("credentialSubject"))
        subjects += [items(subject.get("achievement")) if isinstance(subject, dict) else [] for subject in given]
        if "badge" in part:
            subjects.append(items(part["badge"]))
    return [[_id(item) for item in subject] for subject in subjects]


def _id(item: Json) -> str | None:
    found = item.get("id") if isinstance(item, dict) else item
    return found if isinstance(found, str) else None


# Disclosures


def disclosed(credential: Credential) -> Json:
    """The body with what is disclosed in it."""
    if credential.form != 3:
        return credential.body
    require(credential.body.get("_sd_alg", "sha-256") == "sha-256", Unsupported, "another _sd_alg")
    require(len(set(credential.disclosures)) == len(credential.disclosures), Malformed, "a disclosure twice")
    walk = _Walk({base64url(sha256(text.encode())): _disclosure(text) for text in credential.disclosures})
    body = walk.value({name: value for name, value in credential.body.items() if name != "_sd_alg"})
    require(depth(body) <= 32, Malformed, "more than 32 levels")
    require(set(walk.given) <= walk.met, Mismatch, "a disclosure that nothing in the token names")
    return body


def _disclosure(text: str) -> list[Json]:
    value = parse(unbase64url(text), limit=1 << 20, levels=32)
    require(isinstance(value, list) and len(value) in {2, 3}, Malformed, "no disclosure")
    require(isinstance(value[0], str), Malformed, "a salt that is no string")
    if len(value) == 3:
        require(isinstance(value[1], str) and value[1] not in {"_sd", "..."}, Malformed, "a name that cannot be")
    return list(value)


class _Walk:
    def __init__(self, given: dict[str, list[Json]]) -> None:
        self.given = given
        self.met: set[str] = set()
        self.level = 0

    def _meet(self, digest: Json, length: int) -> list[Json] | None:
        require(isinstance(digest, str) and digest not in self.met, Malformed, "a digest twice, or none")
        self.met.add(digest)
        found = self.given.get(digest)
        require(found is None or len(found) == length, Malformed, "a disclosure in the wrong place")
        return found

    def value(self, value: Json) -> Json:
        if not isinstance(value, (dict, list)):
            return value
        self.level += 1
        require(self.level <= 32, Malformed, "more than 32 levels")
        walked = self._object(value) if isinstance(value, dict) else list(self._array(value))
        self.level -= 1
        return walked

    def _object(self, value: dict[str, Json]) -> dict[str, Json]:
        walked = {name: self.value(member) for name, member in value.items() if name != "_sd"}
        digests = value.get("_sd", [])
        require(isinstance(digests, list), Malformed, "_sd is no array")
        for digest in digests:
            found = self._meet(digest, 3)
            if found:
                require(found[1] not in walked, Malformed, "a name that is there already")
                walked[found[1]] = self.value(found[2])
        return walked

    def _array(self, value: list[Json]) -> Iterator[Json]:
        for item in value:
            if isinstance(item, dict) and set(item) == {"..."}:
                found = self._meet(item["..."], 2)
                if found:
                    yield self.value(found[1])
            else:
                yield self.value(item)


# Period


def _instant(value: Json) -> Fraction | None:
    instant = _date_time(value)
    return instant if instant is not None and -62135596800 <= instant < 253402300800 else None


def _date_time(value: Json) -> Fraction | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Fraction(value)
    form = r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))"
    found = re.fullmatch(form, value, re.ASCII) if isinstance(value, str) else None
    if not found:
        return None
    date, clock, fraction, _, sign, hours, minutes = found.groups()
    try:
        local = dt.datetime.fromisoformat(f"{date}T{clock}+00:00")
    except ValueError:
        return None
    offset = (int(hours) * 3600 + int(minutes) * 60) * (-1 if sign == "-" else 1) if sign else 0
    return Fraction(int(local.timestamp())) + Fraction(f"0{fraction or '.0'}") - offset


def period(credential: Credential, at: int) -> str | None:
    """Not yet valid, expired, or None for neither."""
    parts = claims(credential, disclosed(credential))
    proofs = [proof for part in parts for proof in items(part.get("proof")) if isinstance(proof, dict)]
    begins = [part[name] for part in parts for name in _BEGINS if part.get(name) is not None]
    ends = [part[name] for part in parts + proofs for name in _ENDS if part.get(name) is not None]
    if any((begin := _instant(value)) is not None and at < begin for value in begins):
        return "not yet valid"
    if any((end := _instant(value)) is not None and at >= end for value in ends):
        return "expired"
    require(all(_instant(value) is not None for value in begins + ends), Unsupported, "a bound that cannot be read")
    return None


# Own proof


def _jwk(jwk: Json) -> keys.Key:
    require(isinstance(jwk, dict), Malformed, "no JWK")
    kind = (jwk.get("kty"), jwk.get("crv"))
    require(kind in (("OKP", "Ed25519"), ("EC", "P-256")), Unsupported, "a JWK of another kind")
    algorithm = str(kind[1])
    named = jwk.get("alg") is None or _ALG.get(str(jwk["alg"])) == algorithm
    require(named and jwk.get("use") in (None, "sig"), Malformed, "a JWK for something else")
    numbers = [unbase64url(jwk.get(name)) for name in (("x",) if algorithm == "Ed25519" else ("x", "y"))]
    require(all(len(number) == 32 for number in numbers), Malformed, "a JWK of another size")
    if algorithm == "Ed25519":
        return keys.Key(algorithm, numbers[0])
    key = keys.Key(algorithm, bytes([2 + (numbers[1][31] & 1)]) + numbers[0])
    require(keys.y_of(key) == numbers[1], Malformed, "no point of P-256")
    return key


def _listed(record: Json) -> list[tuple[set[str], keys.Key]]:
    document = (record or {}).get("didDocument") or {}
    base = document.get("id")
    if not isinstance(base, str):
        return []

    def whole(name: str) -> str:
        return base + name if name.startswith("#") else name

    methods = [method for method in items(document.get("verificationMethod")) if isinstance(method, dict)]
    by_id = {whole(method["id"]): method for method in methods if isinstance(method.get("id"), str)}
    found = []
    for item in items(document.get("assertionMethod")):
        method = by_id.get(whole(item)) if isinstance(item, str) else item
        if not isinstance(method, dict) or "expires" in method or "revoked" in method:
            continue
        try:
            key = _method_key(method)
        except Fault:
            continue
        found.append((_names(method, whole), key))
    return found


def _method_key(method: Json) -> keys.Key:
    multibase = method.get("publicKeyMultibase")
    return keys.multikey(multibase) if isinstance(multibase, str) else _jwk(method.get("publicKeyJwk"))


def _names(method: Json, whole: Callable[[str], str]) -> set[str]:
    names = set()
    if isinstance(method.get("id"), str):
        name = whole(method["id"])
        _, found, fragment = name.partition("#")
        names = {name, fragment, "#" + fragment} if found else {name}
    jwk = method.get("publicKeyJwk")
    kid = jwk.get("kid") if isinstance(jwk, dict) else None
    return names | ({kid} if isinstance(kid, str) else set())


def _find(name: str, named: str, record: Json) -> tuple[keys.Key, bool] | None:
    """The key by a name, for the issuer, and whether it is the issuer's own."""
    if ":" not in name and named.startswith("did:key:"):
        name = named
    listed = _listed(record)
    if name.startswith("did:key:"):
        multibase, found, fragment = name.removeprefix("did:key:").partition("#")
        require(multibase.startswith("z"), Unsupported, "a did:key of another base")
        require(not found or fragment == multibase, Malformed, "another fragment")
        key = keys.multikey(multibase)
        own = [named, *([record["id"], *record["aliases"]] if record else [])]
        return key, f"did:key:{multibase}" in own or any(other == key for _, other in listed)
    going = [key for names, key in listed if name in names]
    return (going[0], True) if len(going) == 1 else None


@dataclass(frozen=True)
class Own:
    """What one proof comes to, and by which algorithm."""

    state: str
    note: str
    algorithm: str = ""


def own_proofs(credential: Credential, record: Json) -> list[Own]:
    """What the credential's own proofs come to; faults are raised."""
    named = issuer(credential)
    if credential.form == 3:
        return [_signed_token(credential, named, record)]
    proofs = items(credential.body.get("proof"))
    if not 1 <= len(proofs) <= 16:
        return [Own("unknown", f"{len(proofs)} proofs")]
    return [_caught(credential.body, proof, named, record) for proof in proofs]


def _caught(document: Json, proof: Json, named: str, record: Json) -> Own:
    try:
        return _proof(document, proof, named, record)
    except Unsupported as fault:
        return Own("unknown", str(fault))
    except Fault as fault:
        return Own("fail", str(fault))


def _proof(document: Json, proof: Json, named: str, record: Json) -> Own:
    require(isinstance(proof, dict), Malformed, "no proof")
    suite = proof.get("cryptosuite")
    known = proof.get("type") == "DataIntegrityProof" and isinstance(suite, str) and suite in keys.SUITES
    require(known and "previousProof" not in proof, Unsupported, "a proof of another kind")
    method = proof.get("verificationMethod")
    require(proof.get("proofPurpose") == "assertionMethod" and isinstance(method, str), Malformed, "no proof")
    found = _find(method, named, record)
    if not found:
        return Own("unknown", "no key")
    key, own = found
    require(key.algorithm == keys.SUITES[suite], Mismatch, "another suite than the key's")
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    if "@context" in proof:
        context = _context(proof)
        require(_context(document)[: len(context)] == context, Mismatch, "another @context")
        unsigned["@context"] = proof["@context"]
    verify_proof(key, proof, unsigned)
    return Own("pass" if own else "unknown", "" if own else "a key not known as the issuer's", key.algorithm)


def _context(value: Json) -> list[Json]:
    found = value.get("@context", [])
    return found if isinstance(found, list) else [found]


def verify_proof(key: keys.Key, proof: Json, unsigned: Json) -> None:
    """A Data Integrity proof by a JCS suite."""
    value = proof.get("proofValue")
    require(isinstance(value, str), Malformed, "no proofValue")
    options = {name: member for name, member in proof.items() if name != "proofValue"}
    key.verify(keys.signature(value), sha256(jcs(options)) + sha256(jcs(unsigned)))


def _signed_token(credential: Credential, named: str, record: Json) -> Own:
    header = credential.header
    require(header.get("alg") != "none", Malformed, "alg is none")
    disclosed(credential)
    algorithm = _ALG.get(header["alg"]) if isinstance(header.get("alg"), str) else None
    require("crit" not in header and algorithm is not None, Unsupported, "alg or crit")
    kid = header.get("kid")
    found = _find(kid if isinstance(kid, str) else named, named, record)
    if not found and isinstance(header.get("jwk"), dict):
        key = _jwk(header["jwk"])
        found = key, any(other == key for _, other in _listed(record))
    if not found:
        return Own("unknown", "no key")
    key, own = found
    require(key.algorithm == algorithm, Mismatch, "a key for another alg")
    signed, _, signature = credential.token.rpartition(".")
    key.verify(unbase64url(signature), signed.encode())
    return Own("pass" if own else "unknown", "" if own else "a key not known as the issuer's", key.algorithm)
