"""Block notes: what an independent party signs beside its node, and how they join the anchors they vouch for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from notary.core.block_note import HEADER, BlockNote
from notary.core.encoding import to_hex
from notary.core.errors import IssuerError, Malformed, Mismatch, Pending
from notary.core.keys import PublicKey
from notary.core.note import Note, SignatureType, VerifierKey
from notary.ports import Chain, Signer
from notary.ports.ledger import AnchorState
from notary.service.access.journal import Action, record
from notary.service.notary import Notary

MOST_NOTES = 64
"""Notes that one anchor takes; a receipt carries them all."""


def party_key(name: str, signer: Signer) -> VerifierKey:
    """Return a party's public key as trust files name it."""
    return VerifierKey(name, SignatureType.ED25519, PublicKey.parse(signer.public_key_multibase, "block note key"))


def sign_block(chain: Chain, number: int, name: str, signer: Signer) -> Note:
    """Sign a final block's hash, as the party's own node has it; Pending while the block is not final."""
    final = chain.finalized()
    if number > final:
        raise Pending(
            f"block {number} of {chain.id} is not final", expected=f"at most {final}", hint="Sign it once it is"
        )
    block = chain.block(number)
    if block is None:
        raise IssuerError(f"{chain.id} has no block {number}")
    text = BlockNote(chain.id, number, block.hash).text
    return Note(text, (party_key(name, signer).sign(text, signer.sign),))


def read_notes(data: bytes, where: str) -> tuple[Note, ...]:
    """Read the block notes of a file, one after another as they were printed; Malformed where one is none."""
    start = HEADER.encode() + b"\n"
    before, *parts = data.split(start)
    if before.strip() or not parts:
        raise Malformed(where, expected=f"block notes, each beginning with {HEADER}")
    notes = tuple(Note.parse(start + part.rstrip(b"\n") + b"\n", where) for part in parts)
    for note in notes:
        BlockNote.parse(note.text, where)
    return notes


def add_notes(notary: Notary, notes: Iterable[Note]) -> int:
    """Add block notes to the final anchors of their blocks; return how many were new.

    IssuerError where no final anchor stands in a note's block, Mismatch where
    the block has another hash: nothing is added then.
    """
    added = 0
    with notary.ledger.begin() as work:
        for note in notes:
            vouched = BlockNote.parse(note.text)
            place = f"block {vouched.number} of {vouched.chain}"
            rows = [
                row
                for row in work.anchors.anchors()
                if (row.state, row.chain, row.block) == (AnchorState.FINAL, vouched.chain, vouched.number)
            ]
            if not rows:
                raise IssuerError(f"no final anchor is in {place}", hint="See the anchors: notary batches")
            for row in rows:
                if row.block_hash != vouched.hash:
                    raise Mismatch(
                        f"a note about {place}", expected=to_hex(row.block_hash or b""), actual=to_hex(vouched.hash)
                    )
                if str(note) not in row.notes:
                    work.anchors.save(replace(row, notes=_with(row.notes, note, place)))
                    added += 1
        if added:
            record(notary, work, Action.NOTE, None, count=added)
    return added


def _with(notes: Sequence[str], note: Note, place: str) -> tuple[str, ...]:
    if len(notes) == MOST_NOTES:
        raise IssuerError(f"{place} has {MOST_NOTES} notes already")
    return (*notes, str(note))
