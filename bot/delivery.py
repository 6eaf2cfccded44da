"""From the outbox to the platform, in order. Only this sends."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.limits import BROADCAST, Chat, Limits, Sleep
from bot.platforms.platform import (
    Broken,
    NotAllowed,
    Platform,
    Refused,
    RetryLater,
    Unreachable,
)
from bot.showing import Showing, Writes, chat_of, ends
from flows.messages import Address
from storage.batch import Batcher
from storage.database import Database
from storage.errors import StorageError
from storage.outbox import Sent, Shown, Waiting
from storage.unit_of_work import Work

SWEEP = 5.0  # seconds between looks for what nobody told of: another process put it
SHORTEST, LONGEST = 0.5, 60.0  # seconds of a pause before something is tried again, unless told
GRACE = 2.0  # seconds that what is being sent has when somebody waits for it
TRIES = 5
"""How often a message is tried that breaks the platform's own code."""

UNREACHABLE = "unreachable"
"""The fault of what can't be sent because its reader is gone."""

log = structlog.get_logger()


class Delivery:
    """What one address is sent when somebody asks for it: the terminal after each line."""

    def __init__(self, database: Database, platform: Platform) -> None:
        self._database = database
        self._platform = platform

    async def deliver(self, to: Address) -> int:
        """Send what waits for one address; how many messages that were.

        Each is marked after it was sent: a crash in between sends it again, and loses nothing.
        """
        waiting = await self._database.read(lambda c: Work(c).outbox.waiting(to))
        for row in waiting:
            sent = await self._platform.send(to, row.reply, place=row.place)
            await self._database.write(_marking(row, sent))
        return len(waiting)


@dataclass(slots=True)
class _Lane:
    """What goes to one address, strictly one after another. It is there while anything waits."""

    to: Address
    task: "asyncio.Task[None] | None" = None
    is_woken: bool = False
    idle: asyncio.Event = field(default_factory=asyncio.Event)  # nothing is being sent
    # The turn that a broadcast waits for: a reply behind it need not.
    turn: "asyncio.Task[None] | None" = None
    failures: int = 0  # in a row
    row: int = 0  # that was tried last
    tries: int = 0  # of that row, that ended in something unexpected

    def __post_init__(self) -> None:
        self.idle.set()


