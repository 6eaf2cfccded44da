import sqlite3
import threading

import pytest
from sqlalchemy import Connection, text

from storage.database import Database
from storage.errors import (
    DatabaseBroken,
    DatabaseBusy,
    DatabaseReadOnly,
    DatabaseUnreachable,
)
from storage.unit_of_work import Work
from tests.builders import NOON, a_member, closing, kept, opened


def pragma(connection: Connection, name: str) -> object:
    return connection.execute(text(f"PRAGMA {name}")).scalar()


@pytest.mark.parametrize(
    ("name", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("secure_delete", 1), ("foreign_keys", 1)],
)
def test_the_writer_keeps_what_was_acknowledged_and_overwrites_what_is_erased(on_file, name, value):
    found = on_file.write_now(lambda c: pragma(c, name))

    assert found == value


def test_a_reader_can_not_write(database):
    def rename(connection: Connection) -> None:
        connection.execute(text("UPDATE communities SET name = 'other'"))

    with pytest.raises(DatabaseReadOnly):
        database.read_now(rename)

    assert database.read_now(lambda c: Work(c).communities.home().name) != "other"


def test_a_reader_sees_one_snapshot_while_a_write_commits(database):
    def counted(connection: Connection) -> int:
        return int(connection.execute(text("SELECT count(*) FROM members")).scalar_one())

    def twice(connection: Connection) -> tuple[int, int]:
        before = counted(connection)
        kept(database, a_member)
        return before, counted(connection)

    seen = database.read_now(twice)

    assert seen == (0, 0)
    assert database.read_now(counted) == 1


def test_what_raises_in_a_transaction_is_not_kept(database):
    def half(connection: Connection) -> None:
        a_member(Work(connection))
        raise KeyError

    with pytest.raises(KeyError):
        database.write_now(half)

    assert database.read_now(lambda c: c.execute(text("SELECT * FROM members")).all()) == []


def test_writes_to_a_file_come_one_after_another_from_any_thread(on_file):
    def add(connection: Connection) -> None:
        number = connection.execute(text("SELECT count(*) FROM inbox")).scalar_one()
        work = Work(connection)
        work.inbox.claim(f"key {number}", now=NOON)
        work.flush()

    threads = [threading.Thread(target=on_file.write_now, args=(add,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Had two of them read the same number, one key would have been claimed twice.
    count = on_file.read_now(lambda c: c.execute(text("SELECT count(*) FROM inbox")).scalar())
    assert count == 20


def test_a_file_that_another_process_holds_is_waited_for_and_then_called_busy(on_file, path):
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(DatabaseBusy):
        kept(on_file, lambda w: w.inbox.claim("k", now=NOON))
    other.execute("ROLLBACK")
    other.close()

    assert kept(on_file, lambda w: w.inbox.claim("k", now=NOON))


def test_a_person_whom_another_process_holds_is_waited_for_and_then_called_busy(on_postgresql):
    held, done = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        a_member(Work(connection))
        held.set()
        done.wait(30)

    with closing(opened(on_postgresql)) as database, closing(opened(on_postgresql)) as other:
        kept(database, a_member)
        holding = threading.Thread(target=other.write_now, args=(hold,))
        holding.start()
        held.wait(30)
        kept(database, lambda w: a_member(w, "bo"))  # somebody else is not held up
        with pytest.raises(DatabaseBusy):
            kept(database, a_member)
        done.set()
        holding.join()

        assert kept(database, a_member).name == "ana"


def test_a_file_that_is_no_database_is_called_broken_and_not_touched(tmp_path):
    garbage = tmp_path / "letter.db"
    garbage.write_bytes(b"Dear Ana, " * 1000)

    with (
        closing(Database(f"sqlite:///{garbage}")) as database,
        pytest.raises(DatabaseBroken, match="SQLITE_NOTADB"),
    ):
        kept(database, lambda w: w.communities.home())

    assert garbage.read_bytes() == b"Dear Ana, " * 1000


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/at/all.db", "nonsense", "postgresql://h/n", "oracle://h/n", "x://y"]
)
def test_a_database_that_can_not_be_opened_is_called_unreachable(url):
    with (
        pytest.raises(DatabaseUnreachable, match="STORYTRAIL_DATABASE_URL"),
        closing(Database(url)) as database,
    ):
        kept(database, lambda w: w.communities.home())
