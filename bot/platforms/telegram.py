"""Telegram, through python-telegram-bot's Bot: what is sent, shown and listed there."""

import os

# Waiting times as timedelta: the library warns of seconds each time it is asked to wait.
os.environ.setdefault("PTB_TIMEDELTA", "true")

import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import structlog
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    LinkPreviewOptions,
    Update,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.platforms.platform import (
    Broken,
    NotAllowed,
    PlatformError,
    Refused,
    RetryLater,
    Unreachable,
)
from bot.platforms.telegram_inbound import TELEGRAM, Told, told
from bot.platforms.telegram_renderer import Message, messages
from bot.platforms.telegram_requests import Requests
from config.settings import route_to
from flows.messages import Address, Reply, Say, Send
from storage.outbox import Sent

KINDS = ["message", "edited_message", "callback_query", "my_chat_member"]
"""The updates that are asked for."""

POLL = 50  # seconds that an empty poll stays open, Bot API getUpdates
PATIENCE = 20.0  # seconds for an answer to anything else, unless told
POOLS = 4  # of sixteen requests each, side by side

PICTURES = ("image/png", "image/jpeg")
"""What clients show at once, Bot API sendPhoto."""

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Menu:
    """Commands with what they do, as a client lists them."""

    language: str | None
    commands: Sequence[tuple[str, str]]


