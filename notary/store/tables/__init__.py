"""The ledger's tables. Their constraints are the invariants that no code can break.

The migrations make them; a test compares the two. A column has the name of the
field it keeps, but for `position`, which is a field's `index`. `length` counts
the bytes of a binary value in both databases.
"""

from __future__ import annotations

from notary.store.tables.access import api_key, institution, journal, session, worker
from notary.store.tables.base import metadata
from notary.store.tables.blocks import block_store, pin
from notary.store.tables.credentials import (
    credential,
    credential_content,
    credential_waiting,
    evidence_key,
    evidence_manifest,
    place,
)
from notary.store.tables.learners import award, bounce, contact, endorsement, link, mail, mail_text, paper, share
from notary.store.tables.members import registry_record, registry_state
from notary.store.tables.record import anchor, attempt, batch, held, log_entry, log_node, manifest
from notary.store.tables.statuses import status_list, status_mark

__all__ = [
    "anchor",
    "api_key",
    "attempt",
    "award",
    "batch",
    "block_store",
    "bounce",
    "contact",
    "credential",
    "credential_content",
    "credential_waiting",
    "endorsement",
    "evidence_key",
    "evidence_manifest",
    "held",
    "institution",
    "journal",
    "link",
    "log_entry",
    "log_node",
    "mail",
    "mail_text",
    "manifest",
    "metadata",
    "paper",
    "pin",
    "place",
    "registry_record",
    "registry_state",
    "session",
    "share",
    "status_list",
    "status_mark",
    "worker",
]
