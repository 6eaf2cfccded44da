import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, Table, event, inspect, select

from storage import migrations
from storage.database import Database
from storage.errors import DatabaseForeign, DatabaseNewer, DatabaseOutdated
from storage.tables import metadata
from tests.builders import NOON, closing
from tests.conftest import BOTH
from tests.servers import a_schema, server_url


def a_new_database(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'new.db'}")


def at_version(path: Path, version: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    connection.close()


def a_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations.FOLDER))
    return config


@pytest.fixture(params=BOTH)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a single table."""
    if request.param == "sqlite":
        with closing(a_new_database(tmp_path)) as database:
            yield database
        return
    with a_schema(server_url()) as url, closing(Database(url)) as database:
        yield database


def test_the_migrations_make_the_very_tables_that_the_code_uses(empty):
    changed = empty.write_now(migrations.upgrade)

    differences = empty.read_now(
        lambda c: compare_metadata(
            MigrationContext.configure(c, opts={"compare_server_default": True}), metadata
        )
    )

    assert changed
    assert differences == []


def test_a_current_database_is_left_alone(database):
    changed = database.write_now(migrations.upgrade)

    assert not changed


def test_head_and_the_known_schemas_are_those_of_the_migration_files():
    scripts = ScriptDirectory.from_config(a_config())

    assert scripts.get_heads() == [migrations.HEAD]
    assert {script.revision for script in scripts.walk_revisions()} == migrations.KNOWN


def test_a_database_of_a_newer_version_is_refused_and_not_touched(path):
    at_version(path, "9999")
    before = path.read_bytes()

    with closing(Database(f"sqlite:///{path}")) as database:
        with pytest.raises(DatabaseNewer, match="schema 9999"):
            database.write_now(migrations.upgrade)
        with pytest.raises(DatabaseNewer):
            database.read_now(migrations.ensure_current)

    assert path.read_bytes() == before


def test_an_empty_database_is_called_outdated(empty):
    with pytest.raises(DatabaseOutdated):
        empty.read_now(migrations.ensure_current)


def test_a_database_of_another_program_is_refused_and_not_touched(tmp_path):
    path = tmp_path / "accounts.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE members (name)")
        connection.execute("INSERT INTO members VALUES ('theirs')")
    connection.close()

    with closing(Database(f"sqlite:///{path}")) as database:
        with pytest.raises(DatabaseForeign):
            database.write_now(migrations.upgrade)
        with pytest.raises(DatabaseForeign):
            database.read_now(migrations.ensure_current)
        tables = database.read_now(lambda c: inspect(c).get_table_names())

    assert tables == ["members"]


class Killed(BaseException):
    pass


def test_an_upgrade_that_is_killed_in_the_middle_leaves_the_old_schema(empty):
    def upgraded_and_killed(connection: Connection) -> None:
        migrations.upgrade(connection)
        assert migrations.current(connection) == migrations.HEAD
        raise Killed

    with pytest.raises(Killed):
        empty.write_now(upgraded_and_killed)

    assert empty.read_now(migrations.current) is None
    assert empty.read_now(lambda c: inspect(c).get_table_names()) == []
    assert empty.write_now(migrations.upgrade)  # and the next attempt succeeds


def test_of_two_upgrades_of_a_new_schema_at_once_one_waits_and_finds_it_done():
    with (
        a_schema(server_url()) as url,
        closing(Database(url)) as one,
        closing(Database(url)) as other,
        ThreadPoolExecutor(2) as threads,
    ):
        both = [threads.submit(each.write_now, migrations.upgrade) for each in (one, other)]
        changed = [each.result() for each in both]

    assert sorted(changed) == [False, True]


# ---- from each released schema to the current one ----

RELEASED = sorted(migrations.KNOWN - {migrations.HEAD})

VALUES: dict[type, Any] = {int: 1, str: "x", bool: True, datetime: NOON, object: ["x"]}
"""By the type of a column; what JSON keeps may be any object."""

BELONGING = {1: (1, 2), 2: (2,), 3: ()}
"""Members, and the communities that they belong to, in each schema."""

Rows = dict[str, list[dict[str, Any]]]


def brought_to(connection: Connection, revision: str) -> None:
    config = a_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def fill(connection: Connection) -> None:
    """A row in every table of whatever schema this is; three members of two communities."""
    for table in tables_of(connection).sorted_tables:
        for row in the_rows(table):
            connection.execute(table.insert(), row)


def the_rows(table: Table) -> list[dict[str, Any]]:
    match table.name:
        case "alembic_version":
            return []
        case "communities":
            return [a_row(table, id=n, slug=f"circle {n}") for n in (1, 2)]
        case "members":
            return [a_row(table, id=n) for n in BELONGING]
        case "memberships":
            pairs = [(member, there) for member, all_ in BELONGING.items() for there in all_]
            return [a_row(table, member_id=m, community_id=c) for m, c in pairs]
        case _:
            return [a_row(table)]


def a_row(table: Table, **given: Any) -> dict[str, Any]:
    """Something in every column; what names a row names the first one."""

    def value(column: Column[Any]) -> Any:
        return 1 if column.foreign_keys else VALUES[column.type.python_type]

    return {column.name: value(column) for column in table.columns} | given


def tables_of(connection: Connection) -> MetaData:
    found = MetaData()
    found.reflect(connection)
    return found


def rows(connection: Connection, tables: MetaData) -> Rows:
    """What is in these columns."""
    return {
        table.name: [
            dict(row)
            for row in connection.execute(
                select(table).order_by(*table.primary_key.columns)
            ).mappings()
        ]
        for table in tables.sorted_tables
        if table.name != "alembic_version"
    }


@pytest.fixture(params=RELEASED)
def older(request: pytest.FixtureRequest, empty: Database) -> Database:
    """A database of a released schema with rows in every table."""
    empty.write_now(lambda connection: brought_to(connection, request.param))
    empty.write_now(fill)
    return empty


def test_every_released_schema_comes_to_head_with_all_its_rows(older):
    was = older.read_now(migrations.current)
    tables = older.read_now(tables_of)
    before = older.read_now(lambda c: rows(c, tables))

    changed = older.write_now(migrations.upgrade)

    assert changed
    older.read_now(migrations.ensure_current)
    after = before
    if was == "0001":  # nobody could choose a language of their own: theirs is their community's
        after = {**before, "members": [{**row, "language": ""} for row in before["members"]]}
    assert older.read_now(lambda c: rows(c, tables)) == after
    assert all(before.values())


def test_who_belonged_to_communities_before_there_were_several_speaks_in_the_first(empty):
    empty.write_now(lambda connection: brought_to(connection, "0001"))
    empty.write_now(fill)

    empty.write_now(migrations.upgrade)

    speaking = empty.read_now(
        lambda c: c.exec_driver_sql("SELECT id, community_id FROM members ORDER BY id").all()
    )
    assert [tuple(row) for row in speaking] == [(1, 1), (2, 2), (3, None)]


@pytest.mark.parametrize(
    "statement", ["ALTER TABLE outbox ADD COLUMN attempted_at", "UPDATE alembic_version"]
)
def test_an_upgrade_with_rows_that_is_killed_in_the_middle_leaves_them_in_the_old_schema(
    older, statement
):
    was = older.read_now(migrations.current)
    tables = older.read_now(tables_of)
    before = older.read_now(lambda c: rows(c, tables))
    columns = {table.name: table.columns.keys() for table in tables.sorted_tables}

    with pytest.raises(Killed):
        older.write_now(lambda connection: killed_at(connection, statement))

    left = older.read_now(tables_of)
    assert older.read_now(migrations.current) == was
    assert {table.name: table.columns.keys() for table in left.sorted_tables} == columns
    assert older.read_now(lambda c: rows(c, left)) == before
    assert older.write_now(migrations.upgrade)  # and the next attempt succeeds


def killed_at(connection: Connection, statement: str) -> None:
    """An upgrade that ends where a statement begins so."""

    def look(_connection: Any, _cursor: Any, executed: str, *_: Any) -> None:
        if executed.lstrip().startswith(statement):
            raise Killed

    event.listen(connection, "before_cursor_execute", look)
    migrations.upgrade(connection)
