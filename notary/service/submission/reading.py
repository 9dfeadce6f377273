"""Reading one credential that is submitted: what the ledger keeps of it, or why it is refused; pure.

What is wrong with it is a refusal that names file and line; the rest of the batch goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeAlias

from notary.core.credential import read
from notary.core.digest import Digest
from notary.core.encoding import shorten
from notary.core.errors import IssuerError, NotaryError
from notary.core.leaf import Form
from notary.core.registry import MemberRecord
from notary.core.summary import summarize


class Source(NamedTuple):
    """Where a credential stands: a file, or a line of one (from 1). A tuple, for there are very many."""

    data: bytes
    name: str
    line: int | None = None

    def __str__(self) -> str:
        return place(self.name, self.line)


class Reading(NamedTuple):
    """A credential read: what the ledger keeps of it. A tuple, for there are very many.

    `achievement`: the id of the one it is for, where whoever read it knows that there is no other.
    """

    source: str
    line: int | None
    form: Form
    digest: Digest
    data: bytes
    learner: str | None
    title: str | None
    issuer: str | None = None
    until: datetime | None = None
    evidence: Digest | None = None
    achievement: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """One credential left out, and why; `hint`, the advice that `why` ends with, suits whoever submits.

    `read`: it could be read, and is left out for another reason.
    """

    source: str
    line: int | None
    why: str
    hint: str | None = None
    read: bool = False

    @property
    def reason(self) -> str:
        """What is wrong, without the advice."""
        return self.why.removesuffix(self.hint or "").rstrip(". ")


Read: TypeAlias = Reading | Refused


def place(name: str, line: int | None) -> str:
    """Name a credential's place, as every message does."""
    return name if line is None else f"{name}, line {line}"


def read_source(source: Source, member: MemberRecord, *, as_file: bool = False) -> Read:
    """Read one credential and check that the member may submit it."""
    where = str(source)
    try:
        if as_file:
            if not source.data:
                raise IssuerError(f"{where} is empty", hint="Nobody can show an empty file: leave it out")
            taken = read(source.data, where, Form.FILE)
            return Reading(source.name, source.line, taken.form, taken.digest, taken.data, None, source.name)
        credential = read(source.data, where)
        if b'"__proto__":' in credential.data:  # a browser loses such a member when it copies the object
            raise IssuerError(f"{where}: a member is named __proto__", hint="Rename it")
        summary = summarize(credential)
        name = summary.issuer or ""
        if not member.names(name):
            raise IssuerError(
                f"{where}: its issuer is not {member.name}",
                expected=", ".join((member.id, *member.aliases)),
                actual=shorten(name),
                hint="Add it as an alias of the member, or submit it with the right --issuer",
            )
        learner = ", ".join(summary.learners) or None
        # As it was written, where it is no image: its form decides the digest, and nothing has to be copied.
        data = source.data if source.data.startswith(b"{") else credential.data
        held = source.name, source.line, credential.form, credential.digest, data
        return Reading(*held, learner, summary.title, name, summary.until)
    except NotaryError as error:
        why = str(error)
        why = why if why.startswith(where) else f"{where}: {why}"
        return Refused(source.name, source.line, why, error.hint)