class Courier:
    """Sends all that waits for a platform, a lane for each address, side by side.

    `is_allowed` is False while the platform does not let the bot in. `sent`, `refused`, `retried`
    and `unreachable` count messages, tries and addresses since the start.
    """

    def __init__(
        self,
        database: Database,
        platform: Platform,
        limits: Limits,
        now: Callable[[], datetime],
        *,
        longest: float = LONGEST,
        unplaced: Callable[[Work, Address], None] | None = None,
        sleep: Sleep = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._platform = platform
        self._limits = limits
        # What became of messages shares commits, as turns do.
        self._writes: Writes = Batcher(database, _each)
        self._showing = Showing(self._writes, platform, limits, now)
        self._now = now
        self._longest = longest
        # Says to somebody that what they asked for in a group cannot be shown there.
        self._unplaced = unplaced
        self._sleep = sleep
        self._chance = chance
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_stopping = False
        self._lanes: dict[Address, _Lane] = {}
        self._probing = asyncio.Lock()
        self._barred = 0  # how often in a row the bot was not let in
        self.sent = self.refused = self.retried = self.unreachable = 0

    @property
    def platform(self) -> str:
        """Its name."""
        return self._platform.name

    @property
    def is_allowed(self) -> bool:
        return self._barred == 0

    def wake(self, address: Address) -> None:
        """Something waits for this address. May be called from any thread, at any time."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended; the next start finds it
                self._loop.call_soon_threadsafe(self._open, address)

    async def settled(self, address: Address) -> None:
        """Wait for what is being sent to an address just now, a little: once it is marked, it is
        known whether what somebody wrote there came before it or after."""
        lane = self._lanes.get(address)
        if lane is not None and not lane.idle.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(lane.idle.wait(), GRACE)

    async def run(self) -> None:
        """Send, until cancelled. What is being sent then is finished, where that is quick."""
        self._loop = asyncio.get_running_loop()
        self._is_stopping = False
        try:
            while True:
                await self._sweep()
                await self._sleep(SWEEP)
        finally:
            await self._stop()

    async def drain(self, within: float) -> bool:
        """Wait until nothing waits any more, so many seconds at most; whether that came."""
        emptied = asyncio.ensure_future(self._emptied())
        late = asyncio.ensure_future(self._sleep(within))
        try:
            done, _ = await asyncio.wait({emptied, late}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            emptied.cancel()
            late.cancel()
        return emptied in done

    # ---- lanes ----

    async def _sweep(self) -> bool:
        """Open a lane for each address that has none and for which something waits.

        Whether nothing waits at all.
        """
        name = self._platform.name
        try:
            waiting = await self._database.read(lambda c: Work(c).outbox.waiting_for(name))
        except Exception as error:  # the next sweep finds it
            log.warning("delivery.unread", platform=name, fault=type(error).__name__)
            return False
        for address in waiting:
            if address not in self._lanes:
                self._open(address)
        return not waiting

    def _open(self, address: Address) -> None:
        if address.platform != self._platform.name or self._is_stopping:
            return
        lane = self._lanes.get(address)
        if lane is None:
            lane = self._lanes[address] = _Lane(address)
            lane.task = asyncio.create_task(self._work_off(lane))
            return
        lane.is_woken = True
        if lane.turn is not None:
            lane.turn.cancel()

    async def _work_off(self, lane: _Lane) -> None:
        try:
            while not self._is_stopping:
                lane.is_woken = False
                try:
                    is_empty = await self._step(lane)
                except Exception as error:  # the database's trouble, mostly: nothing was sent
                    fault = type(error).__name__
                    log.warning("delivery.unread", platform=lane.to.platform, fault=fault)
                    await self._pause(lane)
                else:
                    if is_empty and not lane.is_woken:
                        return
        finally:
            del self._lanes[lane.to]  # at once: whoever wakes it now opens another one

    async def _emptied(self) -> None:
        while True:
            busy = {lane.task for lane in self._lanes.values() if lane.task is not None}
            busy.update(self._showing.closing)
            if busy:
                await asyncio.wait(busy)
            elif await self._sweep():
                return
            elif not self._lanes:
                await self._sleep(SHORTEST)

    async def _stop(self) -> None:
        self._is_stopping = True
        tasks = {lane.task for lane in self._lanes.values() if lane.task is not None}
        for lane in self._lanes.values():
            if lane.task is not None and lane.idle.is_set():
                lane.task.cancel()
        for closing in self._showing.closing:
            closing.cancel()
        tasks.update(self._showing.closing)
        try:
            if tasks:
                await asyncio.wait(tasks, timeout=GRACE)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # ---- one message ----

    async def _step(self, lane: _Lane) -> bool:
        """Try what is first in a lane; whether nothing was."""
        if self.is_allowed:
            return await self._try(lane)
        async with self._probing:  # one knocks, the others wait
            if not self.is_allowed:
                await self._sleep(self._span(self._barred - 1))
            return await self._try(lane)

    async def _try(self, lane: _Lane) -> bool:
        rows, shown = await self._database.read(lambda c: _first(Work(c), lane.to))
        if not rows:
            return True
        row, chat = rows[0], chat_of(lane.to, rows[0])
        # A broadcast that a reply stands behind is as urgent as that: the order stays.
        priority = min(each.priority for each in rows)
        if not self._limits.goes_now(chat, priority):
            if not await self._turn(lane, chat, priority):
                return False
            # It may have been taken back meanwhile.
            rows, shown = await self._database.read(lambda c: _first(Work(c), lane.to))
            if not rows or rows[0].id != row.id:
                return False
        lane.idle.clear()
        try:
            is_sent = await self._deliver(lane, row, shown)
        finally:
            lane.idle.set()
        # Whatever was put behind it since has woken the lane.
        return is_sent and len(rows) == 1

    async def _turn(self, lane: _Lane, chat: Chat, priority: int) -> bool:
        """Whether its turn came; not if something more urgent came up in a lane of broadcasts."""
        if priority < BROADCAST:
            await self._limits.turn(chat, priority)
            return True
        turn = lane.turn = asyncio.create_task(self._limits.turn(chat, priority))
        try:
            await asyncio.wait({turn})
        finally:
            lane.turn = None
            turn.cancel()
        if turn.cancelled():
            return False
        turn.result()
        return True

    async def _deliver(self, lane: _Lane, row: Waiting, shown: Sequence[Shown]) -> bool:
        """Whether it was sent and marked."""
        is_sent = False
        try:
            sent, closed = await self._showing.show(lane.to, row, shown)
        except NotAllowed:
            self._not_let_in()
            return False
        except Broken as error:
            await self._again(lane, row, error)
            return False
        except RetryLater as error:
            chat = chat_of(lane.to, row)
            self._limits.hold(chat, error.seconds, all_of_it=error.is_for_all)
            self.retried += 1
        except Unreachable:
            await self._cannot_reach(lane.to, row)
        except Refused as error:
            await self._park(lane.to, row, error.description)
        except Exception as error:  # a platform's own code must not stop the others
            await self._unexpected(lane, row, error)
            return False
        else:
            self._limits.count(chat_of(lane.to, row), row.priority, sent.messages - 1)
            await self._keep(_marking(row, sent, closed))
            self.sent += 1
            is_sent = True
        lane.failures = 0
        self._barred = 0
        return is_sent

    # ---- what goes wrong ----

    def _not_let_in(self) -> None:
        if self.is_allowed:
            log.error("delivery.not-allowed", platform=self._platform.name)
        self._barred += 1
        self.retried += 1

    async def _cannot_reach(self, to: Address, row: Waiting) -> None:
        """A person who is gone is sent nothing more; of a group that says nothing."""
        if row.place is not None:
            await self._park(to, row, UNREACHABLE)
            return

        def gone(connection: Connection) -> None:
            work = Work(connection)
            work.outbox.fail_all(to, UNREACHABLE, at=self._now())
            work.members.set_unreachable(to, self._now())

        await self._keep(gone)
        self.unreachable += 1
        log.info("delivery.unreachable", platform=to.platform, row=row.id)

    async def _park(self, to: Address, row: Waiting, fault: str) -> None:
        """It will never be taken, and those behind it do not wait for it."""
        log.warning("delivery.refused", platform=self._platform.name, row=row.id, fault=fault)

        def park(connection: Connection) -> None:
            work = Work(connection)
            work.outbox.fail(row.id, fault, at=self._now())
            if row.place is not None and self._unplaced is not None:
                self._unplaced(work, to)
                work.flush()

        await self._keep(park)
        self.refused += 1

    async def _unexpected(self, lane: _Lane, row: Waiting, error: Exception) -> None:
        lane.tries = lane.tries + 1 if lane.row == row.id else 1
        lane.row = row.id
        if lane.tries < TRIES:
            await self._again(lane, row, error)
        else:
            await self._park(lane.to, row, type(error).__name__)

    async def _again(self, lane: _Lane, row: Waiting, error: Exception) -> None:
        fault = type(error).__name__
        log.info("delivery.broken", platform=lane.to.platform, row=row.id, fault=fault)
        self.retried += 1
        lane.idle.set()
        await self._pause(lane)

    async def _keep(self, work: Callable[[Connection], object]) -> None:
        """Write what became of a message, however long that takes: else it was sent again."""
        failures = 0
        while True:
            try:
                await self._writes.submit(work)
            except Exception as error:
                name, fault = self._platform.name, type(error).__name__
                log.warning("delivery.unmarked", platform=name, fault=fault)
                await self._sleep(self._span(failures))
                failures += 1
            else:
                return

    def _pause(self, lane: _Lane) -> Awaitable[None]:
        lane.failures += 1
        return self._sleep(self._span(lane.failures - 1))

    def _span(self, failures: int) -> float:
        """Seconds; after each failure about twice as many, never the same for two lanes."""
        most = min(self._longest, SHORTEST * 2.0 ** min(failures + 1, 10))
        return most * (1 + self._chance()) / 2


def _each(
    connection: Connection, works: Sequence[Callable[[Connection], object]]
) -> Sequence[Exception | None]:
    outcomes: list[Exception | None] = []
    for work in works:
        try:
            work(connection)
        except (StorageError, SQLAlchemyError):
            raise
        except Exception as error:  # its own, and not that of the others
            outcomes.append(error)
        else:
            outcomes.append(None)
    return outcomes


def _first(work: Work, to: Address) -> tuple[list[Waiting], list[Shown]]:
    """What waits for an address, and the messages that the first of it changes: those with
    buttons, where it takes these away, or the one before it on the same subject."""
    rows = work.outbox.waiting(to)
    if rows and rows[0].subject is not None:
        return rows, work.outbox.standing(to, rows[0])
    takes = bool(rows) and (rows[0].asks is not None or ends(rows[0]))
    return rows, work.outbox.open_buttons(to) if takes else []


def _marking(row: Waiting, sent: Sent, closed: Sequence[int] = ()) -> Callable[[Connection], None]:
    def mark(connection: Connection) -> None:
        outbox = Work(connection).outbox
        outbox.mark_sent([(row.id, sent)])
        outbox.closed(closed)

    return mark
