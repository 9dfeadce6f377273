"""The serif that certificates are shipped with: what names need of it beyond having the letters."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

from api.certificates.press import missing_letters

MARKS = "\u0300\u0301\u0303\u0304\u0308"
"""Grave, acute, tilde, macron, diaeresis."""
LETTERS = "ọẹụịạėāēīōūƆỌẸỤỊṢAEIOUMNRSW"
"""What Yoruba, Igbo, Vietnamese, Lithuanian, Latin and others set them on, where no letter of its own exists."""


def anchors(font: Any) -> set[tuple[str, str]]:
    """Every pair of a letter and a mark that has a place on it (GPOS MarkBasePos), by the names of their glyphs."""
    found = set()
    for lookup in font["GPOS"].table.LookupList.Lookup:
        for part in lookup.SubTable:
            table = getattr(part, "ExtSubTable", part)
            if type(table).__name__ == "MarkBasePos":
                found |= {(base, mark) for base in table.BaseCoverage.glyphs for mark in table.MarkCoverage.glyphs}
    return found


@pytest.mark.parametrize("style", ["normal", "italic"])
def test_combining_marks_stand_on_their_letters(style: str) -> None:
    """Ọ̀ṣúndáre, Adébáyọ̀: the grave has a place over the letter, so it is not drawn beside it."""
    with files("api.certificates").joinpath("fonts", f"EBGaramond-{style}.ttf").open("rb") as file:
        font = TTFont(file)
        names, placed = font.getBestCmap(), anchors(font)
    beside = {
        letter + mark
        for letter in LETTERS
        for mark in MARKS
        if ord(letter) in names and (names[ord(letter)], names[ord(mark)]) not in placed
    }
    assert beside == set()


def test_letters_that_no_font_has_are_named_beforehand() -> None:
    """So that a class is looked over before it is printed; mark-up is text here too."""
    assert missing_letters("Ana <b>Pérez</b> & Оксана") == ""
    assert missing_letters("Ana \U0010fffd \ue123") == "\ue123\U0010fffd"
