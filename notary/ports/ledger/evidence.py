"""Evidence manifests and the keys of their items."""

from __future__ import annotations

from typing import Protocol

from notary.core.digest import Digest


class Evidence(Protocol):
    """Evidence manifests and the age identities of their items."""

    def add(self, digest: Digest, manifest: bytes, keys: dict[Digest, str]) -> None:
        """Keep a manifest's JCS bytes and its items' keys; the same again changes nothing."""
        ...

    def get(self, digest: Digest) -> tuple[bytes, dict[Digest, str]] | None:
        """Return a manifest's JCS bytes and keys."""
        ...

    def digests(self) -> tuple[Digest, ...]:
        """Return every manifest's digest."""
        ...

    def erase(self, digest: Digest) -> None:
        """Forget a manifest and its keys; one that is not there is no error."""
        ...
