"""One chat at a time among many open ones, beside python-telegram-bot that keeps a pickle."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from benchmarks import crowd
from benchmarks.figures import PAIRS, Comparison, compared
from benchmarks.telegram_bot import TelegramBot, keep_open
from benchmarks.world import ANSWERS, opened, portions

OURS = 40  # people a measurement
PEERS = 2  # it is slow
TARGETS = {0: None, 1_000: None, 10_000: 100}  # by open conversations


def measured(folder: Path, loop: asyncio.Runner) -> Iterator[Comparison]:
    for count, target in TARGETS.items():
        yield _beside(folder, loop, count, target)


def _beside(folder: Path, loop: asyncio.Runner, count: int, target: float | None) -> Comparison:
    file, pickle = folder / f"open-{count}.db", folder / f"open-{count}.pickle"
    answering = OURS * (PAIRS + 1)
    crowd.fill(file, loop, open_=max(count, answering))
    numbers = crowd.evenly(answering, max(count, answering))
    mine = portions([f"{crowd.PEOPLE}-{n}" for n in numbers], OURS)

    chats = crowd.evenly(PEERS * (PAIRS + 1), max(count, PEERS * (PAIRS + 1)))
    keep_open(pickle, max(count, len(chats)), ANSWERS[: crowd.GIVEN], loop)
    theirs = (chats[at : at + PEERS] for at in range(0, len(chats), PEERS))
    bot = TelegramBot(loop, pickled_in=pickle)

    def peer() -> float:
        now = next(theirs)
        rate = bot.rate(now, crowd.REMAINING)
        assert bot.finished(now)
        return rate

    with opened(f"sqlite:///{file}", loop) as world:
        found = compared(
            f"SQLite, one chat at a time, {count:,} open, beside PicklePersistence",
            unit="turns/s",
            ours=lambda: world.rate(next(mine), crowd.REMAINING),
            peer=peer,
            target=target,
        )
    bot.close()
    return found
