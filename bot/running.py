"""`storytrail run`: the platforms that have a token, sending, and the web server."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from sqlalchemy import text

from bot.alone import alone
from bot.app import App
from bot.background import Background
from bot.errors import NothingToRun
from bot.holding import Holding
from bot.part import Part
from bot.web.metrics import BackgroundNumbers, Numbers
from bot.web.site import Check, site
from storage.database import Database
from storage.errors import StorageError

DRAIN = 10.0  # seconds that replies in hand may take when the program is told to end


async def run(app: App) -> None:
    """Until SIGTERM or SIGINT; then the turns in hand are finished. Raises ProgramError."""
    settings = app.settings
    ends = asyncio.Event()
    loop = asyncio.get_running_loop()
    for which in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(which, ends.set)
    async with AsyncExitStack() as stack:
        parts = [await stack.enter_async_context(part) for part in _parts(app)]
        if not parts:
            raise NothingToRun
        stack.enter_context(alone(settings))
        at = (settings.http_host, settings.http_port)
        door = stack.enter_context(socket.create_server(at))
        await _run(app, parts, door, ends)


def _parts(app: App) -> Iterator[AbstractAsyncContextManager[Part]]:
    """The platforms that have a token. The libraries of the others are not loaded."""
    settings = app.settings
    if settings.telegram_token is not None:
        from bot.telegram_part import telegram_part

        yield telegram_part(app, settings.telegram_token)
    if settings.has_slack:
        from bot.slack_part import slack_part

        yield slack_part(app)


async def _run(app: App, parts: Sequence[Part], door: socket.socket, ends: asyncio.Event) -> None:
    registry = CollectorRegistry()
    registry.register(Numbers([part.courier for part in parts], app.turns))
    background = Background(app)
    registry.register(BackgroundNumbers(background))
    checks: dict[str, Check] = {"database": partial(_answers, app.database)}
    checks |= {part.name: partial(_is_well, part) for part in parts}
    web = site(
        checks=checks,
        registry=registry,
        routers=[router for part in parts for router in part.routers],
    )
    await app.turns.finish_waiting()
    holdings = [Holding(part, ends) for part in parts]
    async with _beside(
        _serving(web, door), *(holding.run() for holding in holdings), background.run(ends)
    ):
        print(f"Running. The web server is at http://{_at(door)}.", flush=True)
        await asyncio.gather(*(part.receive(ends) for part in parts if part.receive is not None))
        await ends.wait()
        await asyncio.gather(*(holding.drain(DRAIN) for holding in holdings))


@asynccontextmanager
async def _beside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """All of it goes on until the block ends; where one of it fails, the block does too."""
    async with asyncio.TaskGroup() as tasks:
        going = [tasks.create_task(each) for each in work]
        yield
        for task in going:
            task.cancel()


# ---- the web server ----


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the program's, not the web server's."""
        yield


async def _serving(web: FastAPI, door: socket.socket) -> None:
    config = uvicorn.Config(web, log_level="warning", access_log=False, lifespan="off")
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[door]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise


def _at(door: socket.socket) -> str:
    host, port = door.getsockname()[:2]
    return f"{host}:{port}"


async def _answers(database: Database) -> bool:
    try:
        await database.read(lambda c: c.execute(text("SELECT 1")).scalar())
    except StorageError:
        return False
    return True


async def _is_well(part: Part) -> bool:
    return part.is_well()
