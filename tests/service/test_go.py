"""Our log, checked by golang.org/x/mod's sumdb/note and sumdb/tlog: an implementation that is not ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

import pytest

from api.witnessing import WitnessFile
from notary.core.digest import LeafIndex, TreeSize
from notary.core.log import changed_tiles
from notary.core.merkle import NodeReader, consistency_path, inclusion_path, tree_root
from notary.core.note import Note
from notary.core.trust import TrustedLog
from notary.service.log.entries import append
from notary.service.log.public_log import read_entries, read_tile, signed_checkpoint
from notary.service.log.witness import Submission, WitnessDesk
from tests.conftest import PROJECT, lacking
from tests.service.lab import opened
from tests.service.paper_log import Signatory, new_key

SIZE = 600
"""Two full tiles and a part of one, under a tile of level 1."""

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, built."""
    go = shutil.which("go")
    if go is None:
        lacking("go is not on the PATH")
    program = tmp_path_factory.mktemp("go") / "checker"
    built = subprocess.run(
        [go, "build", "-o", str(program), "."],
        cwd=PROJECT / "tests" / "go",
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        lacking(f"the Go program cannot be built: {built.stderr.strip()}")
    return program


@pytest.fixture(scope="module")
def folder(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notary's log of 600 statements as files, its checkpoint cosigned by two witnesses, and proofs we made."""
    folder, home = tmp_path_factory.mktemp("log"), tmp_path_factory.mktemp("notary")
    with opened(Path(shutil.copytree(founded, home / "lab"))) as lab:
        notary = lab.notary
        signatories = [Signatory(log=notary.origin), Signatory(log=notary.origin)]
        with notary.ledger.begin() as work:
            for at in range(SIZE):
                signed = signatories[at % 2].batch(f"batch {at}")
                append(work, signed, about=signed.id)
        for tile in changed_tiles(0, TreeSize(SIZE)):
            write(folder / tile.path, read_tile(notary, tile))
            if tile.level == 0:
                write(folder / tile.entries_path, read_entries(notary, tile))
        checkpoint = Note.parse(signed_checkpoint(notary).encode())
        witnesses: list[tuple[str, bytes]] = []
        with notary.ledger.read() as work:
            questions = proofs(work.log.node)
        for name in ("witness.example/w1", "witness.example/w2"):
            log = TrustedLog(notary.origin, (notary.log_vkey,))
            desk = WitnessDesk(
                name, new_key(), (log,), WitnessFile.create(home / f"{len(witnesses)}.json"), notary.clock
            )
            answer = desk.add_checkpoint(bytes(Submission(0, (), checkpoint)))
            witnesses.append((str(desk.key), answer.body))
        write(folder / "checkpoint", bytes(checkpoint) + b"".join(line for _, line in witnesses))
        keys = {"log": str(notary.log_vkey), "witnesses": [key for key, _ in witnesses]}
    write(folder / "questions.json", json.dumps({**keys, **questions}).encode())
    return folder


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def proofs(read: NodeReader) -> dict[str, list[dict[str, object]]]:
    """Inclusion proofs in trees of many sizes, and consistency proofs between many pairs."""
    root = {size: b64(tree_root(TreeSize(size), read)) for size in range(1, SIZE + 1)}
    included = [
        {
            "index": at,
            "size": size,
            "path": path64(inclusion_path(LeafIndex(at), TreeSize(size), read)),
            "root": root[size],
        }
        for size in (1, 2, 3, 7, 255, 256, 257, 511, 512, 513, SIZE)
        for at in {0, size // 2, size - 1}
    ]
    grown = [
        {
            "old": old,
            "new": new,
            "path": path64(consistency_path(TreeSize(old), TreeSize(new), read)),
            "oldRoot": root[old],
            "newRoot": root[new],
        }
        for new in (1, 2, 5, 256, 300, 512, 513, SIZE)
        for old in {1, 2, 3, 4, 128, 255, 256, 257, 511, 512, SIZE}
        if old <= new
    ]
    return {"inclusion": included, "consistency": grown}


def b64(data: bytes) -> str:
    return b64encode(data).decode()


def path64(path: Sequence[bytes]) -> list[str]:
    return [b64(each) for each in path]


def check(checker: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(checker), str(folder)], capture_output=True, text=True, check=False, env=dict(os.environ)
    )


def test_go_verifies_our_checkpoint_tiles_entries_and_proofs(checker: Path, folder: Path) -> None:
    """Note, cosignatures, every entry, inclusion and consistency proofs: all hold for a library that is not ours."""
    done = check(checker, folder)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["size"], found["cosigned"]) == (SIZE, 2)
    asked = json.loads((folder / "questions.json").read_bytes())
    assert (found["inclusion"], found["consistency"]) == (len(asked["inclusion"]), len(asked["consistency"]))
    assert found["inclusion"] >= 30
    assert found["consistency"] >= 40


@pytest.mark.parametrize(
    "path, at", [("checkpoint", 20), ("tile/0/001", 40), ("tile/1/000.p/2", 5), ("tile/entries/002.p/88", 100)]
)
def test_go_refuses_a_changed_byte(path: str, at: int, checker: Path, folder: Path, tmp_path: Path) -> None:
    """So it looked: one bit of a checkpoint, a tile or an entry, and it ends."""
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    data = bytearray((copy / path).read_bytes())
    data[at] ^= 1
    (copy / path).write_bytes(data)
    assert check(checker, copy).returncode == 1
