"""A witness by c2sp.org/tlog-witness: what it cosigns, what it refuses and how, and what it remembers."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.witnessing import WitnessFile
from notary.core.digest import Digest, TreeSize, sha256
from notary.core.encoding import to_base64
from notary.core.errors import Malformed, OperatorError
from notary.core.log import Checkpoint
from notary.core.merkle import consistency_path
from notary.core.note import Note, NoteSignature
from notary.core.trust import TrustedLog
from notary.ports.witness import WitnessAnswer
from notary.service.log.witness import MAX_REQUEST, SIZE_TYPE, Submission, WitnessDesk
from tests.clocks import Standing
from tests.service.paper_log import ORIGIN, PaperLog, new_key

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def grown(size: int = 12, **options: Any) -> PaperLog:
    """A log of any entries: a witness does not look into them."""
    return PaperLog(entries=[f"entry {at}".encode() for at in range(size)], **options)


def make_desk(log: PaperLog, folder: Path, memory: Any = None) -> WitnessDesk:
    logs = (TrustedLog(log.origin, (log.vkey,)),)
    kept = memory or WitnessFile.create(folder / "witness.json")
    return WitnessDesk("witness.example/w1", new_key(), logs, kept, Standing(NOW))


def request(log: PaperLog, old: int, size: int, **changes: Any) -> bytes:
    """Ask for a cosignature of the first `size` entries."""
    proof = consistency_path(TreeSize(old), TreeSize(size), log.tree(size).node) if 0 < old <= size else ()
    members = {"old_size": old, "proof": proof, "note": Note.parse(log.checkpoint(size)), **changes}
    return bytes(Submission(**members))


def ask(desk: WitnessDesk, log: PaperLog, old: int, size: int, **changes: Any) -> WitnessAnswer:
    return desk.add_checkpoint(request(log, old, size, **changes))


@pytest.fixture
def log() -> PaperLog:
    return grown()


@pytest.fixture
def desk(log: PaperLog, tmp_path: Path) -> WitnessDesk:
    return make_desk(log, tmp_path)


def test_it_cosigns_a_log_as_it_grows(desk: WitnessDesk, log: PaperLog) -> None:
    """Each answer is one line; put below the checkpoint, it verifies under the witness's key, with the time."""
    for old, size in [(0, 1), (1, 4), (4, 4), (4, 7), (7, 12)]:
        answer = ask(desk, log, old, size)
        assert answer.status == 200
        note = Note.parse(log.checkpoint(size) + answer.body)
        assert note.verify([desk.key]) == (desk.key,)
        assert int.from_bytes(note.signatures[-1].value[:8]) == int(NOW.timestamp())


def test_the_wrong_old_size_is_answered_with_the_right_one(desk: WitnessDesk, log: PaperLog) -> None:
    """409, and the size with a line feed, so that the log can make the right proof."""
    assert ask(desk, log, 4, 7) == WitnessAnswer(409, b"0\n", SIZE_TYPE)
    ask(desk, log, 0, 4)
    for old in (0, 3, 5):
        assert ask(desk, log, old, 7) == WitnessAnswer(409, b"4\n", SIZE_TYPE)


def test_a_fork_of_the_same_size_is_refused_and_kept(desk: WitnessDesk, log: PaperLog, tmp_path: Path) -> None:
    """Two roots of one size, both signed: 409, no cosignature, and the evidence stays."""
    ask(desk, log, 0, 4)
    fork = PaperLog(key=log.key, entries=[*log.entries[:3], b"another"])
    answer = ask(desk, fork, 4, 4)
    assert (answer.status, b"forked" in answer.body) == (409, True)
    assert fork.checkpoint(4).decode().splitlines()[2] in (tmp_path / "witness.json").read_text()
    assert ask(desk, log, 4, 5).status == 200


def test_a_log_that_does_not_extend_what_was_cosigned_is_refused(desk: WitnessDesk, log: PaperLog) -> None:
    """422, whatever proof comes with it; the witness's memory stays what it was."""
    ask(desk, log, 0, 4)
    fork = PaperLog(key=log.key, entries=[*log.entries[:3], *[b"another"] * 5])
    assert ask(desk, fork, 4, 8).status == 422
    assert ask(desk, fork, 4, 8, proof=consistency_path(TreeSize(4), TreeSize(8), log.tree(8).node)).status == 422
    assert ask(desk, log, 4, 8, proof=()).status == 422
    assert ask(desk, log, 4, 8, proof=(sha256(b"x"),) * 9).status == 422
    assert ask(desk, log, 4, 4, proof=(sha256(b"x"),)).status == 422
    assert ask(desk, log, 4, 8).status == 200


def test_a_proof_from_nothing_is_empty(desk: WitnessDesk, log: PaperLog) -> None:
    assert ask(desk, log, 0, 4, proof=(sha256(b"x"),)).status == 422
    assert ask(desk, log, 0, 4).status == 200


def test_a_smaller_checkpoint_is_not_cosigned_again(desk: WitnessDesk, log: PaperLog) -> None:
    """Not even one that was: a witness says what is the largest it has seen."""
    ask(desk, log, 0, 4)
    ask(desk, log, 4, 8)
    assert ask(desk, log, 4, 4) == WitnessAnswer(409, b"8\n", SIZE_TYPE)
    assert ask(desk, log, 8, 4).status == 400


def test_an_unknown_log_is_404(desk: WitnessDesk, log: PaperLog) -> None:
    assert ask(desk, grown(origin="other.example/log", key=log.key), 0, 4).status == 404


