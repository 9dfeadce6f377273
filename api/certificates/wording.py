"""A certificate in words: what stands on paper, from an award and the verdict its receipt has today.

Nothing stands there as proven that the verdict does not carry. What is revoked,
suspended or replaced gets no certificate; what is not final yet gets one that says so.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from api.plain import plain
from api.stages import STAGES
from api.words import say_day, say_recognition
from notary.core.errors import IssuerError
from notary.core.evidence import EvidenceManifest
from notary.core.leaf import Form
from notary.core.status import Status
from notary.core.verdict import Result, Verdict
from notary.service.receipts.certificate import Particulars, particulars
from notary.service.receipts.learner import Award
from notary.service.rounds.progress import Stage

FIRST_PAGE_CRITERIA = 620
"""Characters of criteria that the first page holds; longer ones stand whole on the second."""
FIRST_PAGE_RESULTS = 4
MAX_EVIDENCE = 60
_MOST_WIDE = 90
_NAME_SIZES = ((20, "xl"), (32, "l"), (58, "m"), (110, "s"))
_TITLE_SIZES = ((42, "l"), (90, "m"))


class Paper(StrEnum):
    """Sizes of paper."""

    A4 = "a4"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What one certificate says, ready to be laid out; every text is somebody else's and hostile.

    `pending` is said in place of a proof; then `receipt` is None. `link` is what
    the QR code holds: the learner's own, else the verifier's page. `checked_at`
    is that page. `today`: when the paper was made.
    """

    id: str
    issuer: str
    institution: str
    consortium: str
    said: Particulars
    recognition: tuple[str, ...]
    standing: str | None
    anchored: str | None
    issued: str | None
    until: str | None
    evidence: tuple[tuple[str, str], ...]
    more_evidence: int
    pending: str | None
    link: str
    own_link: bool
    checked_at: str
    today: datetime
    receipt: bytes | None

    @property
    def name_size(self) -> str:
        """How large the name can be, by its width."""
        return _size(self.said.learner, _NAME_SIZES, "xs")

    @property
    def title_size(self) -> str:
        """How large the title can be."""
        return _size(self.said.title, _TITLE_SIZES, "s")

    @property
    def criteria_first(self) -> str:
        """The criteria as far as the first page holds them."""
        whole = self.said.criteria or self.said.description or ""
        if len(whole) <= FIRST_PAGE_CRITERIA:
            return whole
        return whole[:FIRST_PAGE_CRITERIA].rsplit(" ", 1)[0].rstrip(",;: ") + " … (whole on the next page)"

    @property
    def criteria_later(self) -> str | None:
        """The whole criteria, where the first page does not hold them."""
        whole = self.said.criteria or self.said.description or ""
        return whole if len(whole) > FIRST_PAGE_CRITERIA else None

    @property
    def results_first(self) -> tuple[tuple[str, str], ...]:
        """The results on the first page: all, or none of them."""
        found = self.said.results
        small = all(len(name) + len(value) <= _MOST_WIDE for name, value in found)
        return found if len(found) <= FIRST_PAGE_RESULTS and small else ()

    @property
    def results_later(self) -> tuple[tuple[str, str], ...]:
        """The results on the second page."""
        return () if self.results_first else self.said.results

    @property
    def airy(self) -> bool:
        """Whether the first page has room to breathe."""
        return len(self.criteria_first) < 260 and self.name_size in ("xl", "l") and self.title_size != "s"


