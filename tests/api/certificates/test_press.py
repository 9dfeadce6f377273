"""Certificates on paper: what they say, in every script, whatever a name does, and to what standard."""

from __future__ import annotations

import hashlib
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.cffLib import CFFFontSet  # type: ignore[import-untyped]

from api.carried import carried
from api.certificates.look import Look, Words
from api.certificates.press import Press
from api.certificates.presses import print_all
from api.certificates.wording import Paper
from notary.core.errors import OperatorError, Unsupported
from tests.api.certificates.made import CERTIFICATE, LONG, RECEIPT, boxes, certificate, ink, opened, words
from tests.parts import require_fonts, verapdf

pytestmark = pytest.mark.node

NAMES = {
    "short": "Ana Pérez",
    "200 characters": LONG,
    "one word of 200": "W" * 200,
    "Arabic": "أمينة عبد الرحمن السيد",
    "Hindi": "प्रियंका शर्मा",
    "Chinese": "林美玲",
    "Greek and Cyrillic": "Ἀναξαγόρας Щедрин",
    "mark-up": "<b onclick=x>&amp;</b><img src=file:///etc/passwd><style>*{display:none}</style>",
}


@pytest.fixture(scope="module", autouse=True)
def fonts() -> None:
    """Every script's fonts are on this machine."""
    require_fonts("Noto Naskh Arabic", "Noto Serif Devanagari", "Noto Serif CJK SC")


@pytest.fixture(scope="module")
def press() -> Press:
    """One press for the module, as a service has."""
    return Press()


def test_the_first_page_says_who_was_given_what_by_whom_and_how_to_check(press: Press) -> None:
    """Institution, name, title, criteria, result, recognition, date, status on a day, the way to check it."""
    said = words(press.print(CERTIFICATE, Paper.A4))
    for part in (
        *("Fenwick College", "Ana Pérez", "Data Literacy I", "3 credits", "drew three charts", "Grade: Distinction"),
        *("authorised for it by the Harbour Consortium", "3 May 2026", "Status on 1 June 2026: not revoked."),
        *("To check it today, scan the code", "https://notary.example"),
    ):
        assert part in said


def test_the_second_page_has_evidence_alignments_and_what_paper_cannot_prove(press: Press) -> None:
    """It says that ink proves nothing, that holding it is not identity, and that the verdict counts, not the page."""
    said = words(press.print(CERTIFICATE, Paper.A4), 1)
    for part in ("report.pdf", "analyse data ESCO S2.1", "Paper and ink prove nothing", "compare an identity document"):
        assert part in said
    assert "Believe the verdict, not the page" in said


@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_any_name_keeps_the_page_whole(press: Press, tmp_path: Path, name: str, paper: Paper) -> None:
    """One first page and one behind it; every word inside the frame, nothing on top of the foot."""
    pdf = press.print(certificate(name), paper)
    assert len(opened(pdf).pages) == 2
    width, height = {Paper.A4: (595.3, 841.9), Paper.LETTER: (612, 792)}[paper]
    found = boxes(pdf, tmp_path)
    assert all(x0 > 31 and x1 < width - 31 and y0 > 31 and y1 < height - 31 for x0, y0, x1, y1, _ in found)
    foot = min(y0 for _, y0, _, _, word in found if word == "Status")
    date = max(y1 for _, _, _, y1, word in found if word == "2026" and y1 < foot)
    assert date < foot - 10
    assert press.print(certificate(name), paper).startswith(b"%PDF-1.7")


@pytest.mark.parametrize("name", ["Ana Pérez", "林美玲", LONG])
def test_nothing_is_larger_than_the_name(press: Press, tmp_path: Path, name: str) -> None:
    """The learner's name is the largest line on the page, however long it is."""
    found = boxes(press.print(certificate(name), Paper.A4), tmp_path)
    tallest = max(y1 - y0 for _, y0, _, y1, word in found if word in name.split())
    assert all(y1 - y0 < tallest for _, y0, _, y1, word in found if word not in name)


