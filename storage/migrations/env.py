"""Alembic's entry: runs the migrations on the connection that it is handed."""

from alembic import context

from storage.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transactional_ddl=False,  # the caller's transaction holds them all, on SQLite too
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
