import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.core import credential as credentials
from notary.core.canonical import canonical
from notary.core.credential import Credential, read, shown_claims, signed_claims
from notary.core.digest import sha256
from notary.core.errors import Malformed, Mismatch, NotaryError, Unsupported
from notary.core.jose import MAX_DISCLOSURES, MAX_SIZE
from notary.core.leaf import Form
from tests.core.jose_tools import ISSUER, digest_of, encode, jwt

DOCUMENT: dict[str, Any] = {"issuer": ISSUER, "credentialSubject": {"id": "did:example:learner", "name": "Ada"}}
PNG = b"\x89PNG\r\n\x1a\n"

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def sd_jwt() -> tuple[str, str]:
    disclosure = encode(["salt", "name", "Ada"])
    return jwt({"iss": ISSUER, "_sd": [digest_of(disclosure)]}), disclosure


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)


def png(*chunks: bytes) -> bytes:
    return PNG + chunk(b"IHDR", bytes(13)) + b"".join(chunks) + chunk(b"IEND", b"")


def itxt(text: bytes, keyword: bytes = b"openbadgecredential", flags: bytes = b"\0\0") -> bytes:
    return chunk(b"iTXt", keyword + b"\0" + flags + b"en\0\0" + text)


def svg(inside: str, before: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>{before}<svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0" xmlns:ob2="http://openbadges.org">{inside}<g/></svg>'
    ).encode()


# ---------------------------------------------------------------- the three forms


@given(values, st.booleans())
def test_a_json_credential_is_its_canonical_bytes(value: Any, indent: bool) -> None:
    """However a JSON credential is spaced, its digest is that of its RFC 8785 bytes."""
    document = {"issuer": ISSUER, "x": value}
    text = json.dumps(document, indent=2 if indent else None).encode()
    found = read(b"\n\t" + text + b" \r\n", "file")
    assert (found.form, found.digest, found.content) == (Form.JSON, sha256(canonical(document)), document)
    assert Credential.of_content(Form.JSON, found.content, "receipt.credential") == found


@given(st.binary(max_size=64))
def test_a_file_is_its_bytes(data: bytes) -> None:
    """Submitted as a file, anything is committed byte for byte, and nothing is claimed about it."""
    found = read(data, "file", Form.FILE)
    assert (found.form, found.digest, found.data, found.content) == (Form.FILE, sha256(data), data, data)
    assert Credential.of_content(Form.FILE, found.content, "receipt.credential") == found
    assert signed_claims(found) == shown_claims(found) == ()


@given(st.text(" \t\r\n", max_size=4), st.text(" \t\r\n", max_size=4))
def test_white_space_around_a_token_and_hidden_disclosures_change_nothing(before: str, after: str) -> None:
    """A token has one digest, trimmed or not, with every disclosure or with none."""
    token, disclosure = sd_jwt()
    digest = sha256(token.encode())
    for text in (token, token + "~", f"{token}~{disclosure}~", f"{token}~{disclosure}~{jwt({})}"):
        found = read((before + text + after).encode(), "file")
        assert (found.form, found.digest, found.content) == (Form.JOSE, digest, text)
        assert Credential.of_content(Form.JOSE, before + text + after, "receipt.credential") == found


def test_a_holder_shows_only_what_was_disclosed() -> None:
    """Signed claims never include a disclosure; shown claims do, and a JWT's `vc` stands beside its payload."""
    token, disclosure = sd_jwt()
    found = read(f"{token}~{disclosure}~".encode(), "file")
    assert "name" not in signed_claims(found)[0]
    assert shown_claims(found)[0]["name"] == "Ada"
    assert signed_claims(read(jwt({"vc": {"a": 1}}).encode(), "file")) == ({"vc": {"a": 1}}, {"a": 1})
    assert signed_claims(read(b'{"vc": {"a": 1}}', "file")) == ({"vc": {"a": 1}},)
    assert shown_claims(read(b'{"a": 1}', "file")) == ({"a": 1},)


def test_every_public_example_has_a_form(standards: Path) -> None:
    """Open Badges examples, plain, signed and baked, are recognised for what they are."""
    expected = {
        "examples/ob-v3p0/fullOpenBadge.json": Form.JSON,
        "cases/validator-ob30/simple.1ob": Form.JSON,
        "cases/validator-ob30/simple.jwt": Form.JOSE,
        "cases/validator-ob30/simple-json.png": Form.JSON,
        "cases/validator-ob30/simple-json.svg": Form.JSON,
        "cases/validator-ob30/simple-jwt.svg": Form.JOSE,
        "cases/validator-ob20/basic-assertion.json": Form.JSON,
        "cases/validator-ob20/simple-badge.png": Form.JSON,
        "cases/validator-ob20/simple.jwt": Form.JOSE,
        "cases/validator-clr20/simple.jwt": Form.JOSE,
        "vectors/vc-jose-cose/credential-sdjwt-selective.txt": Form.JOSE,
    }
    assert {name: read((standards / name).read_bytes(), name).form for name in expected} == expected


