"""The press: certificates as PDF/A-3a and PDF/UA-1, with the receipt attached, by WeasyPrint.

PDF/A-3a (ISO 19005-3) is PDF/A-3u with a structure tree: every character has its
Unicode value, every font is embedded, the reading order is marked. The receipt is
an associated file (AFRelationship Source: what the pages were made from).

Nothing is fetched: whatever a page names is among the few things laid ready for
it here, or it is not drawn. The serif is shipped; other scripts come from the
machine's fonts, and where none has a letter that is said, never printed as a box.

One press is for one thread at a time, and keeps what certificates share: fonts,
style sheets, the template, a logo once decoded.
"""

from __future__ import annotations

import unicodedata
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from threading import Lock
from typing import Any
from xml.etree import ElementTree as ET

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.certificates.look import Look
from api.certificates.packing import pack
from api.certificates.png import png_of
from api.certificates.repeated import Repeated
from api.certificates.typefaces import Typefaces, say_cids
from api.certificates.wording import Certificate, Paper
from api.plain import plain
from notary.core.encoding import format_time
from notary.core.errors import OperatorError
from notary.core.receipt import MEDIA_TYPE

RECEIPT_NAME = "receipt.json"
VARIANT = "pdf/a-3a"
_FOLDER = Path(__file__).parent
_TEMPLATES = _FOLDER / "templates"
_SIZES = {Paper.A4: "210mm 297mm", Paper.LETTER: "8.5in 11in"}
_FONTS = {"font:normal": "EBGaramond-normal.ttf", "font:italic": "EBGaramond-italic.ttf"}
_CODE, _LOGO, _RECEIPT = "code:qr", "logo:", "receipt:receipt.json"
_PLAIN = Look()
_MODULE = 4
"""Pixels a module: a printer that smooths blurs an eighth of one."""
_SHADES = b"\xff\0" + bytes(254)
_KEPT = 64
"""Layouts of second pages that are kept."""


@dataclass(slots=True)
class Press:
    """Prints certificates; `looks` are the institutions', by id."""

    looks: Mapping[str, Look] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _fonts: Any = None
    _typefaces: Typefaces = field(default_factory=Typefaces)
    _sheets: dict[tuple[str, Paper, str, bool], list[Any]] = field(default_factory=dict)
    _pictures: dict[str, Any] = field(default_factory=dict)
    _beyond: OrderedDict[tuple[str, Paper, str], Any] = field(default_factory=OrderedDict)

    def print(self, certificate: Certificate, paper: Paper) -> bytes:
        """Return the PDF. OperatorError where this machine lacks the libraries, or a font for what it says."""
        with self._lock:  # fonts and Pango's caches are not for two threads
            look = self.looks.get(certificate.issuer, _PLAIN)
            first = self._first_page(certificate, look, paper)
            beyond = self._pages_beyond(certificate, look, paper)
            document = first.copy([*first.pages, *beyond.pages])
            document.fonts = self._typefaces.of_document()
            data: bytes = document.write_pdf(
                pdf_variant=VARIANT, attachments=_attachments(certificate), finisher=_finish
            )
            _require_letters(document, certificate)
            return data

    def _first_page(self, certificate: Certificate, look: Look, paper: Paper) -> Any:
        logo = f"{_LOGO}{certificate.issuer}"
        ready = {_CODE: (draw_code(certificate.link), "image/png")}
        if look.logo:
            ready[logo] = look.logo.data, look.logo.media_type
        pictures = dict(self._pictures)
        sheets = self._sheets_of("certificate", paper, look.accent, pending=certificate.pending is not None)
        about = {"look": look, "logo": logo, "code": _CODE}
        html = _fill("certificate", certificate, **about, tight=False)
        document = self._lay_out(html, sheets, ready, pictures)
        if len(document.pages) > 1:
            html = _fill("certificate", certificate, **about, tight=True)
            document = self._lay_out(html, sheets, ready, pictures)
        self._pictures = {url: picture for url, picture in pictures.items() if _LOGO in str(url)}
        return document

    def _pages_beyond(self, certificate: Certificate, look: Look, paper: Paper) -> Any:
        """Lay out what a class has in common once: its pages are the same until their words differ."""
        html = _fill("beyond", certificate)
        key = html, paper, look.accent
        if key not in self._beyond:
            document = self._lay_out(html, self._sheets_of("beyond", paper, look.accent), {}, {})
            document.pages = [Repeated(page, self._typefaces) for page in document.pages]
            self._beyond[key] = document
            if len(self._beyond) > _KEPT:
                self._beyond.popitem(last=False)
        self._beyond.move_to_end(key)
        return self._beyond[key]

    def _lay_out(self, html: str, sheets: list[Any], ready: Mapping[str, tuple[bytes, str]], pictures: Any) -> Any:
        return _page(html, _shelf(ready)).render(
            font_config=self._fonts, stylesheets=sheets, cache=pictures, pdf_variant=VARIANT
        )

    def _sheets_of(self, name: str, paper: Paper, accent: str, *, pending: bool = False) -> list[Any]:
        """Return the style sheets of a page, parsed once; what is pending is framed as a draft."""
        weasyprint = _weasyprint()
        if self._fonts is None:
            from weasyprint.text.fonts import FontConfiguration

            self._fonts = FontConfiguration()
        key = name, paper, accent, pending
        if key not in self._sheets:
            frame = "0.8pt dashed #8a9390" if pending else f"2.6pt double {accent}"
            about = {"size": _SIZES[paper], "accent": accent, "frame": frame}
            ready = {url: ((_FOLDER / "fonts" / file).read_bytes(), "font/ttf") for url, file in _FONTS.items()}
            shared = _TEMPLATES.joinpath("shared.css").read_text()
            own = Template(_TEMPLATES.joinpath(f"{name}.css").read_text()).substitute(about)
            sheets = [
                weasyprint.CSS(string=text, font_config=self._fonts, url_fetcher=_shelf(ready))
                for text in (shared, own)
            ]
            self._sheets[key] = sheets
        return self._sheets[key]


