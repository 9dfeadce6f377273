"""The institution's side: it recomputes a batch from its own credentials, and only then signs.

Nothing here needs the notary or its ledger. What the notary slipped in, left
out or changed does not have the digest of a credential the institution holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from notary.core.credential import Credential
from notary.core.encoding import to_digest_text
from notary.core.errors import IssuerError, NotaryError
from notary.core.keys import PublicKey
from notary.core.leaf import Form
from notary.core.merkle import TreeBuilder
from notary.core.proof import DataIntegrityProof
from notary.core.statement import BatchStatement, SignedStatement, Statement, message_to_sign
from notary.core.summary import summarize
from notary.ports import Signer
from notary.service.seal import BatchFile


@dataclass(frozen=True, slots=True)
class Shown:
    """What the institution sees before it signs: read from its own credentials."""

    statement: BatchStatement
    titles: tuple[str, ...]
    first: str | None
    last: str | None


def recompute(batch_file: BatchFile, own: Iterable[Credential]) -> Shown:
    """Check a batch file against the institution's own credentials; IssuerError where it is not theirs.

    Every position must be a credential of the institution's, as often as it
    holds it; size and root are computed from the positions.
    """
    credentials = list(own)
    held = Counter(credential.digest for credential in credentials)
    by_digest = {credential.digest: credential for credential in credentials}
    tree = TreeBuilder()
    for number, position in enumerate(batch_file.positions, 1):
        digest = position.leaf.digest
        if held[digest] == 0:
            raise IssuerError(
                f"position {number} of the batch ({position.source}) is not among your credentials",
                actual=to_digest_text(digest),
                hint="Do not sign. Ask the notary where it comes from",
            )
        held[digest] -= 1
        if by_digest[digest].form is not position.leaf.form:
            raise IssuerError(f"position {number} of the batch ({position.source}) is committed in another form")
        tree.append(position.leaf.hash())
    statement = batch_file.statement
    if not batch_file.positions or (tree.size, tree.root()) != (statement.size, statement.root):
        raise IssuerError(
            "the statement does not commit these positions",
            expected=f"{statement.size} credentials under {to_digest_text(statement.root)}",
            actual=f"{tree.size} positions",
            hint="Do not sign. Ask the notary for the batch file again",
        )
    ordered = [by_digest[position.leaf.digest] for position in batch_file.positions]
    titles = Counter(title for title in (_title(credential) for credential in ordered) if title)
    return Shown(
        statement,
        tuple(title for title, _ in titles.most_common()),
        first=_learner(ordered[0]),
        last=_learner(ordered[-1]),
    )


def sign(statement: Statement, signer: Signer, verification_method: str) -> SignedStatement:
    """Sign a statement with the key of that id."""
    key = PublicKey.parse(signer.public_key_multibase, "signing key")
    message = message_to_sign(statement, key.cryptosuite, verification_method)
    proof = DataIntegrityProof(key.cryptosuite, verification_method, signer.sign(message))
    signed = SignedStatement(statement, proof)
    signed.verify(key)
    return signed


def _title(credential: Credential) -> str | None:
    return None if credential.form is Form.FILE else _summary(credential, "title")


def _learner(credential: Credential) -> str | None:
    return None if credential.form is Form.FILE else _summary(credential, "learners")


def _summary(credential: Credential, what: str) -> str | None:
    try:
        summary = summarize(credential)
    except NotaryError:
        return None
    return summary.title if what == "title" else ", ".join(summary.learners) or None