def word_certificate(
    award: Award, *, name: str, url: str, link: str | None, expected: datetime | None, chains: Mapping[str, str]
) -> Certificate:
    """Put an award into a certificate's words, as of now.

    `url` is where people reach the notary, `link` the learner's own where it is
    known, `expected` when a pending one may be final. IssuerError where no
    certificate can be made of it, and why.
    """
    said = particulars(award.row)
    verdict = award.verdict
    if award.receipt is not None:
        require_good(award)
    facts = None if verdict is None else verdict.facts
    items = (
        award.receipt.evidence.items if award.receipt and isinstance(award.receipt.evidence, EvidenceManifest) else ()
    )
    names = () if facts is None else tuple(each.record.name for each in facts.institutions)
    return Certificate(
        id=award.row.id,
        issuer=award.row.institution,
        consortium=name,
        institution=" and ".join(names) or award.institution,
        said=said,
        recognition=() if facts is None else tuple(f"{say_recognition(one, name)}." for one in facts.institutions),
        standing=None if verdict is None else _standing(verdict),
        anchored=None if verdict is None else _anchored(verdict, chains),
        issued=_day(said.issued),
        until=_day(said.until),
        evidence=tuple((item.name, _bytes(item.size)) for item in items[:MAX_EVIDENCE]),
        more_evidence=max(0, len(items) - MAX_EVIDENCE),
        pending=None if award.receipt else _pending(award, expected),
        link=link or f"{url}/",
        own_link=link is not None,
        checked_at=url,
        today=datetime.now(UTC),
        receipt=None if award.receipt is None else bytes(award.receipt),
    )


_NO_PAPER = {
    Result.SUSPENDED: "it is suspended",
    Result.REVOKED: "it is revoked",
    Result.REPLACED: "a newer credential took its place",
}


def may_certify(award: Award) -> bool:
    """Say whether a final certificate can be made of an award today."""
    verdict = award.verdict
    good = verdict is not None and verdict.verified and verdict.result not in _NO_PAPER
    return good and award.row.form is not Form.FILE


def require_good(award: Award) -> None:
    """Refuse, as IssuerError, what does not stand today: paper and pictures cannot be called back."""
    verdict = award.verdict
    where = f"no certificate is made of credential {award.row.id}"
    if verdict is None or not verdict.verified:
        said = "its receipt does not verify here" if verdict else "it is not kept here"
        raise IssuerError(f"{where}: {said}", hint="See why: notary receipt, then notary verify --explain")
    if verdict.result in _NO_PAPER:
        hint = "Its receipt says so to whoever checks it"
        raise IssuerError(f"{where}: {_NO_PAPER[verdict.result]}", hint=hint)


def _standing(verdict: Verdict) -> str | None:
    """Say the status, with its day: what paper knows ends there."""
    status = verdict.facts.status
    if status is None or status.status is not Status.VALID:
        return None
    ended = {Result.EXPIRED: "expired, not revoked", Result.NOT_YET_VALID: "not valid yet, not revoked"}
    return f"Status on {say_day(status.as_of)}: {ended.get(verdict.result, 'not revoked')}."


def _anchored(verdict: Verdict, chains: Mapping[str, str]) -> str | None:
    if not verdict.facts.anchors:
        return None
    first = min(verdict.facts.anchors, key=lambda anchor: anchor.time)
    block = f"{first.block:,}".replace(",", "\u202f")
    return f"On the public record since {say_day(first.time)}: block {block} of {chains.get(first.chain, first.chain)}."


def _pending(award: Award, expected: datetime | None) -> str:
    stage = award.progress.state if award.progress else Stage.OPEN
    when = "" if expected is None else f": final about {expected:%H:%M} UTC on {say_day(int(expected.timestamp()))}"
    return f"Pending{when}. It {STAGES[stage].replace('chain', 'public record')}."


def _day(text: str | None) -> str | None:
    """Write a credential's date as people do; whatever is no date stands as it is, cut short."""
    if text is None:
        return None
    try:
        return say_day(int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()))
    except (ValueError, OverflowError, OSError):
        return text[:40]


def _bytes(size: int) -> str:
    for unit, step in (("MB", 1_000_000), ("kB", 1_000)):
        if size >= step:
            return f"{size / step:.1f}\u202f{unit}"
    return f"{size}\u202fbytes"


def _size(text: str, sizes: tuple[tuple[int, str], ...], least: str) -> str:
    width = sum(
        2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in plain(text) if not unicodedata.combining(one)
    )
    return next((size for most, size in sizes if width <= most), least)
