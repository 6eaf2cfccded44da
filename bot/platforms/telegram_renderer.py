"""Replies as Telegram shows them: HTML with everything that people wrote escaped, and buttons."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.platforms.buttons import pack
from bot.platforms.splitting import pieces
from flows.messages import Ask, Noted, Option, Reply, Review, Say, Send

MOST_TEXT = 4_096  # characters of a message after its markup is read, Bot API sendMessage
MOST_CAPTION = 1_024  # characters, Bot API sendDocument
MOST_LABEL = 64  # characters that a telephone shows of a button's label
SHORT = 24  # characters up to which two labels stand side by side


@dataclass(frozen=True, slots=True)
class Message:
    """One message: HTML, and the buttons below it, if any."""

    html: str
    keyboard: InlineKeyboardMarkup | None = None


def messages(reply: Reply, *, user: str, key: bytes) -> list[Message]:
    """A reply as one or more messages; the last one has the buttons.

    A file's caption is its one message.
    """
    match reply:
        case Say(text) | Noted(text):
            return _plain(text)
        case Send(text=text):
            return [Message(escape(text[:MOST_CAPTION], quote=False))]
        case Ask():
            head = []
            if reply.number is not None and reply.of is not None:
                head = [_italic(f"{reply.number} / {reply.of}")]  # alike in every language
            return _with_buttons([*head, *_escaped(reply.text)], reply, user, key)
        case Review():
            return _with_buttons(list(_review(reply)), reply, user, key)


def _plain(text: str) -> list[Message]:
    return [Message(escape(piece, quote=False)) for piece in pieces(text, MOST_TEXT)]


def _with_buttons(blocks: list[str], reply: Ask | Review, user: str, key: bytes) -> list[Message]:
    keyboard = _keyboard(reply, user, key)
    filled = _filled(blocks)
    last = len(filled) - 1
    return [Message(html, keyboard if n == last else None) for n, html in enumerate(filled)]


def _filled(blocks: list[str]) -> list[str]:
    """Blocks put together into as few messages as they fit in; none is cut."""
    filled: list[str] = []
    for block in blocks:
        if filled and _length(filled[-1]) + 2 + _length(block) <= MOST_TEXT:
            filled[-1] = f"{filled[-1]}\n\n{block}"
        else:
            filled.append(block)
    return filled


def _length(html: str) -> int:
    """Characters as Telegram counts them, or a few more."""
    return len(re.sub(r"</?[biu]>|</?blockquote>", "", html).replace("&amp;", "&"))


def _review(review: Review) -> Iterator[str]:
    if review.intro:
        yield from _escaped(review.intro)
    if review.title:
        yield f"<b>“{escape(review.title, quote=False)}”</b>"
    for part in review.parts:
        found = list(pieces(part.text, MOST_TEXT - len(part.heading) - 1))
        heading = _italic(part.heading)
        for n, piece in enumerate(found):
            words = escape(piece, quote=False)
            yield f"{heading}\n{words}" if n == 0 else words
    yield from _escaped(review.text)


def _escaped(text: str) -> Iterator[str]:
    yield from (escape(piece, quote=False) for piece in pieces(text, MOST_TEXT))


def _italic(text: str) -> str:
    return f"<i>{escape(text, quote=False)}</i>"


# ---- buttons ----


def _keyboard(reply: Ask | Review, user: str, key: bytes) -> InlineKeyboardMarkup | None:
    """Short labels two in a row, long ones each in a row of its own."""
    rows: list[list[InlineKeyboardButton]] = []
    was_short = False
    for option in reply.options:
        label = _label(option)
        button = InlineKeyboardButton(
            label, callback_data=pack(reply, option.name, user=user, key=key)
        )
        is_short = len(label) <= SHORT
        if rows and was_short and is_short and len(rows[-1]) == 1:
            rows[-1].append(button)
        else:
            rows.append([button])
        was_short = is_short
    return InlineKeyboardMarkup(rows) if rows else None


def _label(option: Option) -> str:
    tick = {None: "", True: "☑ ", False: "☐ "}[option.ticked]
    label = f"{tick}{option.label}"
    return label if len(label) <= MOST_LABEL else label[: MOST_LABEL - 1] + "…"
