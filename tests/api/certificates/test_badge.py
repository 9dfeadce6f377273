"""Badges: the credential where other software looks for it, the receipt where it does not."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from api.carried import KEYWORD, carried
from api.certificates.badge import bake_png, bake_svg
from api.certificates.logo import Logo
from api.certificates.png import chunks_of
from notary.core.credential import Credential, read
from tests.api.certificates.made import RECEIPT
from tests.core.jose_tools import jwt
from tests.independent import images

SEAL = Path("api/certificates/seal")
CREDENTIAL = {"issuer": "did:example:fenwick", "name": "Data ]]> Literacy <&>", "type": ["OpenBadgeCredential"]}
DATA = Credential.of_json(json.dumps(CREDENTIAL).encode(), "x").data
BAKERS = {"png": bake_png, "svg": bake_svg}


def baked(kind: str, data: bytes = DATA, *, token: bool = False) -> bytes:
    """The plain seal with a credential."""
    return BAKERS[kind]((SEAL / f"seal.{kind}").read_bytes(), data, RECEIPT, token=token)


@pytest.mark.parametrize("kind", BAKERS)
def test_another_reader_finds_the_credential(kind: str) -> None:
    """A reader that knows the standard and not us, and our own."""
    data = baked(kind)
    assert json.loads(images.unbake(data, images.looks_like_jose)) == CREDENTIAL
    assert read(data, "badge").data == DATA
    assert carried(data).receipt == RECEIPT


@pytest.mark.parametrize("kind", BAKERS)
def test_a_token_is_baked_as_one(kind: str) -> None:
    """A VC-JWT is the text itself, or the element's `verify`."""
    token = jwt(CREDENTIAL).encode()
    data = baked(kind, token, token=True)
    assert read(data, "badge").data == token
    assert (b"<![CDATA[ey" in data) is False


def test_a_png_holds_one_credential_uncompressed_and_no_older_text() -> None:
    """As Open Badges asks: one iTXt chunk `openbadgecredential`; what was baked before is gone."""
    twice = bake_png(baked("png"), DATA, RECEIPT, token=False)
    texts = [body for kind, body in chunks_of(twice) if kind == b"iTXt"]
    assert [text.split(b"\0")[0] for text in texts] == [b"openbadgecredential", KEYWORD]
    assert texts[0].removeprefix(b"openbadgecredential" + b"\0" * 5) == DATA
    assert zlib.decompress(texts[1].removeprefix(KEYWORD + b"\0\1\0\0\0")) == RECEIPT


def test_an_svg_is_well_formed_and_begins_with_the_credential() -> None:
    """The first element, with the namespace on the root, as Open Badges asks; the drawing follows."""
    data = baked("svg")
    root = ET.fromstring(data)
    assert root[0].tag == "{https://purl.imsglobal.org/ob/v3p0}credential"
    assert b'xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"' in data.split(b">", 2)[1]
    assert len(root) > 4


def test_the_standard_s_own_baked_badges_can_be_baked_anew(standards: Path) -> None:
    """A picture with somebody else's credential becomes ours alone."""
    picture = (standards / "cases" / "validator-ob30" / "simple-json.png").read_bytes()
    logo = Logo.parse(picture, "simple-json.png")
    assert read(bake_png(logo.data, DATA, RECEIPT, token=False), "badge").data == DATA


@pytest.mark.parametrize("kind", BAKERS)
def test_the_seal_is_a_picture_that_a_badge_may_have(kind: str) -> None:
    """It passes what an institution's own has to pass, and says nothing in any language."""
    data = (SEAL / f"seal.{kind}").read_bytes()
    Logo.parse(data, "seal")
    assert b"<text" not in data
