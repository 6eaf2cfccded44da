"""The few statements that SQLite and PostgreSQL spell each in its own way."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Executable, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite


def named(*names: str) -> Mapping[str, Any]:
    """Columns whose values are handed in under their own names."""
    return {name: bindparam(name) for name in names}


def insert_or_keep(table: Table, **values: Any) -> Mapping[str, Executable]:
    """By dialect: add a row, or keep the one that already has its key. `rowcount` tells which."""
    made = {
        "sqlite": sqlite.insert(table).values(**values).on_conflict_do_nothing(),
        "postgresql": postgresql.insert(table).values(**values).on_conflict_do_nothing(),
    }
    return {name: add.execution_options(preserve_rowcount=True) for name, add in made.items()}
