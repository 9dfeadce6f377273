"""The receipt that a file carries: attached to a PDF, or baked into a PNG or SVG badge beside the credential.

Read here and not with a PDF library, so that whoever only verifies installs none:
an attachment is a stream (ISO 32000-1 §7.11.4), streams never stand inside others,
so every embedded file of an unencrypted PDF is found by walking the bytes once,
whatever software has saved it since. Nothing of the page is interpreted. Whoever
made the file is hostile: how many streams, how large each becomes and what unpacks
them (nothing, or deflate) are bounded, and two receipts that differ are refused, for
readers would differ.

A badge's receipt leaves the credential out; it is the one baked into the same image.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from notary.core.baked import MAX_IMAGE
from notary.core.errors import Malformed, NotaryError, Unsupported
from notary.core.receipt import MAX_SIZE
from notary.core.verdict import Facts, Verdict, conclude, failed

MAX_FILE = 32 << 20
MAX_STREAMS = 64
KEYWORD = b"credential-notary-receipt"
"""Of the PNG's iTXt chunk that holds a receipt; other software ignores it."""
NAMESPACE = "urn:credential-notary:receipt"
"""Of the SVG's element `receipt`."""

_PDF = b"%PDF-"
_PNG = b"\x89PNG\r\n\x1a\n"
_DICTIONARY = 4096
"""Bytes before `stream` in which a stream's dictionary begins."""
_ROOT = re.compile(rb"<(?:\w+:)?svg[\s>]")
_KIND = b'"credential-notary/receipt/'
_EMBEDDED = re.compile(rb"/Embedded(?:F|#46)ile(?![A-Za-z0-9#])")
_STREAM = re.compile(rb">>\s*stream\r?\n")
_FILTER = re.compile(rb"/Filter\s*(?:/(\w+)|\[\s*(?:/(\w+)\s*)?\])")


@dataclass(frozen=True, slots=True)
class Carried:
    """A receipt out of another file; `credential` is the image itself, for the receipt of a badge."""

    receipt: bytes
    credential: bytes | None
    notice: str


_OF_PDF = (
    "The receipt inside this PDF was checked. Believe this verdict, not the page: what is printed was not compared."
)
_OF_IMAGE = "The credential and the receipt inside this image were checked; the picture itself says nothing."


def is_carrier(data: bytes) -> bool:
    """Say whether bytes are a PDF, a PNG or an SVG, which may carry a receipt and are none themselves."""
    xml = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"
    return data.startswith((_PDF, _PNG)) or (xml and _ROOT.search(data, 0, 8192) is not None)


def carried(data: bytes) -> Carried:
    """Take the receipt out of a PDF or an image.

    Unsupported where it carries none, Malformed where it carries two or is damaged.
    """
    if data.startswith(_PDF):
        return Carried(_one(_in_pdf(data), "PDF"), None, _OF_PDF)
    if len(data) > MAX_IMAGE:
        raise Malformed("the image is too large", expected=f"at most {MAX_IMAGE} bytes", actual=f"{len(data)} bytes")
    found = _in_png(data) if data.startswith(_PNG) else _in_svg(data)
    return Carried(_one(found, "image"), data, _OF_IMAGE)


def without_receipt(error: NotaryError) -> Verdict:
    """Return the verdict on a file that no receipt could be taken out of."""
    return conclude([failed(1, "receipt", error)], Facts())


def _one(found: Iterator[bytes], kind: str) -> bytes:
    receipts = {data for data in found if _KIND in data}
    if not receipts:
        raise Unsupported(
            f"this {kind} carries no receipt",
            hint="Ask its holder for the receipt, or for a certificate made since it became final",
        )
    if len(receipts) > 1:
        raise Malformed(f"this {kind} carries receipts that differ", expected="one", actual=len(receipts))
    return receipts.pop()


def _in_pdf(data: bytes) -> Iterator[bytes]:
    """Walk the streams whose dictionary says that they are embedded files."""
    if len(data) > MAX_FILE:
        raise Malformed("the PDF is too large", expected=f"at most {MAX_FILE} bytes")
    if b"/Encrypt" in data[-(1 << 16) :]:
        raise Unsupported("this PDF is encrypted", hint="Save it without a password, or ask for the receipt itself")
    for number, found in enumerate(_EMBEDDED.finditer(data)):
        if number == MAX_STREAMS:
            raise Malformed("this PDF has too many attachments", expected=f"at most {MAX_STREAMS}")
        begins = _STREAM.search(data, found.end(), found.end() + _DICTIONARY)
        opened = data.rfind(b" obj", max(0, found.start() - _DICTIONARY), found.start())
        if begins is None or opened < 0 or b"endobj" in data[found.end() : begins.start()]:
            continue  # the word stands elsewhere: in a name tree, or in text
        filters = _FILTER.search(data, opened, begins.start())
        name = next((part for part in filters.groups() if part), b"") if filters else b""
        if b"/Filter" in data[opened : begins.start()] and filters is None:
            continue  # several filters one after the other: nobody's way to attach a file
        yield from _unpacked(data, begins.end(), name)


def _unpacked(data: bytes, at: int, name: bytes) -> Iterator[bytes]:
    if name in (b"FlateDecode", b"Fl"):
        yield from _inflated(memoryview(data)[at : at + MAX_FILE])
    elif not name:
        end = data.find(b"endstream", at, at + MAX_SIZE + 16)
        if end >= 0:
            yield data[at:end].rstrip(b"\r\n")


def _inflated(data: bytes | memoryview) -> Iterator[bytes]:
    """Inflate one stream, which knows its own end; at most as much as the largest receipt, and one byte to tell."""
    inflate = zlib.decompressobj()
    try:
        yield inflate.decompress(data, MAX_SIZE + 1)
    except zlib.error:
        return  # damaged, or no receipt of ours


def _in_png(data: bytes) -> Iterator[bytes]:
    """Walk the chunks (PNG §5.3) for compressed international texts of our keyword."""
    at = len(_PNG)
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        body, crc = data[at + 8 : at + 8 + size], data[at + 8 + size : at + 12 + size]
        if len(crc) != 4:
            raise Malformed("the PNG ends within a chunk")
        at += 12 + size
        keyword, _, rest = body.partition(b"\0")
        if kind != b"iTXt" or keyword != KEYWORD:
            continue
        if zlib.crc32(kind + body).to_bytes(4) != crc or rest[:4] != b"\1\0\0\0":
            raise Malformed("the receipt in this PNG is damaged")
        yield from _inflated(rest[4:])


def _in_svg(data: bytes) -> Iterator[bytes]:
    from xml.parsers import expat  # 10 ms at start, for images only

    texts: list[list[str]] = []
    inside = False

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal inside
        inside = name == f"{NAMESPACE} receipt"
        if inside:
            texts.append([])

    def end(_: str) -> None:
        nonlocal inside
        inside = False

    def text(part: str) -> None:
        if inside:
            texts[-1].append(part)

    def refuse(*_: object) -> None:
        raise Malformed("the SVG declares or uses entities of its own")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.EntityDeclHandler = parser.SkippedEntityHandler = refuse
    try:
        parser.ParseFile(BytesIO(data))
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise Malformed(f"this file is no well-formed XML: {error}") from error
    yield from ("".join(parts).strip().encode() for parts in texts)
