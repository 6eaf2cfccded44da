"""`storytrail migrate --from`: everything moves, SQLite to PostgreSQL and back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete, select

from storage.database import Database
from storage.errors import DatabaseInUse, DatabaseOutdated
from storage.inbox import InboxStatus
from storage.tables import metadata
from storage.transfer import transfer
from storage.unit_of_work import Work
from tests.builders import (
    NOON,
    REALIZED,
    a_member,
    a_story_as_far_as,
    begin,
    closing,
    invoked,
    kept,
    kept_story,
    known,
    sentence,
    url_of,
)
from tests.storage.test_conversations import full_of_words
from tests.storage.test_inbox import PAYLOADS, an_inbound


def fill(work: Work) -> None:
    """Something in nearly every table."""
    full_of_words(work)
    sent = kept_story(work, a_story_as_far_as(REALIZED, gaps=("when",)), a_member(work, "bo"))
    work.conversations.ask_again(sent.id, "planned", at=NOON)
    for number, payload in enumerate(PAYLOADS):
        inbound = an_inbound(payload, f"telegram:{number}")
        work.inbox.claim(inbound.key, now=NOON)
        work.inbox.keep(inbound, InboxStatus.FAILED, fault="KeyError")
    work.installations.put("slack", "T1", name="First", sealed="xyz", now=NOON)
    work.installations.issue("state", now=NOON, until=NOON + timedelta(minutes=10))


def rows(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, as the columns say."""

    def read(connection: Connection) -> dict[str, list[dict[str, Any]]]:
        return {
            table.name: [
                dict(row)
                for row in connection.execute(
                    select(table).order_by(*table.primary_key.columns)
                ).mappings()
            ]
            for table in metadata.sorted_tables
        }

    return database.read_now(read)


def bare(database: Database) -> None:
    """As `storytrail migrate` makes it: the tables, and nothing in them."""

    def empty(connection: Connection) -> None:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))

    database.write_now(empty)


@pytest.fixture(params=["to PostgreSQL", "to SQLite"])
def from_to(request, path, on_postgresql) -> tuple[str, str]:
    both = (url_of(path), on_postgresql)
    return both if request.param == "to PostgreSQL" else (both[1], both[0])


def test_all_rows_of_every_table_are_there_and_what_is_new_gets_free_numbers(from_to):
    with closing(Database(from_to[0])) as source, closing(Database(from_to[1])) as target:
        kept(source, fill)
        bare(target)
        before = rows(source)

        done = invoked("migrate", "--from", from_to[0], database=from_to[1])
        after = rows(target)
        kept(target, lambda work: begin(work, a_member(work, "new")))
        kept(target, lambda work: kept_story(work, a_story_as_far_as(REALIZED), cy(work)))

        assert after == before
        assert rows(source) == before
    assert (done.returncode, done.stderr) == (0, b"")
    said = done.stdout.decode().splitlines()
    assert said[0] == "The database is up to date."
    counted = {table: len(found) for table, found in before.items()}
    assert {name: int(line.split()[0]) for name, line in map(halves, said[1:])} == counted


def halves(line: str) -> tuple[str, str]:
    name, _, rest = line.partition(": ")
    return name, rest


def cy(work: Work):
    return a_member(work, "cy")


def test_a_database_in_which_somebody_is_already_is_refused_and_not_touched(from_to):
    with closing(Database(from_to[0])) as source, closing(Database(from_to[1])) as target:
        kept(source, fill)
        kept(target, lambda work: a_member(work, "zoe"))
        before = rows(target)

        with pytest.raises(DatabaseInUse):
            transfer(source, target)

        assert rows(target) == before
    done = invoked("migrate", "--from", from_to[0], database=from_to[1])
    assert done.returncode == 1
    assert "is in use already" in sentence(done)


def test_an_older_database_is_to_be_migrated_first(tmp_path, path):
    with (
        closing(Database(url_of(tmp_path / "old.db"))) as old,
        closing(Database(url_of(path))) as new,
        pytest.raises(DatabaseOutdated),
    ):
        transfer(old, new)


def test_a_source_that_is_not_there_is_said_to_be_absent_and_not_made(tmp_path, path):
    done = invoked("migrate", "--from", url_of(tmp_path / "none.db"), database=path)

    assert done.returncode == 1
    assert sentence(done).startswith("There is no database there yet")
    assert not (tmp_path / "none.db").exists()


def test_somebody_who_moved_is_known_again(from_to):
    with closing(Database(from_to[0])) as source, closing(Database(from_to[1])) as target:
        was = kept(source, a_member)
        bare(target)
        transfer(source, target)

        found = target.read_now(lambda c: known(Work(c)))
    assert found == was