def test_a_crowded_page_puts_what_is_long_behind_it(press: Press) -> None:
    """Criteria and results that the first page cannot hold stand whole on the second."""
    many = tuple((f"Criterion {at}", "Exceeds expectations") for at in range(12))
    crowded = certificate(LONG, criteria="A sentence about what was shown. " * 60, results=many, title="T" * 200)
    pdf = press.print(crowded, Paper.LETTER)
    assert "(whole on the next page)" in words(pdf)
    assert "To check it today" in words(pdf)
    rest = " ".join(words(pdf, page) for page in range(1, len(opened(pdf).pages)))
    assert "Criterion 11: Exceeds expectations" in rest
    assert crowded.said.criteria is not None
    assert crowded.said.criteria.strip() in rest


def test_as_much_as_a_first_page_can_be_asked_to_hold_is_held(press: Press, tmp_path: Path) -> None:
    """A joint award of six with a title of 400 characters: small print, one page, nothing on top of the foot."""
    sentence = "The Institute for Everything and All the Rest of It is authorised for it by the Harbour Consortium."
    full = certificate(
        *(LONG,),
        criteria="A sentence about what was shown. " * 18,
        title="Wide Words " * 36,
        results=(("Grade of the final examination", "Distinction with honours"),) * 3,
        changes={"recognition": (sentence,) * 6, "institution": " and ".join(["The Institute for Everything"] * 6)},
    )
    pdf = press.print(full, Paper.LETTER)
    assert len(opened(pdf).pages) == 2
    found = boxes(pdf, tmp_path)
    foot = min(y0 for _, y0, _, _, word in found if word == "Status")
    assert max(y1 for _, _, _, y1, word in found if word == "May" and y1 < foot) < foot - 5


def test_direction_characters_turn_nothing_around(press: Press) -> None:
    """A name with a right-to-left override is printed without it: it cannot rewrite what stands after it."""
    pdf = press.print(certificate("\u202eevil\u2066 Ana"), Paper.A4)
    assert "evil Ana" in words(pdf)


def test_mark_up_in_a_name_is_printed_and_nothing_is_fetched(press: Press) -> None:
    """HTML in any field is text; a page can name no file and no address."""
    pdf = press.print(certificate(NAMES["mark-up"], title="<script>alert(1)</script>"), Paper.A4)
    assert "<img src=file:///" in words(pdf)
    assert "<script>alert(1)</script>" in words(pdf)


def test_a_letter_that_no_font_has_is_said_and_never_printed_as_a_box(press: Press) -> None:
    """The certificate is refused, with the letter and what to install."""
    with pytest.raises(OperatorError, match="lack letters") as refused:
        press.print(certificate("Ana \U0001fffd\U000f1234"), Paper.A4)
    assert refused.value.hint is not None
    assert "fonts-noto-core" in refused.value.hint


def test_the_receipt_is_attached_as_the_source_of_the_page(press: Press) -> None:
    """Another library finds it under its name, typed and related as PDF/A-3 asks, byte for byte."""
    pdf = press.print(CERTIFICATE, Paper.A4)
    reader = opened(pdf)
    assert reader.attachments["receipt.json"] == [RECEIPT]
    file = reader.root_object["/AF"][0].get_object()
    assert file["/AFRelationship"] == "/Source"
    assert file["/EF"]["/F"].get_object()["/Subtype"] == "/application/vnd.credential-notary.receipt+json"
    assert carried(pdf).receipt == RECEIPT


def test_the_document_has_a_title_a_language_and_a_reading_order(press: Press) -> None:
    """What a screen reader needs: tags from heading to figure, the code's meaning in words."""
    reader = opened(press.print(CERTIFICATE, Paper.A4))
    assert reader.metadata is not None
    assert reader.metadata.title == "Data Literacy I · Ana Pérez"
    assert reader.root_object["/Lang"] == "en"
    assert bool(reader.root_object["/MarkInfo"]["/Marked"])
    (document,) = reader.root_object["/StructTreeRoot"]["/K"]
    assert document.get_object()["/S"] == "/Document"


def test_every_font_is_inside(press: Press) -> None:
    """A page looks the same where none of its fonts is installed."""
    pdf = press.print(certificate(" ".join((NAMES["Arabic"], NAMES["Hindi"], NAMES["Chinese"]))), Paper.A4)
    for font in opened(pdf).pages[0]["/Resources"]["/Font"].get_object().values():
        descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "/FontFile2" in descriptor or "/FontFile3" in descriptor


