"""What Telegram tells: its updates as the bot's own messages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from telegram import CallbackQuery, Chat, ChatMemberUpdated, Message, Update, User
from telegram.constants import ChatMemberStatus, ChatType

from bot.platforms.buttons import unpack
from flows.messages import (
    Address,
    Attached,
    Chose,
    Commanded,
    Edited,
    Inbound,
    Payload,
    Said,
    Unread,
    parse,
)

TELEGRAM = "telegram"

FORGED = Chose("", "", 0, 0)
"""What a button counts as that was made up, or belongs to somebody else: a stale one."""

GONE = (ChatMemberStatus.BANNED, ChatMemberStatus.LEFT)


@dataclass(frozen=True, slots=True)
class Reached:
    """Whether somebody can be written to from now on: they blocked the bot, or took it back."""

    address: Address
    can_be: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """A group has another number from now on."""

    old: str
    new: str


Told = Inbound | Reached | Moved


def told(update: Update, *, username: str, key: bytes) -> Told | None:
    """What an update means; None where it means nothing to the bot.

    `username` is the bot's own, `key` what its buttons are signed with.
    """
    if update.callback_query is not None:
        return _tapped(update.callback_query, update.update_id, key)
    if update.my_chat_member is not None:
        return _reached(update.my_chat_member)
    if update.edited_message is not None:
        return _edited(update.edited_message, update.update_id)
    if update.message is not None:
        return _said(update.message, update.update_id, username)
    return None


def place_of(chat: Chat, topic: int | None) -> str:
    """A group, and the topic in it: `-1001`, `-1001/5`."""
    return f"{chat.id}/{topic}" if topic is not None else str(chat.id)


# ---- messages ----


def _said(message: Message, update: int, username: str) -> Told | None:
    if message.migrate_to_chat_id is not None:
        return Moved(str(message.chat.id), str(message.migrate_to_chat_id))
    user = message.from_user
    if user is None or user.is_bot:
        return None
    is_public = message.chat.type != ChatType.PRIVATE
    payload = _payload(message)
    if payload is None:
        return None
    if is_public:
        payload = _for_us(message, payload, username)
        if payload is None:
            return None
    answered = message.reply_to_message
    topic = message.message_thread_id if message.is_topic_message else None
    return Inbound(
        key=f"{TELEGRAM}:{update}",
        address=_address(user),
        said_at=message.date,
        payload=payload,
        message_id=str(message.message_id),
        name=user.full_name,
        language=user.language_code,
        place=place_of(message.chat, topic) if is_public else None,
        is_public=is_public,
        reply_to=str(answered.message_id) if answered is not None and not is_public else None,
    )


def _payload(message: Message) -> Payload | None:
    if message.text is not None:
        return parse(message.text)
    file = _file(message)
    if file is not None:
        return file
    kind = next(_unread(message), None)
    return Unread(kind) if kind is not None else None


def _for_us(message: Message, payload: Payload, username: str) -> Payload | None:
    """In a group: a command for this bot, or a message that names it; None for all else."""
    text = message.text or message.caption or ""
    named = re.search(rf"@{re.escape(username)}\b", text, re.IGNORECASE)
    if isinstance(payload, Commanded):
        head = text.split(maxsplit=1)[0]
        return payload if "@" not in head or named else None
    replied = message.reply_to_message
    to_us = (
        replied is not None
        and replied.from_user is not None
        and ((replied.from_user.username or "").casefold() == username.casefold())
    )
    return payload if named or (to_us and not message.is_topic_message) else None


def _file(message: Message) -> Attached | None:
    """A file by its id on Telegram. Of a place or a contact, nothing but that it was sent."""
    caption = message.caption
    if message.photo:
        best = message.photo[-1]
        return Attached("photo", best.file_id, None, "image/jpeg", best.file_size, caption)
    for kind in ("voice", "audio", "video", "video_note", "document"):
        found = getattr(message, kind)
        if found is not None:
            return Attached(
                kind,
                found.file_id,
                getattr(found, "file_name", None),
                getattr(found, "mime_type", None),
                found.file_size,
                caption,
            )
    if message.location is not None:
        where = f"{message.location.latitude:.5f},{message.location.longitude:.5f}"
        return Attached("location", where)
    if message.contact is not None:  # somebody who was not asked: neither name nor number
        return Attached("contact", "contact")
    return None


def _unread(message: Message) -> Iterator[str]:
    kinds = ("sticker", "poll", "dice", "game", "story", "animation", "invoice", "checklist")
    yield from (kind for kind in kinds if getattr(message, kind, None) is not None)


def _edited(message: Message, update: int) -> Inbound | None:
    user, text = message.from_user, message.text or message.caption
    if user is None or text is None or message.chat.type != ChatType.PRIVATE:
        return None
    return Inbound(
        key=f"{TELEGRAM}:{update}",
        address=_address(user),
        said_at=message.edit_date or message.date,
        payload=Edited(str(message.message_id), text),
        name=user.full_name,
        language=user.language_code,
    )


# ---- taps and who is there ----


def _tapped(query: CallbackQuery, update: int, key: bytes) -> Inbound | None:
    if query.message is None or query.message.chat.type != ChatType.PRIVATE:
        return None
    user = str(query.from_user.id)
    # Of what was forged nothing is read.
    payload = unpack(query.data or "", user=user, key=key) or FORGED
    return Inbound(
        key=f"{TELEGRAM}:{update}",
        address=_address(query.from_user),
        said_at=query.message.date,
        payload=payload,
        name=query.from_user.full_name,
        language=query.from_user.language_code,
    )


def _reached(change: ChatMemberUpdated) -> Reached | None:
    if change.chat.type != ChatType.PRIVATE:
        return None
    return Reached(_address(change.from_user), change.new_chat_member.status not in GONE)


def _address(user: User) -> Address:
    return Address(TELEGRAM, str(user.id))


__all__ = ["TELEGRAM", "Moved", "Reached", "Said", "Told", "place_of", "told"]
