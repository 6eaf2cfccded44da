"""The queue of updates: what getUpdates confirms and forgets, and what a webhook is sent."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from threading import Condition
from time import monotonic
from typing import Any

from tests.doubles.telegram_chats import Wire
from tests.doubles.telegram_wire import Args, Poster, Refused

KEPT = 24 * 3600  # seconds an update is kept, Bot API "Getting updates"
MAX_TIMEOUT = 50  # seconds of long polling
UNASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds that come only to a bot that names them in allowed_updates."""


@dataclass(eq=False, slots=True)
class Entry:
    id: int
    body: Wire
    lane: int
    """The chat it is about: a webhook gets these one after the other."""
    expires: float
    again: bool = False
    """Out of its turn: a repetition, or one that was held back."""
    given: bool = False


@dataclass(slots=True)
class Webhook:
    url: str
    secret: str
    poster: Poster
    slots: asyncio.Semaphore
    last_error: str = ""
    last_error_date: int = 0


@dataclass
class Updates:
    """All of this is read and written under `changed`; the async methods run in `loop`."""

    changed: Condition
    now: Callable[[], float]
    patience: float
    """Seconds by which Telegram slows a poller that repeats itself, or that fights with another."""
    retry: float
    """Seconds until a webhook that failed is tried again; each time twice as many, up to 60."""
    attempts: int
    """So often is one update offered to a webhook."""
    loop: asyncio.AbstractEventLoop = field(init=False)
    next_id: int = 700_000_001
    newest: Wire | None = None
    pending: deque[Entry] = field(default_factory=deque)
    again: list[Entry] = field(default_factory=list)
    held: list[Entry] | None = None
    webhook: Webhook | None = None
    deliveries: list[tuple[int, int]] = field(default_factory=list)
    """What a webhook was sent, and its answer: update id and status, 0 for none."""
    allowed: frozenset[str] | None = None
    _poll: asyncio.Future[str] | None = None
    _previous: tuple[int, float] = (-1, 0.0)
    _next_conflict: float = 0.0
    _lanes: dict[int, deque[Entry]] = field(default_factory=dict)
    _fresh: deque[Entry] = field(default_factory=deque)
    """What is in no lane yet, while there is a webhook."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def add(self, body: Wire, lane: int, *, forced: bool = False) -> Wire | None:
        """A new update, unless the bot did not ask for its kind; as it will be delivered."""
        with self.changed:
            kind = next(iter(body))
            if not forced and not self._wanted(kind):
                return None
            whole = self.newest = {"update_id": self.next_id, **body}
            entry = Entry(whole["update_id"], whole, lane, self.now() + KEPT)
            self.next_id = max(self.next_id, entry.id) + 1
            if self.held is not None:
                self.held.append(entry)
            else:
                self.pending.append(entry)
                self.wake(entry)
            return whole

    def repeat(self, body: Wire) -> None:
        """The same update once more, with its old id, whatever was confirmed."""
        with self.changed:
            lane = next((e.lane for e in self.pending if e.id == body["update_id"]), 0)
            entry = Entry(body["update_id"], body, lane, self.now() + KEPT, again=True)
            self.again.append(entry)
            self.wake(entry)

    def release(self, held: Iterable[Entry]) -> None:
        """What was held back, in this order, late and with its old ids."""
        with self.changed:
            for entry in held:
                entry.again = True
                self.again.append(entry)
                self.wake(entry)

    def _wanted(self, kind: str) -> bool:
        return kind in self.allowed if self.allowed is not None else kind not in UNASKED

    def wake(self, entry: Entry) -> None:
        if self.webhook is not None:
            self._fresh.append(entry)
        if self._poll is not None or self.webhook is not None:
            self.loop.call_soon_threadsafe(self._woken)

    def _woken(self) -> None:
        with self.changed:
            if self._poll is not None and not self._poll.done():
                self._poll.set_result("updates")
            if self.webhook is not None:
                self._fill_lanes(self.webhook)

    def allow(self, args: Args) -> None:
        kinds = args.decoded("allowed_updates", "allowed_updates")
        if isinstance(kinds, list):
            self.allowed = frozenset(kinds) if kinds else None

    def take(self, offset: int, limit: int) -> list[Wire]:
        """What is there from an offset on, having forgotten all below it."""
        now = self.now()
        while self.pending and self.pending[0].expires < now:
            self.pending.popleft()
        head = self.pending[0].id if self.pending else self.next_id
        if offset <= 0:
            offset = max(offset + self.next_id, head) if offset < 0 else head
        if offset <= self.next_id + 10:  # further on, Telegram takes it for a mistake
            while self.pending and self.pending[0].id < offset:
                self.pending.popleft()
            self.again = [e for e in self.again if not (e.given and e.id < offset)]
        taken = [*self.again, *islice(self.pending, limit)][:limit]
        for entry in taken:
            entry.given = True
        return [entry.body for entry in taken]

    @property
    def polling(self) -> bool:
        return self._poll is not None and not self._poll.done()

    async def get(self, args: Args) -> list[Wire]:
        """getUpdates."""
        started = monotonic()
        if self.webhook is not None:
            raise await self._conflict(
                "can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first"
            )
        self.allow(args)
        offset = args.integer("offset")
        limit = args.integer("limit", 100)
        limit = limit if 1 <= limit <= 100 else 100
        timeout: float = min(max(args.integer("timeout"), 0), MAX_TIMEOUT)
        before, at = self._previous
        if offset == before and timeout < self.patience and started < at + self.patience:
            timeout = self.patience
        self._previous = (offset, started)
        while True:
            with self.changed:
                taken = self.take(offset, limit)
                left = started + timeout - monotonic()
                if taken or left <= 0:
                    return taken
                if self._poll is not None and not self._poll.done():
                    self._poll.set_result(
                        "terminated by other getUpdates request; "
                        "make sure that only one bot instance is running"
                    )
                poll = self._poll = self.loop.create_future()
                self.changed.notify_all()
            try:
                async with asyncio.timeout(left):
                    why = await poll
            except TimeoutError:
                why = "timeout"
            finally:
                with self.changed:
                    if self._poll is poll:
                        self._poll = None
            if why == "unauthorized":
                raise Refused(401, "Unauthorized")
            if why not in {"updates", "timeout"}:
                raise await self._conflict(why)

    async def _conflict(self, why: str) -> Refused:
        now = monotonic()
        if now < self._next_conflict:
            await asyncio.sleep(self.patience)
        else:
            self._next_conflict = now + self.patience
        return Refused(409, f"Conflict: {why}")

    def end_poll(self, why: str) -> None:
        if self._poll is not None:
            poll = self._poll
            self.loop.call_soon_threadsafe(lambda: None if poll.done() else poll.set_result(why))

    def set_webhook(self, url: str, secret: str, most: int) -> None:
        """An empty address deletes it."""
        self.stop()
        self.webhook = None
        if url:
            self.end_poll("terminated by setWebhook request")
            header = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
            self.webhook = Webhook(url, secret, Poster(url, header), asyncio.Semaphore(most))
            self._fresh.extend([*self.again, *self.pending])
            self.loop.call_soon_threadsafe(self._woken)

    def drop(self) -> None:
        """Forgets all that waits; not while a webhook is being served."""
        self.pending.clear()
        self.again.clear()

    def stop(self) -> None:
        """Ends what is under way to a webhook; what was not accepted is pending again."""
        if self.webhook is not None:
            self.webhook.poster.close()
        for task in self._tasks:
            task.cancel()
        self._lanes.clear()
        self._fresh.clear()

    def _fill_lanes(self, webhook: Webhook) -> None:
        while self._fresh:
            entry = self._fresh.popleft()
            lane = self._lanes.setdefault(entry.lane or -entry.id, deque())
            lane.append(entry)
            if len(lane) == 1:
                task = self.loop.create_task(self._drive(webhook, entry.lane or -entry.id, lane))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _drive(self, webhook: Webhook, key: int, lane: deque[Entry]) -> None:
        """Delivers what one chat's lane holds, one after the other."""
        while True:
            await self._deliver(webhook, lane[0])
            with self.changed:
                entry = lane.popleft()
                where: Any = self.again if entry.again else self.pending
                where.remove(entry)
                if not lane:
                    self._lanes.pop(key, None)
                    return

    async def _deliver(self, webhook: Webhook, entry: Entry) -> None:
        pause = self.retry
        body = json.dumps(entry.body).encode()
        for _ in range(self.attempts):
            try:
                async with webhook.slots, asyncio.timeout(60):
                    status = await webhook.poster.post(body)
            except (OSError, EOFError, TimeoutError):
                status = 0
            with self.changed:
                self.deliveries.append((entry.id, status))
                self.changed.notify_all()
            if 200 <= status < 300:
                return
            webhook.last_error_date = int(self.now())
            webhook.last_error = (
                f"Wrong response from the webhook: {status}" if status else "Connection refused"
            )
            await asyncio.sleep(pause)
            pause = min(pause * 2, 60)
