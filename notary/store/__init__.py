"""The ledger on SQL: SQLite in one file of its own, PostgreSQL in production.

Implements `notary.ports.ledger`. SQLAlchemy is imported when a ledger is opened,
Alembic only when its tables have to change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notary.store.ledger import SqlLedger


def open_ledger(url: str) -> SqlLedger:
    """Open the ledger at `sqlite:///FILE` or `postgresql://…`, making or migrating its tables first.

    Several processes may do so at once: one migrates, the others wait. A new
    SQLite file can be read by its owner only. OperatorError where the database
    cannot be reached, or was written by a newer release.
    """
    from notary.store.engine import make_engine
    from notary.store.ledger import SqlLedger
    from notary.store.schema import bring_up_to_date

    ledger = SqlLedger(make_engine(url))
    try:
        bring_up_to_date(ledger)
    except BaseException:
        ledger.close()
        raise
    return ledger
