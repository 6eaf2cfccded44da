"""Time that passes only where everybody waits for it: hours in a moment, and each second exact."""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

QUIET = 3  # rounds of the event loop without anything to do, after which everybody waits


class Time:
    """Its `sleep` stands for that of asyncio, itself for a monotonic clock, in seconds."""

    def __init__(self, is_busy: Callable[[], bool] = lambda: False) -> None:
        """`is_busy` tells whether something real is waited for: a thread, a database."""
        self.at = 0.0
        self._is_busy = is_busy
        self._sleeping: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()

    def __call__(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleeping, (self.at + seconds, next(self._numbers), woken))
        await woken

    async def until(self, condition: Callable[[], bool], *, most: float = 3_600) -> None:
        """Let time pass until that is so."""
        end = self.at + most
        await self._settle()
        while not condition():
            assert self._sleeping, "nobody waits for anything any more"
            assert self._sleeping[0][0] <= end, f"it did not come in {most} s"
            await self._next()

    async def passes(self, seconds: float) -> None:
        end = self.at + seconds
        await self._settle()
        while self._sleeping and self._sleeping[0][0] <= end:
            await self._next()
        self.at = end

    async def _next(self) -> None:
        """The next moment that somebody waits for."""
        due, _, woken = heapq.heappop(self._sleeping)
        if not woken.done():
            self.at = max(self.at, due)
            woken.set_result(None)
            await self._settle()

    async def _settle(self) -> None:
        """Until everybody waits."""
        loop: Any = asyncio.get_running_loop()
        quiet = 0
        while quiet < QUIET:
            await asyncio.sleep(0.000_5 if self._is_busy() else 0)
            quiet = 0 if self._is_busy() or loop._ready else quiet + 1
