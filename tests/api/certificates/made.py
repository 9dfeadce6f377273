"""Certificates and looks for tests that need no notary, and what a PDF holds."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from pypdf import PdfReader

from api.certificates.wording import Certificate
from notary.service.receipts.certificate import Aligned, Particulars
from tests.parts import program

RECEIPT = b'{"type":"credential-notary/receipt/v1"}'
LONG = ("Maximiliana Konstantina Theodora von Hohenburg-Lichtenfels de la Vega y Montemayor " * 3)[:200]

SAID = Particulars(
    learner="Ana Pérez",
    title="Data Literacy I",
    kind="Micro credential",
    facts=("3 credits",),
    description=None,
    criteria="Cleaned a data set of 500 rows, drew three charts from it, and defended the findings orally.",
    criteria_url="https://fenwick.example/criteria",
    results=(("Grade", "Distinction"),),
    alignments=(Aligned("analyse data", "ESCO", "S2.1", "https://esco.example/S2.1"),),
    issued="2026-05-03T00:00:00Z",
    until=None,
    language=None,
)
CERTIFICATE = Certificate(
    id="abcdefgh2345",
    issuer="did:example:fenwick",
    institution="Fenwick College",
    consortium="the Harbour Consortium",
    said=SAID,
    recognition=("Fenwick College is authorised for it by the Harbour Consortium.",),
    standing="Status on 1 June 2026: not revoked.",
    anchored="On the public record since 3 May 2026: block 21 904 113 of Ethereum.",
    issued="3 May 2026",
    until=None,
    evidence=(("report.pdf", "12.3 kB"),),
    more_evidence=0,
    pending=None,
    link="https://notary.example/r/AbCdEfGhIjKlMnOpQrStUv",
    own_link=True,
    checked_at="https://notary.example",
    today=datetime(2026, 6, 1, 12, tzinfo=UTC),
    receipt=RECEIPT,
)


def certificate(learner: str = "Ana Pérez", *, changes: dict[str, Any] | None = None, **said: Any) -> Certificate:
    """A certificate that says something else."""
    return replace(CERTIFICATE, said=replace(SAID, learner=learner, **said), **(changes or {}))


def opened(pdf: bytes) -> Any:
    """A PDF as another library reads it."""
    return PdfReader(BytesIO(pdf))


def words(pdf: bytes, page: int = 0) -> str:
    """What a page says, with single spaces."""
    return " ".join(opened(pdf).pages[page].extract_text().split())


def boxes(pdf: bytes, folder: Path) -> list[tuple[float, float, float, float, str]]:
    """Every word on the first page: left, top, right, bottom in points, and the word, as Poppler draws it."""
    path = folder / "page.pdf"
    path.write_bytes(pdf)
    command = [str(program("pdftotext")), "-f", "1", "-l", "1", "-bbox", str(path), "-"]
    drawn = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = []
    for line in drawn.splitlines():
        if line.strip().startswith("<word "):
            parts = line.split('"')
            x0, y0, x1, y1 = (float(parts[at]) for at in (1, 3, 5, 7))
            found.append((x0, y0, x1, y1, parts[8].removeprefix(">").removesuffix("</word>")))
    return found


def ink(pdf: bytes, box: tuple[float, float, float, float], folder: Path) -> float:
    """How much of a box on the first page is dark, as Poppler draws it: 0 to 1."""
    path = folder / "page.pdf"
    path.write_bytes(pdf)
    command = [str(program("pdftoppm")), "-f", "1", "-l", "1", "-r", "72", "-gray", "-singlefile", str(path)]
    subprocess.run([*command, str(folder / "page")], check=True)
    with Image.open(folder / "page.pgm") as drawn:
        left, top, right, bottom = map(round, box)
        dark = drawn.crop((left, top, right, bottom)).histogram()[:128]
    return sum(dark) / ((box[2] - box[0]) * (box[3] - box[1]))
