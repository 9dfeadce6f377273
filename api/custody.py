"""Keys of institutions that chose to leave them to the notary: drawn here, encrypted as its own are.

Whoever keeps a key can sign with it, so the member record says that a custodian
does, and so does every verdict.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from api.key_files import KeyFile
from api.wiring import make_keys, operator_passphrase

_FOLDER = "custodial"


def draw_key(data: Path, name: str) -> KeyFile:
    """Draw an institution's working key into the data folder; OperatorError where it has one already."""
    make_keys(data)
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "institution"
    folder = data / "keys" / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return KeyFile.create(folder / f"{stem}.pem", operator_passphrase(data))


def find_key(data: Path, public_keys: Collection[str]) -> KeyFile | None:
    """Return the key kept here that is one of these; None where none is."""
    for path in sorted((data / "keys" / _FOLDER).glob("*.pem")):
        key = KeyFile.load(path, operator_passphrase(data))
        if key.public_key_multibase in public_keys:
            return key
    return None
