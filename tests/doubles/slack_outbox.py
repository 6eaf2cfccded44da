"""What is on its way to the bot: over which road, in which order, and when it is tried again."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition
from time import monotonic
from typing import Protocol

from tests.doubles.slack_deliveries import EVENTS, Attempt, Delivery

PAUSES = (0, 60, 300)  # seconds before each of the three retries


class Road(Protocol):
    """HTTP or Socket Mode."""

    in_order: bool
    """Whether it keeps the order by itself."""

    async def carry(self, delivery: Delivery, retry: int, reason: str) -> Attempt: ...


@dataclass(frozen=True, slots=True)
class Retry:
    due: float
    """On the server's clock."""
    delivery: Delivery
    number: int
    reason: str


@dataclass(eq=False)
class Outbox:
    changed: Condition
    now: Callable[[], float]
    road: Road | None = None
    ordered: bool = True
    """Whether the next event of a channel waits until the one before was tried once."""
    all: list[Delivery] = field(default_factory=list)
    retries: list[Retry] = field(default_factory=list)
    held: list[Delivery] | None = None
    loop: asyncio.AbstractEventLoop = field(init=False)
    broken: list[BaseException] = field(default_factory=list)
    _lanes: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _hurried: float = 0
    """Tries that began before this are followed by the next at once."""
    _alarm: asyncio.TimerHandle | None = None

    # From any thread

    def post(self, delivery: Delivery) -> None:
        with self.changed:
            self.all.append(delivery)
            self.changed.notify_all()
            if self.held is not None and delivery.kind == EVENTS:
                self.held.append(delivery)
                return
        self.again(delivery, laned=self.ordered)

    def again(
        self, delivery: Delivery, retry: int = 0, reason: str = "", *, laned: bool = False
    ) -> None:
        """Once more, whatever became of it before."""
        self.loop.call_soon_threadsafe(self._start, delivery, retry, reason, laned)

    def hold(self) -> None:
        with self.changed:
            self.held = []

    def release(self, order: Callable[[list[Delivery]], list[Delivery]], *, at_once: bool) -> None:
        with self.changed:
            held, self.held = self.held or [], None
            for delivery in order(held):
                self.again(delivery, laned=self.ordered and not at_once)

    def wake(self, *, all: bool = False) -> None:
        """Tries again what is due, or all that waits for its next try or is going to."""
        if all:
            self._hurried = monotonic()
        self.loop.call_soon_threadsafe(self._due, all)

    # In the server's thread

    async def stop(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, delivery: Delivery, retry: int, reason: str, laned: bool) -> None:
        road = self.road
        if road is not None and (road.in_order or delivery.kind != EVENTS or retry):
            laned = False
        task = self.loop.create_task(self._try(delivery, retry, reason, laned))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self.broken.append(fault)

    async def _try(self, delivery: Delivery, retry: int, reason: str, laned: bool) -> None:
        # A pause counts from the beginning of a try: then a clock that is moved during it moves the
        # next one too.
        began, due = monotonic(), self.now() + (*PAUSES, 0)[retry]
        if laned:
            async with self._lanes[delivery.lane]:
                attempt = await self._carry(delivery, retry, reason)
        else:
            attempt = await self._carry(delivery, retry, reason)
        with self.changed:
            delivery.attempts.append(attempt)
            if attempt.ok and not delivery.done and delivery.on_answer is not None:
                delivery.on_answer(attempt.body)
            if attempt.ok:
                delivery.done = True
            elif delivery.kind == EVENTS and retry < len(PAUSES) and not attempt.no_retry:
                due = 0 if began < self._hurried else due
                self.retries.append(Retry(due, delivery, retry + 1, attempt.reason))
            else:
                delivery.done = True
            self.changed.notify_all()
        self._due(False)

    async def _carry(self, delivery: Delivery, retry: int, reason: str) -> Attempt:
        if self.road is None:
            return Attempt("connection_failed", 0)
        return await self.road.carry(delivery, retry, reason)

    def _due(self, all: bool) -> None:
        now = self.now()
        with self.changed:
            due = [retry for retry in self.retries if all or retry.due <= now]
            self.retries = [retry for retry in self.retries if retry not in due]
        for retry in due:
            self._start(retry.delivery, retry.number, retry.reason, False)
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self.retries:
            soonest = min(retry.due for retry in self.retries)
            self._alarm = self.loop.call_later(max(soonest - now, 0), self._due, False)
