"""How an institution's certificates look: a closed file, a readable colour, a logo that can do nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.certificates.logo import MAX_LOGO, MAX_SIDE, Logo
from api.certificates.look import Look, contrast, load_looks
from api.certificates.png import png_of
from notary.core.errors import IssuerError
from notary.service.issuing.finding import Unfit
from tests.api.certificates.test_carried import PIXEL

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">{}</svg>'
LOOK = """
type = "credential-notary/certificate-look/v1"
issuer = "did:example:fenwick"
"""


def drawn(inner: str) -> bytes:
    """An SVG around something."""
    return SVG.format(inner).encode()


def written(folder: Path, text: str, name: str = "fenwick.toml") -> Path:
    """A look in a data folder."""
    folder = folder / "certificates"
    folder.mkdir(exist_ok=True)
    (folder / "logo.svg").write_bytes(drawn('<rect width="9" height="9"/>'))
    path = folder / name
    path.write_text(LOOK + text)
    return path


def test_a_look_has_colour_logo_and_words(tmp_path: Path) -> None:
    """What is left out is the plain look's."""
    written(tmp_path, 'accent = "#7A1F2B"\nlogo = "logo.svg"\nbadge_svg = "logo.svg"\n[words]\nheading = "Urkunde"\n')
    look = load_looks(tmp_path)["did:example:fenwick"]
    assert (look.accent, look.words.heading, look.words.earned) == ("#7a1f2b", "Urkunde", "has earned")
    assert look.logo is not None
    assert look.badge_svg == look.logo
    assert load_looks(tmp_path / "elsewhere") == {}


@pytest.mark.parametrize(
    "text, says",
    [
        ('accent = "#ffcc00"', "too pale to be read on white"),
        ('accent = "red"', "no colour like"),
        ('colour = "#000000"', "no field of it"),
        ('logo = "../secret.svg"', "no name of a file beside"),
        ('logo = "/etc/passwd"', "no name of a file beside"),
        ('[words]\nheading = "' + "H" * 61 + '"', "61 characters"),
        ("[words", "no TOML"),
    ],
)
def test_what_is_wrong_with_a_look_is_said(tmp_path: Path, text: str, says: str) -> None:
    """In words, with the field."""
    with pytest.raises(Unfit, match=re.escape(says)):
        Look.load(written(tmp_path, text))


@pytest.mark.parametrize("text, says", [('logo = "none.png"', "cannot be read"), ('badge_png = "logo.svg"', "png")])
def test_a_picture_that_is_not_there_or_is_another_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """By its name."""
    with pytest.raises(IssuerError, match=says):
        Look.load(written(tmp_path, text))


def test_two_looks_for_one_institution_are_refused(tmp_path: Path) -> None:
    """Which one holds would be chance."""
    written(tmp_path, "", "a.toml")
    written(tmp_path, "", "b.toml")
    with pytest.raises(IssuerError, match="another look"):
        load_looks(tmp_path)


def test_contrast_is_wcag_s() -> None:
    """Black on white is 21:1; the grey that just passes AA is #767676."""
    assert contrast("#000000") == pytest.approx(21)
    assert contrast("#767676") > 4.5 > contrast("#777777")


@pytest.mark.parametrize(
    "inner",
    [
        "<script>alert(1)</script>",
        '<image href="http://192.0.2.1/x.png"/>',
        '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>',
        '<use xlink:href="#a"/>',
        "<text>Fenwick</text>",
        "<style>rect{fill:red}</style>",
        '<animate attributeName="x"/>',
        '<rect fill="url(http://192.0.2.1/x)"/>',
        '<rect style="fill: url( //192.0.2.1/x )"/>',
        '<rect class="a" width="9"/>',
        "<g>" * 40 + "</g>" * 40,
        "<g/>" * 2001,
    ],
)
def test_a_logo_that_could_run_fetch_or_multiply_is_refused(inner: str) -> None:
    """And so is one of which something visible would be missing."""
    with pytest.raises(IssuerError, match="the logo evil"):
        Logo.parse(drawn(inner), "evil.svg")


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + drawn("&a;"),
        b'<?xml-stylesheet href="http://192.0.2.1/x.css"?>' + drawn(""),
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"<html/>" * 2,
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        png_of((b"IHDR", (MAX_SIDE + 1).to_bytes(4) * 2 + b"\x08\0\0\0\0"), *PIXEL[1:]),
        png_of(*PIXEL[:2]),
        png_of(*PIXEL)[:-2],
        b"x" * (MAX_LOGO + 1),
    ],
    ids=range(10),
)
def test_what_is_no_picture_within_bounds_is_refused(data: bytes) -> None:
    """Entities, other documents, bombs, damage."""
    with pytest.raises(IssuerError, match="the logo x"):
        Logo.parse(data, "x")


def test_a_logo_is_written_anew() -> None:
    """What nobody sees and what software left behind is gone; shapes, gradients and colours stay."""
    kept = Logo.parse(
        drawn(
            '<title>t</title><metadata><x:y xmlns:x="urn:x"/></metadata><defs><linearGradient id="a"/></defs>'
            '<rect onclick="x()" data-a="b" style="fill:url(#a);font-family:x" width="9"/>'
        ),
        "logo.svg",
    ).data.decode()
    assert 'fill="url(#a)"' in kept
    assert not any(part in kept for part in ("onclick", "data-a", "metadata", "title", "font-family", "urn:x"))
    assert Logo.parse(png_of(*PIXEL), "logo.png").media_type == "image/png"
