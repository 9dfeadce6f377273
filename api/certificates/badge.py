"""Badges: a PNG or an SVG with the credential baked in, and the receipt beside it.

Baked as Open Badges 3.0 §5.3 says, so that other software reads the credential:
an uncompressed iTXt chunk `openbadgecredential`, or the first element of the SVG.
The receipt stands in a chunk, or an element, of our own that others pass over; it
leaves the credential out, which is the one in the same image.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from enum import StrEnum
from functools import cache
from pathlib import Path

from api.carried import KEYWORD, NAMESPACE
from api.certificates.look import Look
from api.certificates.png import chunks_of, png_of
from api.certificates.wording import require_good
from notary.core.errors import Pending
from notary.core.leaf import Form
from notary.service.receipts.certificate import kept_credential
from notary.service.receipts.learner import Award

_SEAL = Path(__file__).parent / "seal"
_BAKED = b"openbadgecredential"
_OB3 = "https://purl.imsglobal.org/ob/v3p0"
_TEXTS = (b"iTXt", b"tEXt", b"zTXt")


class Picture(StrEnum):
    """What a badge is drawn in."""

    PNG = "png"
    SVG = "svg"


def make_badge(award: Award, look: Look, picture: Picture) -> bytes:
    """Return an award's badge.

    Pending until its anchor is final; IssuerError where it is revoked, suspended
    or replaced, or a file and no credential.
    """
    credential = kept_credential(award.row)
    if award.receipt is None:
        raise Pending(f"credential {award.row.id} is not final yet", hint="Its badge comes with its receipt")
    require_good(award)
    own = look.badge_png if picture is Picture.PNG else look.badge_svg
    drawn = own.data if own else _seal(picture)
    receipt = bytes(replace(award.receipt, content=None))
    bake = bake_png if picture is Picture.PNG else bake_svg
    return bake(drawn, credential.data, receipt, token=credential.form is Form.JOSE)


def bake_png(png: bytes, credential: bytes, receipt: bytes, *, token: bool) -> bytes:  # noqa: ARG001  # as bake_svg
    """Put both before the end of a PNG, in place of all texts it had."""
    kept = [(kind, data) for kind, data in chunks_of(png) if kind not in _TEXTS]
    texts = [
        (b"iTXt", _BAKED + b"\0" * 5 + credential),
        (b"iTXt", KEYWORD + b"\0\1\0\0\0" + zlib.compress(receipt, 9)),
    ]
    return png_of(*kept[:-1], *texts, kept[-1])


def bake_svg(svg: bytes, credential: bytes, receipt: bytes, *, token: bool) -> bytes:
    """Put both first into an SVG that was written anew (`logo`); a `token` is the element's `verify`."""
    text = credential.decode()
    baked = f' verify="{text}"/>' if token else f">{_cdata(text)}</openbadges:credential>"
    root, _, rest = svg.decode().partition(">")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{root} xmlns:openbadges="{_OB3}">\n'
        f"<openbadges:credential{baked}\n"
        f'<receipt xmlns="{NAMESPACE}">{_cdata(receipt.decode())}</receipt>\n{rest}'
    ).encode()


def _cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


@cache
def _seal(picture: Picture) -> bytes:
    """Return the plain seal; scripts/seal.py draws it."""
    return (_SEAL / f"seal.{picture}").read_bytes()
