"""Alembic's way in: on the connection that it is given, in our version table."""

from alembic import context

from flask_unt.store.migrate import VERSION_TABLE
from flask_unt.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)

with context.begin_transaction():
    context.run_migrations()
