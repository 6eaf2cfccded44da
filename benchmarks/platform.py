"""What the lean platforms have in common, over which bots and people talk in benchmarks.

For speed a platform takes every request for a right one, and all limits are off. A person's waiting
time is taken here, from when the bot may have what they said until the message that answers it has
arrived.
"""

import asyncio
import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from time import perf_counter
from typing import Any

from benchmarks.http_server import Answer, HttpServer

Wire = dict[str, Any]

QUIET = 0.15  # seconds without a sign of life after which a bot counts as done


class Platform(ABC):
    """The server for one bot, on loopback."""

    def __init__(self) -> None:
        self._http = HttpServer(self._handle)
        self._called = 0.0  # when the bot last did something
        self.ids = itertools.count(1)
        self.ready = asyncio.Event()
        """Set once the bot can be told what people say."""

    async def start(self) -> None:
        await self._http.start()

    async def close(self) -> None:
        self._http.close()

    @property
    def url(self) -> str:
        return self._http.url

    @property
    @abstractmethod
    def settings(self) -> dict[str, str]:
        """By which our bot finds it, once it has started."""

    @abstractmethod
    def person(self) -> "Member":
        """Somebody new."""

    async def settled(self) -> float:
        """When the bot last called, once it has done everything that it does beside its answers."""
        # Each look is as late as it can be, so nothing is gained by being woken.
        while (left := self._called + QUIET - perf_counter()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)
        return self._called

    @abstractmethod
    def _handle(self, target: str, body: bytes, answer: Answer) -> None:
        """What the bot calls."""


class Member(ABC):
    """Somebody in their private chat with the bot."""

    def __init__(self) -> None:
        self._reply: asyncio.Future[float] | None = None

    @abstractmethod
    async def begins(self) -> float:
        """Says the word with which one begins there; otherwise as `says`."""

    @abstractmethod
    async def says(self, text: str) -> float:
        """Seconds until the bot's answer came, from when the bot could have what was said."""

    @abstractmethod
    async def taps(self, choice: str) -> float:
        """The button of the newest message that carries this."""

    def shows(self, choice: str) -> bool:
        """Whether there is such a button under the newest message."""
        return choice in json.dumps(self._buttons())

    @abstractmethod
    def _buttons(self) -> Any:
        """As they came."""

    async def _answered(self, tell: Callable[[], None]) -> float:
        reply = self._reply = asyncio.get_running_loop().create_future()
        began = perf_counter()
        tell()
        arrived: float = await reply
        return arrived - began

    def _hears(self, arrived: float) -> None:
        assert self._reply is not None, "one message more than there were questions"
        if not self._reply.done():  # nobody waits any more, once a measurement was given up
            self._reply.set_result(arrived)
        self._reply = None
