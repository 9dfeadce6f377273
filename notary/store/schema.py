"""The version of the tables: found by a plain query, changed by Alembic under the writers' lock.

A migration is one unit of work: a crash in its middle leaves the version before.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection, inspect, text

from notary.core.errors import OperatorError

if TYPE_CHECKING:
    from alembic.config import Config


class Database(Protocol):
    """Where the tables are."""

    def connection(self, *, write: bool) -> AbstractContextManager[Connection]:
        """Open a unit of work on the database itself."""
        ...


def bring_up_to_date(ledger: Database) -> None:
    """Migrate the ledger to this release's version; OperatorError where it is of a newer one."""
    newest = versions()[-1]
    with ledger.connection(write=False) as connection:
        if version(connection) == newest:
            return
    with ledger.connection(write=True) as connection:
        if version(connection) != newest:  # another process may have been first
            migrate(connection, newest)


def versions() -> list[str]:
    """Return the versions this release knows, oldest first: their files' names begin with them."""
    names = (file.name for file in (files("notary.store") / "migrations" / "versions").iterdir())
    return sorted(name.partition("_")[0] for name in names if name[:1].isdigit())


def version(connection: Connection) -> str | None:
    """Return the version of the tables, None for none; OperatorError where this release does not know it."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found not in versions():
        raise OperatorError(
            "the ledger was written by a newer release",
            expected=f"at most version {versions()[-1]}",
            actual=f"version {found}",
            hint="Install the release that wrote it, or a later one; nothing was changed.",
        )
    return None if found is None else str(found)


def migrate(connection: Connection, target: str) -> None:
    """Take the tables to a version, up or down (`base`: none), in the unit of work at hand."""
    from alembic import command

    configuration = _configuration(connection)
    current = version(connection)
    if target == "base" or (current is not None and target < current):
        command.downgrade(configuration, target)
    else:
        command.upgrade(configuration, target)


def _configuration(connection: Connection) -> Config:
    from alembic.config import Config

    configuration = Config(attributes={"connection": connection})
    configuration.set_main_option("script_location", "notary.store:migrations")
    return configuration