def _shelf(ready: Mapping[str, tuple[bytes, str]]) -> Any:
    """Return a fetcher that knows what lies ready, and nothing else in the world."""
    return _shelves()(ready)


@cache
def _shelves() -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Shelf(URLFetcher):  # type: ignore[misc]  # WeasyPrint is imported where it is used
        def __init__(self, ready: Mapping[str, tuple[bytes, str]]) -> None:
            # Not super().__init__(): it opens files, HTTP and FTP, and none of that is wanted.
            self._ready, self._fail_on_errors = ready, False

        def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> Any:  # noqa: ARG002  # its signature
            if url not in self._ready:
                raise ValueError("nothing is fetched for a certificate")
            data, media_type = self._ready[url]
            return URLFetcherResponse(url, data, {"Content-Type": media_type})

    return Shelf


def _page(html: str, fetcher: Any) -> Any:
    return _pages()(html, fetcher)


@cache
def _pages() -> Any:
    from cssselect2 import ElementWrapper

    class Page(_weasyprint().HTML):  # type: ignore[misc]  # WeasyPrint is imported where it is used
        def __init__(self, html: str, fetcher: Any) -> None:
            # Not super().__init__(): it parses as browsers do, in Python; our templates are well-formed XML too.
            self.base_url, self.url_fetcher, self.media_type = None, fetcher, "print"
            root = ET.fromstring(html)  # noqa: S314  # our template: what others say is escaped in it
            self.wrapper_element = ElementWrapper.from_html_root(root, content_language=None)
            self.etree_element = self.wrapper_element.etree_element

    return Page


