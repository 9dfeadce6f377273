"""What the pages say of sharing: a learner's own shares, what a share shows, and where LinkedIn takes a credential."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from api.http.pages.views import Answered, answered, beside_name
from notary.core.credential import Credential
from notary.core.encoding import to_digest_text
from notary.core.errors import NotaryError
from notary.core.evidence import EvidenceItem, EvidenceManifest
from notary.core.receipt import Receipt
from notary.ports.ledger import CredentialRow, ShareRow
from notary.service.receipts.certificate import particulars
from notary.service.receipts.endorsements import Endorsement, endorsements_in
from notary.service.receipts.judging import Judgement
from notary.service.receipts.shares import Shared

PERIODS: tuple[tuple[str, str], ...] = (("7", "a week"), ("30", "a month"), ("365", "a year"), ("", "until I end it"))
"""How long a share may last: the form's value, and its words."""
_LINKEDIN = "https://www.linkedin.com/profile/add"
_MAX = 200
_PROOFS: Mapping[str, str] = {
    "pass": "Their own signature holds; whose key it is, nothing here says.",
    "fail": "Their own signature does not hold: this may not be their word.",
    "unknown": "Their own signature could not be checked.",
}


@dataclass(frozen=True, slots=True)
class Said:
    """An endorsement as a page shows it."""

    by: str
    role: str
    comment: str
    day: str
    proof: str


@dataclass(frozen=True, slots=True)
class Mine:
    """What a learner's page offers: evidence to choose from, and the shares there are."""

    items: tuple[tuple[str, str], ...]
    shares: tuple[tuple[str, datetime, datetime | None, int], ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """A shared credential. `card`: title and description of its preview; a person only where the learner chose."""

    learner: str
    title: str
    institution: str
    answer: Answered | None
    facts: tuple[str, ...]
    items: tuple[tuple[str, int], ...]
    endorsements: tuple[Said, ...]
    until: datetime | None
    final: bool
    card: tuple[str, str]


def mine(receipt: Receipt | None, shares: Sequence[ShareRow]) -> Mine:
    """Put a learner's shares into a page's words."""
    return Mine(
        items=tuple((to_digest_text(item.digest), item.name) for item in _items(receipt)),
        shares=tuple((share.id, share.made, share.expires, len(share.items)) for share in shares),
    )


def copy_of(shared: Shared, chains: Mapping[str, str]) -> Copy:
    """Put what a share opens into a page's words."""
    award, share = shared.award, shared.share
    said = None if award.verdict is None else answered(Judgement(award.verdict, shared.receipt), chains)
    title = award.row.title or "Credential"
    whose = f" of {award.row.learner}" if share.named and award.row.learner else ""
    return Copy(
        learner=award.row.learner or "",
        title=title,
        institution=award.institution,
        answer=said,
        facts=beside_name(award, said),
        items=tuple((item.name, item.size) for item in _items(shared.receipt) if item.digest in share.items),
        endorsements=endorsed(shared.receipt),
        until=share.expires,
        final=award.receipt is not None,
        card=(f"{title}{whose}", f"A credential by {award.institution}. Open it to see whether it holds today."),
    )


def endorsed(receipt: Receipt | None) -> tuple[Said, ...]:
    """Put a receipt's endorsements into a page's words."""
    if receipt is None or receipt.content is None:
        return ()
    credential = Credential.of_content(receipt.form, receipt.content, "credential")
    return tuple(map(_said, endorsements_in(receipt.attachments, credential)))


def linkedin_url(row: CredentialRow, institution: str, address: str) -> str:
    """Return where LinkedIn adds a certification to a profile; nothing is asked there, or told, until it is opened."""
    try:
        issued = particulars(row).issued or ""
    except NotaryError:
        issued = ""
    year, month = issued[:4], issued[5:7]
    dated = {"issueYear": year, "issueMonth": str(int(month))} if year.isdigit() and month.isdigit() else {}
    fields = {
        "startTask": "CERTIFICATION_NAME",
        "name": (row.title or "Credential")[:_MAX],
        "organizationName": institution[:_MAX],
        **dated,
        "certUrl": address,
        "certId": row.id,
    }
    return f"{_LINKEDIN}?{urlencode(fields)}"


def _said(found: Endorsement) -> Said:
    return Said(found.by, found.role.value, found.comment, found.made[:10], _PROOFS[found.proof])


def _items(receipt: Receipt | None) -> tuple[EvidenceItem, ...]:
    manifest = receipt.evidence if receipt else None
    return manifest.items if isinstance(manifest, EvidenceManifest) else ()
