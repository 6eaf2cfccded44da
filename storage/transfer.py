"""Moving everything from one database to another: SQLite to PostgreSQL, or back."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Table, exists, func, insert, select

from storage.database import Database
from storage.errors import DatabaseInUse, TransferFailed
from storage.migrations import ensure_current
from storage.tables import metadata

CHUNK = 1_000  # rows copied at once


@dataclass(frozen=True, slots=True)
class Copied:
    """A table, and how many rows of it were copied."""

    table: str
    rows: int


def transfer(source: Database, target: Database) -> list[Copied]:
    """Copy all rows of `source` into the empty `target`, in one transaction, and compare counts.

    Both must have the current schema. Raises DatabaseInUse where `target` holds anything already,
    and TransferFailed, with nothing copied, where the counts differ in the end.
    """

    def read(reading: Connection) -> list[Copied]:
        return target.write_now(lambda writing: transfer_within(reading, writing))

    return source.read_now(read)


def transfer_within(reading: Connection, writing: Connection) -> list[Copied]:
    """The same, within transactions that were begun. Raises as `transfer` does."""
    ensure_current(reading)
    ensure_current(writing)
    if not is_empty(writing):
        raise DatabaseInUse
    return list(_copy(reading, writing))


def is_empty(connection: Connection) -> bool:
    """Whether no table has a row."""
    return not any(
        connection.execute(select(exists(select(table)))).scalar()
        for table in metadata.sorted_tables
    )


def _copy(reading: Connection, writing: Connection) -> Iterator[Copied]:
    for table in metadata.sorted_tables:
        # Not all at once: PostgreSQL's driver would hold the whole table in memory.
        asked = select(table).execution_options(yield_per=CHUNK)
        rows = reading.execute(asked).mappings()
        for chunk in rows.partitions(CHUNK):
            writing.execute(insert(table), [dict(row) for row in chunk])
        copied = _count(writing, table)
        if copied != _count(reading, table):
            raise TransferFailed(table.name)
        _number_on(writing, table)
        yield Copied(table.name, copied)


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _number_on(writing: Connection, table: Table) -> None:
    """Have PostgreSQL number new rows after the copied ones; SQLite does so by itself."""
    if writing.dialect.name != "postgresql" or "id" not in table.c:
        return
    after = select(func.coalesce(func.max(table.c.id), 0) + 1).scalar_subquery()
    sequence = func.pg_get_serial_sequence(table.name, "id")
    writing.execute(select(func.setval(sequence, after, False)))
