"""A registrar's day, as `notary demo --registrar` lives through it, with a small class."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from api.demo.registrar.class_list import FIRST, LEAST, NO_ADDRESS, NO_DATE, PEOPLE, make_class
from api.demo.registrar.day import live
from api.settings import EMBEDDED
from notary.core.errors import OperatorError
from tests.api.certificates.made import boxes, opened
from tests.conftest import lacking
from tests.end_to_end.running import notary
from tests.parts import program, require_fonts

ROWS = 30
_DAY = f"""
import json
from pathlib import Path
from api.demo.registrar.day import live
print(json.dumps(live(Path("day"), "embedded", "embedded", print, rows={ROWS}).to_json()))
"""


@dataclass(frozen=True, slots=True)
class Day:
    """The day's folder, what was said, and the line it ended with."""

    folder: Path
    said: str
    line: dict[str, Any]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """One day for the module: it starts a mail server and a notary of its own."""
    if find_spec("aiosmtpd") is None:
        lacking("the package aiosmtpd is not installed; scripts/setup installs it")
    require_fonts("Noto Naskh Arabic", "Noto Serif Devanagari", "Noto Serif CJK SC")
    folder = tmp_path_factory.mktemp("registrar")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NOTARY_")}
    done = subprocess.run(
        [sys.executable, "-c", _DAY], cwd=folder, env=kept, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return Day(folder / "day", done.stdout, json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.node
def test_a_class_is_delivered_and_mended(day: Day) -> None:
    """All but two rows reach their learners' mailboxes; afterwards one is revoked, one replaced, the rest verify."""
    good = ROWS - 2
    counted = ("rows", "refused", "delivered", "pdfs", "receipts", "verified", "revoked", "replaced")
    assert [day.line[name] for name in counted] == [ROWS, 2, good, good + 2, good + 2, good, 1, 1]
    assert f"Row {NO_ADDRESS} has no e-mail." in day.said
    assert f"Row {NO_DATE}, *Issued on*: `31.02.2026` is no date." in day.said
    assert f"The same file again: {good} rows issued before, nothing done twice." in day.said
    assert "✓ Verified." in day.said
    assert "! Revoked" in day.said


@pytest.mark.node
def test_every_receipt_says_the_same_to_somebody_else(day: Day) -> None:
    """Counted again, by the command, in a process without network."""
    receipts = sorted((day.folder / "receipts").glob("*.receipt.json"))
    ran = notary("verify", *receipts, "--json", cwd=day.folder, expect=1, network=False)
    results = [each["result"] for each in ran.json["receipts"]]
    assert {result: results.count(result) for result in results} == {
        result: day.line[result] for result in ("verified", "revoked", "replaced")
    }


@pytest.mark.node
@pytest.mark.parametrize("language", [people.language for people in PEOPLE])
def test_a_name_is_drawn_in_every_script(language: str, day: Day, tmp_path: Path) -> None:
    """There is ink where the name stands; PICTURES in the environment names a folder that keeps the page."""
    number, row = next(
        (at, row)
        for at, row in enumerate(make_class(ROWS), FIRST)
        if row.language == language and at not in (NO_ADDRESS, NO_DATE)
    )
    pdf = _certificate(day, number)
    assert len(opened(pdf.read_bytes()).pages) == 2
    name = set(row.name) - {" "}
    places = [box for box in boxes(pdf.read_bytes(), tmp_path) if box[3] - box[1] > 20 and name & set(box[4])]
    assert places, "no word of the name is on the page in large letters"
    picture = _draw(pdf, Path(os.environ.get("PICTURES") or tmp_path) / f"certificate-{language.lower()}")
    width, pixels = _grey(picture)
    for left, top, right, bottom, _ in places:
        shades = [pixels[y * width + x] for y in range(int(top), int(bottom)) for x in range(int(left), int(right))]
        assert min(shades) < 100


def _certificate(day: Day, row: int) -> Path:
    lines = (day.folder / "class-3b.links.csv").read_text("utf-8-sig").splitlines()
    (line,) = (line for line in lines if line.startswith(f"{row},"))
    return day.folder / "certificates" / f"{line.split(',')[-2]}.pdf"


def _draw(pdf: Path, target: Path) -> Path:
    """Draw the first page, one pixel a point."""
    command = [str(program("pdftoppm")), "-r", "72", "-gray", "-singlefile", "-l", "1", str(pdf), str(target)]
    subprocess.run(command, check=True)
    return target.with_suffix(".pgm")


def _grey(picture: Path) -> tuple[int, bytes]:
    """A PGM as Poppler writes it: three lines, then a byte for each pixel."""
    _, size, _, pixels = picture.read_bytes().split(b"\n", 3)
    return int(size.split()[0]), pixels


@pytest.mark.parametrize("size", [LEAST, 300, 432])
def test_nobody_stands_twice_in_a_class(size: int) -> None:
    """Names and numbers are each learner's own, and as many rows as asked for."""
    rows = make_class(size)
    assert len({row.name for row in rows}) == len({row.number for row in rows}) == len(rows) == size


def test_there_are_names_for_a_class_without_further_fonts() -> None:
    """A machine that has none for Arabic, Hindi and Chinese still gets 300 learners."""
    people = [each for each in PEOPLE if each.language not in ("Arabic", "Hindi", "Chinese")]
    assert len(make_class(300, people)) == 300


@pytest.mark.parametrize("size", [LEAST - 1, 433])
def test_a_class_has_its_bounds(size: int) -> None:
    """Fewer rows have no room for the mistakes, for more there are no names."""
    with pytest.raises(ValueError, match="30 to 432"):
        make_class(size)


def test_without_a_mail_server_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to install before it writes anything."""
    monkeypatch.setitem(sys.modules, "aiosmtpd", None)
    monkeypatch.delitem(sys.modules, "aiosmtpd.controller", raising=False)
    with pytest.raises(OperatorError, match="pip install aiosmtpd"):
        live(tmp_path / "day", EMBEDDED, EMBEDDED, print, rows=ROWS)
    assert list(tmp_path.iterdir()) == []


def test_the_registrar_s_story_is_told_by_itself(tmp_path: Path) -> None:
    """It takes nobody's credentials along, and loses nothing."""
    ran = notary("demo", "--registrar", "--lose-everything", cwd=tmp_path, expect=2)
    assert "a story of its own" in ran.err
