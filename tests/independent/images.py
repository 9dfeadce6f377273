"""Credentials baked into images (docs/spec/leaf.md#reading-a-credential-file)."""

import re
import zlib
from collections.abc import Callable
from xml.parsers import expat

from tests.independent.strict_json import Malformed, require

PNG = b"\x89PNG\r\n\x1a\n"
_KEYWORDS = {b"openbadges", b"openbadgecredential"}
_ELEMENTS = {"http://openbadges.org assertion", "https://purl.imsglobal.org/ob/v3p0 credential"}
_MOST = 4 << 20


def is_image(data: bytes) -> bool:
    """PNG, or a text that begins with `<`."""
    return data.startswith(PNG) or data.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").startswith(b"<")


def unbake(data: bytes, is_jose: Callable[[bytes], bool]) -> bytes:
    """The one credential in an image."""
    require(len(data) <= 16 << 20, Malformed, "an image too large")
    found = _png(data) if data.startswith(PNG) else _svg(data, is_jose)
    require(len(found) == 1, Malformed, f"an image with {len(found)} credentials")
    return found[0]


def _png(data: bytes) -> list[bytes]:
    found, at = [], len(PNG)
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        named, crc = data[at + 4 : at + 8 + size], data[at + 8 + size : at + 12 + size]
        require(len(crc) == 4, Malformed, "a PNG cut short")
        keyword, _, rest = named[4:].partition(b"\0")
        if named[:4] in {b"tEXt", b"iTXt"} and keyword in _KEYWORDS and zlib.crc32(named) == int.from_bytes(crc):
            found.append(rest if named[:4] == b"tEXt" else _international(rest))
        at += 12 + size
    return found


def _international(rest: bytes) -> bytes:
    fields = rest[2:].split(b"\0", 2)
    require(len(fields) == 3 and rest[0] in {0, 1}, Malformed, "no iTXt")
    if rest[0] == 0:
        return fields[2]
    require(rest[1] == 0, Malformed, "another compression")
    try:
        inflater = zlib.decompressobj()
        text = inflater.decompress(fields[2], _MOST + 1)
    except zlib.error as error:
        raise Malformed(str(error)) from error
    require(inflater.eof and len(text) <= _MOST, Malformed, "no compressed text")
    return text


def _svg(data: bytes, is_jose: Callable[[bytes], bool]) -> list[bytes]:
    found: list[tuple[str, list[str]]] = []
    inside: list[tuple[str, list[str]] | None] = []
    with_child: set[int] = set()  # only the text before the first child counts

    def start(name: str, attributes: dict[str, str]) -> None:
        with_child.update(map(id, inside[-1:]))
        inside.append((attributes.get("verify", ""), []) if name in _ELEMENTS else None)

    def text(part: str) -> None:
        element = inside[-1] if inside else None
        if element and id(element) not in with_child:
            element[1].append(part)

    def end(_name: str) -> None:
        element = inside.pop()
        if element:
            found.append(element)

    def entity(*_declared: object) -> None:
        raise Malformed("entities of its own")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.EntityDeclHandler = parser.SkippedEntityHandler = entity
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Malformed(str(error)) from error
    texts = [(verify.strip().encode(), "".join(parts).encode()) for verify, parts in found]
    return [verify if is_jose(verify) else inner for verify, inner in texts]


def looks_like_jose(data: bytes) -> bool:
    """Three base64url parts before the first `~`."""
    return re.fullmatch(rb"[\w-]+\.[\w-]+\.[\w-]*", data.partition(b"~")[0]) is not None
