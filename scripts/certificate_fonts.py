"""Puts the certificates' serif together: `.venv/bin/python scripts/certificate_fonts.py`, once, by hand.

EB Garamond (SIL OFL 1.1) comes from npm cut into alphabets; a page needs one file for each style, so that a name
in two of them is one font. Writes api/certificates/fonts/. Needs npm.
"""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.ttLib import TTFont

PACKAGE, VERSION = "@fontsource/eb-garamond", "5.3.0"
ALPHABETS = ("latin", "latin-ext", "vietnamese", "greek", "greek-ext", "cyrillic", "cyrillic-ext")
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
            Merger().merge(parts).save(FOLDER / f"EBGaramond-{style}.ttf")
        (FOLDER / "OFL.txt").write_bytes((folder / "package" / "LICENSE").read_bytes())


if __name__ == "__main__":
    main()
