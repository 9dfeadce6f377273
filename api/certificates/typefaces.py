"""Fonts as certificates share them: a font's file is read once for a press, and a document embeds what it uses of it.

A font of Chinese, Japanese and Korean letters has 65,535 glyphs and 26 MB, a name
four of them. WeasyPrint embeds such a font with an empty place for every glyph left
out, so that its glyph numbers stay: that takes five times as long as the page's own
fonts, and triples the file. Where a font is CID-keyed there is no need, for its
charset names the CID of each glyph that stays (ISO 32000-1 §9.7.4.2): only those
are embedded, as bare CFF, after it was seen that the charset names exactly them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from io import BytesIO
from typing import Any

_DROPPED = (b"BASE", b"DSIG", b"GPOS", b"GSUB", b"JSTF", b"LTSH", b"PCLT", b"SVG ")
"""Tables that no PDF reader asks for."""


class Typefaces:
    """A press's fonts, by WeasyPrint's key of a face: as many as a machine has at most, whatever is printed."""

    def __init__(self) -> None:
        self._known: dict[int, Any] = {}

    def of_document(self) -> dict[int, Any]:
        """Return what `Document.fonts` may be: empty, and filled from here before a file is read again."""
        return _Fonts(self._known)


class _Fonts(dict[int, Any]):
    """The fonts one document uses; one that another has used is taken over, without its glyphs."""

    def __init__(self, known: dict[int, Any]) -> None:
        super().__init__()
        self._known = known

    def __contains__(self, key: object) -> bool:
        if not super().__contains__(key) and isinstance(key, int) and key in self._known:
            super().__setitem__(key, unused(self._known[key]))
        return super().__contains__(key)

    def __setitem__(self, key: int, font: Any) -> None:
        if not (font.png or font.svg or font.colr):  # drawn by Pango's font, which lives as long as the document
            self._known[key] = unused(font)
        super().__setitem__(key, unused(font))


def unused(font: Any) -> Any:
    """Return the same face for another document, of which no glyph is used yet."""
    fresh = _typeface().__new__(_typeface())
    vars(fresh).update(vars(font), widths={}, to_unicode={}, missing={}, variations=dict(font.variations))
    return fresh


@cache
def _typeface() -> Any:
    from weasyprint.pdf.fonts import Font

    class Typeface(Font):  # type: ignore[misc]  # WeasyPrint is imported where it is used
        by_cid = False

        @property
        def type(self) -> str:
            return "otf" if self.by_cid else super().type

        def subset(self, to_unicode: Mapping[int, str], hinting: bool) -> None:  # noqa: FBT001  # its signature
            wanted = sorted(to_unicode)
            cut = _cut(self.hb_face, wanted) if "CFF " in self.tables and wanted and not self.missing else None
            if cut is None:
                super().subset(to_unicode, hinting)
            else:
                self.file_content, self.by_cid = cut, True

    return Typeface


def say_cids(document: Any, pdf: Any) -> None:
    """Describe the fonts whose glyphs go by CID as such, where WeasyPrint says that CIDs are places (§9.9)."""
    names = {font.name for font in document.fonts.values() if getattr(font, "by_cid", False)}
    for one in pdf.objects:
        if isinstance(one, dict) and one.get("Subtype") == "/CIDFontType0" and one["BaseFont"] in names:
            del one["CIDToGIDMap"]
            _at(pdf, _at(pdf, one["FontDescriptor"])["FontFile3"]).extra["Subtype"] = "/CIDFontType0C"


def _at(pdf: Any, reference: bytes) -> Any:
    return pdf.objects[int(reference.split()[0])]


def _cut(face: Any, wanted: list[int]) -> bytes | None:
    """Return the CFF table of a CID-keyed face with these glyphs alone; None where it is another kind of font."""
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    small = _subset(face, wanted)
    if small is None:
        return None
    font = TTFont(BytesIO(small))
    top = font["CFF "].cff[0]
    if not hasattr(top, "ROS") or [f"cid{one:05}" for one in wanted] != top.charset[1:]:
        return None
    table: bytes = font.reader["CFF "]
    return table


def _subset(face: Any, glyphs: list[int]) -> bytes | None:
    """Return an OpenType font of these glyphs of a HarfBuzz face, numbered anew; None where HarfBuzz cannot."""
    from weasyprint.text.ffi import ffi, harfbuzz, harfbuzz_subset
    from weasyprint.text.fonts import get_hb_object_data

    def put(into: Any, values: list[int]) -> None:
        harfbuzz.hb_set_add_sorted_array(into, ffi.new("hb_codepoint_t[]", values), len(values))

    if not (harfbuzz_subset and harfbuzz.hb_version_atleast(4, 1, 0)):
        return None
    asked = ffi.gc(harfbuzz_subset.hb_subset_input_create_or_fail(), harfbuzz_subset.hb_subset_input_destroy)
    put(harfbuzz_subset.hb_subset_input_glyph_set(asked), glyphs)
    dropped = harfbuzz_subset.hb_subset_input_set(asked, harfbuzz_subset.HB_SUBSET_SETS_DROP_TABLE_TAG)
    put(dropped, [harfbuzz.hb_tag_from_string(tag, -1) for tag in _DROPPED])
    flags = harfbuzz_subset.HB_SUBSET_FLAGS_DESUBROUTINIZE | harfbuzz_subset.HB_SUBSET_FLAGS_NO_HINTING
    harfbuzz_subset.hb_subset_input_set_flags(asked, flags)
    made = ffi.gc(harfbuzz_subset.hb_subset_or_fail(face, asked), harfbuzz.hb_face_destroy)
    return get_hb_object_data(made) if made else None
