"""Cells of the tables we write, which nobody's spreadsheet is to run."""

from __future__ import annotations

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet run a cell; such a cell gets an apostrophe, as OWASP recommends."""


def cell(text: str) -> str:
    """Return a cell's text so that no spreadsheet runs it."""
    return f"'{text}" if text.startswith(_FORMULAS) else text
