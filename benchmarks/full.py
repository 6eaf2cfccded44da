"""A turn on a database with many open conversations and stories, beside one on an empty one."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from benchmarks import crowd
from benchmarks.figures import PAIRS, Comparison, compared
from benchmarks.world import World, opened, portions

PEOPLE = 60  # a measurement
OPEN = 100_000  # conversations
STEPS = 1_000_000  # of stories that were sent


def measured(folder: Path, loop: asyncio.Runner) -> Iterator[Comparison]:
    answering = PEOPLE * (PAIRS + 1)
    crowd.fill(folder / "empty.db", loop, open_=answering)
    crowd.fill(folder / "full.db", loop, open_=OPEN, steps=STEPS)
    few, many = crowd.evenly(answering, answering), crowd.evenly(answering, OPEN)
    with (
        opened(f"sqlite:///{folder}/empty.db", loop) as empty,
        opened(f"sqlite:///{folder}/full.db", loop) as full,
    ):
        on_empty = portions([f"{crowd.PEOPLE}-{n}" for n in few], PEOPLE)
        on_full = portions([f"{crowd.PEOPLE}-{n}" for n in many], PEOPLE)
        yield compared(
            f"SQLite, {OPEN:,} open and {STEPS:,} steps, beside an empty one",
            unit="µs a turn",
            ours=lambda: _cost(full, next(on_full)),
            peer=lambda: _cost(empty, next(on_empty)),
            bound="at most",
            target=1.2,
        )


def _cost(world: World, people: list[str]) -> float:
    return 1e6 / world.rate(people, crowd.REMAINING)
