"""The one path of a turn: claim, load, advance, save, and only then the world."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.interviews import Interviews, Spelling
from bot.responding import Responder
from flows.messages import Address, Inbound
from storage.batch import Batcher, MustRunSingly
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
        self._batcher = Batcher(database, self._batch)
        # One turn of an address at a time, also while the first one is tried again.
        self._in_turn: WeakValueDictionary[Address, asyncio.Lock] = WeakValueDictionary()

    async def handle(self, inbound: Inbound) -> None:
        """Returns once the turn is committed, or its input parked after failing.

        Raises StorageError where the database cannot take it: nothing was kept then, and whoever
        delivered the input delivers it again.
        """
        in_turn = self._in_turn.setdefault(inbound.address, asyncio.Lock())
        async with in_turn:
            if await self._tried(inbound, lambda: self._batcher.submit(inbound)):
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
            work.flush()

        await self._database.write(answer)
        return False

    # ---- within one transaction ----

    def _batch(
        self, connection: Connection, inbounds: Sequence[Inbound]
    ) -> Sequence[bool | Exception]:
        """The turns of several people at once. One that raises drops only its own."""
        work = Work(connection)
        if len(inbounds) > 1:
            self._responder.preload(work, inbounds)
        outcomes: list[bool | Exception] = []
        for inbound in inbounds:
            mark, written = work.mark(), _written(connection)
            try:
                outcomes.append(self._turn(work, inbound))
            except (StorageError, SQLAlchemyError):
                raise
            except Exception as error:  # a poison input must not stop the others
                if len(inbounds) == 1:
                    raise
                if _written(connection) != written:
                    raise MustRunSingly from None
                work.drop(mark)
                outcomes.append(error)
        work.flush()
        return outcomes

    def _turn(self, work: Work, inbound: Inbound) -> bool:
        # Claim first: on SQLite this takes the write lock before anything is read.
        if not work.inbox.claim(inbound.key, now=self._now()):
            log.info("turn.repeated", key=inbound.key)
            return False
        return self._responder.respond(work, inbound, now=self._now())

    def _replay(self, inbound: Inbound) -> Callable[[Connection], bool]:
        def turn(connection: Connection) -> bool:
            work = Work(connection)
            work.inbox.done(inbound.key)
            must_read = self._responder.respond(work, inbound, now=self._now())
            work.flush()
            return must_read

        return turn

    def _park(self, connection: Connection, inbound: Inbound, fault: str) -> None:
        work = Work(connection)
        work.inbox.claim(inbound.key, now=self._now())
        if work.inbox.keep(inbound, InboxStatus.FAILED, fault=fault):  # not for the second time
            self._responder.apologize(work, inbound, now=self._now())
        work.flush()

    async def _kept(self, status: InboxStatus) -> list[Inbound]:
        return await self._database.read(lambda c: Work(c).inbox.open(status))


def _written(connection: Connection) -> int:
    """Rows that were written on this connection so far (SQLite, which alone has batches)."""
    return getattr(connection.connection.dbapi_connection, "total_changes", 0)
