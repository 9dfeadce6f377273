"""Verifying for somebody else, by this notary's own trust file: a convenience, and said to be one.

Whoever wants to depend on nobody runs the verifier with a trust file of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from notary.core.canonical import load
from notary.core.credential import read
from notary.core.errors import NotaryError
from notary.core.receipt import MAX_SIZE, Receipt
from notary.core.verdict import Check, Facts, State, Verdict, conclude
from notary.core.verify import verify
from notary.service.lookup import find_proofs
from notary.service.notary import Notary
from notary.service.trust import export_trust

_RECEIPT = "credential-notary/receipt/"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, and the receipt it is about where there was one to read.

    `found_here`: a credential was shown without its receipt, and this notary had that.
    """

    verdict: Verdict
    receipt: Receipt | None
    found_here: bool = False


def judge(notary: Notary, name: str, data: bytes, credential: bytes | None = None) -> Judgement:
    """Verify a receipt; `name` is the consortium's, `credential` what the receipt leaves out."""
    verdict = verify(data, export_trust(notary, name), at=notary.clock.now(), credential=credential)
    return Judgement(verdict, _readable(data))


def judge_dropped(notary: Notary, name: str, data: bytes, credential: bytes | None = None) -> Judgement:
    """Verify what a person brings: a receipt, or a credential whose receipt this notary may have.

    A credential without a receipt is nothing false: it is not known.
    """
    if credential is not None or _is_receipt(data):
        return judge(notary, name, data, credential)
    try:
        digest = read(data, "this file").digest
    except NotaryError:
        return judge(notary, name, data)  # which says what is wrong with it
    try:
        held = next((proof.receipt for proof in reversed(find_proofs(notary, digest)) if proof.receipt), None)
    except NotaryError:
        held = None
    if held is not None:
        found = judge(notary, name, bytes(held), data)
        return Judgement(found.verdict, found.receipt, found_here=True)
    return Judgement(conclude([_without_receipt()], Facts()), None)


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
