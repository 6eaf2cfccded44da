"""What became of messages, kept in their rows."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from flows.messages import Address
from storage.batch import Batcher
from storage.database import Database
from storage.errors import StorageError
from storage.outbox import EXPIRED, UNREACHABLE, Sent, Waiting
from storage.unit_of_work import Work

Mark = Callable[[Connection], object]

Marking = Batcher[Mark, None]

log = structlog.get_logger()


def is_late(row: Waiting, now: datetime) -> bool:
    return row.expires_at is not None and row.expires_at <= now


def as_expired(row: Waiting, now: datetime) -> Mark:
    """Nobody wants it any more."""
    return lambda c: Work(c).outbox.fail(row.id, EXPIRED, at=now)


def as_sent(row: Waiting, sent: Sent, closed: Sequence[int] = ()) -> Mark:
    """`closed` are the rows that have no buttons any more by that."""

    def mark(connection: Connection) -> None:
        outbox = Work(connection).outbox
        outbox.mark_sent([(row.id, sent)])
        outbox.closed(closed)

    return mark


class Marks:
    """Each mark is written however long that takes: else its message was sent again.

    Those of many messages share commits, as turns do.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        *,
        platform: str,
        pause: Callable[[int], Awaitable[None]],
        unplaced: Callable[[Work, Address], None] | None,
    ) -> None:
        self.writes: Marking = Batcher(database, _each)
        self._now = now
        self._platform = platform
        # After so many failures in a row.
        self._pause = pause
        # Says to somebody that what they asked for in a group cannot be shown there.
        self._unplaced = unplaced

    async def begins(self, row: Waiting) -> bool:
        """Whether it is wanted still. Of a prompt it is kept that it is being sent."""
        if is_late(row, self._now()):
            await self._keep(as_expired(row, self._now()))
            return False
        if row.delivery is not None:
            await self._keep(lambda c: Work(c).outbox.trying(row, self._now()))
        return True

    async def came_to_nobody(self, row: Waiting) -> None:
        """The next try is no second time."""
        if row.delivery is not None:
            await self._keep(lambda c: Work(c).outbox.trying(row, None))

    async def sent(self, row: Waiting, sent: Sent, closed: Sequence[int]) -> None:
        await self._keep(as_sent(row, sent, closed))

    async def unreachable(self, to: Address, row: Waiting) -> None:
        """A person who is gone is sent nothing more."""

        def gone(connection: Connection) -> None:
            work = Work(connection)
            work.outbox.fail_all(to, UNREACHABLE, at=self._now())
            work.members.set_unreachable(to, self._now())

        await self._keep(gone)
        log.info("delivery.unreachable", platform=to.platform, row=row.id)

    async def refused(self, to: Address, row: Waiting, fault: str) -> None:
        """It will never be taken, and those behind it do not wait for it."""
        log.warning("delivery.refused", platform=self._platform, row=row.id, fault=fault)

        def park(connection: Connection) -> None:
            work = Work(connection)
            work.outbox.fail(row.id, fault, at=self._now())
            if row.place is not None and self._unplaced is not None:
                self._unplaced(work, to)
                work.flush()

        await self._keep(park)

    async def _keep(self, mark: Mark) -> None:
        failures = 0
        while True:
            try:
                await self.writes.submit(mark)
            except Exception as error:
                fault = type(error).__name__
                log.warning("delivery.unmarked", platform=self._platform, fault=fault)
                await self._pause(failures)
                failures += 1
            else:
                return


def _each(connection: Connection, marks: Sequence[Mark]) -> Sequence[Exception | None]:
    outcomes: list[Exception | None] = []
    for mark in marks:
        try:
            mark(connection)
        except (StorageError, SQLAlchemyError):
            raise
        except Exception as error:  # its own, and not that of the others
            outcomes.append(error)
        else:
            outcomes.append(None)
    return outcomes
