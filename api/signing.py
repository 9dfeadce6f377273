"""Signing where the ledger is: a batch is recomputed and shown first, then signed by a key kept here, or a service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from api.custody import find_key
from api.key_files import KeyFile, read_secret
from api.own_institution import own_key
from api.settings import Settings
from api.signing_hook import SigningHook
from notary.core.canonical import JSON
from notary.core.credential import Credential, read
from notary.core.errors import IssuerError, Mismatch, OperatorError
from notary.core.keys import PublicKey
from notary.core.mandate import check_recognition
from notary.core.own_signature import CredentialKey
from notary.core.registry import MemberRecord
from notary.core.statement import SignedStatement
from notary.ports import AnySigner
from notary.ports.ledger import BatchId, BatchRow
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary
from notary.service.submission.batch_file import BatchFile, write_batch_file
from notary.service.submission.signing import Shown, recompute
from notary.service.submission.signing import sign as sign_statement


@dataclass(frozen=True, slots=True)
class Signers:
    """Who signs for institutions where the ledger is. `hooks`: address and public key of their services, by DID."""

    data: Path
    hooks: Mapping[str, tuple[str, str]]

    @classmethod
    def of(cls, settings: Settings) -> Signers:
        """Read the settings; no service is asked yet."""
        words = settings.signing_hooks.split()
        if len(words) % 3:
            actual = f"{len(words)} words"
            raise OperatorError(
                "the setting signing_hooks", expected="DID, address and public key of each", actual=actual
            )
        hooks = {did: (url, key) for did, url, key in zip(words[::3], words[1::3], words[2::3], strict=True)}
        return cls(settings.data, hooks)

    def find(self, member: MemberRecord, purpose: str) -> AnySigner | None:
        """Return the member's key that is kept here for `batch` or `status`, else its own service; None for neither."""
        kept = kept_key(self.data, member, purpose)
        if kept is not None or member.id not in self.hooks:
            return kept
        url, key = self.hooks[member.id]
        token = self.data / "keys" / "hooks" / f"{key}.token"
        return SigningHook(
            url, key, token=read_secret(token).decode("utf-8", "replace").strip() if token.exists() else None
        )

    def credentials(self, member: MemberRecord) -> CredentialKey | None:
        """Return the member's kept key as it signs credentials, which no service does; None where it is elsewhere."""
        return credential_key(self.data, member)


def kept_key(data: Path, member: MemberRecord, purpose: str) -> KeyFile | None:
    """Return the member's key that lies in the data folder: left to the notary, or of the folder's own institution.

    None where it is kept elsewhere, or is not for this purpose (`batch`, `status`).
    """
    mine = [key for key in member.keys if purpose in key.purposes]
    own = own_key(data)
    if own is not None and own.public_key_multibase in {key.public_key_multibase for key in mine}:
        return own
    return find_key(data, {key.public_key_multibase for key in mine if key.custodial})


def credential_key(data: Path, member: MemberRecord) -> CredentialKey | None:
    """Return the member's kept key as it signs credentials; None where it is kept elsewhere."""
    found = kept_key(data, member, "batch")
    if found is None:
        return None
    multibase = found.public_key_multibase
    return CredentialKey(PublicKey.parse(multibase, "key"), key_id(member, multibase), found.sign)


def key_id(member: MemberRecord, multibase: str) -> str:
    """Return the id that the member's record has for a key; IssuerError where it has none."""
    named = next((key.id for key in member.keys if key.public_key_multibase == multibase), None)
    if named is None:
        raise IssuerError(
            f"this key is not one of {member.name}'s",
            expected=", ".join(key.public_key_multibase for key in member.keys),
            actual=multibase,
            hint="Sign with the working key of the institution whose batch it is: --key",
        )
    return named


def looked_over(notary: Notary, batch: BatchId, own: Iterable[Credential]) -> Shown:
    """Recompute a batch where the ledger is, and return what whoever signs it sees."""
    return recompute(BatchFile.parse(write_batch_file(notary, batch)), own)


def sign_batch(
    notary: Notary,
    batch: BatchRow,
    own: Iterable[Credential],
    signer: AnySigner,
    agree: Callable[[Shown], object] = lambda _: None,
) -> tuple[Shown, SignedStatement]:
    """Check a batch where the ledger is and sign it, by the key id the registry in force has for this key.

    `agree` is shown it before anything is signed, and raises where somebody does not.
    """
    shown_batch = looked_over(notary, batch.id, own)
    record = members_in_force(notary.ledger).require(batch.institution)
    named = key_id(record, signer.public_key_multibase)
    try:
        check_recognition(record, shown_batch.statement.recognition)
    except Mismatch as error:
        raise IssuerError(str(error), hint="Seal it again, claiming less: notary seal --recognition") from error
    agree(shown_batch)
    return shown_batch, sign_statement(shown_batch.statement, signer, named, summary=summary(shown_batch))


def retained(notary: Notary, number: BatchId) -> Iterator[Credential]:
    """Give a batch's credentials as the ledger keeps them; IssuerError for one it does not keep."""
    with notary.ledger.read() as work:
        for row in work.credentials.of_batch(number):
            if row.content is None:
                raise IssuerError(
                    f"credential {row.id} ({row.source}) is not kept here",
                    hint=f"Sign with your own: notary sign {number} --credentials PATH",
                )
            yield read(row.content, row.source, row.form)


def summary(batch: Shown) -> dict[str, JSON]:
    """Return what is shown of a batch, for machines."""
    return {"size": batch.statement.size, "titles": list(batch.titles), "first": batch.first, "last": batch.last}
