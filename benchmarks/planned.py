"""Planning a round for many members, beside writing as many rows with the driver alone.

As a program (`python -m benchmarks.planned URL`) it plans the round that waits there, and prints
seconds and MiB; so its memory is its own.
"""

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from benchmarks.figures import Comparison, Figure, compared_in
from benchmarks.members import begin_round, fill
from benchmarks.world import shipped
from bot import rounds
from bot.house import House
from bot.platforms import spelling
from storage.database import Database
from storage.unit_of_work import Work

MEMBERS = 100_000
PAIRS = 2


def measured(folder: Path, loop: asyncio.Runner) -> Iterator[Comparison]:
    url = f"sqlite:///{folder}/planned.db"
    now = datetime.now(UTC)
    with closing(Database(url)) as database:
        fill(database, [f"person-{n}" for n in range(MEMBERS)], platform="terminal", now=now)

    idle = [1.0]

    def ours() -> tuple[float, float]:
        with closing(Database(url)) as database:
            begin_round(database, day=now)
        found = subprocess.run(
            [sys.executable, "-m", "benchmarks.planned", url], capture_output=True, check=True
        )
        seconds, before, after = json.loads(found.stdout)
        idle.append(before)
        return seconds, after

    what = f"planning a round for {MEMBERS:,} members"
    yield from compared_in(
        [
            Figure(what, "s", "at most"),
            Figure(f"{what}, memory in all, and before", "MiB", "at most"),
        ],
        ours=ours,
        peer=lambda: (_plainly(folder), idle[-1]),
        pairs=PAIRS,
    )


def _plainly(folder: Path) -> float:
    """As many rows, in transactions as long, by the driver alone."""
    path = folder / "plain.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(
            "CREATE TABLE deliveries (id INTEGER PRIMARY KEY, round_id INTEGER, member_id INTEGER,"
            " status TEXT, due_at TEXT, until TEXT, UNIQUE (round_id, member_id))"
        )
        began = perf_counter()
        for start in range(0, MEMBERS, rounds.PIECE):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO deliveries (round_id, member_id, status, due_at, until)"
                " VALUES (1, ?, 'planned', '2026-03-14 12:00:00', '2026-03-16 12:00:00')",
                [(n,) for n in range(start, start + rounds.PIECE)],
            )
            connection.execute("COMMIT")
        return perf_counter() - began


def _plan(url: str) -> tuple[float, float, float]:
    """Seconds, and the most MiB that it had taken before and after."""
    house = House(interviews=shipped(), spelling=spelling)
    now = datetime.now(UTC)
    with closing(Database(url)) as database:
        before = _memory()
        began = perf_counter()
        while database.read_now(lambda c: Work(c).rounds.planning()) is not None:
            database.write_now(lambda c: rounds.plan(house, Work(c), now))
        seconds = perf_counter() - began
    return seconds, before, _memory()


def _memory() -> float:
    # Not what getrusage says: that began with the most that the process before this one took.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    print(json.dumps(_plan(sys.argv[1])))
