"""Handing in: credentials are read, the evidence that belongs to all of them is kept, each is taken or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from notary.core.registry import MemberRecord
from notary.service.evidence.manifest import Exhibit, attach
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary
from notary.service.submission.accept import Accepted, accept
from notary.service.submission.joint import accept_joint, with_partners
from notary.service.submission.reading import Read, Reading, Refused, Source
from notary.service.submission.reading_many import read_all


def submit(
    notary: Notary,
    member: MemberRecord,
    sources: Iterable[Source | Refused],
    *,
    exhibits: Sequence[Exhibit] = (),
    narrative: str | None = None,
    public_evidence: bool = False,
    as_file: bool = False,
    duplicates: bool = False,
    joint_with: Sequence[str] = (),
    processes: int | None = None,
    done: Callable[[int], None] = lambda _: None,
) -> Iterator[Accepted | Refused]:
    """Take credentials in; evidence belongs to all of them, and is pinned only where one of them can be read.

    `public_evidence`: it is pinned unencrypted, for everybody and for ever. `joint_with`: the co-issuers of a
    joint award, one of whom its credential may name. `processes` and `done` as in `read_all` and `accept`.
    """
    members = members_in_force(notary.ledger) if joint_with else None
    partners = tuple(members.require(name) for name in joint_with) if members else ()
    readings = read_all(sources, with_partners(member, partners), as_file=as_file, processes=processes)
    evidence = None
    if exhibits or narrative:
        any_read, readings = _look_ahead(readings)
        evidence = attach(notary, exhibits, narrative, public=public_evidence) if any_read else None
    if partners:
        return accept_joint(notary, member, partners, readings, evidence=evidence, duplicates=duplicates, done=done)
    return accept(notary, member, readings, evidence=evidence, duplicates=duplicates, done=done)


def _look_ahead(readings: Iterator[Read]) -> tuple[bool, Iterator[Read]]:
    """Say whether any can be read, and give all of them: those looked at, and what comes after."""
    seen: list[Read] = []
    for reading in readings:
        seen.append(reading)
        if isinstance(reading, Reading):
            return True, chain(seen, readings)
    return False, iter(seen)
