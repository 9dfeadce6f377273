"""Receipts out of PDFs and images: found whatever saved them since, bounded whatever somebody built."""

from __future__ import annotations

import random
import zlib
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from api.carried import KEYWORD, MAX_STREAMS, NAMESPACE, carried, is_carrier
from api.certificates.png import png_of
from notary.core.errors import Malformed, NotaryError, Unsupported
from notary.core.receipt import MAX_SIZE
from tests.api.certificates.made import RECEIPT

OTHER = b'{"type":"credential-notary/receipt/v1","form":1}'
PIXEL = ((b"IHDR", b"\0\0\0\1\0\0\0\1\x08\0\0\0\0"), (b"IDAT", zlib.compress(b"\0\xff")), (b"IEND", b""))


def pdf(*files: bytes, compress: bool = True) -> bytes:
    """A PDF of another library with files attached."""
    writer: Any = PdfWriter()
    writer.add_blank_page(100, 100)
    for at, file in enumerate(files):
        writer.add_attachment(f"{at}.json", file)
    if compress:
        for found in writer._objects:
            if getattr(found, "get", lambda _: None)("/Type") == "/EmbeddedFile":
                writer._replace_object(found.indirect_reference, found.flate_encode())
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def embedded(data: bytes, filters: bytes = b"/FlateDecode", more: bytes = b"") -> bytes:
    """A PDF by hand, as much of one as an attachment needs."""
    return b"%PDF-1.7\n1 0 obj\n<</Type/EmbeddedFile/Filter " + filters + more + b">>\nstream\n" + data + b"\nendstream"


def png(*texts: bytes, keyword: bytes = KEYWORD) -> bytes:
    """A PNG with receipts baked in."""
    chunks = [(b"iTXt", keyword + b"\0\1\0\0\0" + zlib.compress(text)) for text in texts]
    return png_of(PIXEL[0], *chunks, *PIXEL[1:])


def svg(*texts: bytes, before: str = "") -> bytes:
    """An SVG with receipts baked in."""
    inner = "".join(f'<receipt xmlns="{NAMESPACE}"><![CDATA[{text.decode()}]]></receipt>' for text in texts)
    return f'{before}<svg xmlns="http://www.w3.org/2000/svg">{inner}<g/></svg>'.encode()


@pytest.mark.parametrize("compress", [True, False])
def test_a_receipt_attached_by_other_software_is_found(compress: bool) -> None:
    """Deflated or as it is, beside files that are something else."""
    assert carried(pdf(b"a letter", RECEIPT, compress=compress)).receipt == RECEIPT


def test_a_pdf_saved_again_still_carries_its_receipt() -> None:
    """Rewritten by another library, and appended to: the same receipt twice is one."""
    first = pdf(RECEIPT)
    out = BytesIO()
    PdfWriter(clone_from=PdfReader(BytesIO(first))).write(out)
    assert carried(out.getvalue()).receipt == RECEIPT
    assert carried(first + first).receipt == RECEIPT


@pytest.mark.parametrize("image", [png, svg], ids=["png", "svg"])
def test_an_image_carries_its_receipt_and_is_its_credential(image: type) -> None:
    """The receipt leaves the credential out: it is read from the same image."""
    data: bytes = image(RECEIPT)
    found = carried(data)
    assert (found.receipt, found.credential) == (RECEIPT, data)


@pytest.mark.parametrize(
    "data", [pdf(), pdf(b"a letter"), png(), svg(), png(RECEIPT, keyword=b"comment"), b"%PDF-"], ids=range(6)
)
def test_a_file_without_a_receipt_says_so(data: bytes) -> None:
    """It is not false: it is not known, and what would settle it is said."""
    with pytest.raises(Unsupported, match="carries no receipt") as told:
        carried(data)
    assert told.value.hint is not None


@pytest.mark.parametrize("data", [pdf(RECEIPT, OTHER), png(RECEIPT, OTHER), svg(RECEIPT, OTHER)], ids=range(3))
def test_two_receipts_that_differ_are_refused(data: bytes) -> None:
    """Readers would differ about which one counts."""
    with pytest.raises(Malformed, match="differ"):
        carried(data)


def test_what_inflates_without_end_is_cut() -> None:
    """A bomb of a gigabyte costs the largest receipt and one byte."""
    bomb = zlib.compress(b"\0" * (MAX_SIZE * 4))
    with pytest.raises(Unsupported):
        carried(embedded(bomb))
    with pytest.raises(Unsupported):
        carried(png(b"\0" * (MAX_SIZE * 4)))


def test_more_attachments_than_anybody_needs_are_refused() -> None:
    """The walk ends; it is no way to keep a verifier busy."""
    one = embedded(zlib.compress(b"x"))
    with pytest.raises(Malformed, match="too many attachments"):
        carried(one * (MAX_STREAMS + 1))


@pytest.mark.parametrize(
    "data",
    [
        embedded(b"no deflate"),
        embedded(zlib.compress(RECEIPT), b"[/ASCII85Decode /FlateDecode]"),
        embedded(RECEIPT, b"/LZWDecode"),
        embedded(zlib.compress(RECEIPT)).replace(b" obj", b" obi"),
        embedded(zlib.compress(RECEIPT)).replace(b"stream\n", b"steam\n", 1),
        embedded(zlib.compress(RECEIPT), more=b" endobj 2 0 obj "),
        b"%PDF-1.7 /EmbeddedFiles 1 0 R stream\n" + RECEIPT,
    ],
    ids=range(7),
)
def test_what_is_no_attachment_of_ours_is_passed_over(data: bytes) -> None:
    """Other filters, broken objects, the word in another place."""
    with pytest.raises(Unsupported):
        carried(data)


def test_an_encrypted_pdf_is_not_known() -> None:
    """Nothing false is said of it; how to go on is."""
    with pytest.raises(Unsupported, match="encrypted"):
        carried(pdf(RECEIPT) + b"trailer <</Encrypt 5 0 R>>")


@pytest.mark.parametrize(
    "data",
    [
        png(RECEIPT)[:-20],
        png(RECEIPT).replace(b"receipt\0\1", b"receipt\0\2"),
        svg(RECEIPT)[:-9],
        svg(RECEIPT, before='<!DOCTYPE svg [<!ENTITY a "b">]>'),
    ],
    ids=["cut", "CRC", "not well-formed", "entities"],
)
def test_a_damaged_image_is_refused(data: bytes) -> None:
    """By what is wrong with it."""
    with pytest.raises(Malformed):
        carried(data)


def test_text_and_json_are_no_carriers() -> None:
    """A receipt itself, a page, nothing at all."""
    assert not any(map(is_carrier, (RECEIPT, b"", b"<html><body>svg</body></html>", b"eyJ.eyJ.x")))
    assert is_carrier(svg(before="<?xml version='1.0'?>"))


@given(st.randoms(use_true_random=False))
def test_no_bytes_make_it_fail_otherwise(chance: random.Random) -> None:
    """Whatever is changed in a PDF, a PNG or an SVG: a receipt, or a reason."""
    data = bytearray(chance.choice([pdf(RECEIPT), png(RECEIPT), svg(RECEIPT), embedded(zlib.compress(RECEIPT))]))
    for _ in range(chance.randrange(1, 20)):
        data[chance.randrange(5, len(data))] = chance.randrange(256)
    with suppress(NotaryError):
        carried(bytes(data[: chance.randrange(6, len(data) + 1)]))
