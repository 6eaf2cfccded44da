"""A backup holds all that the database holds, and brings it back, SQLite and PostgreSQL alike."""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing as ending
from pathlib import Path
from typing import Any

import psycopg
import pytest

from flows.messages import Address
from storage import migrations
from storage.backup import back_up, contents
from storage.database import Database
from storage.errors import BackupThere
from storage.tables import metadata
from storage.unit_of_work import Work
from tests.builders import a_member, closing, invoked, kept, opened, sentence, url_of
from tests.servers import a_schema, server_url
from tests.storage.test_migrations import at_version, brought_to
from tests.storage.test_transfer import fill, rows

MARKER = "ZEBRAFINK"


@pytest.fixture
def full(url: str) -> str:
    """The address of a database with something in nearly every table."""
    with closing(opened(url)) as database:
        kept(database, fill)
    return url


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups" / "copy.db"


@pytest.fixture
def empty_schema() -> Iterator[str]:
    with a_schema(server_url()) as url:
        yield url


def rows_at(url: Path | str) -> dict[str, list[dict[str, Any]]]:
    with closing(opened(url)) as database:
        return rows(database)


def changed(url: Path | str) -> None:
    """Something is told after the backup."""
    with closing(opened(url)) as database:
        kept(database, lambda work: a_member(work, "zoe"))


def knows(url: Path | str, name: str) -> bool:
    with closing(opened(url)) as database:
        found = database.read_now(lambda c: Work(c).members.known(Address("terminal", name)))
    return found is not None


# ---- there and back ----


def test_a_backup_holds_every_row_and_a_restored_database_too(full, copy):
    before = rows_at(full)

    made = invoked("backup", str(copy), database=full)
    changed(full)
    done = invoked("restore", str(copy), "--replace", database=full)

    count = sum(map(len, before.values()))
    assert (made.returncode, made.stderr, done.returncode, done.stderr) == (0, b"", 0, b"")
    assert made.stdout.decode() == (
        f"{copy} is whole: {count} rows in {len(before)} tables, schema {migrations.HEAD}.\n"
    )
    assert f": {count} rows of the backup." in done.stdout.decode()
    assert rows_at(copy) == before == rows_at(full)


@pytest.mark.parametrize("way", ["to PostgreSQL", "to SQLite"])
def test_a_backup_of_one_kind_is_restored_into_the_other(way, path, on_postgresql, copy):
    source, target = (path, on_postgresql) if way == "to PostgreSQL" else (on_postgresql, path)
    with closing(opened(source)) as database:
        kept(database, fill)
    invoked("backup", str(copy), database=source)

    done = invoked("restore", str(copy), "--replace", database=target)
    changed(target)  # what is new gets a free number

    assert (done.returncode, done.stderr) == (0, b"")
    assert knows(target, "zoe")
    assert len(rows_at(target)["stories"]) == len(rows_at(source)["stories"])


def test_a_backup_is_one_file_that_only_its_owner_reads(full, copy):
    invoked("backup", str(copy), database=full)

    assert copy.stat().st_mode & 0o777 == 0o600
    assert list(copy.parent.iterdir()) == [copy]


def test_a_restored_file_is_one_that_only_its_owner_reads_where_there_was_none(
    path, copy, tmp_path
):
    invoked("backup", str(copy), database=path)
    new = tmp_path / "new" / "storytrail.db"
    new.parent.mkdir()

    done = invoked("restore", str(copy), database=new)

    assert done.returncode == 0
    assert new.stat().st_mode & 0o777 == 0o600
    assert rows_at(new) == rows_at(path)


