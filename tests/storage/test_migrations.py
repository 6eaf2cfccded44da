import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from storage import migrations
from storage.database import Database
from storage.errors import DatabaseForeign, DatabaseNewer, DatabaseOutdated
from storage.tables import metadata
from tests.builders import closing
from tests.conftest import BOTH
from tests.servers import a_schema, server_url


def a_new_database(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'new.db'}")


def at_version(path: Path, version: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    connection.close()


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
    config = Config()
    config.set_main_option("script_location", str(migrations.FOLDER))

    scripts = ScriptDirectory.from_config(config)

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
