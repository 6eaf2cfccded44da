"""The few statements that SQLite and PostgreSQL spell each in its own way."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Insert, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite


def named(*names: str) -> Mapping[str, Any]:
    """Columns whose values are handed in under their own names."""
    return {name: bindparam(name) for name in names}


def insert_or_keep(
    table: Table, *, unless: Sequence[str] | None = None, **values: Any
) -> Mapping[str, Insert]:
    """By dialect: add a row, or keep the one that is there already. `rowcount` tells which.

    It is there if it has the same value of the columns `unless`, or any unique one where none are
    named.
    """
    made: dict[str, Insert] = {
        "sqlite": sqlite.insert(table).values(**values).on_conflict_do_nothing(unless),
        "postgresql": postgresql.insert(table)
        .values(**values)
        .on_conflict_do_nothing(index_elements=unless),
    }
    return {name: add.execution_options(preserve_rowcount=True) for name, add in made.items()}
