"""The institution that a data folder founds for itself: its key lies beside the notary's, its claims are its own.

Enough for one institution, or one person, to notarise with; an institution that
keeps its key elsewhere applies instead (`notary member apply`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api.key_files import KeyFile
from api.wiring import make_keys, operator_passphrase
from notary.core.did import DID_KEY
from notary.core.registry import PURPOSES, MemberKey, MemberRecord, Period
from notary.core.statement import Recognition


def make_own_institution(data: Path, name: str, aliases: Sequence[str] = ()) -> MemberRecord:
    """Draw the institution's key, or open the one a try before drew, and return its record."""
    make_keys(data)
    if not _path(data).exists():
        KeyFile.create(_path(data), operator_passphrase(data))
    key = own_key(data)
    assert key is not None
    return self_asserted(key.public_key_multibase, name, aliases)


def own_key(data: Path) -> KeyFile | None:
    """Open the key of the folder's own institution; None where there is none."""
    return KeyFile.load(_path(data), operator_passphrase(data)) if _path(data).exists() else None


def own_id(key: KeyFile) -> str:
    """Return the did:key of a key: its own document."""
    return DID_KEY + key.public_key_multibase


def self_asserted(multibase: str, name: str, aliases: Sequence[str] = ()) -> MemberRecord:
    """Return the record of an institution that is its key, and claims for itself alone."""
    did = DID_KEY + multibase
    return MemberRecord(
        id=did,
        aliases=tuple(dict.fromkeys(alias for alias in aliases if alias != did)),
        name=name,
        recognition=Recognition.SELF_ASSERTED,
        programmes=(),
        period=Period(None, None),
        successor=None,
        keys=(MemberKey(f"{did}#{multibase}", multibase, PURPOSES, Period(None, None), custodial=False),),
        did_document=None,
    )


def _path(data: Path) -> Path:
    return data / "keys" / "institution.pem"
