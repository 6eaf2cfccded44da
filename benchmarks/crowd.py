"""A database with many people in it: two of them, met by the bot, copied in SQL."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks.world import ANSWERS, World, opened
from flows.messages import Chose, Said

GIVEN = 3
"""Answers that everybody with an open conversation gave; the others follow."""

REMAINING = ANSWERS[GIVEN:]

LENT_TURNS = 2 + GIVEN + 2 + len(ANSWERS) + 2
LENT = "lent"  # the prefix of the two
PEOPLE = "person"


def fill(path: Path, loop: asyncio.Runner, *, open_: int, steps: int = 0) -> None:
    """A new database with `open_` open conversations and `steps` steps of sent stories.

    The people are `person-1` and so on; who sent stories sent them before. Keys, references and
    words are each row's own; the numbers of turns, answers and steps are those of the two.
    """
    with opened(f"sqlite:///{path}", loop) as world:
        _meet(world)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-200000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        _copy_open(connection, open_)
        if steps:
            _copy_sent(connection, steps, people=open_)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert not connection.execute("PRAGMA foreign_key_check").fetchall()
    with path.open("rb+") as file:
        os.fsync(file)


def evenly(count: int, of: int) -> list[int]:
    """`count` different numbers from 1 to `of`, spread over all of them."""
    return [1 + n * of // count for n in range(count)]


def _meet(world: World) -> None:
    for person, answers in ((f"{LENT}-1", ANSWERS[:GIVEN]), (f"{LENT}-2", ANSWERS)):
        world.prepare([person])
        for answer in answers:
            world.one_by_one([world.inbound(person, Said(answer))])
            world.deliver([person])
    for choice in ("organizers", "yes"):
        world.one_by_one([world.inbound(f"{LENT}-2", Chose(choice))])
        world.deliver([f"{LENT}-2"])


def _copy_open(connection: sqlite3.Connection, people: int) -> None:
    [(member, conversation)] = connection.execute(
        "SELECT member_id, id FROM conversations WHERE status = 'active'"
    )
    last = _last(connection, "members")
    begun = _last(connection, "conversations")
    copy = _Copying(connection, people)
    copy.rows("members", f"id = {member}", id=f"{last} + n", name=f"'{PEOPLE}-' || n")
    its = f"member_id = {member}"
    copy.rows("addresses", its, id="NULL", member_id=f"{last} + n", user=f"'{PEOPLE}-' || n")
    copy.rows("memberships", its, member_id=f"{last} + n")
    copy.rows("consents", its, id="NULL", member_id=f"{last} + n")
    copy.rows("conversations", its, id=f"{begun} + n", member_id=f"{last} + n", ref="'P-' || n")
    its = f"conversation_id = {conversation}"
    copy.rows("answers", its, conversation_id=f"{begun} + n", text=_words("text"))
    copy.rows("outbox", its, id="NULL", conversation_id=f"{begun} + n", user=f"'{PEOPLE}-' || n")
    copy.rows("inbox", f"rowid <= {GIVEN + 2}", key=_KEY)


def _copy_sent(connection: sqlite3.Connection, steps: int, *, people: int) -> None:
    [(story, conversation, each)] = connection.execute(
        "SELECT s.id, s.conversation_id, (SELECT count(*) FROM steps WHERE story_id = s.id)"
        " FROM stories s"
    )
    begun = _last(connection, "conversations")
    [(first_step,)] = connection.execute(f"SELECT min(id) FROM steps WHERE story_id = {story}")
    copy = _Copying(connection, -(-steps // each))
    teller = f"{_last(connection, 'members') - people} + 1 + (n - 1) % {people}"
    its_id = {"id": f"{begun} + n", "member_id": teller, "ref": "'T-' || n"}
    copy.rows("conversations", f"id = {conversation}", **its_id)
    copy.rows(
        "answers",
        f"conversation_id = {conversation}",
        conversation_id=f"{begun} + n",
        text=_words("text"),
    )
    copy.rows("inbox", f"rowid > {GIVEN + 2} AND rowid <= {LENT_TURNS}", key=_KEY)
    copy.rows(
        "outbox",
        f"conversation_id = {conversation}",
        id="NULL",
        conversation_id=f"{begun} + n",
        user=f"'{PEOPLE}-' || (1 + (n - 1) % {people})",
    )
    copy.rows(
        "stories",
        f"id = {story}",
        **{**its_id, "id": f"{story} + n"},
        conversation_id=f"{begun} + n",
    )
    its = f"story_id = {story}"
    own = {"story_id": f"{story} + n"}
    at = f"{first_step} + n * {each} + "
    copy.rows("steps", its, id=f"{at} t.id - {first_step}", **own, text=_words("text"))
    for table in ("story_audiences", "gaps"):
        copy.rows(table, its, **own)
    copy.rows(
        "links",
        its,
        id="NULL",
        **own,
        origin_id=f"{at} origin_id - {first_step}",
        target_id=f"{at} target_id - {first_step}",
    )


_KEY = "lower(hex(randomblob(16)))"


def _words(column: str) -> str:
    """As long as before, and no two alike."""
    return f"substr({column}, 1, length({column}) - 8) || printf('%8d', n)"


class _Copying:
    """Copies rows of a table `count` times; `n`, from 1 on, is the number of the copy."""

    def __init__(self, connection: sqlite3.Connection, count: int) -> None:
        self._connection = connection
        self._count = count

    def rows(self, table: str, which: str, **changed: str) -> None:
        found = self._connection.execute(f"SELECT name FROM pragma_table_info('{table}')")
        names = [name for (name,) in found]
        assert changed.keys() <= set(names), (table, changed)
        columns = ", ".join(f'"{name}"' for name in names)
        values = ", ".join(changed.get(name, f't."{name}"') for name in names)
        self._connection.execute(
            f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers"
            f" WHERE n < {self._count}) INSERT INTO {table} ({columns})"
            # CROSS: in the order of `n`.
            f" SELECT {values} FROM numbers CROSS JOIN (SELECT * FROM {table} WHERE {which}) t"
        )


def _last(connection: sqlite3.Connection, table: str) -> int:
    [(last,)] = connection.execute(f"SELECT max(id) FROM {table}")
    return int(last)
