"""Evidence manifests, and the keys of their items."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from notary.core.digest import Digest
from notary.store.rows import wiping
from notary.store.tables import evidence_key, evidence_manifest


class SqlEvidence:
    """The evidence of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, digest: Digest, manifest: bytes, keys: dict[Digest, str]) -> None:
        known = self.get(digest)
        if known is None:
            self._connection.execute(insert(evidence_manifest), {"digest": digest, "data": manifest})
        new = [
            {"manifest": digest, "item": item, "key": key}
            for item, key in keys.items()
            if known is None or item not in known[1]
        ]
        if new:
            self._connection.execute(insert(evidence_key), new)

    def get(self, digest: Digest) -> tuple[bytes, dict[Digest, str]] | None:
        found = select(evidence_manifest.c.data).where(evidence_manifest.c.digest == digest)
        data = self._connection.scalar(found)
        if data is None:
            return None
        keys = select(evidence_key.c.item, evidence_key.c.key).where(evidence_key.c.manifest == digest)
        return data, dict(self._connection.execute(keys).all())

    def digests(self) -> tuple[Digest, ...]:
        return tuple(self._connection.scalars(select(evidence_manifest.c.digest)))

    def erase(self, digest: Digest) -> None:
        with wiping(self._connection):
            self._connection.execute(delete(evidence_key).where(evidence_key.c.manifest == digest))
            self._connection.execute(delete(evidence_manifest).where(evidence_manifest.c.digest == digest))
