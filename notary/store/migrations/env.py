"""How Alembic reaches the ledger: on the connection, and in the unit of work, that notary.store.schema opened."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
