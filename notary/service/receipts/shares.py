"""What a learner shares: a copy of one credential with the evidence they chose, under a link they can end.

A share opens the newest credential, as the learner's own link does, and never
anything that was not chosen: a receipt from here has the keys of chosen items
alone, and where none was chosen no list of them either.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from notary.core.digest import Digest
from notary.core.errors import IssuerError
from notary.core.evidence import EvidenceManifest
from notary.core.receipt import Receipt
from notary.ports.ledger import CredentialRow, Reason, ShareId, ShareRow
from notary.service.access.links import draw_token, link_hash
from notary.service.errors import Absent
from notary.service.notary import Notary
from notary.service.receipts.learner import Award, award_of, find_row
from notary.service.receipts.making import receipt
from notary.service.status.reissue import newest_of

MOST = 50
"""Shares of one credential at a time."""
MOST_DAYS = 3660
_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567" * 8
_ID_BYTES = 12


@dataclass(frozen=True, slots=True)
class Shared:
    """What a share opens: the award as its learner sees it, with `receipt` as it may be passed on."""

    share: ShareRow
    award: Award
    receipt: Receipt | None


def share_credential(
    notary: Notary, token: str, *, days: int | None, items: Collection[Digest] = (), named: bool = False
) -> tuple[ShareRow, str]:
    """Share the credential that a learner's link opens, and return the share with its token, shown once.

    `days`: until it ends, None for no end; `named`: whether a preview card may say whose it is.
    IssuerError for too many shares or days. An item the credential has not is left out.
    """
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise IssuerError("how long it is shared", expected=f"1 to {MOST_DAYS} days", actual=days)
    row, _ = find_row(notary, token)
    if row.digest is None:
        raise Absent("this credential was erased here")
    now, secret = notary.clock.now(), draw_token(notary.random)
    hashed = link_hash(secret)
    share = ShareRow(
        id=ShareId(hashed[:_ID_BYTES].translate(_LETTERS).decode()),
        hash=hashed,
        credential=row.id,
        made=now,
        expires=None if days is None else now + timedelta(days=days),
        items=tuple(item for item in _evidence(notary, row) if item in items),
        named=named,
    )
    with notary.ledger.begin() as work:
        work.shares.sweep(now)
        if len(work.shares.of(row.id)) >= MOST:
            raise IssuerError(f"this credential is shared {MOST} times", hint="End a share first")
        work.shares.add(share)
    return share, secret


def shares_of(notary: Notary, token: str) -> tuple[ShareRow, ...]:
    """Return what a learner's link shares now, the oldest first."""
    row, _ = find_row(notary, token)
    now = notary.clock.now()
    with notary.ledger.read() as work:
        return tuple(share for share in work.shares.of(row.id) if share.expires is None or share.expires > now)


def end_share(notary: Notary, token: str, share: ShareId) -> None:
    """End one of a learner's shares: its link opens nothing any more."""
    row, _ = find_row(notary, token)
    with notary.ledger.begin() as work:
        work.shares.end(row.id, share)


def behind_share(notary: Notary, name: str, token: str) -> Shared:
    """Return what a share's token opens; Absent where it is none, has ended, or its credential was erased."""
    share, row, instead = _find(notary, token)
    award = award_of(notary, name, row, instead)
    return Shared(share, award, None if award.receipt is None else _trimmed(award.receipt, share))


def receipt_behind_share(notary: Notary, token: str) -> tuple[CredentialRow, Receipt]:
    """Return the receipt a share opens, as it may be passed on; Pending until it is final."""
    share, row, _ = _find(notary, token)
    return row, _trimmed(receipt(notary, row.id), share)


def _find(notary: Notary, token: str) -> tuple[ShareRow, CredentialRow, Reason | None]:
    now = notary.clock.now()
    with notary.ledger.read() as work:
        share = work.shares.by_hash(link_hash(token))
        row = None if share is None else work.credentials.get(share.credential)
        if share is None or row is None or row.digest is None or (share.expires and share.expires <= now):
            raise Absent("this link opens nothing", hint="It may have ended: ask whoever gave it to you for another")
        newest = newest_of(work, row)
        if newest.digest is None:
            raise Absent("this link opens nothing", hint="It may have ended: ask whoever gave it to you for another")
        if newest.id == row.id:
            return share, row, None
        return share, newest, next(mark.reason for mark in reversed(work.statuses.history(row.id)) if mark.replacement)


def _trimmed(whole: Receipt, share: ShareRow) -> Receipt:
    """Withhold what was not chosen: the keys of other items, and the list itself where none was."""
    keys = tuple(key for key in whole.evidence_keys if key.digest in share.items)
    manifest = whole.evidence
    listed = isinstance(manifest, EvidenceManifest) and any(item.digest in share.items for item in manifest.items)
    evidence = manifest if listed or not isinstance(manifest, EvidenceManifest) else manifest.digest()
    return replace(whole, evidence=evidence, evidence_keys=keys)


def _evidence(notary: Notary, row: CredentialRow) -> tuple[Digest, ...]:
    from notary.service.evidence.manifest import read_evidence

    with notary.ledger.read() as work:
        found = None if row.evidence is None else read_evidence(work, row.evidence)
    return () if found is None else tuple(item.digest for item in found[0].items)
