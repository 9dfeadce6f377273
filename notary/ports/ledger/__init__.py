"""The ledger: the notary's one database, as the use cases see it.

A unit of work is all or nothing and durable once it has ended. Rows are plain
values; what they mean stands in the use cases. Two databases pass the same port
suite: SQLite embedded, PostgreSQL in production.
"""

from notary.ports.ledger.anchors import AnchorRow, Anchors, AnchorState, ManifestNumber, ManifestRow
from notary.ports.ledger.attempts import AttemptRow, Attempts, Held, HeldRow
from notary.ports.ledger.batches import Batches, BatchId, BatchRow, BatchState
from notary.ports.ledger.credentials import CredentialId, CredentialRow, Credentials, LeafRow
from notary.ports.ledger.evidence import Evidence
from notary.ports.ledger.institutions import InstitutionRow, Institutions
from notary.ports.ledger.log import EntryRow, Log
from notary.ports.ledger.registry import Registry, StateRow
from notary.ports.ledger.work import Ledger, UnitOfWork

__all__ = [
    "AnchorRow",
    "AnchorState",
    "Anchors",
    "AttemptRow",
    "Attempts",
    "BatchId",
    "BatchRow",
    "BatchState",
    "Batches",
    "CredentialId",
    "CredentialRow",
    "Credentials",
    "EntryRow",
    "Evidence",
    "Held",
    "HeldRow",
    "InstitutionRow",
    "Institutions",
    "LeafRow",
    "Ledger",
    "Log",
    "ManifestNumber",
    "ManifestRow",
    "Registry",
    "StateRow",
    "UnitOfWork",
]
