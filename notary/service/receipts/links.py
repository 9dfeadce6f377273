"""A learner's private link, renewed: when it was lost, or somebody has it who should not."""

from __future__ import annotations

from notary.ports.ledger import CredentialId
from notary.service.access.journal import Action, record
from notary.service.access.links import draw_token, link_hash
from notary.service.errors import Absent
from notary.service.notary import Notary


def renew_link(notary: Notary, credential: CredentialId) -> str:
    """Give a credential another link and return its token, shown once; the link before opens nothing any more."""
    token = draw_token(notary.random)
    with notary.ledger.begin() as work:
        row = work.credentials.get(credential)
        if row is None:
            raise Absent(f"there is no credential {credential}", hint="See index.csv: notary receipt --batch")
        work.credentials.relink(credential, link_hash(token), notary.clock.now())
        record(notary, work, Action.LINK, row.institution, [credential])
    return token
