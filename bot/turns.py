"""The one path of a turn: claim, load, advance, save, and only then the world."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bot.interviews import Interviews, Spelling
from bot.responding import Responder
from flows.messages import Inbound
from storage.database import Database
from storage.errors import StorageError
from storage.inbox import InboxStatus
from storage.unit_of_work import Work

TRIES = 3
"""How often a turn is tried before its input is parked."""

log = structlog.get_logger()


class Turns:
    """Handles what arrives. Every platform, prompt and tap comes through `handle`."""

    def __init__(
        self,
        database: Database,
        interviews: Interviews,
        *,
        spelling: Callable[[str], Spelling],
        now: Callable[[], datetime],
    ) -> None:
        """`spelling` says how a platform writes commands, by its name."""
        self._database = database
        self._responder = Responder(interviews, spelling)
        self._now = now

    async def handle(self, inbound: Inbound) -> None:
        """Returns once the turn is committed, or its input parked after failing.

        Raises StorageError where the database cannot take it: nothing was kept then, and whoever
        delivered the input delivers it again.
        """
        if await self._tried(inbound, lambda: self._database.write(self._turn_of(inbound))):
            await self._finish(inbound)

    async def finish_waiting(self) -> None:
        """Answer the commands that were claimed and not answered when the program ended."""
        for inbound in await self._kept(InboxStatus.WAITING):
            await self._finish(inbound)

    async def retry(self) -> tuple[int, int]:
        """Handle what was parked once more: (how many now succeeded, how many failed again)."""
        parked = await self._kept(InboxStatus.FAILED)
        for inbound in parked:
            if await self._tried(inbound, lambda i=inbound: self._database.write(self._replay(i))):  # type: ignore[misc]
                await self._finish(inbound)
        failed = len(await self._kept(InboxStatus.FAILED))
        return len(parked) - failed, failed

    # ---- trying ----

    async def _tried(self, inbound: Inbound, work: Callable[[], Awaitable[bool]]) -> bool:
        """What `work` returns; False, and the input parked, where it failed each time."""
        fault = ""
        for attempt in range(1, TRIES + 1):
            try:
                return await work()
            except StorageError:
                raise
            except Exception as error:  # a poison input must not stop the bot
                fault = type(error).__name__
                log.error("turn.failed", key=inbound.key, fault=fault, attempt=attempt)
        await self._database.write(lambda connection: self._park(connection, inbound, fault))
        return False

    async def _finish(self, inbound: Inbound) -> None:
        """A command that reads much reads beside the writer, and then commits its answer."""
        await self._tried(inbound, lambda: self._read_and_answer(inbound))

    async def _read_and_answer(self, inbound: Inbound) -> bool:
        replies = await self._database.read(
            lambda c: self._responder.read(Work(c), inbound, now=self._now())
        )

        def answer(connection: Connection) -> None:
            work = Work(connection)
            if work.inbox.done(inbound.key):  # unless another process was quicker
                self._responder.answer(work, inbound, replies, now=self._now())

        await self._database.write(answer)
        return False

    # ---- within one transaction ----

    def _turn_of(self, inbound: Inbound) -> Callable[[Connection], bool]:
        def turn(connection: Connection) -> bool:
            # Claim first: on SQLite this takes the write lock before anything is read.
            work = Work(connection)
            if not work.inbox.claim(inbound.key, now=self._now()):
                log.info("turn.repeated", key=inbound.key)
                return False
            return self._responder.respond(work, inbound, now=self._now())

        return turn

    def _replay(self, inbound: Inbound) -> Callable[[Connection], bool]:
        def turn(connection: Connection) -> bool:
            work = Work(connection)
            work.inbox.done(inbound.key)
            return self._responder.respond(work, inbound, now=self._now())

        return turn

    def _park(self, connection: Connection, inbound: Inbound, fault: str) -> None:
        work = Work(connection)
        work.inbox.claim(inbound.key, now=self._now())
        if work.inbox.keep(inbound, InboxStatus.FAILED, fault=fault):  # not for the second time
            self._responder.apologize(work, inbound, now=self._now())

    async def _kept(self, status: InboxStatus) -> list[Inbound]:
        return await self._database.read(lambda c: Work(c).inbox.open(status))
