"""All rows of a table in their order, each learner once: who is ready, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from notary.core.digest import Digest
from notary.service.issuing.finding import Finding, quoted
from notary.service.issuing.learner import Learner, RowReader
from notary.service.issuing.table import Table
from notary.service.issuing.template import Template

_READ = 50
"""Rows read together, which is faster than one by one."""


@dataclass(frozen=True, slots=True)
class Roll:
    """A table with the way its rows are read; of some alone where `only` names them. Read twice, it gives the same."""

    table: Table
    reader: RowReader
    only: frozenset[int] = frozenset()

    def __iter__(self) -> Iterator[Learner | tuple[Finding, ...]]:
        """Yield each row: read, or what is wrong with it. Of rows about one learner the first that is ready stands."""
        once, rows = Once(), iter(self.rows())
        while some := list(islice(rows, _READ)):
            for found in [self.reader.read(*row) for row in some]:
                yield once.check(found, identity(self.reader.template, found)) if isinstance(found, Learner) else found

    def rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield the rows that are meant, by number, as they stand in the table."""
        return (row for row in self.table.rows() if not self.only or row[0] in self.only)


def identity(template: Template, learner: Learner) -> Digest:
    """Return the hash by which the ledger knows a learner's award again."""
    return template.drawn("identity", learner.identity)


@dataclass(frozen=True, slots=True)
class Once:
    """The rows that stand, by whom they are about."""

    first: dict[Digest, int] = field(default_factory=dict)

    def check(self, learner: Learner, identity: Digest) -> Learner | tuple[Finding, ...]:
        """Return a learner who did not come before, else the finding that says where."""
        first = self.first.setdefault(identity, learner.row)
        return learner if first == learner.row else (_again(learner, first),)


def _again(learner: Learner, first: int) -> Finding:
    kind, _, value = learner.identity.partition(":")
    what = f"is about the same learner as row {first} ({quoted(value)}, by {kind})"
    return Finding(what, learner.row, None, f"Row {first} stands; take one of them out")
