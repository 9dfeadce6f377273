"""Accepting credentials: each is taken or refused by itself, and what is taken is durable.

Reading a credential is pure and the slow part, so it can run in other
processes; writing goes in bulk. A refusal names file and line, and the rest of
the batch goes on.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from notary.core.credential import Credential, read
from notary.core.digest import Digest, sha256
from notary.core.encoding import shorten, to_base64url
from notary.core.errors import IssuerError, NotaryError
from notary.core.leaf import Form
from notary.core.registry import MemberRecord
from notary.core.summary import issuer, summarize
from notary.ports.ledger import CredentialId, CredentialRow
from notary.service.notary import Notary

CHUNK = 1000
"""Credentials in one unit of work."""
_ID_BYTES = 7
_TOKEN_BYTES = 16


@dataclass(frozen=True, slots=True)
class Source:
    """Where a credential stands: a file, or a line of one (from 1)."""

    data: bytes
    name: str
    line: int | None = None

    def __str__(self) -> str:
        return self.name if self.line is None else f"{self.name}, line {self.line}"


@dataclass(frozen=True, slots=True)
class Reading:
    """A credential read, or why it was refused."""

    source: Source
    credential: Credential | None
    learner: str | None
    title: str | None
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """One credential taken in; `token` makes the learner's private link and is kept nowhere."""

    id: CredentialId
    source: str
    line: int | None
    learner: str | None
    title: str | None
    token: str


@dataclass(frozen=True, slots=True)
class Refused:
    """One credential left out, and why."""

    source: str
    line: int | None
    why: str


def read_source(source: Source, member: MemberRecord, *, as_file: bool = False) -> Reading:
    """Read one credential and check that the member may submit it; what is wrong is the reading's refusal."""
    try:
        credential = read(source.data, str(source), Form.FILE if as_file else None)
        if as_file:
            return Reading(source, credential, None, source.name, None)
        name = issuer(credential) or ""
        if not member.names(name):
            raise IssuerError(
                f"{source}: its issuer is not {member.name}",
                expected=", ".join((member.id, *member.aliases)),
                actual=shorten(name),
                hint="Add it as an alias of the member, or submit it with the right --issuer",
            )
        if b'"__proto__":' in credential.data:  # a browser loses such a member when it copies the object
            raise IssuerError(f"{source}: a member is named __proto__", hint="Rename it")
        summary = summarize(credential)
        return Reading(source, credential, ", ".join(summary.learners) or None, summary.title, None)
    except NotaryError as error:
        return Reading(source, None, None, None, str(error))


def accept(
    notary: Notary,
    member: MemberRecord,
    readings: Iterable[Reading],
    *,
    evidence: Digest | None = None,
    duplicates: bool = False,
    done: Callable[[int], None] = lambda _: None,
) -> Iterator[Accepted | Refused]:
    """Take what was read, in units of 1,000, each durable before its results are given out.

    A digest the institution has submitted before, or twice here, is refused
    unless `duplicates` says it is on purpose. `done` is told how many are through.
    """
    count = 0
    pending = iter(readings)
    seen: set[Digest] = set()
    with notary.ledger.begin() as work:
        settings = work.institutions.get(member.id)
    retain = settings is None or settings.retain
    while chunk := list(islice(pending, CHUNK)):
        results: list[Accepted | Refused] = []
        rows: list[CredentialRow] = []
        with notary.ledger.begin() as work:
            digests = [reading.credential.digest for reading in chunk if reading.credential]
            known = set() if duplicates else work.credentials.known(member.id, digests)
            for reading in chunk:
                refusal = reading.refusal or _twice(reading, known, seen)
                if reading.credential is None or (refusal and not duplicates):
                    results.append(Refused(reading.source.name, reading.source.line, refusal or ""))
                    continue
                row, token = _row(notary, member, reading, reading.credential, evidence, retain=retain)
                seen.add(reading.credential.digest)
                rows.append(row)
                results.append(Accepted(row.id, row.source, row.line, row.learner, row.title, token))
            work.credentials.add(rows)
        count += len(chunk)
        done(count)
        yield from results


def link_hash(token: str) -> Digest:
    """Return what the ledger keeps of a learner's link."""
    return sha256(token.encode())


def _twice(reading: Reading, known: set[Digest], seen: set[Digest]) -> str | None:
    digest = reading.credential.digest if reading.credential else None
    if digest in seen:
        return f"{reading.source}: the same credential stands twice here. To submit it twice on purpose: --duplicates"
    if digest in known:
        return f"{reading.source}: this credential was submitted before. To submit it again on purpose: --duplicates"
    return None


def _row(
    notary: Notary,
    member: MemberRecord,
    reading: Reading,
    credential: Credential,
    evidence: Digest | None,
    *,
    retain: bool,
) -> tuple[CredentialRow, str]:
    random = notary.random(_ID_BYTES + 32 + _TOKEN_BYTES)
    token = to_base64url(random[_ID_BYTES + 32 :])
    row = CredentialRow(
        id=CredentialId(b32encode(random[:_ID_BYTES]).decode().rstrip("=").lower()),
        institution=member.id,
        form=credential.form,
        salt=random[_ID_BYTES : _ID_BYTES + 32],
        digest=credential.digest,
        evidence=evidence,
        content=credential.data if retain else None,
        learner=reading.learner,
        title=reading.title,
        source=reading.source.name,
        line=reading.source.line,
        link=link_hash(token),
        accepted=notary.clock.now(),
    )
    return row, token


def summarize_report(results: Sequence[Accepted | Refused]) -> tuple[list[Accepted], list[Refused]]:
    """Part a report in two."""
    return (
        [result for result in results if isinstance(result, Accepted)],
        [result for result in results if isinstance(result, Refused)],
    )
