"""All rows of a table in their order, each learner once: who is ready, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from notary.core.digest import Digest
from notary.service.issuing.finding import Finding, quoted
from notary.service.issuing.learner import Learner, RowReader
from notary.service.issuing.table import Table


@dataclass(frozen=True, slots=True)
class Roll:
    """A table with the way its rows are read; of some alone where `only` names them. Read twice, it gives the same."""

    table: Table
    reader: RowReader
    only: frozenset[int] = frozenset()

    def __iter__(self) -> Iterator[Learner | tuple[Finding, ...]]:
        """Yield each row: read, or what is wrong with it. Of rows about one learner the first that is ready stands."""
        seen: dict[Digest, int] = {}
        for number, cells in self.table.rows():
            if self.only and number not in self.only:
                continue
            found = self.reader.read(number, cells)
            if isinstance(found, Learner):
                first = seen.setdefault(self.identity(found), number)
                if first != number:
                    yield (_again(found, first),)
                    continue
            yield found

    def identity(self, learner: Learner) -> Digest:
        """Return the hash by which the ledger knows this learner's award again."""
        return self.reader.template.drawn("identity", learner.identity)


def _again(learner: Learner, first: int) -> Finding:
    kind, _, value = learner.identity.partition(":")
    what = f"is about the same learner as row {first} ({quoted(value)}, by {kind})"
    return Finding(what, learner.row, None, f"Row {first} stands; take one of them out")
