"""Puts the certificates' serif together: `.venv/bin/python scripts/certificate_fonts.py`, once, by hand.

EB Garamond (SIL OFL 1.1) comes from npm cut into alphabets; a page needs one file for each style, so that a name
in two of them is one font. Writes api/certificates/fonts/. Needs npm.
"""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
import unicodedata
from copy import deepcopy
from pathlib import Path

from fontTools.merge import Merger
from fontTools.ttLib import TTFont

PACKAGE, VERSION = "@fontsource/eb-garamond", "5.3.0"
ALPHABETS = ("latin", "latin-ext", "vietnamese", "greek", "greek-ext", "cyrillic", "cyrillic-ext")
MARKS = ("MarkCoverage", "Mark1Coverage", "Mark2Coverage")
"""What lists marks in a GPOS table: of MarkBasePos, and of both sides of MarkMarkPos."""
FOLDER = Path(__file__).resolve().parent.parent / "api" / "certificates" / "fonts"


def main() -> None:
    """Fetch, unpack, merge."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        subprocess.run(["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"], cwd=folder, check=True)
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            archive.extractall(folder, filter="data")
        for style in ("normal", "italic"):
            parts = []
            for alphabet in ALPHABETS:
                font = TTFont(folder / "package" / "files" / f"eb-garamond-{alphabet}-400-{style}.woff2")
                font.flavor = None
                parts.append(str(folder / f"{alphabet}-{style}.ttf"))
                font.save(parts[-1])
            font = Merger().merge(parts)
            rejoin_marks(font)
            seat_marks_on_capitals(font)
            font.save(FOLDER / f"EBGaramond-{style}.ttf")
        (FOLDER / "OFL.txt").write_bytes((folder / "package" / "LICENSE").read_bytes())


def rejoin_marks(font: TTFont) -> None:
    """Let every alphabet's letters carry the one combining mark that a text's code point leads to.

    Each alphabet came with marks of its own, and merging names them apart (`gravecomb.2`); a text gets the first
    alphabet's, which the others' letters have no place for: the grave of ọ̀ would stand beside it.
    """
    known = set(font.getBestCmap().values())
    order = {name: at for at, name in enumerate(font.getGlyphOrder())}
    for lookup in font["GPOS"].table.LookupList.Lookup:
        for part in lookup.SubTable:
            table = getattr(part, "ExtSubTable", part)
            for coverage in filter(None, (getattr(table, name, None) for name in MARKS)):
                glyphs = [
                    name.partition(".")[0] if name.partition(".")[0] in known else name for name in coverage.glyphs
                ]
                assert glyphs == sorted(glyphs, key=order.__getitem__), "the records beside them are in glyph order"
                coverage.glyphs = glyphs


def seat_marks_on_capitals(font: TTFont) -> None:
    """Give every Latin capital a place for the marks that small letters carry: Ọ̀ and Ẹ́ begin many names.

    The place is over the middle of the letter, as far above it as it is above an o.
    """
    outlines, letters = font["glyf"], font.getBestCmap()
    order = {name: at for at, name in enumerate(font.getGlyphOrder())}
    tables = [part for lookup in font["GPOS"].table.LookupList.Lookup for part in lookup.SubTable]
    above = [part for part in tables if "gravecomb" in getattr(getattr(part, "MarkCoverage", None), "glyphs", ())]
    (small,) = (part for part in above if "o" in part.BaseCoverage.glyphs)
    seated = {name for part in above for name in part.BaseCoverage.glyphs}
    capitals = {name for code, name in letters.items() if unicodedata.name(chr(code), "").startswith("LATIN CAPITAL")}
    found = dict(zip(small.BaseCoverage.glyphs, small.BaseArray.BaseRecord, strict=True))
    (seat,) = found["o"].BaseAnchor
    for name in capitals - seated:
        record = deepcopy(found["o"])
        (record.BaseAnchor[0].XCoordinate, record.BaseAnchor[0].YCoordinate) = (
            (outlines[name].xMin + outlines[name].xMax) // 2,
            seat.YCoordinate + outlines[name].yMax - outlines["o"].yMax,
        )
        found[name] = record
    small.BaseCoverage.glyphs = sorted(found, key=order.__getitem__)
    small.BaseArray.BaseRecord = [found[name] for name in small.BaseCoverage.glyphs]
    small.BaseArray.BaseCount = len(found)


if __name__ == "__main__":
    main()
