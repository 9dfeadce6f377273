"""What the institution itself signed and sealed, from the files it keeps: its side of the comparison."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from notary.core.canonical import load
from notary.core.digest import Digest
from notary.core.errors import NotaryError
from notary.core.shape import Closed
from notary.core.statement import BatchStatement
from notary.service.log.entries import read_statement
from notary.service.monitoring.seen import Mine
from notary.service.submission.batch_file import BATCH_FILE, MAX_LINE


@dataclass(frozen=True, slots=True)
class Own:
    """Ids of the statements it signed, and root and size of the batches it has batch files of."""

    signed: frozenset[Digest]
    sealed: frozenset[tuple[Digest, int]]

    def accounts_for(self, mine: Mine) -> bool:
        """Say whether the institution has this statement, or the batch it commits.

        A batch file's statement is made anew whenever it is asked for, so there
        the batch counts, not the statement.
        """
        return mine.id in self.signed or (mine.root is not None and (mine.root, mine.size) in self.sealed)


def read_own(files: Iterable[tuple[str, bytes]]) -> tuple[Own, tuple[str, ...]]:
    """Read signed statements, and the first lines of batch files; name the files that are neither."""
    signed: set[Digest] = set()
    sealed: set[tuple[Digest, int]] = set()
    neither: list[str] = []
    for name, data in files:
        try:
            signed.add(read_statement(data).id)
            continue
        except NotaryError:
            pass  # then it may be a batch file
        try:
            head = Closed.typed(load(data, name, max_size=MAX_LINE).value, name, BATCH_FILE, "batch statement")
            statement = BatchStatement.parse(head.value("statement"), head.path("statement"))
            sealed.add((statement.root, statement.size))
        except NotaryError:
            neither.append(name)
    return Own(frozenset(signed), frozenset(sealed)), tuple(neither)
