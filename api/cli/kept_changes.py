"""What `consortium history` has read of registries before, in a file: it goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from api.cli.spoken import shown
from notary.core.errors import NotaryError, OperatorError
from notary.ports import Address, AppliedChange, Chain, Contracts
from notary.service.governance.changes import MAX_SIZE, Known, read_changes, read_known, write_known

Founding = Callable[[Chain, Address], int | None]
"""Says in which block a registry was founded, None where that is not known."""


class KeptChanges:
    """The file, or none: then nothing is kept. It is written after each page of final blocks, whole."""

    FILE: ClassVar[str] = "history.json"
    """Its name in a data folder. It holds nothing that the chain does not say again."""

    def __init__(self, path: Path | None, contracts: Contracts) -> None:
        self._path, self._contracts = path, contracts
        self._known = {(each.chain, each.registry): each for each in _read(path)} if path else {}

    def read(
        self, chain: Chain, registry: Address, *, founding: Founding = lambda *_: None
    ) -> tuple[AppliedChange, ...]:
        """Read a registry's changes, from where the file ends."""
        known = self._known.get((chain.id, registry))
        since = founding(chain, registry) if known is None else None
        return read_changes(chain, registry, self._contracts, known=known, since=since, keep=self._keep)

    def _keep(self, known: Known) -> None:
        self._known[known.chain, known.registry] = known
        if self._path is None:
            return
        new = self._path.with_name(self._path.name + ".new")
        new.write_bytes(write_known(tuple(self._known.values())))
        new.replace(self._path)


def _read(path: Path) -> tuple[Known, ...]:
    if not path.exists():
        return ()
    with path.open("rb") as file:
        data = file.read(MAX_SIZE + 1)
    try:
        return read_known(data)
    except NotaryError as error:
        raise OperatorError(f"{shown(path)}: {error}", hint="Remove it: it is read from the chain again") from error
