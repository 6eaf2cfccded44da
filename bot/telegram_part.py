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
from bot.platforms.platform import NotAllowed, PlatformError
from bot.platforms.telegram import Telegram
from bot.platforms.telegram_polling import Polling
from bot.secret import secret_key
from bot.telegram_side import Menus, TelegramSide
from bot.web.telegram_webhook import PATH, telegram_webhook
from storage.leases import lease_on

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
    lease = lease_on(app.database, telegram.name, timeout=settings.lease_timeout)
    async with telegram.opened():
        courier = Courier(
            app.database,
            telegram,
            Limits(Rates.of(settings), monotonic),
            now,
            lease=lease,
            longest=longest,
            unplaced=partial(unplaced, app),
        )
        side = TelegramSide(app, telegram, courier)
        polling = Polling(telegram, side.take, lease=lease, longest=longest)
        url = f"{(settings.public_url or '').rstrip('/')}{PATH}"

        hook = Webhook(telegram, url, secret or "", longest=longest)

        def is_well() -> bool:
            stands_by = not lease.is_held
            return hook.is_allowed and (stands_by or (polling.is_allowed and courier.is_allowed))

        yield Part(
            name=telegram.name,
            courier=courier,
            receive=hook.run if is_webhook else None,
            poll=None if is_webhook else polling.run,
            is_well=is_well,
            beside=(Menus(app, telegram).keep,),
            routers=(telegram_webhook(secret or "", side.receive),) if is_webhook else (),
        )


class Webhook:
    """Tells Telegram where to call."""

    def __init__(self, telegram: Telegram, url: str, secret: str, *, longest: float) -> None:
        self._telegram = telegram
        self._url = url
        self._secret = secret
        self._longest = longest
        self.is_allowed = True
        """False once Telegram refused the token; it goes on trying, slowly."""

    async def run(self, ends: asyncio.Event) -> None:
        """As often as it takes, or until it `ends`."""
        pause = min(1.0, self._longest)
        while not ends.is_set():
            try:
                await self._telegram.introduce()
                await self._telegram.listen_at(self._url, self._secret)
                self.is_allowed = True
                return
            except PlatformError as error:
                self.is_allowed = not isinstance(error, NotAllowed)
                log.warning("telegram.webhook", fault=type(error).__name__)
                with suppress(TimeoutError):
                    await asyncio.wait_for(ends.wait(), pause)
                pause = min(pause * 2, self._longest)
