"""From the outbox to the platform, in order. Only this sends."""

from bot.platforms.platform import Platform
from flows.messages import Address
from storage.database import Database
from storage.outbox import Sent
from storage.unit_of_work import Work


class Delivery:
    def __init__(self, database: Database, platform: Platform) -> None:
        self._database = database
        self._platform = platform

    async def deliver(self, to: Address) -> int:
        """Send what waits for one address; how many messages that were.

        A row is marked after it was sent: a crash in between sends it again, and loses nothing.
        """
        waiting = await self._database.read(lambda c: Work(c).outbox.waiting(to))
        sent: list[tuple[int, Sent]] = []
        for row in waiting:
            sent.append((row.id, await self._platform.send(to, row.reply)))
        if sent:
            await self._database.write(lambda c: Work(c).outbox.mark_sent(sent))
        return len(sent)