def _weasyprint() -> Any:
    try:
        import weasyprint
    except OSError as error:
        raise OperatorError(
            "certificates need Pango, which is not on this machine",
            actual=str(error).splitlines()[0],
            hint="Install it: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        ) from error
    return weasyprint


def _attachments(certificate: Certificate) -> list[Any]:
    """Attach the receipt: named, typed, related (ISO 19005-3 §6.8), dated as the paper is."""
    if certificate.receipt is None:
        return []
    from weasyprint import Attachment

    return [
        Attachment(
            url=_RECEIPT,
            url_fetcher=_shelf({_RECEIPT: (certificate.receipt, MEDIA_TYPE)}),
            name=RECEIPT_NAME,
            description="The receipt: it proves this credential without the institution and without the notary",
            created=certificate.today,
            modified=certificate.today,
            relationship="Source",
        )
    ]


def _finish(document: Any, pdf: Any) -> None:
    _claim_accessible(pdf)
    say_cids(document, pdf)
    pack(pdf)


def _claim_accessible(pdf: Any) -> None:
    """Say in the metadata that the file is PDF/UA-1 too: WeasyPrint writes one variant's mark only."""
    (metadata,) = (one for one in pdf.objects if getattr(one, "extra", {}).get("Type") == "/Metadata")
    metadata.stream = [part.replace(b"</rdf:RDF>", _ACCESSIBLE + b"</rdf:RDF>") for part in metadata.stream]


_ACCESSIBLE = b"""
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
    xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
  <pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
    <pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
    <pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
    <pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
    <pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
      <pdfaProperty:name>part</pdfaProperty:name>
      <pdfaProperty:valueType>Integer</pdfaProperty:valueType>
      <pdfaProperty:category>internal</pdfaProperty:category>
      <pdfaProperty:description>The part of ISO 14289 that the file conforms to</pdfaProperty:description>
    </rdf:li></rdf:Seq></pdfaSchema:property>
  </rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
"""
"""The mark of PDF/UA (ISO 14289-1 §5), with the extension schema that PDF/A asks for (ISO 19005-3 §6.6.2.3)."""


def missing_letters(text: str) -> str:
    """Return the letters of a text that no font on this machine has; OperatorError where it lacks the libraries."""
    document = _weasyprint().HTML(string=f"<p>{escape(text)}").render()
    document.write_pdf()
    return "".join(map(chr, _missing(document)))


def _missing(document: Any) -> list[int]:
    """Return the code points that stand as boxes in a document that was written."""
    return sorted({code for font in document.fonts.values() for code in font.missing})


def _require_letters(document: Any, certificate: Certificate) -> None:
    """Refuse a page with a letter that no font here has: WeasyPrint would draw a box in its place."""
    if missing := _missing(document):
        named = ", ".join(
            f"{chr(code)} ({unicodedata.name(chr(code), f'U+{code:04X}').lower()})" for code in missing[:3]
        )
        raise OperatorError(
            f"the fonts on this machine lack letters that the certificate of credential {certificate.id} needs",
            actual=named,
            hint="Install fonts for its script: apt-get install fonts-noto-core fonts-noto-cjk fonts-noto-extra",
        )


def draw_code(link: str) -> bytes:
    """Draw the QR code (ISO/IEC 18004) of a link, level M, as a black and white PNG."""
    import segno

    # Any mask is read by every reader; weighing all eight costs five times as long.
    rows = segno.make(link, error="m", micro=False, mask=2).matrix
    side = len(rows) * _MODULE
    pixels = zlib.compress(b"".join(_line(row, side) * _MODULE for row in rows))
    header = side.to_bytes(4) * 2 + b"\x08\0\0\0\0"  # eight bits of grey
    return png_of((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))


def _line(row: bytes | bytearray, side: int) -> bytes:
    """One row of modules as pixels of grey, with the filter type of PNG §9 before it."""
    line = bytearray(side + 1)
    shades = bytes(row).translate(_SHADES)
    for at in range(_MODULE):
        line[1 + at :: _MODULE] = shades
    return bytes(line)


def _fill(name: str, certificate: Certificate, **about: Any) -> str:
    shown = {field: getattr(certificate, field) for field in _SHOWN}
    return str(_template(name).render(certificate=certificate, **shown, **about))


_SHOWN = (
    *("id", "institution", "said", "recognition", "standing", "anchored", "issued", "until", "evidence"),
    *("more_evidence", "pending", "link", "own_link", "checked_at", "today", "consortium"),
)


@cache
def _template(name: str) -> Any:
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: plain(value) if type(value) is str else value,  # mark-up is escaped already
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["moment"] = format_time
    return templates.get_template(f"{name}.html")
