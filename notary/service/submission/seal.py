"""Sealing: what an institution has submitted becomes a batch: a tree, whose root it will sign."""

from __future__ import annotations

from collections.abc import Sequence

from notary.core.digest import TreeSize
from notary.core.errors import IssuerError
from notary.core.merkle import TreeBuilder
from notary.core.registry import MemberRecord
from notary.core.statement import Recognition
from notary.ports.ledger import BatchId, BatchRow, UnitOfWork
from notary.service.access.journal import Action, record
from notary.service.errors import Absent
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary
from notary.service.submission.preflight import preflight


def seal(
    notary: Notary,
    member: MemberRecord,
    *,
    recognition: Recognition | None = None,
    joint_with: Sequence[str] = (),
    accept_warnings: bool = True,
) -> BatchRow:
    """Seal everything the institution has waiting into one batch, in the order of submission.

    `recognition` is the highest the member has unless it claims less, `joint_with`
    names the co-issuers of a joint award. Unready where the preflight finds errors, or
    warnings that nobody accepted.
    """
    partners = tuple(members_in_force(notary.ledger).require(name) for name in joint_with)
    report = preflight(notary, member, recognition=recognition, partners=partners)
    if not report.size:
        raise IssuerError(f"{member.name} has nothing to seal", hint="Submit credentials first: notary submit")
    report.check(accept_warnings=accept_warnings)
    with notary.ledger.begin() as work:
        tree = TreeBuilder()
        tree.extend(work.credentials.unsealed_leaves(member.id))
        if tree.size != report.size:
            raise IssuerError("credentials came in while these were looked over", hint="Seal again: notary seal")
        batch = BatchRow(
            id=work.batches.next_id(),
            institution=member.id,
            size=TreeSize(tree.size),
            root=tree.root(),
            recognition=recognition or member.recognition,
            joint_with=tuple(partner.id for partner in partners),
            sealed=notary.clock.now(),
        )
        work.batches.save(batch)
        work.credentials.place(batch.id, member.id)
        record(notary, work, Action.SEAL, member.id, [f"batch {batch.id}"], count=batch.size)
    return batch


def find_batch(work: UnitOfWork, number: BatchId) -> BatchRow:
    """Return a batch; Absent where there is none of this number."""
    batch = work.batches.get(number)
    if batch is None:
        raise Absent(f"there is no batch {number}", hint="See the batches: notary batches")
    return batch
