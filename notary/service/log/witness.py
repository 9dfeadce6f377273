"""A witness: it cosigns a checkpoint once it has seen that the log only grew (c2sp.org/tlog-witness).

Its word is worth what its memory is: the new state is durable before a cosignature
leaves, so a witness that was killed in between cosigns the same checkpoint again, and
never one beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from notary.core.digest import Digest, TreeSize
from notary.core.encoding import from_base64, shorten, to_base64
from notary.core.errors import Malformed, Mismatch, NotaryError
from notary.core.keys import PublicKey
from notary.core.log import Checkpoint
from notary.core.merkle import verify_consistency
from notary.core.note import MAX_SIZE as MAX_NOTE
from notary.core.note import Note, SignatureType, VerifierKey, read_decimal
from notary.core.trust import TrustedLog
from notary.ports import Clock, Signer
from notary.ports.witness import WitnessAnswer, WitnessMemory

MAX_PROOF = 63
"""Lines of a consistency proof."""
MAX_REQUEST = MAX_NOTE + 8192
"""Bytes of a request: a note, the old size and 63 hashes in base64."""
SIZE_TYPE = "text/x.tlog.size"


class _Refused(Exception):
    """A request that is answered with a status other than 200."""

    def __init__(self, status: int, body: str, media_type: str = "text/plain") -> None:
        super().__init__(body)
        self.answer = WitnessAnswer(status, f"{body}\n".encode(), media_type)


@dataclass(frozen=True, slots=True)
class Submission:
    """A request: the size the log believes the witness to be at, the proof from there, the checkpoint's note."""

    old_size: int
    proof: tuple[Digest, ...]
    note: Note

    @classmethod
    def parse(cls, data: bytes) -> Submission:
        """Read a request body; Malformed where it is none."""
        if len(data) > MAX_REQUEST:
            raise Malformed("request", expected=f"at most {MAX_REQUEST} bytes", actual=len(data))
        head, empty, note = data.partition(b"\n\n")
        first, *lines = head.decode("ascii", "replace").split("\n")
        if not empty or not first.startswith("old "):
            raise Malformed("request", expected="`old SIZE`, proof lines, an empty line and a checkpoint")
        if len(lines) > MAX_PROOF:
            raise Malformed("consistency proof", expected=f"at most {MAX_PROOF} lines", actual=len(lines))
        return cls(
            read_decimal(first.removeprefix("old "), "old size"),
            tuple(Digest(from_base64(line, f"consistency proof, line {at}")) for at, line in enumerate(lines, 1)),
            Note.parse(note, "checkpoint"),
        )

    def __bytes__(self) -> bytes:
        lines = [f"old {self.old_size}", *(to_base64(digest) for digest in self.proof), "", str(self.note)]
        return "\n".join(lines).encode()


@dataclass(frozen=True, slots=True)
class WitnessDesk:
    """A witness of this name, for the logs it knows."""

    name: str
    signer: Signer
    logs: tuple[TrustedLog, ...]
    memory: WitnessMemory
    clock: Clock

    @property
    def key(self) -> VerifierKey:
        """The key it cosigns with, as trust files name it."""
        return witness_key(self.name, self.signer)

    def add_checkpoint(self, request: bytes) -> WitnessAnswer:
        """Answer a submission, in the specification's order."""
        try:
            submission = Submission.parse(request)
            found = Checkpoint.parse(submission.note.text)
        except NotaryError as error:
            return WitnessAnswer(400, f"{error}\n".encode())
        try:
            self._check_signed(submission.note, found)
            if submission.old_size > found.size:
                raise _Refused(400, "the old size is larger than the checkpoint's")
            self.memory.advance(found.origin, lambda last: self._grown(submission, found, last))
        except _Refused as refused:
            return refused.answer
        moment = int(self.clock.now().timestamp())
        line = self.key.sign(submission.note.text, self.signer.sign, timestamp=moment)
        return WitnessAnswer(200, f"{line}\n".encode())

    def _check_signed(self, note: Note, found: Checkpoint) -> None:
        log = next((log for log in self.logs if log.origin == found.origin), None)
        if log is None:
            raise _Refused(404, f"the log {shorten(found.origin)} is not known here")
        try:
            signed = note.verify(log.keys)
        except Mismatch as error:
            raise _Refused(403, str(error)) from error
        if not signed:
            raise _Refused(403, "no key of the log signed the checkpoint")

    def _grown(self, submission: Submission, found: Checkpoint, last: Checkpoint | None) -> Checkpoint:
        """Return the checkpoint to remember, once it is shown to extend the one remembered."""
        size = last.size if last else 0
        if submission.old_size != size:
            raise _Refused(409, str(size), SIZE_TYPE)
        if last is None:
            if submission.proof:
                raise _Refused(422, "a proof from nothing is empty")
            return found
        if found.size == last.size and found.root != last.root:
            self.memory.keep_evidence(found.origin, str(submission.note))
            raise _Refused(409, "another root of this size was cosigned: the log is forked")
        try:
            verify_consistency(last.root, last.size, found.root, TreeSize(found.size), submission.proof)
        except NotaryError as error:
            self.memory.keep_evidence(found.origin, str(submission.note))
            raise _Refused(422, f"the log is not shown to extend what was cosigned: {error}") from error
        return found


def witness_key(name: str, signer: Signer) -> VerifierKey:
    """Return a witness's public key as trust files name it."""
    return VerifierKey(name, SignatureType.COSIGNATURE, PublicKey.parse(signer.public_key_multibase, "witness's key"))
