"""64 chats at once on SQLite, beside python-telegram-bot, which keeps nothing."""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import PAIRS, Comparison, compared
from benchmarks.telegram_bot import TelegramBot
from benchmarks.world import AT_ONCE, named, opened, portions


def measured(folder: Path, loop: asyncio.Runner) -> Iterator[Comparison]:
    with opened(f"sqlite:///{folder}/in-memory.db", loop) as world:
        people = named("person", AT_ONCE * (PAIRS + 1))
        world.prepare(people)
        portion = portions(people, AT_ONCE)
        bot = TelegramBot(loop)
        numbers = itertools.count()

        def peer() -> float:
            first = next(numbers) * AT_ONCE + 1
            chats = range(first, first + AT_ONCE)
            bot.prepare(chats)
            rate = bot.rate(chats, at_once=True)
            assert bot.finished(chats)
            return rate

        yield compared(
            f"SQLite, {AT_ONCE} chats at once, beside ConversationHandler in memory",
            unit="turns/s",
            ours=lambda: world.rate(next(portion), at_once=True),
            peer=peer,
            target=1,
        )
        bot.close()
