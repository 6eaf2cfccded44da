"""The few statements that SQLite and PostgreSQL spell each in its own way."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Insert, Select, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite


def named(*names: str) -> Mapping[str, Any]:
    """Columns whose values are handed in under their own names."""
    return {name: bindparam(name) for name in names}


def among(name: str, *at: str) -> Select[Any]:
    """The values of a list that is handed in as JSON under `name` (SQLite).

    Of values that are lists themselves, what is `at` these places: `$[0]`. So a statement is the
    same for any number of values, where SQLAlchemy would write it anew.
    """
    value = func.json_each(bindparam(name, type_=JSON)).table_valued("value").c.value
    return select(*(func.json_extract(value, place) for place in at)) if at else select(value)


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