def test_what_lies_in_free_pages_does_not_come_into_a_backup(path, copy):
    with ending(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA secure_delete=OFF")
        connection.execute("CREATE TABLE t (words TEXT)")
        connection.execute("INSERT INTO t VALUES (?)", (MARKER,))
        connection.commit()
        connection.execute("DROP TABLE t")
        connection.commit()
    assert MARKER.encode() in path.read_bytes()

    back_up(url_of(path), copy, timeout=1)

    assert MARKER.encode() not in copy.read_bytes()


def test_a_file_that_was_copied_while_nothing_ran_is_a_backup_as_well(path, copy):
    with closing(opened(path)) as database:
        kept(database, fill)
    before = rows_at(path)
    copy.write_bytes(path.read_bytes())
    changed(path)

    done = invoked("restore", str(copy), database=path)

    assert (done.returncode, done.stderr) == (0, b"")
    assert rows_at(path) == before
    assert list(copy.parent.iterdir()) == [copy]


def test_a_chat_that_is_open_meanwhile_goes_on_in_the_restored_database(path, copy):
    invoked("backup", str(copy), database=path)
    with closing(opened(path)) as database:
        kept(database, lambda work: a_member(work, "zoe"))

        done = invoked("restore", str(copy), database=path)
        kept(database, lambda work: a_member(work, "cy"))

    assert done.returncode == 0
    assert (knows(path, "zoe"), knows(path, "cy")) == (False, True)


def test_a_database_that_is_broken_is_replaced(path, copy):
    invoked("backup", str(copy), database=path)
    before = rows_at(path)
    path.write_bytes(b"no database" * 1_000)

    done = invoked("restore", str(copy), database=path)

    assert done.returncode == 0
    assert "could not be read" in sentence(done)
    assert rows_at(path) == before


def test_what_the_background_work_noted_of_the_old_database_goes(path, copy):
    invoked("backup", str(copy), database=path)
    work, key = (path.with_name(f"{path.name}{end}") for end in (".background", ".key"))
    for file in (work, key):
        file.write_text("x")

    invoked("restore", str(copy), database=path)

    assert (work.exists(), key.exists()) == (False, True)


# ---- older and newer ----


def test_a_backup_of_an_older_schema_is_brought_up_to_date(url, tmp_path, copy):
    old = tmp_path / "old.db"
    with closing(Database(url_of(old))) as database:
        database.write_now(lambda c: brought_to(c, "0001"))

    made = invoked("backup", str(copy), database=old)
    done = invoked("restore", str(copy), "--replace", database=url)

    assert "schema 0001" in made.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    with closing(opened(url)) as database:
        database.read_now(migrations.ensure_current)


def test_a_backup_of_a_newer_version_is_refused_and_nothing_changes(full, path, copy):
    invoked("backup", str(copy), database=path)
    at_version(copy, "9999")
    before = rows_at(full)

    done = invoked("restore", str(copy), "--replace", database=full)

    assert done.returncode == 1
    assert "is from a newer version of Storytrail (schema 9999)" in sentence(done)
    assert rows_at(full) == before


def test_a_database_of_a_newer_version_gives_way_to_the_backup_of_before_it(path, copy):
    invoked("backup", str(copy), database=path)
    at_version(path, "9999")

    done = invoked("restore", str(copy), database=path)

    assert (done.returncode, done.stderr) == (0, b"")
    assert contents(path).schema == migrations.HEAD


# ---- what is refused ----


def broken(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4_096 : 4_096 * 20] = b"\xff" * (4_096 * 19)
    path.write_bytes(content)


def another_programs(path: Path) -> None:
    path.unlink()
    with ending(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (words TEXT)")


SPOILT = {
    "text": (lambda p: p.write_text("words, words"), "something else"),
    "empty": (lambda p: p.write_bytes(b""), "something else"),
    "another program's": (another_programs, "something else"),
    "cut off": (lambda p: p.write_bytes(p.read_bytes()[: 4_096 * 9]), "damaged"),
    "overwritten": (broken, "damaged"),
    "in use": (lambda p: p.with_name(f"{p.name}-wal").write_text("x"), "a database in use"),
    "gone": (lambda p: p.unlink(), "No such file"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_is_no_backup_is_refused_in_a_sentence_and_nothing_changes(path, copy, how):
    invoked("backup", str(copy), database=path)
    spoil, why = SPOILT[how]
    spoil(copy)
    before = path.read_bytes()

    done = invoked("restore", str(copy), database=path)

    assert done.returncode == 1
    assert why in sentence(done)
    assert path.read_bytes() == before
    assert not path.with_name(f"{path.name}.restoring").exists()


def test_another_programs_database_is_neither_backed_up_nor_replaced(path, copy, tmp_path):
    other = tmp_path / "other.db"
    other.touch()
    another_programs(other)
    before = other.read_bytes()

    refused = invoked("backup", str(copy), database=other)
    invoked("backup", str(copy), database=path)
    done = invoked("restore", str(copy), database=other)

    assert (refused.returncode, done.returncode) == (1, 1)
    assert sentence(refused) == sentence(done)
    assert sentence(done).startswith("The database belongs to another program")
    assert other.read_bytes() == before


def test_a_postgresql_that_is_not_empty_is_only_replaced_if_that_is_said(on_postgresql, path, copy):
    invoked("backup", str(copy), database=path)
    changed(on_postgresql)
    before = rows_at(on_postgresql)

    done = invoked("restore", str(copy), database=on_postgresql)

    assert done.returncode == 1
    assert "is not empty" in sentence(done)
    assert rows_at(on_postgresql) == before


def test_a_postgresql_without_tables_takes_a_backup(empty_schema, path, copy):
    invoked("backup", str(copy), database=path)

    done = invoked("restore", str(copy), database=empty_schema)

    assert (done.returncode, done.stderr) == (0, b"")
    assert rows_at(empty_schema) == rows_at(path)


def test_a_role_that_may_only_run_the_bot_makes_backups_and_restores_none(
    on_postgresql, copy, a_role
):
    limited = f"{on_postgresql}%20-crole%3D{a_role}"

    made = invoked("backup", str(copy), database=limited)
    done = invoked("restore", str(copy), "--replace", database=limited)

    assert (made.returncode, made.stderr, done.returncode) == (0, b"", 1)
    assert "use the one that owns its tables" in sentence(done)


@pytest.fixture
def a_role(on_postgresql: str) -> Iterator[str]:
    """A role that may read and write the rows of the schema."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(on_postgresql, autocommit=True) as connection:
        (schema,) = connection.execute("SELECT current_schema()").fetchone() or ("",)
        connection.execute(f"CREATE ROLE {name}")
        connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
        rows = "SELECT, INSERT, UPDATE, DELETE"
        connection.execute(f"GRANT {rows} ON ALL TABLES IN SCHEMA {schema} TO {name}")
        yield name
        connection.execute(f"DROP OWNED BY {name}")
        connection.execute(f"DROP ROLE {name}")


def test_a_restore_that_fails_half_way_leaves_postgresql_as_it_was(
    on_postgresql, path, copy, monkeypatch
):
    invoked("backup", str(copy), database=path)
    changed(on_postgresql)
    before = rows_at(on_postgresql)
    monkeypatch.setattr("storage.transfer._number_on", lambda *_: 1 / 0)

    done = invoked("restore", str(copy), "--replace", database=on_postgresql)

    assert done.returncode != 0
    assert rows_at(on_postgresql) == before


def test_a_file_that_is_there_is_only_replaced_if_that_is_said(path, copy):
    copy.write_text("words")

    refused = invoked("backup", str(copy), database=path)
    kept_as_it_was = copy.read_text()
    done = invoked("backup", str(copy), "--force", database=path)

    assert refused.returncode == 1
    assert sentence(refused).startswith("copy.db is there already")
    assert kept_as_it_was == "words"
    assert done.returncode == 0
    assert contents(copy).schema == migrations.HEAD


@pytest.mark.parametrize("end", ["", "-wal", ".erased", ".key"])
def test_the_database_and_what_belongs_to_it_are_never_overwritten(path, end):
    file = path.with_name(f"{path.name}{end}")
    file.touch()
    before = file.read_bytes()

    done = invoked("backup", str(file), "--force", database=path)

    assert done.returncode == 1
    assert "choose another name" in sentence(done)
    assert file.read_bytes() == before


def test_a_backup_that_fails_leaves_what_was_there_and_nothing_else(path, copy, monkeypatch):
    copy.write_text("words")
    monkeypatch.setattr("storage.backup.contents", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        back_up(url_of(path), copy, timeout=1, force=True)

    assert copy.read_text() == "words"
    assert list(copy.parent.iterdir()) == [copy]


def test_what_a_killed_backup_left_goes_with_the_next_one(path, copy):
    left = [copy.with_name(f"copy.db.0f0f0f0f.part{end}") for end in ("", "-wal")]
    for file in left:
        file.write_text(MARKER)

    back_up(url_of(path), copy, timeout=1)

    assert list(copy.parent.iterdir()) == [copy]


def test_without_a_database_there_is_nothing_to_back_up(tmp_path, copy):
    done = invoked("backup", str(copy), database=tmp_path / "none.db")

    assert done.returncode == 1
    assert sentence(done).startswith("There is no database there yet")
    assert list(copy.parent.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(path, tmp_path):
    done = invoked("backup", str(tmp_path / "nowhere" / "copy.db"), database=path)

    assert done.returncode == 1
    assert "copy.db cannot be written (no such file or directory)" in sentence(done)


def test_a_backup_is_refused_before_anything_is_written(path, copy):
    copy.touch()

    with pytest.raises(BackupThere):
        back_up(url_of(path), copy, timeout=1)


def test_every_table_is_counted(full, copy):
    made = back_up(full, copy, timeout=1)

    assert set(made.tables) == {table.name for table in metadata.sorted_tables}
    assert made.rows == sum(map(len, rows_at(full).values()))
