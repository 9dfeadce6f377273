"""Verifying for somebody else, by this notary's own trust file: a convenience, and said to be one.

Whoever wants to depend on nobody runs the verifier with a trust file of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from notary.core.canonical import load
from notary.core.credential import Credential, read
from notary.core.digest import Digest
from notary.core.errors import NotaryError
from notary.core.receipt import MAX_SIZE, Receipt
from notary.core.verdict import Check, Facts, State, Verdict, conclude
from notary.core.verify import verify
from notary.service.errors import Absent
from notary.service.notary import Notary
from notary.service.receipts.lookup import find_proofs
from notary.service.receipts.trust import export_trust

_RECEIPT = "credential-notary/receipt/"


class Source(Enum):
    """Whose receipt was judged."""

    BROUGHT = "the one that was brought"
    FOUND = "this notary's, for a credential that was brought without one"
    REFRESHED = "this notary's, newer than the one that was brought"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, and the receipt it is about where there was one to read."""

    verdict: Verdict
    receipt: Receipt | None
    source: Source = Source.BROUGHT


def judge(notary: Notary, name: str, data: bytes, credential: bytes | None = None) -> Judgement:
    """Verify a receipt; `name` is the consortium's, `credential` what the receipt leaves out."""
    verdict = verify(data, export_trust(notary, name), at=notary.clock.now(), credential=credential)
    return Judgement(verdict, _readable(data))


def judge_dropped(notary: Notary, name: str, data: bytes, credential: bytes | None = None) -> Judgement:
    """Verify what a person brings: a receipt, or a credential whose receipt this notary may have.

    A receipt that holds and is older than the newest anchor is refreshed where
    this notary can: its status may have changed since. A credential without a
    receipt is nothing false: it is not known.
    """
    if credential is not None or _is_receipt(data):
        return _refreshed(notary, name, judge(notary, name, data, credential), credential)
    try:
        brought = read(data, "this file")
    except NotaryError:
        return judge(notary, name, data)  # which says what is wrong with it
    held = _held(notary, brought.digest)
    if held is None:
        return Judgement(conclude([_without_receipt()], Facts()), None)
    return Judgement(judge(notary, name, bytes(held), data).verdict, held, Source.FOUND)


def _refreshed(notary: Notary, name: str, judged: Judgement, beside: bytes | None) -> Judgement:
    stale = any(check.state is State.STALE for check in judged.verdict.checks)
    if judged.receipt is None or not (judged.verdict.verified and stale):
        return judged
    content = judged.receipt.content
    credential = (
        Credential.of_content(judged.receipt.form, content, "credential")
        if content is not None
        else read(beside or b"", "credential", judged.receipt.form)
    )
    held = _held(notary, credential.digest)
    if held is None:
        return judged
    return Judgement(judge(notary, name, bytes(held), credential.data).verdict, held, Source.REFRESHED)


def _held(notary: Notary, digest: Digest) -> Receipt | None:
    """Return this notary's newest receipt of a credential, where it may be shown."""
    try:
        proofs = find_proofs(notary, digest)
    except Absent:
        return None
    return next((proof.receipt for proof in reversed(proofs) if proof.receipt), None)


def _is_receipt(data: bytes) -> bool:
    try:
        value = load(data, "receipt", max_size=MAX_SIZE).value
    except NotaryError:
        return False
    kind = value.get("type") if isinstance(value, dict) else None
    return isinstance(kind, str) and kind.startswith(_RECEIPT)


def _readable(data: bytes) -> Receipt | None:
    try:
        return Receipt.parse(data)
    except NotaryError:
        return None


def _without_receipt() -> Check:
    says = "this is a credential without its receipt, and none for it can be shown here"
    settle = "The receipt: whoever holds the credential downloads it from their own link"
    return Check(1, "receipt", State.UNKNOWN, says, settle=settle)
