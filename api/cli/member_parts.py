"""Parts of a member record as people type them, or keep them in files."""

from __future__ import annotations

from pathlib import Path

from api.cli.spoken import shown
from notary.core.canonical import JSON, load
from notary.core.errors import IssuerError
from notary.core.registry import Programme
from notary.service.members.application import MAX_SIZE


def read_programme(text: str) -> Programme:
    """Read an achievement, with the regulator's reference behind the last equals sign where there is one."""
    achievement, equals, reference = text.rpartition("=")
    if not equals:
        achievement, reference = text, ""
    return Programme(achievement, reference or None)


def read_document(path: Path) -> JSON:
    """Read a DID document."""
    value = load(path.read_bytes(), shown(path), max_size=MAX_SIZE).value
    if not isinstance(value, dict):
        raise IssuerError(f"{shown(path)} is no DID document", expected="a JSON object")
    return value
