"""Pages that many documents share: drawn once, then written again as they were.

WeasyPrint asks Pango to shape every line anew when a page is drawn. A page that
others have in common with it is drawn once, on a stream of its own, and kept as
the operators it came to, the glyphs it used of which fonts, and the boxes it
marked for the structure tree, which each document numbers by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.certificates.typefaces import Typefaces, unused


class Repeated:
    """A `weasyprint.document.Page` that many documents have; where it holds pictures, it is drawn anew for each."""

    def __init__(self, page: Any, typefaces: Typefaces) -> None:
        self._page, self._typefaces = page, typefaces
        self._drawing: _Drawing | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._page, name)

    def paint(self, stream: Any, scale: float = 1) -> None:
        """Paint the page into a document's stream; all of them ask for the same scale."""
        self._drawing = self._drawing or _draw(self._page, stream, scale, self._typefaces)
        if self._drawing.pictures:
            self._page.paint(stream, scale)
        else:
            self._drawing.repeat(stream)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What drawing a page came to; `states` are the graphics states it names."""

    operators: list[Any]
    fonts: dict[int, Any]
    tags: dict[Any, dict[str, Any]]
    states: dict[str, Any]
    pictures: bool

    def repeat(self, stream: Any) -> None:
        tags, fonts, resources = stream._tags, stream._fonts, stream._resources  # noqa: SLF001  # what drawing adds to
        stream.stream.extend(self.operators)
        tags.update({box: dict(tag) for box, tag in self.tags.items()})
        resources["ExtGState"].update(self.states)
        for key, font in self.fonts.items():
            if key not in fonts:
                fonts[key] = unused(font)
            used = fonts[key]
            used.to_unicode = font.to_unicode | used.to_unicode
            used.widths = font.widths | used.widths
            used.missing = font.missing | used.missing


def _draw(page: Any, stream: Any, scale: float, typefaces: Typefaces) -> _Drawing:
    resources: dict[str, dict[str, Any]] = {kind: {} for kind in ("ExtGState", *_PICTURES)}
    fonts, tags = typefaces.of_document(), dict[Any, dict[str, Any]]()
    alone = stream.clone(fonts=fonts, resources=resources, images={}, tags=tags)
    page.paint(alone, scale)
    pictures = any(resources[kind] for kind in _PICTURES)
    return _Drawing(list(alone.stream), dict(fonts), tags, resources["ExtGState"], pictures)


_PICTURES = ("XObject", "Pattern", "Shading")
"""Resources that are objects of one document: emoji, gradients."""