@pytest.mark.parametrize(
    "data",
    [b"", b" \n", b"[]", b'"text"', b"plain words", b"%PDF-1.7", b"a.b", b"a.b.c.d", b"a.b.c.d.e", b"\xef\xbb\xbf{}"],
)
def test_what_is_no_credential_says_how_to_submit_it(data: bytes) -> None:
    """Anything else is refused by name, with the way to submit it as a file."""
    with pytest.raises(Unsupported, match=r"diploma\.pdf.*--as file"):
        read(data, "diploma.pdf")


def test_a_credential_beside_a_receipt_must_have_its_form() -> None:
    """Given as another form than the receipt's, a credential is a mismatch."""
    assert read(b"{}", "file", Form.JSON).form is Form.JSON
    with pytest.raises(Mismatch, match="JOSE"):
        read(b"{}", "file", Form.JOSE)


@pytest.mark.parametrize(
    "form, content",
    [
        (Form.JSON, []),
        (Form.JSON, None),
        (Form.FILE, "text"),
        (Form.JOSE, b"a.b.c"),
        (Form.JOSE, {}),
        (Form.JOSE, "é.b.c"),
    ],
)
def test_a_receipts_credential_has_its_forms_type(form: Form, content: Any) -> None:
    """An object, bytes or a string, by form; anything else is malformed."""
    with pytest.raises(Malformed, match=r"receipt\.credential"):
        Credential.of_content(form, content, "receipt.credential")


# ---------------------------------------------------------------- hostile input


def nested(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "text",
    ['{"a": 1, "a": 2}', '{"a": 1e20}', '{"a": NaN}', '{"a": "\\ud800"}', '{"a": 9007199254740992}', "{", "{]"],
)
def test_json_that_readers_differ_on_is_refused(text: str) -> None:
    """Duplicate names, numbers beyond 2^53−1, NaN and lone surrogates are malformed."""
    with pytest.raises(Malformed, match="row 7"):
        read(text.encode(), "row 7")


def test_a_credential_is_at_most_32_levels_deep() -> None:
    """32 levels pass, 33 do not: submitted, or out of a receipt."""
    deepest, deeper = nested(32), nested(33)
    assert read(json.dumps(deepest).encode(), "file") == Credential.of_content(Form.JSON, deepest, "receipt")
    with pytest.raises(Malformed, match="too deep"):
        read(json.dumps(deeper).encode(), "file")
    with pytest.raises(Malformed, match="too deep"):
        Credential.of_content(Form.JSON, deeper, "receipt")
    with pytest.raises(Malformed, match="too deep"):
        read(jwt(deeper).encode(), "file")


def test_json_that_is_no_object_is_no_credential() -> None:
    """An array is refused even where JSON is asked for."""
    with pytest.raises(Malformed, match="a JSON object"):
        Credential.of_json(b"[]", "file")


def test_sizes_are_bounded() -> None:
    """4 MiB of JSON, 1 MiB of token, 1,000 disclosures: more is refused before it is read."""
    with pytest.raises(Malformed, match="too large"):
        read(b'{"a":"' + b"x" * credentials.MAX_JSON + b'"}', "file")
    with pytest.raises(Malformed, match="too large"):
        read(b"a.b." + b"c" * MAX_SIZE, "file")
    text = jwt({}) + "~" + "WyJzIiwxXQ~" * MAX_DISCLOSURES
    assert read(text.encode(), "file").form is Form.JOSE
    with pytest.raises(Malformed, match="disclosures"):
        read((text + "WyJzIiwxXQ~").encode(), "file")


@pytest.mark.parametrize(
    "text",
    [
        f"{encode([])}.{encode({})}.",
        f"{encode({})}.{encode('text')}.",
        f"A.{encode({})}.",
        f"{encode({})}=.{encode({})}.",
        f"{encode({})}.{encode({})}.AB",
        f"{encode({})}.{encode({})}.~not a token",
        f"{encode({})}.{encode({})}.~{encode(['salt', 'name', 1])}",
    ],
)
def test_a_broken_token_is_refused(text: str) -> None:
    """Header and payload are JSON objects in canonical base64url; a key-binding JWT may follow the last "~"."""
    with pytest.raises(NotaryError):
        read(text.encode(), "file")
    with pytest.raises(Malformed):
        Credential.of_jose(text.encode(), "file")


# ---------------------------------------------------------------- baked images


