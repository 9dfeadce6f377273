"""An institution's logo, made harmless: a PNG within bounds, or an SVG written anew from shapes and colours alone.

A logo is drawn into every certificate, on the institution's machine or the
notary's. So an SVG may not run, fetch, refer or multiply: only the elements and
attributes listed here are kept, and what would be visible and is not among them
is refused in words rather than left out of somebody's mark.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from io import BytesIO
from xml.sax.saxutils import quoteattr

from notary.core.errors import IssuerError

MAX_LOGO = 512 << 10
MAX_SIDE = 4_000
MAX_ELEMENTS = 2_000
MAX_DEPTH = 32

_PNG = b"\x89PNG\r\n\x1a\n"
_SVG = "http://www.w3.org/2000/svg"
_SHAPES = frozenset(
    {
        *("svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon"),
        *("defs", "linearGradient", "radialGradient", "stop", "clipPath"),
    }
)
_SILENT = frozenset({"title", "desc", "metadata"})
"""Seen by nobody: left out with all that is within."""
_ATTRIBUTES = frozenset(
    {
        *("id", "d", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "width", "height"),
        *("points", "viewBox", "preserveAspectRatio", "transform", "offset", "color", "opacity"),
        *("fill", "fill-rule", "fill-opacity", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin"),
        *("stroke-miterlimit", "stroke-dasharray", "stroke-dashoffset", "stroke-opacity", "clip-path", "clip-rule"),
        *("stop-color", "stop-opacity", "gradientUnits", "gradientTransform", "clipPathUnits", "spreadMethod"),
    }
)
_STYLES = _ATTRIBUTES - {"id", "d", "x", "y", "points", "viewBox", "transform", "width", "height"}
_INNER = re.compile(r"url\(\s*['\"]?#[\w.-]+['\"]?\s*\)")
_OUTER = re.compile(r"url\s*\(|@|\\|expression|javascript", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Logo:
    """A logo that may be drawn; `media_type` is image/png or image/svg+xml."""

    data: bytes
    media_type: str

    @classmethod
    def parse(cls, data: bytes, name: str) -> Logo:
        """Read and clean a logo; IssuerError says what it uses that it must not."""
        if len(data) > MAX_LOGO:
            raise _refused(name, "it is too large", f"at most {MAX_LOGO >> 10} KiB", f"{len(data) >> 10} KiB")
        if data.startswith(_PNG):
            _check_png(data, name)
            return cls(data, "image/png")
        return cls(_clean_svg(data, name), "image/svg+xml")


def _refused(name: str, what: str, expected: str | None = None, actual: object = None) -> IssuerError:
    hint = "Export it again as a plain SVG with its text as paths, or as a PNG"
    return IssuerError(f"the logo {name}: {what}", expected=expected, actual=actual, hint=hint)


def _check_png(data: bytes, name: str) -> None:
    """Walk the chunks (PNG §5.3) and bound the picture before anybody decompresses it."""
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if data[12:16] != b"IHDR" or not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise _refused(name, "it is no PNG of a fit size", f"at most {MAX_SIDE} pixels a side", f"{width} × {height}")
    at, ended = len(_PNG), False
    while at < len(data) and not ended:
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        body, crc = data[at + 4 : at + 8 + size], data[at + 8 + size : at + 12 + size]
        if len(crc) != 4 or zlib.crc32(body).to_bytes(4) != crc:
            raise _refused(name, "the PNG is damaged")
        at, ended = at + 12 + size, kind == b"IEND"
    if not ended:
        raise _refused(name, "the PNG is cut short")


def _clean_svg(data: bytes, name: str) -> bytes:
    """Write an SVG anew: known elements with known attributes, nothing that leads out of it."""
    from xml.parsers import expat

    out: list[str] = []
    open_names: list[str | None] = []
    skipped = 0
    count = 0

    def start(full: str, attributes: dict[str, str]) -> None:
        nonlocal skipped, count
        count += 1
        if count > MAX_ELEMENTS or len(open_names) > MAX_DEPTH:
            raise _refused(name, "the SVG is too large a drawing", f"at most {MAX_ELEMENTS} elements")
        space, _, tag = full.rpartition(" ")
        if skipped or space != _SVG or tag in _SILENT:
            skipped += 1
            open_names.append(None)
            return
        if tag not in _SHAPES or (not open_names and tag != "svg"):
            raise _refused(name, f"it uses <{tag[:20]}>", "shapes, paths and gradients alone")
        kept = "".join(f" {key}={quoteattr(value)}" for key, value in _kept(attributes, name))
        out.append(f"<{tag}{' xmlns=' + quoteattr(_SVG) if not open_names else ''}{kept}>")
        open_names.append(tag)

    def end(_: str) -> None:
        nonlocal skipped
        tag = open_names.pop()
        if tag is None:
            skipped -= 1
        else:
            out.append(f"</{tag}>")

    def refuse(*_: object) -> None:
        raise _refused(name, "the SVG declares entities or takes in other documents")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.EntityDeclHandler = parser.SkippedEntityHandler = parser.ProcessingInstructionHandler = refuse
    try:
        parser.ParseFile(BytesIO(data))
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise _refused(name, "it is neither a PNG nor an SVG", actual=str(error)[:80]) from error
    return "".join(out).encode()


def _kept(attributes: dict[str, str], name: str) -> list[tuple[str, str]]:
    """Keep what is known; a style's properties become attributes, which say the same."""
    found = {key: value for key, value in attributes.items() if key in _ATTRIBUTES}
    for part in attributes.get("style", "").split(";"):
        key, _, value = part.partition(":")
        if key.strip() in _STYLES:
            found[key.strip()] = value.strip()
    for key, value in found.items():
        if _OUTER.search(_INNER.sub("", value)):
            raise _refused(name, f"its {key} leads out of it", actual=value[:40])
    if "class" in attributes and not found.keys() & {"fill", "stroke"}:
        raise _refused(name, "its colours stand in a style sheet", "colours on the shapes themselves")
    return list(found.items())
