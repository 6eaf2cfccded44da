"""The one path of a turn: claim, load, advance, save, and only then the world."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.house import House
from bot.responding import Responder
from flows.messages import Address, Inbound
from storage.batch import Batcher, MustRunSingly
from storage.database import Database
from storage.errors import DatabaseEntangled, StorageError
from storage.inbox import InboxStatus
from storage.journal import Journal
from storage.unit_of_work import Work

TRIES = 3
"""How often a turn is tried before its input is parked."""

Later = Callable[[Coroutine[Any, Any, None]], None]

Reads = Inbound | None
"""What a turn still has to read, as a command."""

log = structlog.get_logger()


class Turns:
    """Handles what arrives. Every platform, prompt and tap comes through `handle`."""

    def __init__(
        self,
        database: Database,
        house: House,
        *,
        journal: Journal,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._responder = Responder(house)
        self._journal = journal
        self._has_erased = False
        self.done = 0
        self.failed = 0
        self._now = now
        self._batcher = Batcher(database, self._batch)
        # One turn of an address at a time, also while the first one is tried again.
        self._in_turn: WeakValueDictionary[Address, asyncio.Lock] = WeakValueDictionary()

    async def handle(self, inbound: Inbound, *, later: Later | None = None) -> None:
        """Returns once the turn is committed, or its input parked after failing.

        A command that reads much is answered by then too, unless it may be `later`: it is kept, and
        whoever is handed the rest sees to that.

        Raises StorageError where the database cannot take it: nothing was kept then, and whoever
        delivered the input delivers it again.
        """
        in_turn = self._in_turn.setdefault(inbound.address, asyncio.Lock())
        async with in_turn:
            reads = await self._tried(inbound, lambda: self._batcher.submit(inbound))
            if reads is not None and later is not None:
                later(self._finish(reads))
            elif reads is not None:
                await self._finish(reads)
            self.done += 1
            await self._settle()

    async def finish_waiting(self, *, waited: timedelta | None = None) -> None:
        """Answer the commands that were claimed and not answered when a program ended: all, or
        those that have waited for longer than so. Two programs may do it at once."""
        before = self._now() - waited if waited is not None else None
        for inbound in await self._kept(InboxStatus.WAITING, before=before):
            await self._finish(inbound)

    async def retry(self) -> tuple[int, int]:
        """Handle what was parked once more: (how many now succeeded, how many failed again)."""
        parked = await self._kept(InboxStatus.FAILED)
        for inbound in parked:
            again = partial(self._database.write, self._replay(inbound))
            reads = await self._tried(inbound, again)
            if reads is not None:
                await self._finish(reads)
        await self._settle()
        failed = len(await self._kept(InboxStatus.FAILED))
        return len(parked) - failed, failed

    async def _settle(self) -> None:
        """What was erased is gone from every page before whoever asked for it is answered."""
        if self._has_erased:
            self._has_erased = False
            try:
                await asyncio.to_thread(self._journal.settle, self._database)
            except (StorageError, OSError) as error:
                # The rows are gone; the next erasure, or the next start, does the rest.
                self._has_erased = True
                log.error("erasure.unsettled", fault=type(error).__name__)

    # ---- trying ----

    async def _tried(self, inbound: Inbound, work: Callable[[], Awaitable[Reads]]) -> Reads:
        """What `work` returns; None, and the input parked, where it failed each time."""
        fault = ""
        for attempt in range(1, TRIES + 1):
            try:
                return await work()
            except DatabaseEntangled:
                if attempt == TRIES:
                    raise
                log.info("turn.entangled", key=inbound.key, attempt=attempt)
            except StorageError:
                raise
            except Exception as error:  # a poison input must not stop the bot
                fault = type(error).__name__
                log.error("turn.failed", key=inbound.key, fault=fault, attempt=attempt)
        self.failed += 1
        await self._database.write(lambda connection: self._park(connection, inbound, fault))
        return None

    async def _finish(self, inbound: Inbound) -> None:
        """A command that reads much reads beside the writer, and then commits its answer."""
        await self._tried(inbound, lambda: self._read_and_answer(inbound))

    async def _read_and_answer(self, inbound: Inbound) -> None:
        outcomes = await self._database.read(
            lambda c: self._responder.read(Work(c), inbound, now=self._now())
        )

        def answer(connection: Connection) -> None:
            work = Work(connection)
            if work.inbox.done(inbound.key):  # unless another process was quicker
                self._responder.answer(work, inbound, outcomes, now=self._now())
            self._flush(work)

        await self._database.write(answer)

    # ---- within one transaction ----

    def _batch(
        self, connection: Connection, inbounds: Sequence[Inbound]
    ) -> Sequence[Reads | Exception]:
        """The turns of several people at once. One that raises drops only its own."""
        work = Work(connection)
        if len(inbounds) > 1:
            self._responder.preload(work, inbounds)
        outcomes: list[Reads | Exception] = []
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
        self._flush(work)
        return outcomes

    def _turn(self, work: Work, inbound: Inbound) -> Reads:
        # Claim first: on SQLite this takes the write lock before anything is read.
        if not work.inbox.claim(inbound.key, now=self._now()):
            log.info("turn.repeated", key=inbound.key)
            return None
        return self._responder.respond(work, inbound, now=self._now())

    def _replay(self, inbound: Inbound) -> Callable[[Connection], Reads]:
        def turn(connection: Connection) -> Reads:
            work = Work(connection)
            work.inbox.done(inbound.key)
            reads = self._responder.respond(work, inbound, now=self._now())
            self._flush(work)
            return reads

        return turn

    def _flush(self, work: Work) -> None:
        work.flush()
        self._has_erased |= work.has_erased

    def _park(self, connection: Connection, inbound: Inbound, fault: str) -> None:
        work = Work(connection)
        work.inbox.claim(inbound.key, now=self._now())
        if work.inbox.keep(inbound, InboxStatus.FAILED, fault=fault):  # not for the second time
            self._responder.apologize(work, inbound, now=self._now())
        work.flush()

    async def _kept(self, status: InboxStatus, *, before: datetime | None = None) -> list[Inbound]:
        return await self._database.read(lambda c: Work(c).inbox.open(status, before=before))


def _written(connection: Connection) -> int:
    """Rows that were written on this connection so far (SQLite, which alone has batches)."""
    return getattr(connection.connection.dbapi_connection, "total_changes", 0)
