"""What waits together is committed together, and falls apart only as far as it must."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, event, insert, select

from storage.batch import Batcher, MustRunSingly
from storage.database import Database
from storage.errors import DatabaseFull
from storage.tables import inbox
from tests.builders import NOON

Run = Callable[[Connection, Sequence[str]], Sequence[str | Exception]]


def keep(connection: Connection, key: str) -> str:
    connection.execute(insert(inbox).values(key=key, status="done", received_at=NOON))
    return key


def keep_each(connection: Connection, keys: Sequence[str]) -> Sequence[str | Exception]:
    return [ValueError(key) if key == "bad" else keep(connection, key) for key in keys]


def kept_keys(database: Database) -> list[str]:
    return sorted(database.read_now(lambda c: c.execute(select(inbox.c.key)).scalars().all()))


@contextmanager
def commits(database: Database) -> Iterator[list[int]]:
    """One entry for each transaction that is committed."""
    found: list[int] = []

    def noted(_: Connection) -> None:
        found.append(1)

    event.listen(database._writing, "commit", noted)
    yield found
    event.remove(database._writing, "commit", noted)


async def together(
    database: Database, run: Run, *keys: str, drop: str | None = None
) -> list[str | BaseException]:
    """What came of each, after all of them waited for the writer; `drop` is cancelled by then."""
    batcher: Batcher[str, str] = Batcher(database, run)
    go = threading.Event()
    database.submit(lambda: (go.wait(30), None)[1])
    tasks = {key: asyncio.create_task(batcher.submit(key)) for key in keys}
    await asyncio.sleep(0)  # each of them is waiting now
    if drop is not None:
        tasks[drop].cancel()
        await asyncio.sleep(0)
    go.set()
    return await asyncio.gather(*tasks.values(), return_exceptions=True)


async def test_what_waits_for_the_writer_of_a_file_shares_one_commit(on_file):
    with commits(on_file) as committed:
        found = await together(on_file, keep_each, "a", "b", "c")

    assert found == ["a", "b", "c"]
    assert len(committed) == 1
    assert kept_keys(on_file) == ["a", "b", "c"]


async def test_no_more_than_sixty_four_share_one_commit(on_file):
    with commits(on_file) as committed:
        await together(on_file, keep_each, *(f"k{n}" for n in range(65)))

    assert len(committed) == 2
    assert len(kept_keys(on_file)) == 65


async def test_one_that_is_dropped_takes_no_other_with_it(on_file):
    with commits(on_file) as committed:
        first, bad, last = await together(on_file, keep_each, "a", "bad", "c")

    assert (first, last) == ("a", "c")
    assert isinstance(bad, ValueError)
    assert len(committed) == 1
    assert kept_keys(on_file) == ["a", "c"]


async def test_a_row_that_is_there_already_makes_each_run_singly(database):
    database.write_now(lambda c: keep(c, "b"))

    first, again, last = await together(database, keep_each, "a", "b", "c")

    assert (first, last) == ("a", "c")
    assert type(again).__name__ == "IntegrityError"
    assert kept_keys(database) == ["a", "b", "c"]


async def test_one_that_failed_after_it_wrote_makes_each_run_singly(on_file):
    sizes: list[int] = []

    def run(connection: Connection, keys: Sequence[str]) -> Sequence[str | Exception]:
        sizes.append(len(keys))
        if len(keys) > 1:
            keep(connection, "half")
            raise MustRunSingly
        return keep_each(connection, keys)

    found = await together(on_file, run, "a", "b")

    assert found == ["a", "b"]
    assert sizes == [2, 1, 1]
    assert kept_keys(on_file) == ["a", "b"]  # nothing is left of the attempt


async def test_a_database_that_is_full_is_so_for_all_of_them_and_tried_once(on_file):
    tries: list[int] = []

    def run(connection: Connection, keys: Sequence[str]) -> Sequence[str | Exception]:
        tries.append(1)
        keep(connection, keys[0])
        raise DatabaseFull

    found = await together(on_file, run, "a", "b")

    assert [type(each) for each in found] == [DatabaseFull, DatabaseFull]
    assert len(tries) == 1
    assert kept_keys(on_file) == []


async def test_whoever_waits_no_longer_keeps_nobody_else_from_an_answer(on_file):
    first, gone, last = await together(on_file, keep_each, "a", "b", "c", drop="b")

    assert (first, last) == ("a", "c")
    assert isinstance(gone, asyncio.CancelledError)
    assert kept_keys(on_file) == ["a", "b", "c"]  # it had been handed in


async def test_on_postgresql_each_has_a_commit_of_its_own(on_postgresql):
    database = Database(on_postgresql)
    try:
        with commits(database) as committed:
            await together(database, keep_each, "a", "b", "c")
    finally:
        database.close()

    assert len(committed) == 3
