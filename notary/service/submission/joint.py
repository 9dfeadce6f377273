"""Joint awards: one credential that several institutions have committed, each in a batch that names the others.

Neither can be had for the other's asking: evidence and salts are shared only with
an institution that the other one's sealed batch names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from notary.core.digest import Digest
from notary.core.errors import IssuerError, Pending
from notary.core.registry import MemberRecord
from notary.ports.ledger import BatchRow, CredentialRow, UnitOfWork
from notary.service.notary import Notary
from notary.service.submission.accept import CHUNK, Accepted, accept
from notary.service.submission.reading import Read, Reading, Refused, place


def find_joint(work: UnitOfWork, batch: BatchRow, row: CredentialRow) -> tuple[CredentialRow, ...]:
    """Return what the co-issuers of a batch have committed of one of its credentials, by their order there.

    The same digest and evidence, in a logged batch that names all the others;
    Pending names the institution that has not.
    """
    if not batch.joint_with:
        return ()
    assert row.digest is not None
    found = {each.institution: each for each in _committed(work, batch, row)}
    for did in batch.joint_with:
        if did not in found:
            raise Pending(
                f"{did} has not committed credential {row.id} of this joint award yet",
                hint=f"It submits the same one: notary submit FILE --issuer {did} --joint-with {batch.institution}",
            )
    return tuple(found[did] for did in batch.joint_with)


def _committed(work: UnitOfWork, batch: BatchRow, row: CredentialRow) -> Iterator[CredentialRow]:
    together = {batch.institution, *batch.joint_with}
    assert row.digest is not None
    for other in work.credentials.by_digest(row.digest):
        its = None if other.batch is None else work.batches.get(other.batch)
        if its is None or its.entry is None or other.institution == batch.institution:
            continue
        same = (other.form, other.evidence) == (row.form, row.evidence)
        if same and {its.institution, *its.joint_with} == together:
            yield other


def with_partners(member: MemberRecord, partners: Iterable[MemberRecord]) -> MemberRecord:
    """Return the member as one whose credentials may name a co-issuer too: a joint award has one issuer of several."""
    partners = tuple(partners)
    if any(partner.id == member.id for partner in partners):
        raise IssuerError(f"{member.name} cannot award jointly with itself", hint="Name the other institutions")
    named = (name for partner in partners for name in (partner.id, *partner.aliases))
    return replace(member, aliases=(*member.aliases, *named))


def shared_evidence(
    work: UnitOfWork, member: MemberRecord, partners: Iterable[MemberRecord], digest: Digest
) -> CredentialRow | None:
    """Return what a co-issuer committed of a credential: a joint award has its evidence everywhere.

    Only of a batch that names this member; None where no co-issuer has sealed it yet.
    """
    named = {partner.id for partner in partners}
    for row in work.credentials.by_digest(digest):
        batch = None if row.batch is None or row.institution not in named else work.batches.get(row.batch)
        if batch is not None and member.id in batch.joint_with:
            return row
    return None


def accept_joint(
    notary: Notary,
    member: MemberRecord,
    partners: Sequence[MemberRecord],
    readings: Iterable[Read],
    *,
    evidence: Digest | None = None,
    duplicates: bool = False,
    done: Callable[[int], None] = lambda _: None,
) -> Iterator[Accepted | Refused]:
    """Take credentials of a joint award in; where a co-issuer has sealed one, its evidence is taken over.

    One that comes with other evidence is refused: the leaves would never be of one award.
    """
    pending, count = iter(readings), 0
    while chunk := list(islice(pending, CHUNK)):
        groups: dict[Digest | None, list[Read]] = {}
        with notary.ledger.read() as work:
            for reading in chunk:
                theirs = None
                if isinstance(reading, Reading):
                    theirs = shared_evidence(work, member, partners, reading.digest)
                if isinstance(reading, Reading) and theirs is not None and evidence not in (None, theirs.evidence):
                    reading = _other_evidence(reading, theirs)  # noqa: PLW2901  # refused in its place
                groups.setdefault(theirs.evidence if theirs is not None else evidence, []).append(reading)
        for each, group in groups.items():
            yield from accept(notary, member, group, evidence=each, duplicates=duplicates)
        count += len(chunk)
        done(count)


def _other_evidence(reading: Reading, theirs: CredentialRow) -> Refused:
    error = IssuerError(
        f"{place(reading.source, reading.line)}: {theirs.institution} has committed it with other evidence",
        hint="Leave the evidence out: theirs is taken over",
    )
    return Refused(reading.source, reading.line, str(error), error.hint, read=True)
