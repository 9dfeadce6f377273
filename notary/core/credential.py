"""A credential as it is committed: its form, its digest, its claims.

Spec: docs/spec/leaf.md. Form 1 is a JSON object by its RFC 8785 bytes, form 2 any file by
its bytes, form 3 compact JOSE up to the first "~", so that hiding a disclosure
changes nothing. A baked PNG or SVG is the credential inside. What the claims
mean is read by `summary`; JSON-LD is not processed and evidence is not looked at.
"""

from __future__ import annotations

from typing import NamedTuple, Self, assert_never

from notary.core.baked import is_image, unbake
from notary.core.canonical import JSON, canonical, depth_of, load
from notary.core.digest import Digest, sha256
from notary.core.disclosure import disclose
from notary.core.encoding import shorten
from notary.core.errors import Malformed, Mismatch, Unsupported
from notary.core.jose import WHITE_SPACE, CompactJws, looks_compact
from notary.core.leaf import Form

MAX_JSON = 4 * 2**20
MAX_DEPTH = 32
_AS_FILE = "To submit it as it is, use `--as file`: the verdict then says who submitted it, never who issued it"


class Credential(NamedTuple):
    """A credential read once: `data` is what stays of it, `claims` what was signed or stated.

    `data` holds a JSON object's canonical bytes, a file's bytes, or a token's
    trimmed text with its disclosures. `claims` is the object, the token's
    payload without disclosures, or None for a file; `token` is there for form 3.
    A tuple, for there are very many.
    """

    form: Form
    digest: Digest
    data: bytes
    claims: dict[str, JSON] | None = None
    token: CompactJws | None = None

    @classmethod
    def of_json(cls, data: bytes, where: str) -> Self:
        """Read form 1: a JSON object, at most 4 MiB and 32 levels deep."""
        document = load(data, where, max_size=MAX_JSON, max_depth=MAX_DEPTH)
        if not isinstance(document.value, dict):
            raise Malformed(where, expected="a JSON object", actual=shorten(document.value))
        return cls._of_object(document.value, document.canonical)

    @classmethod
    def _of_object(cls, value: dict[str, JSON], data: bytes) -> Self:
        return cls(Form.JSON, sha256(data), data, value)

    @classmethod
    def of_file(cls, data: bytes) -> Self:
        """Take form 2: any bytes."""
        return cls(Form.FILE, sha256(data), data)

    @classmethod
    def of_jose(cls, data: bytes, where: str) -> Self:
        """Read form 3: a JWT or SD-JWT, at most 1 MiB; white space around it does not count."""
        data = data.strip(WHITE_SPACE)
        token = CompactJws.parse(data, where)
        return cls(Form.JOSE, sha256(data.partition(b"~")[0]), data, token.payload, token)

    @classmethod
    def of_content(cls, form: Form, content: JSON | bytes, where: str) -> Self:
        """Take what a receipt holds as `credential`, by its form: a parsed JSON object, bytes, or a string."""
        match form, content:
            case Form.JSON, dict():
                if depth_of(content) > MAX_DEPTH:
                    raise Malformed(f"{where} is nested too deep", expected=f"at most {MAX_DEPTH} levels")
                return cls._of_object(content, canonical(content))
            case Form.FILE, bytes():
                return cls.of_file(content)
            case Form.JOSE, str():
                return cls.of_jose(content.encode("utf-8", "replace"), where)
        raise Malformed(where, expected=f"a credential of form {form.name}", actual=type(content).__name__)

    @property
    def content(self) -> JSON | bytes:
        """What a receipt holds as `credential`."""
        match self.form:
            case Form.JSON:
                return self.claims
            case Form.FILE:
                return self.data
            case Form.JOSE:
                return self.data.decode()
            case _:
                assert_never(self.form)


def read(data: bytes, where: str, form: Form | None = None) -> Credential:
    """Read a submitted file, or one given beside a receipt of this `form`.

    Without a form, a JSON object, a token and an image that holds one of them
    are recognised; Unsupported for anything else, with what to do about it. With
    one, what is another form raises Mismatch.
    """
    if form is Form.FILE:
        return Credential.of_file(data)
    text = data.strip(WHITE_SPACE)
    if is_image(text):
        text = unbake(text, where).strip(WHITE_SPACE)
    if text.startswith(b"{"):
        credential = Credential.of_json(text, where)
    elif looks_compact(text):
        credential = Credential.of_jose(text, where)
    else:
        raise Unsupported(
            f"{where} is no credential this release reads" if text else f"{where} is empty",
            expected="a JSON object, a JWT, an SD-JWT, or a PNG or SVG with one baked in",
            hint=_AS_FILE,
        )
    if form is not None and credential.form is not form:
        raise Mismatch(f"{where}: form", expected=form.name, actual=credential.form.name)
    return credential


def signed_claims(credential: Credential) -> tuple[dict[str, JSON], ...]:
    """Give the objects that hold claims, without disclosures: document or payload, and a JWT's `vc`.

    Issuer and achievements are read here: a holder shows or hides nothing of them.
    """
    if credential.token is not None:
        return _with_inner(credential.token.payload)
    return () if credential.claims is None else (credential.claims,)


def shown_claims(credential: Credential) -> tuple[dict[str, JSON], ...]:
    """Give the same objects with what the holder discloses; raises as `disclose` does."""
    if credential.token is not None:
        return _with_inner(disclose(credential.token.payload, credential.token.disclosures))
    return signed_claims(credential)


def _with_inner(payload: dict[str, JSON]) -> tuple[dict[str, JSON], ...]:
    inner = payload.get("vc")
    return (payload, inner) if isinstance(inner, dict) else (payload,)
