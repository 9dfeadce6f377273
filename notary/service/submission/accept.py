"""Accepting credentials that were read: each is taken or refused by itself, what is taken is durable, in bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from notary.core.digest import ZERO, Digest
from notary.core.errors import IssuerError
from notary.core.leaf import hash_leaf
from notary.core.registry import MemberRecord
from notary.ports.ledger import CredentialId, NewCredential, UnitOfWork
from notary.service.access.journal import Action, record
from notary.service.access.links import TOKEN_SIZE, link_hash, token_of
from notary.service.beside import behind
from notary.service.notary import Notary
from notary.service.submission.reading import Read, Reading, Refused, place

CHUNK = 2000
"""Credentials in one unit of work."""
_UNIT_SIZE = 64 << 20
"""Bytes of credentials in one unit of work: one is in memory, and the next while that is written."""
MAX_RETAINED = 2 << 20
"""Bytes of the largest credential a receipt carries, of its 4 MiB; the holder of a larger one shows it beside."""
_SALT_SIZE = 32
_DRAWN = _SALT_SIZE + TOKEN_SIZE


class Accepted(NamedTuple):
    """One credential taken in; `token` makes the learner's private link and is kept nowhere."""

    id: CredentialId
    source: str
    line: int | None
    learner: str | None
    title: str | None
    token: str


def accept(
    notary: Notary,
    member: MemberRecord,
    readings: Iterable[Read],
    *,
    evidence: Digest | None = None,
    duplicates: bool = False,
    done: Callable[[int], None] = lambda _: None,
    along: Callable[[UnitOfWork, Sequence[NewCredential]], None] = lambda _, __: None,
) -> Iterator[Accepted | Refused]:
    """Take what was read, in units of 2,000 at most, each durable before its results are given out.

    A digest the institution has submitted before, or twice here, is refused
    unless `duplicates` says it is on purpose. `evidence` is of those whose reading names
    none. `done` is told how many are through; `along` writes what belongs to them in
    the same unit of work.
    """
    with notary.ledger.read() as work:
        settings = work.institutions.get(member.id)
    taking = _Taking(notary, member.id, evidence, settings is None or settings.retain, duplicates, along)
    count = 0
    for results in behind(_units(readings), taking.take):
        count += len(results)
        done(count)
        yield from results


def _units(readings: Iterable[Read]) -> Iterator[list[Read]]:
    """Cut into what is written at once: so many credentials, or so many bytes of them."""
    unit: list[Read] = []
    size = 0
    for reading in readings:
        unit.append(reading)
        size += len(reading.data) if isinstance(reading, Reading) else 0
        if len(unit) == CHUNK or size >= _UNIT_SIZE:
            yield unit
            unit, size = [], 0
    if unit:
        yield unit


def _twice(reading: Reading) -> Refused:
    error = IssuerError(
        f"{place(reading.source, reading.line)}: the same credential was submitted before",
        hint="To submit it again on purpose: --duplicates",
    )
    return Refused(reading.source, reading.line, str(error), read=True)


@dataclass(frozen=True, slots=True)
class _Taking:
    """What all credentials of one submission share; `evidence`: of those that have none of their own."""

    notary: Notary
    institution: str
    evidence: Digest | None
    retain: bool
    duplicates: bool
    along: Callable[[UnitOfWork, Sequence[NewCredential]], None]

    def take(self, unit: Sequence[Read]) -> list[Accepted | Refused]:
        """Take one unit in; it is durable then."""
        results: list[Accepted | Refused] = []
        taken: list[NewCredential] = []
        notary = self.notary
        now, random, at = notary.clock.now(), notary.random(len(unit) * _DRAWN), 0
        with notary.ledger.begin() as work:
            digests = [reading.digest for reading in unit if isinstance(reading, Reading)]
            known = work.credentials.known(self.institution, digests)
            for reading in unit:
                if isinstance(reading, Refused):
                    results.append(reading)
                elif reading.digest in known and not self.duplicates:
                    results.append(_twice(reading))
                else:
                    new, token = self._new(reading, random[at : at + _DRAWN], now, again=reading.digest in known)
                    at += _DRAWN
                    taken.append(new)
                    results.append(Accepted(new.id, new.source, new.line, new.learner, new.title, token))
                    known.add(reading.digest)
            if taken:
                work.credentials.add(taken)
                self.along(work, taken)
                record(notary, work, Action.SUBMIT, self.institution, count=len(taken))
        return results

    def _new(self, reading: Reading, drawn: bytes, now: datetime, *, again: bool) -> tuple[NewCredential, str]:
        """Make what comes in, of random bytes for salt and link; the link's token is given out once."""
        salt, token = drawn[:_SALT_SIZE], token_of(drawn[_SALT_SIZE:])
        evidence = reading.evidence or self.evidence
        new = NewCredential(  # by place: names would cost as much again
            self.institution,
            reading.form,
            salt,
            reading.digest,
            evidence,
            reading.data if self.retain and len(reading.data) <= MAX_RETAINED else None,
            reading.learner,
            reading.title,
            reading.source,
            reading.line,
            link_hash(token),
            now,
            hash_leaf(reading.form, salt, reading.digest, evidence or ZERO),
            reading.issuer,
            reading.until,
            again,
            reading.achievement,
        )
        return new, token
