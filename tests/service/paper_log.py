"""A log on paper: entries in a list, served as the files of a mirror, with every lie that a notary can tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.key_files import KeyFile
from notary.core.digest import Digest, TreeSize, sha256
from notary.core.keys import PublicKey
from notary.core.log import Checkpoint, changed_tiles, encode_entries, entry_hash, tile_data
from notary.core.merkle import Tree
from notary.core.note import Note, SignatureType, VerifierKey
from notary.core.statement import BatchStatement, Recognition, SignedStatement, StatusStatement
from notary.ports import Missing
from notary.service.submission.signing import sign

ORIGIN = "paper.example/log"
TIME = "2026-05-01T00:00:00Z"


def new_key() -> KeyFile:
    """Draw a key that is in no file."""
    return KeyFile(Ed25519PrivateKey.generate())


@dataclass
class Files:
    """A mirror that has these files, and counts what is read; `down` is raised instead of an answer."""

    files: dict[str, bytes]
    down: Exception | None = None
    read_paths: list[str] = field(default_factory=list)

    def read(self, path: str, *, max_size: int) -> bytes:
        if self.down is not None:
            raise self.down
        self.read_paths.append(path)
        if path not in self.files:
            raise Missing(f"no {path}")
        assert len(self.files[path]) <= max_size
        return self.files[path]


@dataclass
class Signatory:
    """An institution: its key, and the end of its chain of statements."""

    key: KeyFile = field(default_factory=new_key)
    log: str = ORIGIN
    seq: int = 0
    last: Digest | None = None

    @property
    def did(self) -> str:
        return f"did:key:{self.key.public_key_multibase}"

    def batch(self, title: str = "a batch", **changes: Any) -> SignedStatement:
        """Sign the next batch statement, or one with changes."""
        members: dict[str, Any] = {
            "log": self.log,
            "issuer": self.did,
            "seq": self.seq + 1,
            "previous": self.last,
            "size": TreeSize(3),
            "root": sha256(title.encode()),
            "recognition": Recognition.COMMUNITY,
            "legacy": None,
            "joint_with": (),
            "time": TIME,
        }
        return self._signed(BatchStatement(**{**members, **changes}))

    def status(self, batch: SignedStatement, title: str = "revoked", **changes: Any) -> SignedStatement:
        """Sign a status statement on a batch."""
        members: dict[str, Any] = {
            "log": self.log,
            "issuer": self.did,
            "seq": self.seq + 1,
            "previous": self.last,
            "batch": batch.id,
            "root": sha256(title.encode()),
            "time": TIME,
        }
        return self._signed(StatusStatement(**{**members, **changes}))

    def _signed(self, statement: BatchStatement | StatusStatement) -> SignedStatement:
        signed = sign(statement, self.key, f"{self.did}#{self.key.public_key_multibase}")
        self.seq, self.last = statement.seq, signed.id
        return signed


@dataclass
class PaperLog:
    """Entries and the key that signs their checkpoints."""

    origin: str = ORIGIN
    key: KeyFile = field(default_factory=new_key)
    entries: list[bytes] = field(default_factory=list)

    @property
    def vkey(self) -> VerifierKey:
        return VerifierKey(
            self.origin, SignatureType.ED25519, PublicKey.parse(self.key.public_key_multibase, "log key")
        )

    def log(self, *signed: SignedStatement) -> PaperLog:
        """Append statements."""
        self.entries += [each.entry() for each in signed]
        return self

    def tree(self, size: int | None = None) -> Tree:
        return Tree(entry_hash(entry) for entry in self.entries[:size])

    def checkpoint(self, size: int | None = None, root: Digest | None = None) -> bytes:
        """Sign a checkpoint of the first entries, or a lie about them."""
        tree = self.tree(size)
        return self.sign(Checkpoint(self.origin, tree.size, root or tree.root).text)

    def sign(self, text: str) -> bytes:
        return bytes(Note(text, (self.vkey.sign(text, self.key.sign),)))

    def files(self, size: int | None = None) -> Files:
        """Serve the first entries."""
        tree = self.tree(size)
        read: Callable[[int, int], Digest] = tree.node
        files = {"checkpoint": self.checkpoint(size)}
        for tile in changed_tiles(0, tree.size):
            files[tile.path] = tile_data(tile, read)
            if tile.level == 0:
                first = tile.index * 256
                files[tile.entries_path] = encode_entries(self.entries[first : first + tile.width])
        return Files(files)
