"""A page that many documents share: what is drawn once, and what cannot be."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from api.certificates.repeated import Repeated
from api.certificates.typefaces import Typefaces


class Stream:
    """As much of WeasyPrint's stream as a page is painted into."""

    def __init__(self, **parts: Any) -> None:
        self.stream: list[Any] = []
        self._fonts = parts.get("fonts", {})
        self._tags = parts.get("tags", {})
        self._resources = parts.get("resources", {"ExtGState": {}, "XObject": {}, "Pattern": {}, "Shading": {}})

    def clone(self, **parts: Any) -> Stream:
        """Return another, with other parts."""
        return Stream(**parts)


class Page:
    """A page that counts how often it is drawn."""

    width = 210

    def __init__(self, *, picture: bool) -> None:
        self.picture, self.drawn = picture, 0

    def paint(self, stream: Stream, scale: float = 1) -> None:
        """Draw a line of text, marked, and a picture where it has one."""
        self.drawn += 1
        stream.stream.append(b"text")
        stream._tags[self] = {"tag": "P", "mcid": len(stream._tags)}
        stream._resources["ExtGState"][f"a{scale}"] = {"ca": 1}
        if self.picture:
            stream._resources["XObject"]["i1"] = SimpleNamespace()


@pytest.mark.parametrize("picture", [False, True])
def test_a_page_is_drawn_once_unless_it_holds_a_picture(picture: bool) -> None:
    """Every document gets the same text, marks and states; a picture is an object of its own document."""
    page = Page(picture=picture)
    repeated = Repeated(page, Typefaces())
    streams = [Stream() for _ in range(3)]
    for stream in streams:
        repeated.paint(stream, 0.75)
        assert stream.stream == [b"text"]
        assert stream._tags == {page: {"tag": "P", "mcid": 0}}
        assert stream._resources["ExtGState"] == {"a0.75": {"ca": 1}}
        assert bool(stream._resources["XObject"]) is picture
        stream._tags.pop(page)["mcid"] = 9  # as building the structure tree takes them
    assert page.drawn == (4 if picture else 1)
    assert repeated.width == 210
