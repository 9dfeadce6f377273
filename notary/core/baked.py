"""The credential inside a baked PNG or SVG (Open Badges Baking 2.0, Open Badges 3.0 §5.3).

Images come from anywhere: sizes are bounded before and after decompression, an
XML document that declares entities is refused, nothing outside it is read. An
image that holds two credentials is refused, for readers would differ.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from io import BytesIO

from notary.core.encoding import shorten
from notary.core.errors import Malformed
from notary.core.jose import looks_compact

MAX_IMAGE = 16 * 2**20
MAX_BAKED = 4 * 2**20

_AS_FILE = "To submit the image itself, use `--as file`"
_PNG = b"\x89PNG\r\n\x1a\n"
_KEYWORDS = (b"openbadges", b"openbadgecredential")
_ELEMENTS = ("http://openbadges.org assertion", "https://purl.imsglobal.org/ob/v3p0 credential")


def is_image(data: bytes) -> bool:
    """Say whether bytes are a PNG, or XML, which may be an SVG."""
    return data.startswith(_PNG) or data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def unbake(data: bytes, where: str) -> bytes:
    """Return the one credential in an image: JSON or compact JOSE, not read yet."""
    if len(data) > MAX_IMAGE:
        raise Malformed(f"{where} is too large", expected=f"at most {MAX_IMAGE} bytes", actual=f"{len(data)} bytes")
    found = list(_from_png(data, where) if data.startswith(_PNG) else _from_svg(data, where))
    if len(found) != 1:
        raise Malformed(
            f"{where} is an image",
            expected="one credential baked in",
            actual=len(found),
            hint=_AS_FILE,
        )
    return found[0]


def _from_png(data: bytes, where: str) -> Iterator[bytes]:
    """Walk the chunks (PNG §5.3): length, type, data, CRC."""
    at = len(_PNG)
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        body, crc = data[at + 8 : at + 8 + size], data[at + 8 + size : at + 12 + size]
        if len(crc) != 4:
            raise Malformed(f"{where}: the PNG ends within a chunk")
        at += 12 + size
        keyword, _, rest = body.partition(b"\0")
        if kind not in (b"iTXt", b"tEXt") or keyword not in _KEYWORDS:
            continue
        if zlib.crc32(kind + body).to_bytes(4) != crc:
            raise Malformed(f"{where}: the PNG's {shorten(keyword.decode())} text is damaged (CRC)")
        yield rest if kind == b"tEXt" else _international_text(rest, where)


def _international_text(body: bytes, where: str) -> bytes:
    """Read iTXt behind its keyword (PNG §11.3.3.4): flag, method, language, translated keyword, text."""
    flags, (_, *rest) = body[:2], body[2:].split(b"\0", 2)
    if (flags[:1] != b"\0" and flags != b"\1\0") or len(rest) != 2:  # the method counts where it is compressed
        raise Malformed(f"{where}: the PNG's iTXt chunk is damaged")
    if flags[:1] == b"\0":
        return rest[1]
    inflate = zlib.decompressobj()
    try:
        text = inflate.decompress(rest[1], MAX_BAKED + 1)
    except zlib.error as error:
        raise Malformed(f"{where}: the PNG's iTXt chunk does not decompress") from error
    if len(text) > MAX_BAKED:
        raise Malformed(f"{where}: the PNG's compressed text is too large", expected=f"at most {MAX_BAKED} bytes")
    return text


def _from_svg(data: bytes, where: str) -> Iterator[bytes]:
    """Collect each credential element's text, or its `verify` where that is a token."""
    from xml.parsers import expat  # 10 ms at start, for images only

    found: list[tuple[str, list[str]]] = []
    inside = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        inside = name in _ELEMENTS
        if inside:
            found.append((attributes.get("verify", ""), []))

    def end(_: str) -> None:
        nonlocal inside
        inside = False

    def text(part: str) -> None:
        if inside:
            found[-1][1].append(part)

    def refuse(*_: object) -> None:
        raise Malformed(f"{where}: the SVG declares or uses entities of its own")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.EntityDeclHandler = parser.SkippedEntityHandler = refuse
    try:
        parser.ParseFile(BytesIO(data))
    except (expat.ExpatError, LookupError) as error:  # the latter for an encoding nobody knows
        raise Malformed(f"{where} is no well-formed XML: {error}", hint=_AS_FILE) from error
    for verify, parts in found:
        token = verify.strip().encode()
        yield token if looks_compact(token) else "".join(parts).encode()