class Telegram:
    """One bot. Use `opened` to have its connections closed again."""

    name = TELEGRAM

    def __init__(self, token: str, *, api_url: str, key: bytes, patience: float = PATIENCE) -> None:
        """`key` signs buttons; `api_url` is that of the Bot API server; `patience` is how many
        seconds an answer of it is waited for. Raises SettingsError where it cannot be reached as
        the environment says."""
        base = api_url.rstrip("/")
        route = route_to(base)
        self._key = key
        self.username = ""
        self._poll_patience = POLL + patience
        self._requests = (
            Requests(POOLS, patience=patience, route=route),
            Requests(1, patience=patience, route=route),
        )
        self.bot = Bot(
            token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Telegram"]:
        """Connections for as long as it is needed. Nothing is asked of Telegram yet.

        The library's own `initialize` would call getMe, and fail where Telegram is away.
        """
        for request in self._requests:
            await request.initialize()
        try:
            yield self
        finally:
            for request in self._requests:
                await request.shutdown()

    async def introduce(self) -> None:
        """Learn the bot's own name. Raises PlatformError."""
        with _told_apart():
            self.username = (await self.bot.get_me()).username or ""

    # ---- what arrives ----

    async def updates(self, offset: int) -> list[dict[str, Any]]:
        """The updates from `offset` on, raw; everything before it is confirmed. Waits for some.

        Raw, because the library reads all or none of them: one of a kind that it does not know
        would hold up all others for ever.
        """
        asked = urlencode({"offset": offset, "timeout": POLL, "allowed_updates": json.dumps(KINDS)})
        with _told_apart():
            found: Any = await self._requests[1].post(
                f"{self.bot.base_url}/getUpdates?{asked}", read_timeout=self._poll_patience
            )
            return list(found)
        return []

    def told(self, raw: dict[str, Any]) -> Told | None:
        """What an update means. One that the library cannot read means nothing, and is logged."""
        try:
            update = Update.de_json(raw, self.bot)
        except Exception as error:
            kinds = sorted(name for name in raw if name != "update_id")
            log.warning("telegram.unknown", kinds=kinds, fault=type(error).__name__)
            return None
        return told(update, username=self.username, key=self._key)

    async def answer_tap(self, raw: dict[str, Any]) -> None:
        """Stop the waiting sign on a button. Best effort: it says nothing of what was done."""
        with suppress(PlatformError), _told_apart():
            await self.bot.answer_callback_query(raw["callback_query"]["id"])

    # ---- what leaves ----

    async def send(self, to: Address, reply: Reply, *, place: str | None = None) -> Sent:
        where = _where(to, place)
        with _told_apart():
            if isinstance(reply, Send):
                return await self._send_file(where, reply)
            sent = None
            shown = messages(reply, user=to.user, key=self._key)
            for message in shown:
                sent = await self.bot.send_message(
                    **where,
                    text=message.html,
                    parse_mode=ParseMode.HTML,
                    reply_markup=self._below(message, reply),
                    link_preview_options=NO_PREVIEW,
                )
        if sent is None:
            raise Refused("there is nothing to send")
        return Sent(str(sent.message_id), sent.date, messages=len(shown))

    async def edit(self, to: Address, message_id: str, reply: Reply) -> None:
        shown = messages(reply, user=to.user, key=self._key)
        if len(shown) != 1:
            raise Refused("it spans several messages")
        with _told_apart():
            await self.bot.edit_message_text(
                shown[0].html,
                chat_id=int(to.user),
                message_id=int(message_id),
                parse_mode=ParseMode.HTML,
                reply_markup=shown[0].keyboard,
                link_preview_options=NO_PREVIEW,
            )

    async def close(self, to: Address, message_id: str) -> None:
        with _told_apart():
            await self.bot.edit_message_reply_markup(
                chat_id=int(to.user), message_id=int(message_id), reply_markup=None
            )

    async def fetch(self, file_id: str) -> bytes:
        """A file that somebody sent; Telegram hands out those up to 20 MB."""
        with _told_apart():
            found = await self.bot.get_file(file_id)
            return bytes(await found.download_as_bytearray())

    async def is_typing(self, to: Address, place: str | None) -> None:
        """Show that something is being worked out. Best effort."""
        with suppress(PlatformError), _told_apart():
            await self.bot.send_chat_action(**_where(to, place), action=ChatAction.TYPING)

    # ---- what clients list ----

    async def describe(self, short: str, long: str, menus: Sequence[Menu]) -> None:
        """What people see before they begin, and the commands of every member."""
        with _told_apart():
            await self.bot.set_my_short_description(short)
            await self.bot.set_my_description(long)
            for menu in menus:
                await self.bot.set_my_commands(
                    [BotCommand(*each) for each in menu.commands],
                    scope=BotCommandScopeAllPrivateChats(),
                    language_code=menu.language,
                )

    async def list_for(self, to: Address, menu: Menu) -> None:
        """The commands of one person, who has a role."""
        with _told_apart():
            await self.bot.set_my_commands(
                [BotCommand(*each) for each in menu.commands],
                scope=BotCommandScopeChat(int(to.user)),
            )

    # ---- the webhook ----

    async def listen_at(self, url: str, secret: str) -> None:
        with _told_apart():
            await self.bot.set_webhook(url, secret_token=secret, allowed_updates=KINDS)

    async def poll_instead(self) -> None:
        with _told_apart():
            await self.bot.delete_webhook()

    # ---- parts ----

    async def _send_file(self, where: dict[str, Any], file: Send) -> Sent:
        content = InputFile(file.data, filename=file.name)
        caption = messages(file, user="", key=self._key)[0].html
        said: dict[str, Any] = {**where, "caption": caption, "parse_mode": ParseMode.HTML}
        if file.mime_type in PICTURES:
            sent = await self.bot.send_photo(photo=content, **said)
        else:
            sent = await self.bot.send_document(document=content, **said)
        return Sent(str(sent.message_id), sent.date)

    def _below(self, message: Message, reply: Reply) -> InlineKeyboardMarkup | None:
        if isinstance(reply, Say) and reply.private is not None:
            link = f"https://t.me/{self.username}" + (
                f"?start={reply.start}" if reply.start else ""
            )
            button = InlineKeyboardButton(reply.private, url=link)
            return InlineKeyboardMarkup([[button]])
        return message.keyboard


def _where(to: Address, place: str | None) -> dict[str, Any]:
    if place is None:
        return {"chat_id": int(to.user)}
    chat, _, topic = place.partition("/")
    return {"chat_id": int(chat), "message_thread_id": int(topic) if topic else None}


@contextmanager
def _told_apart() -> Iterator[None]:
    """The library's errors as the port's. A description keeps what stands before its colon:
    behind it Telegram may quote."""
    try:
        yield
    except RetryAfter as error:
        wait = error.retry_after
        raise RetryLater(
            wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
        ) from None
    except ChatMigrated:
        raise Refused("the group has another number now") from None
    except InvalidToken:
        raise NotAllowed("the token is not accepted") from None
    except Forbidden as error:
        raise _forbidden(error) from None
    except BadRequest as error:
        description = error.message
        if re.match("message is not modified", description, re.IGNORECASE):
            return
        if re.match("chat not found|user not found|peer_id_invalid", description, re.IGNORECASE):
            raise Unreachable(description) from None
        raise Refused(description.partition(":")[0]) from None
    except (NetworkError, TelegramError) as error:
        raise Broken(type(error).__name__) from None


def _forbidden(error: Forbidden) -> PlatformError:
    return Unreachable(error.message.partition(":")[2].strip() or "forbidden")
