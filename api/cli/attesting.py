"""What claims, validations and endorsements share: a person's own key, and words in a file."""

from __future__ import annotations

from pathlib import Path

from api.cli.spoken import shown
from api.key_files import KeyFile
from notary.core.errors import IssuerError
from notary.core.keys import PublicKey
from notary.core.own_signature import CredentialKey


def persons_key(key: KeyFile) -> CredentialKey:
    """Return a person's key as it signs: by the did:key that it is."""
    from notary.service.receipts.endorsements import credential_key_id

    multibase = key.public_key_multibase
    return CredentialKey(PublicKey.parse(multibase, "key"), credential_key_id(multibase), key.sign)


def read_words(path: Path) -> str:
    """Read a text that somebody wrote into a file."""
    from notary.service.issuing.cells import MAX_TEXT, Unread, read_text

    with path.open("rb") as file:
        data = file.read(4 * MAX_TEXT + 1)
    try:
        found = read_text(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, Unread) as error:
        raise IssuerError(f"{shown(path)} is no text", expected="UTF-8", actual=str(error)) from error
    if not found:
        raise IssuerError(f"{shown(path)} is empty")
    return found
