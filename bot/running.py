"""`storytrail run`: the platforms that have a token, sending, and the web server."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from time import monotonic
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from filelock import FileLock, Timeout
from prometheus_client import CollectorRegistry
from sqlalchemy import text

from bot.app import App, now
from bot.delivery import Courier
from bot.errors import AlreadyRunning, NothingToRun, WebhookUnset
from bot.limits import Limits, Rates
from bot.platforms.platform import PlatformError
from bot.platforms.telegram import Telegram
from bot.platforms.telegram_polling import Polling
from bot.secret import secret_key
from bot.telegram_side import Menus, TelegramSide
from bot.web.metrics import Numbers
from bot.web.site import site
from config.settings import Settings
from storage.database import Database, sqlite_path
from storage.errors import StorageError

DRAIN = 10.0  # seconds that replies in hand may take when the program is told to end

log = structlog.get_logger()


async def run(app: App) -> None:
    """Until SIGTERM or SIGINT; then the turns in hand are finished. Raises ProgramError."""
    settings = app.settings
    if settings.telegram_token is None:
        raise NothingToRun
    if settings.telegram_mode == "webhook" and not (
        settings.public_url and settings.telegram_webhook_secret
    ):
        raise WebhookUnset
    ends = asyncio.Event()
    loop = asyncio.get_running_loop()
    for which in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(which, ends.set)
    with _alone(settings), socket.create_server((settings.http_host, settings.http_port)) as door:
        await _run_telegram(app, settings.telegram_token, door, ends)


async def _run_telegram(app: App, token: str, door: socket.socket, ends: asyncio.Event) -> None:
    settings = app.settings
    telegram = Telegram(
        token,
        api_url=settings.telegram_api_url,
        key=secret_key(settings),
        patience=settings.telegram_patience,
    )
    longest = settings.limit_pause
    async with telegram.opened():
        limits = Limits(Rates.of(settings), monotonic)
        courier = Courier(app.database, telegram, limits, now, longest=longest)
        side = TelegramSide(app, telegram, courier)
        polling = Polling(telegram, side.take, longest=longest)
        registry = CollectorRegistry()
        registry.register(Numbers(courier, app.turns))
        is_webhook = settings.telegram_mode == "webhook"
        secret = settings.telegram_webhook_secret or ""
        web = site(
            checks={
                "database": lambda: _answers(app.database),
                "telegram": lambda: _true(polling.is_allowed and courier.is_allowed),
            },
            registry=registry,
            telegram=(secret, side.receive) if is_webhook else None,
        )
        await app.turns.finish_waiting()
        async with _beside(courier.run(), _serving(web, door), Menus(app, telegram).keep()):
            print(f"Running. The web server is at http://{_at(door)}.", flush=True)
            if is_webhook:
                url = f"{(settings.public_url or '').rstrip('/')}/telegram/webhook"
                await _listen(telegram, url, secret, ends, longest=longest)
            else:
                await polling.run(ends)
            await ends.wait()
            await courier.drain(DRAIN)


async def _listen(
    telegram: Telegram, url: str, secret: str, ends: asyncio.Event, *, longest: float
) -> None:
    """Tell Telegram where to call, as often as it takes."""
    pause = min(1.0, longest)
    while not ends.is_set():
        try:
            await telegram.introduce()
            await telegram.listen_at(url, secret)
            return
        except PlatformError as error:
            log.warning("telegram.webhook", fault=type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(ends.wait(), pause)
            pause = min(pause * 2, longest)


@asynccontextmanager
async def _beside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """All of it goes on until the block ends; where one of it fails, the block does too."""
    async with asyncio.TaskGroup() as tasks:
        going = [tasks.create_task(each) for each in work]
        yield
        for task in going:
            task.cancel()


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """On SQLite one program at a time sends and receives."""
    path = sqlite_path(settings.database_url)
    if path is None:
        yield
        return
    try:
        with FileLock(path.with_name(f"{path.name}.lock"), timeout=0):
            yield
    except Timeout:
        raise AlreadyRunning from None


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


async def _true(value: bool) -> bool:
    return value
