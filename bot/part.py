"""One platform as it runs within the program."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from bot.app import App, now
from bot.delivery import Courier
from bot.scene import say_unplaced
from flows.messages import Address
from storage.unit_of_work import Work


def unplaced(app: App, work: Work, to: Address) -> None:
    """Told to whoever asked for something in a group that cannot be written to."""
    say_unplaced(app.house, work, to, now=now())


Receive = Callable[[asyncio.Event], Awaitable[None]]
"""Hears what people say, until it is told to end; what was said by then is handled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Of several processes each has its `receive` and its routes. What only one of them may do,
    `poll`, `beside` and sending, goes on as long as this one holds the courier's lease; `told`
    hears what the others pass on meanwhile. `is_well` says whether the platform lets the bot in.
    """

    name: str
    courier: Courier
    receive: Receive | None = None
    poll: Receive | None = None
    told: Callable[[Address, str], None] | None = None
    is_well: Callable[[], bool]
    beside: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = ()
    routers: tuple[APIRouter, ...] = ()
