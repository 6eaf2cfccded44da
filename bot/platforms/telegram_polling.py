"""Taking updates from Telegram, each confirmed only once its turn is committed."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import structlog

from bot.platforms.platform import NotAllowed, PlatformError, RetryLater
from bot.platforms.telegram import Telegram
from bot.platforms.telegram_inbound import Told
from storage.errors import LeaseLost, StorageError
from storage.leases import Lease, SoleLease

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0  # seconds

T = TypeVar("T")

Take = Callable[[Told], Awaitable[None]]
"""Does what an update means; returns once that is committed, or raises StorageError."""

log = structlog.get_logger()


class Polling:
    """Asks for updates, has them handled, and only then confirms them by asking for the next.

    It asks while the lease is held: Telegram refuses a bot that asks twice.
    """

    def __init__(
        self,
        telegram: Telegram,
        take: Take,
        *,
        lease: Lease | None = None,
        longest: float = LONGEST_PAUSE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._telegram = telegram
        self._take = take
        self._lease: Lease = lease or SoleLease()
        self._first, self._longest = min(FIRST_PAUSE, longest), longest
        self._sleep = sleep
        self._offset = 0
        self._taps: set[asyncio.Task[None]] = set()
        self.is_allowed = True
        """False once Telegram refused the token; it goes on asking, slowly."""

    async def run(self, ends: asyncio.Event) -> None:
        """Until it `ends`; what was received by then is handled.

        Whatever fails is tried again after a growing pause.
        """
        pause = self._first
        while not ends.is_set():
            try:
                self._lease.check()
                if not (self._telegram.username and self.is_allowed):
                    # Answered at once, where an empty poll stays open for most of a minute.
                    await self._telegram.introduce()
                    await self._telegram.poll_instead()
                    self.is_allowed = True
                raws = await _unless(ends, self._telegram.updates(self._offset)) or []
                await self._handle(raws)
                pause = self._first
            except LeaseLost:
                await _unless(ends, self._sleep(pause))  # it is stopped in a moment
            except RetryLater as error:
                await _unless(ends, self._sleep(error.seconds))
            except Exception as error:  # whatever it is, nobody may be left unheard
                self._note(error)
                await _unless(ends, self._sleep(pause))
                pause = min(pause * 2, self._longest)

    async def _handle(self, raws: list[dict[str, Any]]) -> None:
        """Those of one chat one after the other, chats side by side; confirmed when all are done.

        Raises StorageError where one could not be kept: none is confirmed then, and those that
        were kept are known by their keys.
        """
        if not raws:
            return
        chats: dict[object, list[dict[str, Any]]] = {}
        for raw in raws:
            chats.setdefault(_chat(raw), []).append(raw)
        done = await asyncio.gather(
            *(self._handle_chat(each) for each in chats.values()), return_exceptions=True
        )
        for error in done:
            if isinstance(error, BaseException):
                raise error
        self._offset = max(int(raw["update_id"]) for raw in raws) + 1

    async def _handle_chat(self, raws: Iterable[dict[str, Any]]) -> None:
        for raw in raws:
            told = self._telegram.told(raw)
            if told is not None:
                await self._take(told)
            if "callback_query" in raw:
                self._answer(raw)

    def _answer(self, raw: dict[str, Any]) -> None:
        """Beside everything else: nothing waits for it."""
        task = asyncio.create_task(self._telegram.answer_tap(raw))
        self._taps.add(task)
        task.add_done_callback(self._taps.discard)

    def _note(self, error: Exception) -> None:
        if isinstance(error, NotAllowed) and self.is_allowed:
            self.is_allowed = False
            log.error("telegram.not-allowed", fault=str(error))
        elif not isinstance(error, NotAllowed):
            is_known = isinstance(error, PlatformError | StorageError)
            say = log.warning if is_known else log.error
            say("telegram.polling", fault=type(error).__name__)


async def _unless(ends: asyncio.Event, work: Awaitable[T]) -> T | None:
    """What comes of `work`; None, and it is given up, where it ends before."""
    working, ending = asyncio.ensure_future(work), asyncio.ensure_future(ends.wait())
    try:
        await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, ending):
            task.cancel()


def _chat(raw: dict[str, Any]) -> object:
    """Whose turn an update is: by person, also where two of them write in one group."""
    for kind, told in raw.items():
        if kind != "update_id" and isinstance(told, dict) and isinstance(told.get("from"), dict):
            return told["from"].get("id")
    return raw["update_id"]
