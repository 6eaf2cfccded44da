"""How fast may be sent: to one chat, to a group, and in all. Replies go before broadcasts."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from config.settings import Settings

REPLY, BROADCAST = 0, 1
"""Priorities: what answers somebody, and what is said to many."""

MOMENT = 1e-6  # seconds that count as none: waiting times do not add up exactly

FEW = 1_024  # chats that are remembered before any is forgotten

CATCH_UP = 0.2
"""Seconds by which broadcasts may be behind, and still make up for it."""

AHEAD = 8
"""Broadcasts that are made ready at once, so that the next one never waits for that."""

LONG_AGO = float("-inf")

Clock = Callable[[], float]
"""Seconds; it never goes back."""

Sleep = Callable[[float], Awaitable[None]]

Ready = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Rates:
    """`chat_burst` messages to a chat at once, then `chat_per_second`; `per_second` in all."""

    chat_burst: int
    chat_per_second: float
    per_second: float
    group_per_minute: float

    @classmethod
    def of(cls, settings: Settings) -> "Rates":
        return cls(
            chat_burst=settings.limit_chat_burst,
            chat_per_second=settings.limit_chat_per_second,
            per_second=settings.limit_per_second,
            group_per_minute=settings.limit_group_per_minute,
        )


@dataclass(frozen=True, slots=True)
class Chat:
    """Where one writes to: a person's chat, or a group with all its topics; `within` a workspace,
    where a platform has those. Each has limits of its own."""

    name: str
    is_group: bool = False
    within: str = ""


@dataclass(slots=True)
class Slot:
    """One message that goes, at a time. A platform counts when it arrives there, and nobody knows
    when that is: so it counts from when it was answered, once it was."""

    at: float
    clock: Clock

    def answered(self) -> None:
        """The platform has answered."""
        self.at = self.clock()


class Budget:
    """What was sent lately, and how long the next message has to wait. Itself it never waits."""

    def __init__(self, rates: Rates, clock: Clock) -> None:
        self._rates = rates
        self._clock = clock
        self._sent = _Window(rates.per_second, 1)
        self.pace = 1 / rates.per_second  # seconds
        self._broadcast_at = LONG_AGO  # when the next one may go
        self._held_until = LONG_AGO
        self._chats: dict[Chat, _Lately] = {}
        self._many = FEW

    def chat_wait(self, chat: Chat) -> float:
        """Seconds until something may go to this chat; 0: now."""
        lately = self._chats.get(chat)
        return _wait(lately.free_at, self._clock()) if lately is not None else 0

    def wait(self, priority: int) -> float:
        """Seconds until something of this priority may go anywhere; 0: now."""
        free_at = max(self._sent.free_at, self._held_until)
        if priority >= BROADCAST:
            free_at = max(free_at, self._broadcast_at)
        return _wait(free_at, self._clock())

    def take(self, chat: Chat, priority: int) -> Slot:
        """Something goes to this chat now."""
        slot = Slot(self._clock(), self._clock)
        now = slot.at
        self._sent.add(slot)
        if priority >= BROADCAST:
            # Evenly spread, so that a reply in between finds room at once and not in a second.
            self._broadcast_at = max(self._broadcast_at, now - CATCH_UP) + self.pace
        self._lately(chat).add(slot)
        return slot

    def hold(self, chat: Chat, seconds: float) -> None:
        """Nothing may go to this chat for so long."""
        lately = self._lately(chat)
        lately.held_until = max(lately.held_until, self._clock() + seconds)

    def hold_all(self, seconds: float) -> None:
        """Nothing may go anywhere for so long."""
        self._held_until = max(self._held_until, self._clock() + seconds)

    def _lately(self, chat: Chat) -> "_Lately":
        if chat not in self._chats:
            if len(self._chats) >= self._many:
                now = self._clock()
                self._chats = {c: each for c, each in self._chats.items() if not each.is_idle(now)}
                self._many = max(FEW, 2 * len(self._chats))
            self._chats[chat] = _Lately(self._rates, is_group=chat.is_group)
        return self._chats[chat]


class Limits:
    """Where lanes that send side by side wait for their turn, in each workspace for itself."""

    def __init__(self, rates: Rates, clock: Clock, *, sleep: Sleep = asyncio.sleep) -> None:
        self._made = partial(_Within, rates, clock, sleep)
        self._within: dict[str, _Within] = {}

    def goes_now(self, chat: Chat, priority: int = REPLY) -> Slot | None:
        """The place of a message that may go to this chat now; it counts as sent then."""
        return self._of(chat).goes_now(chat, priority)

    async def turn(
        self, chat: Chat, priority: int = REPLY, *, ready: Ready | None = None
    ) -> Slot | None:
        """Returns when a message may go to this chat; from then on it counts as sent.

        `ready` is asked shortly before, so that nothing is left to do then but to send.
        None where it says no: nothing goes then.
        """
        return await self._of(chat).turn(chat, priority, ready)

    def count(self, chat: Chat, priority: int, messages: int) -> None:
        """So many more went there than was waited for."""
        for _ in range(messages):
            self._of(chat).budget.take(chat, priority)

    def hold(self, chat: Chat, seconds: float, *, all_of_it: bool = False) -> None:
        """The platform asked for time: this chat waits so long, or all of its workspace does."""
        budget = self._of(chat).budget
        if all_of_it:
            budget.hold_all(seconds)
        else:
            budget.hold(chat, seconds)

    def _of(self, chat: Chat) -> "_Within":
        found = self._within.get(chat.within)
        if found is None:
            found = self._within[chat.within] = self._made()
        return found


class _Within:
    """The limits of one workspace, or of a platform that has none."""

    def __init__(self, rates: Rates, clock: Clock, sleep: Sleep) -> None:
        self.budget = Budget(rates, clock)
        self._sleep = sleep
        # Whoever holds one is the first of those that wait; asyncio's locks are fair.
        self._first = (asyncio.Lock(), asyncio.Lock())
        self._ahead = asyncio.Semaphore(AHEAD)

    def goes_now(self, chat: Chat, priority: int) -> Slot | None:
        waits = (
            self._first_of(priority).locked()
            or self._must_give_way(priority)
            or self.budget.chat_wait(chat)
            or self.budget.wait(priority)
        )
        return None if waits else self.budget.take(chat, priority)

    async def turn(self, chat: Chat, priority: int, ready: Ready | None) -> Slot | None:
        if ready is None:
            return await self._turn(chat, priority)
        await self._is_free(chat)  # a chat that is held up must not stand in the way of others
        async with self._ahead:
            return await self._turn(chat, priority) if await ready() else None

    async def _turn(self, chat: Chat, priority: int) -> Slot:
        while True:
            await self._is_free(chat)
            async with self._first_of(priority):
                await self._any_may_go(priority)
                # Several may have waited for one group.
                if not self.budget.chat_wait(chat):
                    return self.budget.take(chat, priority)

    async def _is_free(self, chat: Chat) -> None:
        while wait := self.budget.chat_wait(chat):
            await self._sleep(wait)

    async def _any_may_go(self, priority: int) -> None:
        while True:
            wait = self.budget.wait(priority)
            if self._must_give_way(priority):
                wait = max(wait, self.budget.pace)
            if not wait:
                return
            await self._sleep(wait)

    def _must_give_way(self, priority: int) -> bool:
        """Whether a reply waits that goes before this."""
        return priority >= BROADCAST and self._first[REPLY].locked()

    def _first_of(self, priority: int) -> asyncio.Lock:
        return self._first[BROADCAST if priority >= BROADCAST else REPLY]


class _Lately:
    """What one chat was sent, and until when it is to be left alone."""

    def __init__(self, rates: Rates, *, is_group: bool) -> None:
        self._every = 1 / rates.chat_per_second
        self._burst = (rates.chat_burst - 1) * self._every
        # When all that was sent would have gone, one each `every` seconds (GCRA).
        self._even_until = LONG_AGO
        self._minute = _Window(rates.group_per_minute, 60) if is_group else None
        self.held_until = LONG_AGO

    @property
    def free_at(self) -> float:
        minute = self._minute.free_at if self._minute is not None else LONG_AGO
        return max(self.held_until, self._even_until - self._burst, minute)

    def add(self, slot: Slot) -> None:
        self._even_until = max(self._even_until, slot.at) + self._every
        if self._minute is not None:
            self._minute.add(slot)

    def is_idle(self, now: float) -> bool:
        """Whether it makes no difference any more."""
        last = self._minute.last_until if self._minute is not None else LONG_AGO
        return max(self.held_until, self._even_until, last) <= now


class _Window:
    """At most `rate` in so many seconds, whenever these begin."""

    def __init__(self, rate: float, seconds: float) -> None:
        most = max(1, int(rate))
        self._seconds = seconds * most / rate
        self._sent: deque[Slot] = deque(maxlen=most)

    @property
    def free_at(self) -> float:
        is_full = len(self._sent) == self._sent.maxlen
        return self._sent[0].at + self._seconds if is_full else LONG_AGO

    @property
    def last_until(self) -> float:
        """Until when the last one counts."""
        return self._sent[-1].at + self._seconds if self._sent else LONG_AGO

    def add(self, slot: Slot) -> None:
        self._sent.append(slot)


def _wait(free_at: float, now: float) -> float:
    wait = free_at - now
    return wait if wait > MOMENT else 0
