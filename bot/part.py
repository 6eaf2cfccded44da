"""One platform as it runs within the program."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from bot.delivery import Courier


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """`receive` hears what people say, until it is told to end; `beside` goes on as long; `is_well`
    says whether the platform lets the bot in."""

    name: str
    courier: Courier
    receive: Callable[[asyncio.Event], Awaitable[None]]
    is_well: Callable[[], bool]
    beside: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = ()
    routers: tuple[APIRouter, ...] = ()