@pytest.mark.parametrize(
    "image",
    [
        png(itxt(json.dumps(DOCUMENT).encode())),
        png(itxt(json.dumps(DOCUMENT).encode(), b"openbadges")),
        png(itxt(zlib.compress(json.dumps(DOCUMENT).encode()), flags=b"\1\0")),
        png(chunk(b"tEXt", b"openbadges\0" + json.dumps(DOCUMENT).encode())),
        png(itxt(b"other", b"comment"), itxt(json.dumps(DOCUMENT).encode())),
        svg(f"<openbadges:credential><![CDATA[ {json.dumps(DOCUMENT)} ]]></openbadges:credential>"),
        svg(f"<ob2:assertion verify='https://x.example'><![CDATA[{json.dumps(DOCUMENT)}]]></ob2:assertion>"),
        svg(f"<g><openbadges:credential>{json.dumps(DOCUMENT)}</openbadges:credential></g>"),
        b"\xef\xbb\xbf" + svg(f"<openbadges:credential>{json.dumps(DOCUMENT)}</openbadges:credential>"),
        svg(f"<openbadges:credential>{json.dumps(DOCUMENT)}</openbadges:credential>", '<!DOCTYPE svg PUBLIC "a" "b">'),
    ],
)
def test_a_baked_image_is_the_credential_inside(image: bytes) -> None:
    """A PNG or SVG is committed as the credential it carries, however it was baked."""
    assert read(image, "badge") == read(json.dumps(DOCUMENT).encode(), "file")
    assert read(image, "badge", Form.FILE).digest == sha256(image)


@pytest.mark.parametrize(
    "image",
    [
        png(itxt(jwt(DOCUMENT).encode())),
        svg(f'<openbadges:credential verify="{jwt(DOCUMENT)}"/>'),
        svg(f'<ob2:assertion verify=" {jwt(DOCUMENT)} ">{json.dumps(DOCUMENT)}</ob2:assertion>'),
    ],
)
def test_a_baked_token_is_the_token_inside(image: bytes) -> None:
    """A token stands in the PNG's text or in the SVG's verify attribute."""
    assert read(image, "badge") == read(jwt(DOCUMENT).encode(), "file")


TWICE = b'{"issuer": "a"}'


@pytest.mark.parametrize(
    "image, message",
    [
        (png(), "found 0.*--as file"),
        (png(itxt(TWICE), itxt(TWICE)), "found 2"),
        (png(itxt(TWICE), itxt(TWICE, b"openbadges")), "found 2"),
        (png(itxt(TWICE)).replace(b'"a"', b'"b"'), "damaged"),
        (png(itxt(TWICE))[:-13], "ends within a chunk"),
        (PNG + b"\xff\xff\xff\xffiTXt", "ends within a chunk"),
        (png(chunk(b"iTXt", b"openbadges\0\0\0")), "damaged"),
        (png(chunk(b"iTXt", b"openbadges\0\0\0en\0" + TWICE)), "damaged"),
        (png(itxt(TWICE, flags=b"\2\0")), "damaged"),
        (png(itxt(TWICE, flags=b"\1\0")), "does not decompress"),
        (png(itxt(zlib.compress(bytes(64 * 2**20)), flags=b"\1\0")), "too large"),
        (svg(""), "found 0"),
        (svg("<credential>{}</credential>"), "found 0"),
        (svg("<openbadges:credential>{}</openbadges:credential>" * 2), "found 2"),
        (svg("<openbadges:credential>", ""), "no well-formed XML.*--as file"),
        (svg("&a;", '<!DOCTYPE svg [<!ENTITY a "x">]>'), "entities"),
        (svg("&a;", '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>'), "entities"),
        (svg("&a;", '<!DOCTYPE svg SYSTEM "https://x.example/x.dtd">'), "entities"),
        (b"<!doctype html><p>Hello", "no well-formed XML"),
    ],
)
def test_a_hostile_or_ambiguous_image_is_refused(image: bytes, message: str) -> None:
    """No credential, two of them, damage, bombs and entities: each is refused by name, and nothing is expanded."""
    with pytest.raises(Malformed, match=message):
        read(image, "badge")


def test_entities_are_refused_before_they_grow() -> None:
    """A billion laughs is refused at its first declaration."""
    declared = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(Malformed, match="entities"):
        read(svg("&i;", f"<!DOCTYPE svg [{declared}]>"), "badge")


def test_an_image_is_at_most_16_mib() -> None:
    """A larger image is refused before it is parsed."""
    with pytest.raises(Malformed, match="too large"):
        read(png(itxt(b"x" * 17 * 2**20)), "badge")


def test_an_image_in_an_image_is_no_credential() -> None:
    """What is baked in must be JSON or a token; nothing is unpacked twice."""
    with pytest.raises(Unsupported):
        read(png(itxt(svg("<openbadges:credential>{}</openbadges:credential>"))), "badge")
