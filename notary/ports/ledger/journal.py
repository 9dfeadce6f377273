"""The journal: who did what, append-only, each entry chained to the one before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from notary.core.digest import Digest


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an API key's role and id, `command line` and the account's name, or the notary itself."""

    role: str
    name: str


ITSELF = Actor("notary", "")
"""The notary, by itself: what nobody asked for at that moment."""


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One entry. `institution`: the DID it concerns, or None for the whole notary.

    `objects` are ids, of `count` things; `outcome` is `done`, or why it was
    refused. `previous` is the hash of the entry before, `hash` covers all else.
    """

    number: int
    time: datetime
    actor: Actor
    institution: str | None
    action: str
    objects: tuple[str, ...]
    count: int
    outcome: str
    previous: Digest | None
    hash: Digest


class Journal(Protocol):
    """The entries, numbered from 1. None is ever changed or removed."""

    def append(self, row: JournalRow) -> None:
        """Add the next entry; OperatorError where its number or hash is there already."""
        ...

    def last(self, institution: str | None = None) -> JournalRow | None:
        """Return the newest entry, of one institution or of all."""
        ...

    def entries(self, after: int = 0, institution: str | None = None) -> Iterator[JournalRow]:
        """Yield entries from the number after `after` on, of one institution or all, in order, streamed."""
        ...
