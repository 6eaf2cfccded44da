"""One chat at a time on SQLite, beside `sqlite3` alone."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from benchmarks import rows
from benchmarks.figures import PAIRS, Comparison, compared
from benchmarks.world import named, opened, portions

PEOPLE = 40  # a measurement


def measured(folder: Path, loop: asyncio.Runner) -> Iterator[Comparison]:
    people = named("person", PEOPLE * (PAIRS + 1))
    peers = f"{folder}/alone-peer.db"
    with opened(f"sqlite:///{peers}", loop) as world:
        written = rows.rehearsed(world, "somebody")
        world.prepare(people)
        ids = rows.conversation_ids(world)
    with opened(f"sqlite:///{folder}/alone-ours.db", loop) as world:
        world.prepare(people)
        plain = rows.PlainSqlite(peers)
        ready = [
            rows.statements(written, {p: ids[p] for p in portion}, plain.mark)
            for portion in portions(people, PEOPLE)
        ]
        ours, peer = portions(people, PEOPLE), iter(ready)
        yield compared(
            "SQLite, one chat at a time, beside plain sqlite3",
            unit="turns/s",
            ours=lambda: world.rate(next(ours)),
            peer=lambda: rows.rate(plain.turn, next(peer)),
            target=0.35,
        )
        plain.close()
