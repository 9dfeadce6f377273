"""The evening: everything is switched off, and every certificate and receipt is judged in a process of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.cli.drill import run_drill
from api.cli.spoken import Exit, count
from api.demo.registrar.mending import Mended
from api.demo.registrar.morning import Issued
from api.demo.registrar.terminal import Say, Terminal
from notary.core.errors import OperatorError
from notary.core.verdict import Result

RECEIPTS, MIRROR = Path("receipts"), Path("public")
TRUST = RECEIPTS / "trust.json"


@dataclass(frozen=True, slots=True)
class Judged:
    """How many of the PDFs have which verdict, by the newest status; `receipts` agree with them, one by one."""

    receipts: int
    pdfs: int
    by_result: Mapping[Result, int]


def write_receipts(terminal: Terminal, batches: Sequence[int]) -> None:
    """Write every receipt, the trust file, and a copy of the public log."""
    for batch in batches:
        terminal.type("receipt", "--batch", batch, "--out", RECEIPTS, lines=1)
    terminal.type("log", "export", MIRROR)


def read_old_paper(terminal: Terminal, pdf: Path, say: Say) -> None:
    """Show what a certificate printed before its credential was revoked says by itself, and to whoever asks."""
    verify = ("verify", pdf, "--trust", TRUST)
    terminal.type(*verify, lines=1)
    terminal.type(*verify, "--fresh", "--from", MIRROR, code=Exit.NOT, lines=1)
    say("  Paper cannot be called back: the page says so, and how to ask for today's status.")


def judge_all(issued: Issued, mended: Mended, pdfs: Sequence[Path], say: Say) -> Judged:
    """Verify all PDFs and receipts offline; OperatorError where one says anything but what must be."""
    receipts = sorted(RECEIPTS.glob("*.receipt.json"))
    must = _must_be(issued, mended)
    papers = {path.stem: path for path in pdfs}
    written = {path.name.removesuffix(".receipt.json"): path for path in receipts}
    for what, found in (("certificates", papers), ("receipts", written)):
        if found.keys() != must.keys():
            raise OperatorError(what, expected=f"one of each of {len(must)} credentials", actual=len(found))
    by_paper = {each.path.stem: each.result for each in run_drill(pdfs, TRUST, mirror=MIRROR).tried}
    drill = run_drill(receipts, TRUST)
    by_receipt = {each.path.name.removesuffix(".receipt.json"): each.result for each in drill.tried}
    for what, verdicts in (("certificate", by_paper), ("receipt", by_receipt)):
        for name, result in must.items():
            if verdicts[name] is not result:
                raise OperatorError(f"the {what} of {name}", expected=result.value, actual=verdicts[name].value)
    counted = Counter(by_paper.values())
    said = ", ".join(f"{number} {result.value}" for result, number in counted.most_common())
    say(f"Of {count(len(pdfs), 'certificate')}: {said}. Of {count(len(receipts), 'receipt')} the same, one by one.")
    return Judged(len(receipts), len(pdfs), counted)


def _must_be(issued: Issued, mended: Mended) -> dict[str, Result]:
    """Return what every credential's verdict must be after this day."""
    must = {str(each.credential): Result.VERIFIED for each in issued.given}
    must |= {str(mended.renamed.credential): Result.REPLACED, str(mended.revoked): Result.REVOKED}
    return must | {str(mended.new): Result.VERIFIED, str(mended.validated): Result.VERIFIED}
