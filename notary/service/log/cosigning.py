"""Gathering witnesses' cosignatures on the checkpoint of the newest manifest.

They join the ledger's copy of the checkpoint, which receipts carry; the pinned
tree keeps the one that the log alone signed, so that it can be composed again to the
byte. A witness that is down is asked again in the next round: as long as no
newer checkpoint reached it, it still cosigns this one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace

from notary.core.digest import Digest, TreeSize
from notary.core.encoding import shorten
from notary.core.errors import Malformed, NotaryError, OperatorError
from notary.core.log import Checkpoint
from notary.core.merkle import consistency_path
from notary.core.note import Note, NoteSignature, VerifierKey, read_decimal
from notary.ports.ledger import ManifestNumber, ManifestRow
from notary.ports.witness import Witness
from notary.service.log.witness import Submission
from notary.service.notary import Notary

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cosigned:
    """Who cosigned a manifest's checkpoint, by now, and why others did not."""

    manifest: ManifestNumber
    by: tuple[str, ...]
    without: tuple[str, ...] = ()


def cosign(notary: Notary) -> Cosigned | None:
    """Ask every witness that has not cosigned the newest pinned manifest's checkpoint; None where either is none.

    All are asked at once, and each answers in time or counts as down. Safe to repeat.
    """
    if not notary.witnesses:
        return None
    with notary.ledger.read() as work:
        pinned = [row for row in work.anchors.manifests() if row.pinned]
    if not pinned:
        return None
    row, note = pinned[-1], Note.parse(pinned[-1].checkpoint.encode())
    signed = set(note.verify(witness.key for witness in notary.witnesses))
    asked = [witness for witness in notary.witnesses if witness.key not in signed]
    if not asked:
        return Cosigned(row.number, tuple(key.name for key in signed))
    before = pinned[-2].tree_size if len(pinned) > 1 else 0
    with ThreadPoolExecutor(len(asked)) as threads:
        answers = list(threads.map(lambda witness: _ask(notary, witness, note, before), asked))
    lines = [answer for answer in answers if isinstance(answer, NoteSignature)]
    both = zip(asked, answers, strict=True)
    refused = [f"{each.key.name}: {answer}" for each, answer in both if isinstance(answer, NotaryError)]
    for reason in refused:
        _log.warning("manifest %s is not cosigned by %s", row.number, reason)
    if lines:
        add_cosignatures(notary, row.number, lines)
    return Cosigned(row.number, (*(key.name for key in signed), *(line.name for line in lines)), tuple(refused))


def add_cosignatures(notary: Notary, number: ManifestNumber, lines: Sequence[NoteSignature]) -> ManifestRow:
    """Put cosignatures beside the others on a manifest's checkpoint; those that are there already change nothing."""
    with notary.ledger.begin() as work:
        row = next(row for row in work.anchors.manifests() if row.number == number)
        note = Note.parse(row.checkpoint.encode())
        known = {(line.name, line.key_id) for line in note.signatures}
        fresh = tuple(line for line in lines if (line.name, line.key_id) not in known)
        row = replace(row, checkpoint=str(replace(note, signatures=(*note.signatures, *fresh))))
        if fresh:
            work.anchors.save_manifest(row)
    return row


def _ask(notary: Notary, witness: Witness, note: Note, guess: int) -> NoteSignature | NotaryError:
    """Ask one witness: from the size it is most likely at, and once more from the size it says."""
    size = Checkpoint.parse(note.text).size
    try:
        answer = witness.add_checkpoint(_submission(notary, note, guess, size))
        if answer.status == 409:
            told = _told_size(answer.body)
            if told is not None and told != guess and told <= size:
                answer = witness.add_checkpoint(_submission(notary, note, told, size))
            elif told is not None and told > size:
                raise OperatorError("it has seen a longer log", expected=f"{size} entries", actual=f"{told} entries")
        if answer.status != 200:
            words = answer.body[:200].decode("utf-8", "replace").strip()
            raise OperatorError(f"it answers with status {answer.status}", actual=shorten(words))
        return _own_line(witness.key, note, answer.body)
    except NotaryError as error:
        return error
    except Exception as error:  # noqa: BLE001  # a part that is not essential: it must not hold anchoring up
        _log.exception("asking a witness failed for a reason nobody foresaw")
        return OperatorError("asking it failed", actual=type(error).__name__)


def _submission(notary: Notary, note: Note, old: int, size: TreeSize) -> bytes:
    proof: tuple[Digest, ...] = ()
    if old:
        with notary.ledger.read() as work:
            proof = consistency_path(TreeSize(old), size, work.log.node)
    return bytes(Submission(old, proof, note))


def _told_size(body: bytes) -> int | None:
    with suppress(NotaryError, UnicodeDecodeError):
        return read_decimal(body.decode("ascii").removesuffix("\n"), "the witness's size")
    return None


def _own_line(key: VerifierKey, note: Note, body: bytes) -> NoteSignature:
    """Return the one line of the answer that is this witness's; lines of other keys are not looked into."""
    for line in body.decode("utf-8", "replace").splitlines():
        signature = NoteSignature.parse(line, "cosignature")
        if (signature.name, signature.key_id) == (key.name, key.id):
            key.verify(note.text, signature)
            return signature
    raise Malformed("the answer", expected=f"a cosignature of {key.name}")
