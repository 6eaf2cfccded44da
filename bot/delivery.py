"""From the outbox to the platform, in order. Only this sends."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from bot.limits import BROADCAST, Chat, Limits, Ready, Sleep, Slot
from bot.marks import Marks, as_expired, as_sent, is_late
from bot.platforms.platform import (
    Broken,
    NotAllowed,
    Platform,
    Refused,
    RetryLater,
    Unreachable,
)
from bot.showing import Showing, chat_of, ends
from flows.messages import Address
from storage.database import Database
from storage.errors import LeaseLost
from storage.leases import Lease, SoleLease
from storage.outbox import UNREACHABLE, Sent, Shown, Waiting
from storage.unit_of_work import Work

SWEEP = 5.0  # seconds between looks for what nobody told of: another process put it
LOOK = 0.05  # seconds between looks for what another process is sending
SHORTEST, LONGEST = 0.5, 60.0  # seconds of a pause before something is tried again, unless told
GRACE = 2.0  # seconds that what is being sent has when somebody waits for it
TRIES = 5
"""How often a message is tried that breaks the platform's own code."""

log = structlog.get_logger()


class Delivery:
    """What one address is sent when somebody asks for it: the terminal after each line."""

    def __init__(self, database: Database, platform: Platform, now: Callable[[], datetime]) -> None:
        self._database = database
        self._platform = platform
        self._now = now

    async def deliver(self, to: Address) -> int:
        """Send what waits for one address; how many messages that were.

        Each is marked after it was sent: a crash in between sends it again, and loses nothing.
        """
        waiting = await self._database.read(lambda c: Work(c).outbox.waiting(to))
        for row in waiting:
            if is_late(row, self._now()):
                await self._database.write(as_expired(row, self._now()))
                continue
            if row.subject is not None and row.in_place:
                sent = Sent(None, self._now(), messages=0)  # what is printed stays as it is
            else:
                sent = await self._platform.send(to, row.reply, place=row.place)
            await self._database.write(as_sent(row, sent))
        return len(waiting)


@dataclass(slots=True)
class _Lane:
    """What goes to one address, strictly one after another. It is there while anything waits."""

    to: Address
    task: "asyncio.Task[None] | None" = None
    is_woken: bool = False
    idle: asyncio.Event = field(default_factory=asyncio.Event)  # nothing is being sent
    # The turn that a broadcast waits for: a reply behind it need not.
    turn: "asyncio.Task[Slot | None] | None" = None
    failures: int = 0  # in a row
    row: int = 0  # that was tried last
    tries: int = 0  # of that row, that ended in something unexpected

    def __post_init__(self) -> None:
        self.idle.set()


