"""Telegram within the program: polling or a webhook, sending, menus."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from time import monotonic

import structlog

from bot.app import App, now
from bot.delivery import Courier
from bot.errors import WebhookUnset
from bot.limits import Limits, Rates
from bot.part import Part, unplaced
from bot.platforms.platform import PlatformError
from bot.platforms.telegram import Telegram
from bot.platforms.telegram_polling import Polling
from bot.secret import secret_key
from bot.telegram_side import Menus, TelegramSide
from bot.web.telegram_webhook import PATH, telegram_webhook

log = structlog.get_logger()


@asynccontextmanager
async def telegram_part(app: App, token: str) -> AsyncIterator[Part]:
    """Raises WebhookUnset where a webhook is wanted and lacks its settings."""
    settings = app.settings
    longest = settings.limit_pause
    secret = settings.telegram_webhook_secret
    is_webhook = settings.telegram_mode == "webhook"
    if is_webhook and not (settings.public_url and secret):
        raise WebhookUnset
    telegram = Telegram(
        token,
        api_url=settings.telegram_api_url,
        key=secret_key(settings),
        patience=settings.telegram_patience,
    )
    async with telegram.opened():
        courier = Courier(
            app.database,
            telegram,
            Limits(Rates.of(settings), monotonic),
            now,
            longest=longest,
            unplaced=partial(unplaced, app),
        )
        side = TelegramSide(app, telegram, courier)
        polling = Polling(telegram, side.take, longest=longest)
        url = f"{(settings.public_url or '').rstrip('/')}{PATH}"

        async def be_called(ends: asyncio.Event) -> None:
            await _listen(telegram, url, secret or "", ends, longest=longest)

        yield Part(
            name=telegram.name,
            courier=courier,
            receive=be_called if is_webhook else polling.run,
            is_well=lambda: polling.is_allowed and courier.is_allowed,
            beside=(Menus(app, telegram).keep,),
            routers=(telegram_webhook(secret or "", side.receive),) if is_webhook else (),
        )


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
