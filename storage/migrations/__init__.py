"""Bringing a database to the current schema.

Alembic is slow to import, so that it is asked only where there is something to do.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from storage.errors import DatabaseForeign, DatabaseNewer, DatabaseOutdated

HEAD = "0007"
"""The schema that this version works on."""

KNOWN = frozenset(f"{number:04}" for number in range(1, int(HEAD) + 1))

LOCK = 0x53746F7279  # "Story": the advisory lock that migrations take on PostgreSQL

FOLDER = Path(__file__).parent


def current(connection: Connection) -> str | None:
    """The schema that the database has; None where it is empty.

    Raises DatabaseForeign where it has tables that no Storytrail made.
    """
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables:
        if tables:
            raise DatabaseForeign
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found is not None else None


def ensure_current(connection: Connection) -> None:
    """Raises DatabaseNewer or DatabaseOutdated where the schema is not this version's."""
    found = current(connection)
    if found is not None and found not in KNOWN:
        raise DatabaseNewer(found)
    if found != HEAD:
        raise DatabaseOutdated


def upgrade(connection: Connection) -> bool:
    """Bring the schema up to date, within the transaction of `connection`; True if it changed."""
    if connection.dialect.name == "postgresql":
        # Of two processes that begin at once, one waits and then finds it done.
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
    found = current(connection)
    if found is not None and found not in KNOWN:
        raise DatabaseNewer(found)
    if found == HEAD:
        return False
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return True
