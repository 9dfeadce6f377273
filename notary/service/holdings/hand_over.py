"""Handing over: all that only this notary holds of an institution, encrypted for it or its successor.

An age file (C2SP age.md) of JSON lines: the first says what it is, the last how
much it was, so that one which was put together otherwise shows. Between them, by
`kind`, bytes and digests as base64url:

batch       id, size, root, recognition, jointWith, sealed; statement and entry, null before it is logged
evidence    digest, manifest (its JCS bytes), keys [{digest, key}]; before the first credential that has it, and it
            may stand again
credential  id, form, salt, digest, evidence, content, learner, title, source, line, accepted, batch, index, leaf, and
            link: the hash of the token in the learner's private link. Erased: salt, digest and content are null

After a credential, with its id as `credential`, what the institution knows of it beside:

contact     email, name: where its learner is reached
mark        status (a number), reason, member (who marked it), note, marked, replacement, and statement: the id of
            the one that says it in the log, null while it is pending. In the order in which they were made
endorsement digest, data: an EndorsementCredential in its JCS bytes
share       link (as above), made, expires, named, items: the digests of the evidence it opens

Nothing changes here: links, receipts and statuses go on as before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import pyrage

from notary.core.canonical import JSON, canonical
from notary.core.digest import Digest
from notary.core.encoding import format_time, to_base64url, to_digest_text
from notary.core.errors import IssuerError, OperatorError
from notary.core.registry import MemberRecord
from notary.ports.ledger import BatchRow, CredentialId, CredentialRow, UnitOfWork
from notary.service.access.journal import Action, record
from notary.service.evidence.age_streams import Written
from notary.service.notary import Notary

TYPE = "credential-notary/hand-over/v1"
_REMEMBERED = 100_000
"""Evidence manifests known to be written; beyond that some are written again, and memory stays bounded."""


@dataclass(slots=True)
class HandedOver:
    """How much was written."""

    batches: int = 0
    credentials: int = 0
    evidence: int = 0


def hand_over(notary: Notary, member: MemberRecord, recipients: Sequence[str], out: BinaryIO) -> HandedOver:
    """Write an institution's export, streamed; `recipients` are age's (`age1…`), each of whom can open it.

    IssuerError where one of them is none. What raises leaves a file that does not decrypt.
    """
    keys = [_recipient(text) for text in recipients]
    if not keys:
        raise IssuerError("an export is for somebody", expected="one age recipient or more, age1…")
    # Before it is made: who may hold these credentials must stand there even where the file's last byte does not.
    with notary.ledger.begin() as work:
        record(notary, work, Action.HAND_OVER, member.id)
    done = HandedOver()
    with notary.ledger.read() as work:
        lines, file = _Lines(_export(notary, work, member, done)), Written(out)
        try:
            pyrage.encrypt_io(lines, file, keys)
        except (pyrage.EncryptError, OSError):
            if not (lines.failure or file.failure):
                raise
    if lines.failure:
        raise lines.failure
    if file.failure:
        raise OperatorError(
            "the export cannot be written", actual=file.failure.strerror, hint="Check folder and space"
        ) from file.failure
    return done


def _recipient(text: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise IssuerError(
            "this is no age recipient",
            expected="age1…, the public half of an age identity",
            hint="age-keygen makes one",
        ) from error


def _export(notary: Notary, work: UnitOfWork, member: MemberRecord, done: HandedOver) -> Iterator[JSON]:
    now = format_time(notary.clock.now())
    yield {"type": TYPE, "log": notary.origin, "institution": member.to_json(), "time": now}
    for batch in work.batches.all(member.id):
        done.batches += 1
        yield _batch(batch)
    written: set[Digest] = set()
    for row in work.credentials.of_institution(member.id):
        if row.evidence is not None and row.evidence not in written:
            if len(written) == _REMEMBERED:
                written.clear()
            written.add(row.evidence)
            kept = work.evidence.get(row.evidence)
            if kept is not None:
                done.evidence += 1
                yield _evidence(row.evidence, *kept)
        done.credentials += 1
        yield _credential(row)
        yield from _beside(work, row.id)
    yield {"kind": "end", "batches": done.batches, "credentials": done.credentials, "evidence": done.evidence}


def _batch(row: BatchRow) -> JSON:
    return {
        "kind": "batch",
        "id": row.id,
        "size": row.size,
        "root": to_digest_text(row.root),
        "recognition": row.recognition.value,
        "jointWith": list(row.joint_with),
        "sealed": format_time(row.sealed),
        "statement": _bytes(row.statement),
        "entry": row.entry,
    }


def _evidence(digest: Digest, manifest: bytes, keys: dict[Digest, str]) -> JSON:
    return {
        "kind": "evidence",
        "digest": to_digest_text(digest),
        "manifest": to_base64url(manifest),
        "keys": [{"digest": to_digest_text(item), "key": key} for item, key in sorted(keys.items())],
    }


def _credential(row: CredentialRow) -> JSON:
    return {
        "kind": "credential",
        "id": row.id,
        "form": row.form.value,
        "salt": _bytes(row.salt),
        "digest": _bytes(row.digest),
        "evidence": _bytes(row.evidence),
        "content": _bytes(row.content),
        "learner": row.learner,
        "title": row.title,
        "source": row.source,
        "line": row.line,
        "link": to_digest_text(row.link),
        "accepted": format_time(row.accepted),
        "batch": row.batch,
        "index": row.index,
        "leaf": _bytes(row.leaf),
    }


def _beside(work: UnitOfWork, name: CredentialId) -> Iterator[JSON]:
    contact = work.contacts.get(name)
    if contact is not None:
        yield {"kind": "contact", "credential": name, "email": contact.email, "name": contact.name}
    for mark in work.statuses.history(name):
        yield {
            "kind": "mark",
            "credential": name,
            "status": mark.status.value,
            "reason": mark.reason.value,
            "member": mark.member,
            "note": mark.note,
            "marked": format_time(mark.marked),
            "replacement": mark.replacement,
            "statement": _bytes(mark.statement),
        }
    for row in work.endorsements.of(name):
        digest, data = to_digest_text(row.digest), to_base64url(row.data)
        yield {"kind": "endorsement", "credential": name, "digest": digest, "data": data}
    for share in work.shares.of(name):
        yield {
            "kind": "share",
            "credential": name,
            "link": to_digest_text(share.hash),
            "made": format_time(share.made),
            "expires": None if share.expires is None else format_time(share.expires),
            "named": share.named,
            "items": [to_digest_text(item) for item in share.items],
        }


def _bytes(value: bytes | None) -> str | None:
    return None if value is None else to_base64url(value)


class _Lines:
    """The lines as age reads them: made as they are asked for. The first error of the making is kept."""

    def __init__(self, values: Iterator[JSON]) -> None:
        self._values, self._left = values, b""
        self.failure: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            while not self._left:
                value = next(self._values, None)
                if value is None:
                    return b""
                self._left = canonical(value) + b"\n"
        except Exception as error:
            self.failure = error
            raise
        given = self._left if size < 0 else self._left[:size]
        self._left = self._left[len(given) :]
        return given