class Courier:
    """Sends all that waits for a platform, a lane for each address, side by side.

    Of several processes only the one that holds the lease `run`s it; the others tell that one.
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
        lease: Lease | None = None,
        longest: float = LONGEST,
        unplaced: Callable[[Work, Address], None] | None = None,
        sleep: Sleep = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._platform = platform
        self._limits = limits
        self._marks = Marks(
            database,
            now,
            platform=platform.name,
            pause=lambda failures: sleep(self._span(failures)),
            unplaced=unplaced,
        )
        self.lease: Lease = lease or SoleLease()
        self._showing = Showing(self._marks.writes, platform, limits, now, self.lease)
        self._longest = longest
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
        """Something waits for this address: it is sent, here or wherever that is done.

        May be called from any thread, at any time.
        """
        if not self.lease.is_held:
            self.lease.tell(address)
        elif self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended; the next start finds it
                self._loop.call_soon_threadsafe(self._open, address)

    def pass_on(self, address: Address, what: str) -> None:
        """Whoever sends has to know of this too: ids, and no words. `Part.told` hears it there."""
        if not self.lease.is_held:
            self.lease.tell(address, what)

    async def settled(self, address: Address) -> None:
        """Wait for what is being sent to an address just now, a little: once it is marked, it is
        known whether what somebody wrote there came before it or after. Where another process
        sends, wait for all that is to be sent there. Raises StorageError."""
        if not self.lease.is_held:
            for _ in range(round(GRACE / LOOK)):
                if not await self._database.read(lambda c: Work(c).outbox.has_waiting(address)):
                    return
                await self._sleep(LOOK)
        lane = self._lanes.get(address)
        if lane is not None and not lane.idle.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(lane.idle.wait(), GRACE)

    async def run(self) -> None:
        """Send, until cancelled. What is being sent then is finished, where that is quick; where
        the lease was lost, it is marked however long that takes."""
        self._loop = asyncio.get_running_loop()
        self._is_stopping = False
        self._barred = 0
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
        if not self.lease.is_held:
            # The program goes on, and its lanes may: what they sent would be sent again otherwise.
            # A next run finds those that are there still.
            return
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
        row = rows[0]
        # A broadcast that a reply stands behind is as urgent as that: the order stays.
        priority = min(each.priority for each in rows)

        async def ready() -> bool:
            nonlocal rows, shown
            rows, shown = await self._database.read(lambda c: _first(Work(c), lane.to))
            # It may have been taken back meanwhile.
            return bool(rows) and rows[0].id == row.id and await self._marks.begins(row)

        slot = await self._slot(lane, row, priority, ready)
        if slot is None:
            return False
        lane.idle.clear()
        try:
            is_sent = await self._deliver(lane, row, shown, slot)
        finally:
            lane.idle.set()
        # Whatever was put behind it since has woken the lane.
        return is_sent and len(rows) == 1

    async def _slot(self, lane: _Lane, row: Waiting, priority: int, ready: Ready) -> Slot | None:
        """Its turn, where it is wanted still; none otherwise."""
        chat = chat_of(lane.to, row)
        if row.delivery is not None:
            slot = await self._turn(lane, chat, priority, ready)
            if slot is None:
                await self._marks.came_to_nobody(row)
            return slot
        slot = self._limits.goes_now(chat, priority)
        if slot is not None:
            return slot if await self._marks.begins(row) else None
        # Not looked at while next in line: many that were held up go at once then.
        slot = await self._turn(lane, chat, priority)
        return slot if slot is not None and await ready() else None

    async def _turn(
        self, lane: _Lane, chat: Chat, priority: int, ready: Ready | None = None
    ) -> Slot | None:
        """Its turn; none if something more urgent came up in a lane of broadcasts."""
        if priority < BROADCAST:
            return await self._limits.turn(chat, priority, ready=ready)
        turn = lane.turn = asyncio.create_task(self._limits.turn(chat, priority, ready=ready))
        try:
            await asyncio.wait({turn})
        finally:
            lane.turn = None
            turn.cancel()
        return None if turn.cancelled() else turn.result()

    async def _deliver(self, lane: _Lane, row: Waiting, shown: Sequence[Shown], slot: Slot) -> bool:
        """Whether it was sent and marked."""
        is_sent = False
        try:
            try:
                sent, closed = await self._showing.show(lane.to, row, shown)
            finally:
                slot.answered()
        except LeaseLost:
            await self._marks.came_to_nobody(row)
            lane.idle.set()
            await self._pause(lane)  # it is stopped in a moment
            return False
        except NotAllowed:
            self._not_let_in()
            await self._marks.came_to_nobody(row)
            return False
        except Broken as error:
            await self._again(lane, row, error)
            return False
        except RetryLater as error:
            chat = chat_of(lane.to, row)
            self._limits.hold(chat, error.seconds, all_of_it=error.is_for_all)
            await self._marks.came_to_nobody(row)
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
            await self._marks.sent(row, sent, closed)
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
        if row.place is not None:  # of a group that says nothing about the person
            await self._park(to, row, UNREACHABLE)
            return
        await self._marks.unreachable(to, row)
        self.unreachable += 1

    async def _park(self, to: Address, row: Waiting, fault: str) -> None:
        await self._marks.refused(to, row, fault)
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

    def _pause(self, lane: _Lane) -> Awaitable[None]:
        lane.failures += 1
        return self._sleep(self._span(lane.failures - 1))

    def _span(self, failures: int) -> float:
        """Seconds; after each failure about twice as many, never the same for two lanes."""
        most = min(self._longest, SHORTEST * 2.0 ** min(failures + 1, 10))
        return most * (1 + self._chance()) / 2


def _first(work: Work, to: Address) -> tuple[list[Waiting], list[Shown]]:
    """What waits for an address, and the messages that the first of it changes: those with
    buttons, where it takes these away, or the one before it on the same subject."""
    rows = work.outbox.waiting(to)
    if rows and rows[0].subject is not None:
        return rows, work.outbox.standing(to, rows[0])
    takes = bool(rows) and (rows[0].asks is not None or ends(rows[0]))
    return rows, work.outbox.open_buttons(to) if takes else []