def test_a_checkpoint_that_no_key_of_the_log_signed_is_403(desk: WitnessDesk, log: PaperLog) -> None:
    """Another key's, or a bad signature in the log's name."""
    assert ask(desk, grown(), 0, 4).status == 403
    note = Note.parse(log.checkpoint(4))
    (line,) = note.signatures
    assert ask(desk, log, 0, 4, note=Note(note.text, (NoteSignature(line.name, line.key_id, bytes(64)),))).status == 403


def test_signatures_of_other_keys_change_nothing(desk: WitnessDesk, log: PaperLog) -> None:
    """A checkpoint may carry many."""
    note = Note.parse(log.checkpoint(4))
    stranger = NoteSignature("stranger.example", b"1234", b"anything")
    assert ask(desk, log, 0, 4, note=Note(note.text, (stranger, *note.signatures))).status == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"",
        lambda _: b"\n\n",
        lambda body: body.replace(b"old 0", b"old 00", 1),
        lambda body: body.replace(b"old 0", b"old -1", 1),
        lambda body: body.replace(b"old 0", b"0", 1),
        lambda body: body.replace(b"old 0", b"old 0\nno base64", 1),
        lambda body: body.replace(b"old 0", b"old 0\n" + to_base64(bytes(31)).encode(), 1),
        lambda body: body.replace(b"old 0", b"old 0" + (b"\n" + to_base64(bytes(32)).encode()) * 64, 1),
        lambda body: body[:-1],
        lambda body: body + bytes(MAX_REQUEST),
        lambda body: body.replace(ORIGIN.encode(), b"\xff\xfe", 1),
    ],
)
def test_what_is_no_request_is_400(change: Any, desk: WitnessDesk, log: PaperLog) -> None:
    """And leaves no trace."""
    assert desk.add_checkpoint(change(request(log, 0, 4))).status == 400
    assert ask(desk, log, 0, 4).status == 200


def test_a_note_that_is_no_checkpoint_is_400(desk: WitnessDesk, log: PaperLog) -> None:
    assert ask(desk, log, 0, 4, note=Note.parse(log.sign(f"{ORIGIN}\nmany\n"))).status == 400


def test_a_request_reads_as_it_was_written(log: PaperLog) -> None:
    body = request(log, 5, 12)
    assert bytes(Submission.parse(body)) == body
    with pytest.raises(Malformed, match="at most"):
        Submission.parse(bytes(MAX_REQUEST + 1))


# ----------------------------------------------------------------------- its memory


class Killed(BaseException):
    """The process ends here."""


def test_what_it_cosigned_is_remembered_before_the_cosignature_leaves(log: PaperLog, tmp_path: Path) -> None:
    """Killed between the two: it cosigns the same again, and no fork of it."""

    class Late:
        public_key_multibase = new_key().public_key_multibase

        def sign(self, _: bytes) -> bytes:
            raise Killed

    desk = make_desk(log, tmp_path)
    dying = WitnessDesk(desk.name, Late(), desk.logs, desk.memory, desk.clock)
    with pytest.raises(Killed):
        ask(dying, log, 0, 4)
    again = make_desk(log, tmp_path, WitnessFile.open(tmp_path / "witness.json"))
    fork = PaperLog(key=log.key, entries=[*log.entries[:3], b"another"])
    assert ask(again, fork, 4, 4).status == 409
    assert ask(again, log, 4, 4).status == 200


def test_without_its_memory_nothing_is_cosigned(log: PaperLog, tmp_path: Path) -> None:
    """The disk is full: no cosignature leaves."""

    class Full(WitnessFile):
        def _write(self, _: dict[str, Any]) -> None:
            raise OSError(28, "No space left on device")

    WitnessFile.create(tmp_path / "witness.json")
    with pytest.raises(OSError, match="No space"):
        ask(make_desk(log, tmp_path, Full(tmp_path / "witness.json")), log, 0, 4)


def test_two_at_once_never_go_back(log: PaperLog, tmp_path: Path) -> None:
    """Old size and new state are compared and written together: the larger one stays, whichever came first."""
    desk = make_desk(log, tmp_path)
    ask(desk, log, 0, 2)
    found: list[int] = []
    requests = [request(log, 2, size) for size in (5, 9, 12, 3)]
    threads = [threading.Thread(target=lambda r=r: found.append(desk.add_checkpoint(r).status)) for r in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200, 409, 409, 409]


def test_a_lost_or_damaged_memory_is_refused(tmp_path: Path) -> None:
    """A witness that forgot could be made to cosign a fork."""
    path = tmp_path / "witness.json"
    with pytest.raises(OperatorError, match="draws a new key"):
        WitnessFile.open(path)
    WitnessFile.create(path)
    with pytest.raises(OperatorError, match="there already"):
        WitnessFile.create(path)
    for damaged in ("", "{}", '{"type":"another"}', path.read_text()[:-9]):
        path.write_text(damaged)
        with pytest.raises(OperatorError, match="cannot be read"):
            WitnessFile.open(path)


def test_a_memory_comes_back_as_it_was(tmp_path: Path) -> None:
    memory = WitnessFile.create(tmp_path / "witness.json")
    found = Checkpoint(ORIGIN, TreeSize(3), Digest(bytes(range(32))))
    memory.advance(ORIGIN, lambda _: found)
    assert WitnessFile.open(tmp_path / "witness.json").advance(ORIGIN, lambda last: last or found) == found
