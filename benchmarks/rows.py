"""The rows that turns write, written again by a driver alone: no reads, no interview, no bot."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import uuid4

import psycopg
from sqlalchemy import Connection, text

from benchmarks.world import ANSWERS, PLATFORM, World
from flows.messages import Said
from storage.database import WRITER_PRAGMAS
from storage.mapping import MOVING

INBOX = ("key", "received_at", "status")
OUTBOX = (
    "platform",
    "user",
    "conversation_id",
    "asks",
    "body",
    "created_at",
    "place",
    "priority",
    "in_place",
)

Values = Mapping[str, Any]
Statement = tuple[str, tuple[Any, ...]]
Turn = list[Statement]


@dataclass(frozen=True, slots=True)
class Written:
    """What one turn wrote, as its driver takes it."""

    inbox: Values
    moved: Values
    answers: Sequence[Values]
    outbox: Sequence[Values]


def rehearsed(world: World, person: str) -> list[Written]:
    """What each answer of an interview writes, read from the database after each turn."""
    world.prepare([person])
    found: list[Written] = []
    for answer in ANSWERS:
        inbound = world.inbound(person, Said(answer))
        world.one_by_one([inbound])
        found.append(world.database.read_now(_reading(inbound.key, person)))
        world.deliver([person])
    return found


def conversation_ids(world: World) -> dict[str, int]:
    """By person."""
    wanted = text(
        'SELECT a."user", c.id FROM conversations c JOIN addresses a ON a.member_id = c.member_id'
    )
    return world.database.read_now(lambda c: {row[0]: row[1] for row in c.execute(wanted)})


def statements(
    written: Sequence[Written], people: Mapping[str, int], mark: str
) -> list[tuple[list[Turn], Turn]]:
    """For each answer: everybody's turns, and then what delivery writes, with ready values.

    `people` by conversation; `mark` is how the driver marks a parameter.
    """
    steps = []
    for turn in written:
        turns = [_turn(turn, str(uuid4()), p, c, mark) for p, c in people.items()]
        steps.append((turns, _delivery(people, turn.moved["turned_at"], mark)))
    return steps


def _turn(written: Written, key: str, person: str, conversation: int, mark: str) -> Turn:
    its_own = {"user": person, "conversation_id": conversation}
    moved = ", ".join(f"{name} = {mark}" for name in MOVING)
    return [
        _insert("inbox", {**written.inbox, "key": key}, mark),
        (
            f"UPDATE conversations SET {moved} WHERE id = {mark}",
            (*(written.moved[name] for name in MOVING), conversation),
        ),
        *(_insert("answers", {**row, **_of(row, its_own)}, mark) for row in written.answers),
        *(_insert("outbox", {**row, **_of(row, its_own)}, mark) for row in written.outbox),
    ]


def _of(row: Values, its_own: Values) -> Values:
    return {name: value for name, value in its_own.items() if name in row}


def _insert(table: str, row: Values, mark: str) -> Statement:
    columns = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join([mark] * len(row))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuple(row.values())


def _delivery(people: Mapping[str, int], at: Any, mark: str) -> Turn:
    of = ", ".join(map(str, people.values()))
    return [
        (
            f"UPDATE outbox SET sent_at = {mark}, body = NULL "
            f"WHERE sent_at IS NULL AND conversation_id IN ({of})",
            (at,),
        ),
        (f"UPDATE conversations SET delivered_at = {mark} WHERE id IN ({of})", (at,)),
    ]


class PlainSqlite:
    """The standard library's driver, with the pragmas of our writer."""

    mark = "?"

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in WRITER_PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}")

    def turn(self, turn: Turn) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        for statement, values in turn:
            execute(statement, values)
        execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


class PlainPsycopg:
    mark = "%s"

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url)

    def turn(self, turn: Turn) -> None:
        execute = self._connection.execute
        for statement, values in turn:
            execute(statement.encode(), values)
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()


Write = Callable[[Turn], None]


def rate(write: Write, steps: Sequence[tuple[list[Turn], Turn]]) -> float:
    """Turns a second, one after another."""
    seconds = 0.0
    for turns, delivery in steps:
        began = perf_counter()
        for turn in turns:
            write(turn)
        seconds += perf_counter() - began
        write(delivery)
    return sum(len(turns) for turns, _ in steps) / seconds


def rate_beside_one_another(
    writes: Sequence[Write], steps: Sequence[tuple[list[Turn], Turn]]
) -> float:
    """Turns a second, each of `writes` in a thread of its own."""
    seconds = 0.0
    with ThreadPoolExecutor(len(writes)) as threads:
        for turns, delivery in steps:
            shares = [(w, turns[n :: len(writes)]) for n, w in enumerate(writes)]
            began = perf_counter()
            list(threads.map(lambda share: [share[0](turn) for turn in share[1]], shares))
            seconds += perf_counter() - began
            writes[0](delivery)
    return sum(len(turns) for turns, _ in steps) / seconds


def _reading(key: str, person: str) -> Callable[[Connection], Written]:
    def read(connection: Connection) -> Written:
        def rows(what: str, **values: object) -> list[dict[str, Any]]:
            found = connection.execute(text(what), values).mappings()
            return [{name: _ready(value) for name, value in row.items()} for row in found]

        [arrived] = rows("SELECT * FROM inbox WHERE key = :key", key=key)
        waiting = rows(
            'SELECT * FROM outbox WHERE sent_at IS NULL AND platform = :p AND "user" = :u',
            p=PLATFORM,
            u=person,
        )
        [conversation] = rows(
            "SELECT * FROM conversations WHERE id = :id", id=waiting[0]["conversation_id"]
        )
        told = rows(
            "SELECT * FROM answers WHERE conversation_id = :id ORDER BY turn DESC LIMIT 1",
            id=conversation["id"],
        )
        return Written(
            inbox={name: arrived[name] for name in INBOX},
            moved={name: conversation[name] for name in MOVING},
            answers=told,
            outbox=[{name: row[name] for name in OUTBOX} for row in waiting],
        )

    return read


def _ready(value: Any) -> Any:
    """JSON that the driver has parsed, as text again."""
    return json.dumps(value) if isinstance(value, list | dict) else value
