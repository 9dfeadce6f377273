"""The institution's side: it recomputes a batch from its own credentials, and only then signs.

Nothing here needs the notary or its ledger. What the notary slipped in, left
out or changed does not have the digest of a credential the institution holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from notary.core.canonical import JSON
from notary.core.credential import Credential
from notary.core.digest import Digest
from notary.core.encoding import to_digest_text
from notary.core.errors import IssuerError, Mismatch, NotaryError
from notary.core.keys import PublicKey
from notary.core.leaf import Form
from notary.core.merkle import TreeBuilder
from notary.core.proof import DataIntegrityProof
from notary.core.statement import BatchStatement, SignedStatement, Statement, message_to_sign
from notary.core.summary import summarize
from notary.ports import AnySigner, StatementSigner
from notary.service.submission.batch_file import BatchFile
from notary.service.submission.reading import place


@dataclass(frozen=True, slots=True)
class Shown:
    """What the institution sees before it signs: read from its own credentials."""

    statement: BatchStatement
    titles: tuple[str, ...]
    first: str | None
    last: str | None


@dataclass(slots=True)
class _Held:
    """One of the institution's credentials: how it is committed, how often it is held, and what people call it."""

    form: Form
    title: str | None
    learner: str | None
    left: int = 0


def recompute(batch_file: BatchFile, own: Iterable[Credential]) -> Shown:
    """Check a batch file against the institution's own credentials; IssuerError where it is not theirs.

    Every position must be a credential of the institution's, as often as it
    holds it; size and root are computed from the positions.
    """
    held: dict[Digest, _Held] = {}
    for credential in own:
        if credential.digest not in held:
            held[credential.digest] = _Held(credential.form, *_names(credential))
        held[credential.digest].left += 1
    tree = TreeBuilder()
    titles: Counter[str] = Counter()
    ends: list[str | None] = []
    for number, position in enumerate(batch_file.positions, 1):
        digest = position.leaf.digest
        where = place(position.source, position.line)
        found = held.get(digest)
        if found is None or not found.left:
            raise IssuerError(
                f"position {number} of the batch ({where}) is not among your credentials",
                actual=to_digest_text(digest),
                hint="Do not sign. Ask the notary where it comes from",
            )
        if found.form is not position.leaf.form:
            raise IssuerError(
                f"position {number} of the batch ({where}) is committed in another form",
                expected=found.form.name,
                actual=position.leaf.form.name,
            )
        found.left -= 1
        tree.append(position.leaf.hash())
        titles.update([found.title] if found.title else [])
        ends = [*ends[:1], found.learner]
    statement = batch_file.statement
    if not ends or (tree.size, tree.root()) != (statement.size, statement.root):
        raise IssuerError(
            "the statement does not commit these positions",
            expected=f"{statement.size} credentials under {to_digest_text(statement.root)}",
            actual=f"{tree.size} positions",
            hint="Do not sign. Ask the notary for the batch file again",
        )
    return Shown(statement, tuple(title for title, _ in titles.most_common()), first=ends[0], last=ends[-1])


def sign(
    statement: Statement,
    signer: AnySigner,
    verification_method: str,
    *,
    summary: Mapping[str, JSON] = MappingProxyType({}),
) -> SignedStatement:
    """Sign a statement with the key of that id; Mismatch where what comes back does not verify under it.

    `summary`: what a person was shown of it, for a key whose keeper is asked.
    """
    key = PublicKey.parse(signer.public_key_multibase, "signing key")
    if isinstance(signer, StatementSigner):
        proof = signer.prove(statement, verification_method, summary)
        if proof.verification_method != verification_method:
            raise Mismatch(
                "the proof names another key", expected=verification_method, actual=proof.verification_method
            )
    else:
        message = message_to_sign(statement, key.cryptosuite, verification_method)
        proof = DataIntegrityProof(key.cryptosuite, verification_method, signer.sign(message))
    signed = SignedStatement(statement, proof)
    signed.verify(key)
    return signed


def _names(credential: Credential) -> tuple[str | None, str | None]:
    """Return title and learners as people read them; a file has neither."""
    if credential.form is Form.FILE:
        return None, None
    try:
        summary = summarize(credential)
    except NotaryError:
        return None, None
    return summary.title, ", ".join(summary.learners) or None
