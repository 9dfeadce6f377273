"""Manifests, and what became of them on every chain."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, func, select

from notary.core.digest import Digest
from notary.ports.ledger import AnchorRow, AnchorState, ManifestNumber, ManifestRow
from notary.store.rows import columns, save, values
from notary.store.tables import anchor, manifest


class SqlAnchors:
    """The anchors of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def manifests(self) -> tuple[ManifestRow, ...]:
        statement = select(*columns(ManifestRow, manifest)).order_by(manifest.c.number)
        return tuple(ManifestRow(*row) for row in self._connection.execute(statement))

    def manifest(self, number: ManifestNumber) -> ManifestRow | None:
        return self._one(select(*columns(ManifestRow, manifest)).where(manifest.c.number == number))

    def newest(self) -> ManifestRow | None:
        return self._one(select(*columns(ManifestRow, manifest)).order_by(manifest.c.number.desc()).limit(1))

    def unfinished(self, chain: str, *, since: int = 1) -> tuple[ManifestNumber, ...]:
        there = (anchor.c.manifest == manifest.c.number) & (anchor.c.chain == chain)
        begun = select(anchor.c.manifest).where(there).exists()
        final = select(anchor.c.manifest).where(there, anchor.c.state == AnchorState.FINAL).exists()
        wanted = (manifest.c.number >= since) | begun
        statement = select(manifest.c.number).where(wanted, ~final).order_by(manifest.c.number)
        return tuple(self._connection.execute(statement).scalars())

    def newest_under(self, states: Collection[Digest]) -> ManifestNumber | None:
        under = select(func.max(anchor.c.manifest)).where(anchor.c.registry.in_(states))
        return self._connection.execute(under).scalar()

    def _one(self, statement: Select[Any]) -> ManifestRow | None:
        row = self._connection.execute(statement).first()
        return None if row is None else ManifestRow(*row)

    def save_manifest(self, row: ManifestRow) -> None:
        save(self._connection, manifest, values(row))

    def anchors(self, manifest: ManifestNumber | None = None) -> tuple[AnchorRow, ...]:
        statement = select(*columns(AnchorRow, anchor)).order_by(anchor.c.manifest, anchor.c.chain)
        if manifest is not None:
            statement = statement.where(anchor.c.manifest == manifest)
        return tuple(AnchorRow(*row) for row in self._connection.execute(statement))

    def save(self, row: AnchorRow) -> None:
        save(self._connection, anchor, values(row))
