"""The statements of a turn, compiled once and run on the driver's own cursor.

SQLAlchemy writes the SQL and converts every value, by the types of the columns; what is left out is
what it does around each execution, which costs several times the execution itself
(benchmarks/README.md).
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError

Values = Mapping[str, Any]

Convert = Callable[[Any], Any]


class Prepared:
    """One statement, by dialect. Its parameters are named, and none is expanded."""

    def __init__(self, statement: Executable | Mapping[str, Executable]) -> None:
        """`statement` may be one for all dialects, or one for each by its name."""
        self._statement = statement
        self._made: dict[str, _Made] = {}

    def rows(self, connection: Connection, values: Values) -> list[Any]:
        """The rows that are selected or returned: named tuples of converted values."""
        made = self._for(connection.dialect)
        cursor = _run(connection, made.sql, made.bound(values))
        found = made.read(cursor.fetchall())
        cursor.close()
        return found

    def row(self, connection: Connection, values: Values) -> Any:
        """The first row; None where there is none."""
        return next(iter(self.rows(connection, values)), None)

    def run(self, connection: Connection, values: Values) -> int:
        """How many rows were written."""
        made = self._for(connection.dialect)
        cursor = _run(connection, made.sql, made.bound(values))
        count = int(cursor.rowcount)
        cursor.close()
        return count

    def run_all(self, connection: Connection, many: Sequence[Values]) -> None:
        if len(many) == 1:
            self.run(connection, many[0])
        elif many:
            made = self._for(connection.dialect)
            _run(connection, made.sql, [made.bound(values) for values in many], many=True).close()

    def _for(self, dialect: Dialect) -> "_Made":
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = _Made(self._statement, dialect)
        return made


class _Made:
    """A statement in one dialect, with what converts its values."""

    def __init__(self, statement: Executable | Mapping[str, Executable], dialect: Dialect) -> None:
        written: Any = statement[dialect.name] if isinstance(statement, Mapping) else statement
        compiled = written.compile(dialect=dialect)
        self.sql = str(compiled)
        self._names: list[str] | None = compiled.positiontup
        self._defaults = {k: v for k, v in compiled.params.items() if v is not None}
        self._bind: list[tuple[str, Convert | None]] = [
            (name, bound.type.dialect_impl(dialect).bind_processor(dialect))
            for name, bound in compiled.binds.items()
        ]
        columns = getattr(written, "exported_columns", ())
        row: Any = namedtuple("Row", [column.key for column in columns])  # type: ignore[misc]
        self._row = row._make
        results = (c.type.dialect_impl(dialect).result_processor(dialect, None) for c in columns)
        self._read = [(place, made) for place, made in enumerate(results) if made is not None]

    def bound(self, values: Values) -> Any:
        """The parameters as the driver takes them: in their order, or by name."""
        found = {**self._defaults, **values}
        for name, convert in self._bind:
            if convert is not None:
                found[name] = convert(found.get(name))
        if self._names is None:
            return {name: found.get(name) for name, _ in self._bind}
        return [found.get(name) for name in self._names]

    def read(self, raw: Sequence[Sequence[Any]]) -> list[Any]:
        rows = []
        for each in raw:
            values = list(each)
            for place, convert in self._read:
                values[place] = convert(values[place])
            rows.append(self._row(values))
        return rows


def _run(connection: Connection, sql: str, parameters: Any, *, many: bool = False) -> Any:
    """The driver's cursor, after the statement. Its errors come as SQLAlchemy's, without values."""
    raw: Any = connection.connection.dbapi_connection
    driver: Any = connection.dialect.loaded_dbapi
    cursor = raw.cursor()
    try:
        if many:
            cursor.executemany(sql, parameters)
        else:
            cursor.execute(sql, parameters)
    except driver.Error as error:
        is_lost = connection.dialect.is_disconnect(error, raw, cursor)
        raise DBAPIError.instance(
            sql, None, error, driver.Error, hide_parameters=True, connection_invalidated=is_lost
        ) from None
    return cursor