def test_what_is_pending_says_so_and_proves_nothing(press: Press) -> None:
    """No receipt inside, a draft's frame, and the expected time."""
    pending = certificate(
        changes={"pending": "Pending: final about 14:20 UTC on 3 May 2026.", "receipt": None, "standing": None}
    )
    pdf = press.print(pending, Paper.A4)
    said = words(pdf)
    assert "final about 14:20 UTC" in said
    assert "This is no proof yet." in said
    assert "This certifies that" not in said
    assert "The proof is inside" not in said
    with pytest.raises(Unsupported, match="carries no receipt"):
        carried(pdf)


def test_an_institution_prints_in_its_own_words(press: Press) -> None:
    """Heading and phrases of its look, on its own certificates alone."""
    look = Look(
        issuer=CERTIFICATE.issuer,
        accent="#7a1f2b",
        words=Words("Urkunde", "Hiermit wird bezeugt, dass", "erworben hat"),
    )
    own = Press({CERTIFICATE.issuer: look})
    said = words(own.print(CERTIFICATE, Paper.A4))
    assert "U R K U N D E" in said or "URKUNDE" in said.replace(" ", "")
    assert "Hiermit wird bezeugt, dass" in said
    other = words(own.print(certificate(changes={"issuer": "did:example:other"}), Paper.A4))
    assert "This certifies that" in other


@pytest.mark.parametrize("name", ["Ana Pérez", NAMES["Arabic"], NAMES["Chinese"]])
def test_a_certificate_is_the_same_file_whatever_was_printed_before(press: Press, name: str) -> None:
    """What a class shares (fonts, the second page) leaves no trace of others in a file: byte for byte."""
    for other in ("Jonas Weber", NAMES["Hindi"], "林美玲 王小明"):
        press.print(certificate(other), Paper.A4)
    assert press.print(certificate(name), Paper.A4) == Press().print(certificate(name), Paper.A4)


def test_of_a_font_of_65_535_glyphs_only_the_name_is_inside(press: Press, tmp_path: Path) -> None:
    """A Chinese name adds some kilobytes; the embedded font has exactly its letters, and they are drawn."""
    name = NAMES["Chinese"]
    pdf = press.print(certificate(name), Paper.A4)
    assert len(pdf) < len(press.print(certificate("Ana"), Paper.A4)) + 6000
    fonts = (font["/DescendantFonts"][0] for font in opened(pdf).pages[0]["/Resources"]["/Font"].values())
    (chinese,) = (font for font in fonts if "CJK" in font["/BaseFont"])
    inside = CFFFontSet()
    inside.decompile(BytesIO(chinese["/FontDescriptor"]["/FontFile3"].get_data()), None)
    asked = sorted(int(one) for one in chinese["/W"] if not isinstance(one, list))
    assert inside[0].charset == [".notdef", *(f"cid{one:05}" for one in asked)]
    (box,) = (box for box in boxes(pdf, tmp_path) if box[4] == name)
    assert ink(pdf, box[:4], tmp_path) > 0.1


def test_many_are_printed_in_order_by_several_processes() -> None:
    """What comes back stands in the order it was given, each with its own receipt."""
    many = [certificate(f"Learner {at}", changes={"id": f"c{at}", "receipt": RECEIPT + b" " * at}) for at in range(30)]
    printed = list(print_all(many, {}, Paper.A4, processes=2))
    assert [one.id for one, _ in printed] == [one.id for one in many]
    digests = [hashlib.sha256(carried(pdf).receipt).digest() for _, pdf in printed]
    assert digests == [hashlib.sha256(one.receipt or b"").digest() for one in many]


@pytest.mark.parametrize("flavour", ["3a", "ua1"])
def test_certificates_conform_to_pdf_a_3_and_pdf_ua(press: Press, tmp_path: Path, flavour: str) -> None:
    """The reference validator finds nothing: PDF/A-3a to last for decades, PDF/UA-1 for those who cannot see it."""
    folder = verapdf()
    files = []
    for at, name in enumerate((*NAMES.values(), None)):
        made = certificate(name) if name else certificate(changes={"pending": "Pending.", "receipt": None})
        files.append(tmp_path / f"{at}.pdf")
        files[-1].write_bytes(press.print(made, Paper.A4))
    program = Path(__file__).parents[2] / "verapdf" / "Conforms.java"
    ran = subprocess.run(
        ["java", "-cp", f"{folder}/*", str(program), flavour, *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert ran.stdout.count("conforms ") == len(files)
