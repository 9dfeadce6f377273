"""Texts that people write into files, for commands."""

from __future__ import annotations

from pathlib import Path

from api.cli.spoken import shown
from notary.core.errors import IssuerError


def read_words(path: Path) -> str:
    """Read a text that somebody wrote into a file."""
    from notary.service.issuing.cells import MAX_TEXT, Unread, read_text

    with path.open("rb") as file:
        data = file.read(4 * MAX_TEXT + 1)
    try:
        found = read_text(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, Unread) as error:
        raise IssuerError(f"{shown(path)} is no text", expected="UTF-8", actual=str(error)) from error
    if not found:
        raise IssuerError(f"{shown(path)} is empty")
    return found
