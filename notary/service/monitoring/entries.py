"""A log entry as a monitor reads it: whose it is, where in its issuer's chain, and what it is about.

Of other institutions' statements no more is read than the log's own rules need,
which takes a quarter of the time; the institution's own are read whole.
"""

from __future__ import annotations

from dataclasses import dataclass

from notary.core.canonical import canonical, load
from notary.core.digest import Digest, sha256
from notary.core.errors import Malformed
from notary.core.log import MAX_ENTRY
from notary.core.shape import Closed
from notary.core.statement import BATCH, STATUS


@dataclass(frozen=True, slots=True)
class Logged:
    """One entry. `about`: id of the batch statement it is or changes."""

    id: Digest
    log: str
    issuer: str
    seq: int
    previous: Digest | None
    about: Digest
    is_batch: bool


def read_logged(data: bytes, where: str) -> Logged:
    """Read an entry; Malformed where it is no statement, Unsupported for another version of one."""
    document = load(data, where, max_size=MAX_ENTRY)
    value = document.value
    if not isinstance(value, dict) or not isinstance(value.pop("proof", None), dict):
        raise Malformed(where, expected="a signed statement: an object with a proof")
    if document.canonical != data:
        raise Malformed(where, expected="a statement's RFC 8785 bytes", actual="another spelling")
    is_batch = str(value.get("type")).startswith(BATCH.rpartition("/")[0])
    names = "size root recognition legacy jointWith" if is_batch else "batch root"
    fields = Closed.typed(value, where, BATCH if is_batch else STATUS, f"log issuer seq previous time {names}")
    name = sha256(canonical(value))
    return Logged(
        id=name,
        log=fields.origin("log"),
        issuer=fields.did("issuer"),
        seq=fields.count("seq", 1),
        previous=fields.optional("previous", fields.digest),
        about=name if is_batch else fields.digest("batch"),
        is_batch=is_batch,
    )
