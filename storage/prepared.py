"""The statements of a turn, compiled once and run on the driver's own cursor.

SQLAlchemy writes the SQL and converts the values, by the types of the columns; what is left out is
what it does around each execution, which costs several times the execution itself
(benchmarks/README.md).
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from storage.tables import UtcTime

Values = Mapping[str, Any]

Convert = Callable[[Any], Any]


class Prepared:
    """One statement, by dialect. Its parameters are named, and none is expanded."""

    def __init__(
        self, statement: Executable | Mapping[str, Executable], *, repeated: int = 0
    ) -> None:
        """`statement` may be one for all dialects, or one for each by its name.

        The first columns that are `repeated`, the same in all rows, are read of the first row.
        """
        self._statement = statement
        self._repeated = repeated
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
            made = self._made[dialect.name] = _Made(self._statement, dialect, self._repeated)
        return made


class _Made:
    """A statement in one dialect, with what converts its values."""

    def __init__(
        self,
        statement: Executable | Mapping[str, Executable],
        dialect: Dialect,
        repeated: int,
    ) -> None:
        written: Any = statement[dialect.name] if isinstance(statement, Mapping) else statement
        compiled = written.compile(dialect=dialect)
        self.sql = str(compiled)
        self._is_named = compiled.positiontup is None
        types = {name: bound.type for bound, name in compiled.bind_names.items()}
        self._names: list[str] = list(compiled.positiontup or types)
        self._given = [
            (place, name, compiled.params[name])
            for place, name in enumerate(self._names)
            if compiled.params[name] is not None
        ]
        self._bind = _places(_binding(types[name], dialect) for name in self._names)
        columns = getattr(written, "exported_columns", ())
        row: Any = namedtuple("Row", [column.key for column in columns])  # type: ignore[misc]
        self._row = row._make
        self._read = _places(_reading(column.type, dialect) for column in columns)
        self._read_again = [(place, made) for place, made in self._read if place >= repeated]

    def bound(self, values: Values) -> Any:
        """The parameters as the driver takes them: in their order, or by name."""
        found = list(map(values.get, self._names))
        for place, name, given in self._given:
            if name not in values:
                found[place] = given
        for place, convert in self._bind:
            found[place] = convert(found[place])
        return dict(zip(self._names, found, strict=True)) if self._is_named else found

    def read(self, raw: Sequence[Sequence[Any]]) -> list[Any]:
        if not self._read:
            return list(map(self._row, raw))
        rows = []
        converted = self._read
        for each in raw:
            values = list(each)
            for place, convert in converted:
                values[place] = convert(values[place])
            rows.append(self._row(values))
            converted = self._read_again
        return rows


def _places(made: Iterable[Convert | None]) -> list[tuple[int, Convert]]:
    """The conversions by place; most columns need none."""
    return [(place, convert) for place, convert in enumerate(made) if convert is not None]


def _binding(column: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    # Times by hand: every statement has some, and SQLAlchemy takes five calls for each. They are
    # written as it writes them (tests/storage/test_prepared.py).
    if isinstance(column, UtcTime):
        return _time_written if dialect.name == "sqlite" else None
    return column.dialect_impl(dialect).bind_processor(dialect)


def _reading(column: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    if isinstance(column, UtcTime) and dialect.name == "sqlite":
        return _time_read
    return column.dialect_impl(dialect).result_processor(dialect, None)


def _time_written(value: datetime | None) -> str | None:
    """In UTC, without saying so."""
    return None if value is None else value.astimezone(UTC).isoformat(" ", "microseconds")[:26]


def _time_read(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


@contextmanager
def together(connection: Connection) -> Iterator[None]:
    """What is written within goes to PostgreSQL in one round trip instead of one for each.

    Only prepared statements, and none whose rows or count somebody looks at: an error may come
    from the block's end.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    raw: Any = connection.connection.dbapi_connection
    failed: BaseException | None = None
    try:
        with raw.pipeline():
            try:
                yield
            except BaseException as error:
                # Caught within: of an error on the way out the driver logs what then follows.
                failed = error
    except connection.dialect.loaded_dbapi.Error as error:
        failed = failed or as_sqlalchemy(connection, "", _first(error))
    if failed is not None:
        raise failed from None


def _first(error: BaseException) -> BaseException:
    """What broke a pipeline, where `error` only says that it is broken."""
    while type(error).__name__ == "PipelineAborted" and error.__context__ is not None:
        error = error.__context__
    return error


def _run(connection: Connection, sql: str, parameters: Any, *, many: bool = False) -> Any:
    """The driver's cursor, after the statement."""
    raw: Any = connection.connection.dbapi_connection
    cursor = raw.cursor()
    try:
        if many:
            cursor.executemany(sql, parameters)
        else:
            cursor.execute(sql, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        raise as_sqlalchemy(connection, sql, error) from None
    return cursor


def as_sqlalchemy(connection: Connection, sql: str, error: Any) -> DBAPIError:
    """A driver's error as SQLAlchemy tells it, without the values."""
    driver: Any = connection.dialect.loaded_dbapi
    raw: Any = connection.connection.dbapi_connection
    is_lost = connection.dialect.is_disconnect(error, raw, None)
    made: Any = DBAPIError.instance(
        sql, None, error, driver.Error, hide_parameters=True, connection_invalidated=is_lost
    )
    return made  # type: ignore[no-any-return]
