"""Shares over a credential's life: the newest is shown, nothing that was not chosen, and not for ever."""

from __future__ import annotations

import io

import pytest

from notary.core.digest import Digest
from notary.core.errors import IssuerError
from notary.ports.ledger import CredentialId, Reason
from notary.service.errors import Absent
from notary.service.evidence.manifest import Exhibit, attach
from notary.service.holdings.erase import erase, plan_erasure
from notary.service.receipts.links import renew_link
from notary.service.receipts.shares import MOST, behind_share, end_share, share_credential, shares_of
from notary.service.status.marking import mark
from notary.service.status.reissue import plan_reissue
from tests.service.lab import Lab
from tests.service.status_lab import rows


def final(lab: Lab, learner: str) -> CredentialId:
    """Take one credential to the end."""
    batch = lab.logged(lab.institutions[0], learner)
    lab.anchor()
    return rows(lab, batch)[0].id


def test_a_share_follows_to_the_newest(notary_lab: Lab) -> None:
    """After a change of name the old share shows the new credential and nothing of the old one, and says why."""
    old = final(notary_lab, "Ana Pérez")
    token = renew_link(notary_lab.notary, old)
    _, secret = share_credential(notary_lab.notary, token, days=None, named=True)
    assert behind_share(notary_lab.notary, "the lab", secret).award.row.learner == "Ana Pérez"
    new = final(notary_lab, "Ana Ruiz")
    college = notary_lab.record(notary_lab.institutions[0])
    mark(notary_lab.notary, plan_reissue(notary_lab.notary, college, old, new, Reason.NAME_CHANGE))
    found = behind_share(notary_lab.notary, "the lab", secret)
    assert found.award.row.id == new
    assert found.award.instead is Reason.NAME_CHANGE
    assert found.receipt is not None
    assert "Pérez".encode() not in bytes(found.receipt)


def test_a_share_ends_with_its_credential(notary_lab: Lab) -> None:
    """Erased, it opens nothing, and nothing more is shared; another learner's page cannot end it."""
    name, other = final(notary_lab, "Ana"), final(notary_lab, "Bo")
    token, theirs = renew_link(notary_lab.notary, name), renew_link(notary_lab.notary, other)
    share, secret = share_credential(notary_lab.notary, token, days=1)
    end_share(notary_lab.notary, theirs, share.id)
    assert shares_of(notary_lab.notary, token) == (share,)
    assert shares_of(notary_lab.notary, theirs) == ()
    erase(notary_lab.notary, plan_erasure(notary_lab.notary, [name]))
    with pytest.raises(Absent):
        behind_share(notary_lab.notary, "the lab", secret)
    with pytest.raises(Absent):
        share_credential(notary_lab.notary, token, days=1)
    assert shares_of(notary_lab.notary, token) == ()


def test_shares_are_bounded(notary_lab: Lab) -> None:
    """So many at a time, so many days, and only evidence that the credential has."""
    college = notary_lab.institutions[0]
    proof = attach(notary_lab.notary, [Exhibit("essay.txt", "text/plain", io.BytesIO(b"essay"))])
    notary_lab.submit(college, *notary_lab.credentials(college, "Ana"), evidence=proof)
    with notary_lab.notary.ledger.read() as work:
        (row,) = work.credentials.of_institution(college.did)
        found = work.evidence.get(proof)
    assert found is not None
    items = {Digest(bytes(32)), *found[1]}
    token = renew_link(notary_lab.notary, row.id)
    share, _ = share_credential(notary_lab.notary, token, days=7, items=items)
    assert set(share.items) == set(found[1])
    for days in (0, 3661):
        with pytest.raises(IssuerError, match="how long it is shared"):
            share_credential(notary_lab.notary, token, days=days)
    for _ in range(MOST - 1):
        share_credential(notary_lab.notary, token, days=7)
    with pytest.raises(IssuerError, match="50 times"):
        share_credential(notary_lab.notary, token, days=7)
