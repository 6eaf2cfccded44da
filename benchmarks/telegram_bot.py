"""The peer: python-telegram-bot's ConversationHandler, holding an interview of seven questions.

Its request object answers at once, so that no time passes on a network.
"""

import asyncio
import itertools
import json
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from telegram import Update
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    PersistenceInput,
    PicklePersistence,
    filters,
)
from telegram.request import BaseRequest, RequestData

from benchmarks.world import ANSWERS

QUESTION = (
    "What did it lead to, as far as you can tell? A thing that you or others now do otherwise "
    "is enough, and a small one is as welcome as a large one.\n\nIn your own words, please."
)
SAID_AT = int(datetime(2026, 3, 14, 12, 0, tzinfo=UTC).timestamp())
BOT = {"id": 1, "is_bot": True, "first_name": "Bot", "username": "a_bot", "can_join_groups": True}
MESSAGE = {"message_id": 1, "date": SAID_AT, "chat": {"id": 1, "type": "private"}, "text": QUESTION}

INTERVIEW = "interview"


class NullRequest(BaseRequest):
    """Sends nothing; every request is answered as Telegram would answer it."""

    _me = json.dumps({"ok": True, "result": BOT}).encode()
    _sent = json.dumps({"ok": True, "result": MESSAGE}).encode()

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    @property
    def read_timeout(self) -> float | None:
        return None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        *_: object,
        **__: object,
    ) -> tuple[int, bytes]:
        return 200, self._me if url.endswith("/getMe") else self._sent


Bot = Application[Any, Any, Any, Any, Any, Any]


class TelegramBot:
    """The peer as built with `persistence`, or keeping nothing beyond its memory."""

    def __init__(self, loop: asyncio.Runner, *, pickled_in: Path | None = None) -> None:
        self._loop = loop
        self._numbers = itertools.count(1)
        self._is_kept = pickled_in is not None
        builder = ApplicationBuilder().token("1:a").request(NullRequest())
        builder = builder.get_updates_request(NullRequest())
        if pickled_in is not None:
            builder = builder.persistence(pickles(pickled_in))
        self._application: Bot = builder.build()
        self._application.add_handler(interview(persistent=self._is_kept))
        loop.run(self._application.initialize())

    def close(self) -> None:
        self._loop.run(self._application.shutdown())

    def update(self, person: int, text: str) -> Update:
        number = next(self._numbers)
        message: dict[str, Any] = {
            "message_id": number,
            "date": SAID_AT,
            "chat": {"id": person, "type": "private", "first_name": "Ana"},
            "from": {"id": person, "is_bot": False, "first_name": "Ana"},
            "text": text,
        }
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
        return Update.de_json({"update_id": number, "message": message}, self._application.bot)

    def prepare(self, people: Sequence[int]) -> None:
        """Everybody is asked the first question."""
        for person in people:
            self._loop.run(self._handle(self.update(person, "/start")))

    def rate(
        self, people: Sequence[int], answers: Sequence[str] = ANSWERS, *, at_once: bool = False
    ) -> float:
        """Turns a second: every person gives every answer."""
        seconds = 0.0
        for answer in answers:
            updates = [self.update(person, answer) for person in people]
            seconds += self._loop.run(self._timed(updates, at_once=at_once))
        return len(people) * len(answers) / seconds

    def finished(self, people: Sequence[int]) -> bool:
        """Whether every answer of these people was kept."""
        kept = self._application.user_data
        return all(len(kept[person]) == len(ANSWERS) for person in people)

    async def _timed(self, updates: Sequence[Update], *, at_once: bool) -> float:
        began = perf_counter()
        if at_once:
            await asyncio.gather(*(self._handle(update) for update in updates))
        else:
            for update in updates:
                await self._handle(update)
        return perf_counter() - began

    async def _handle(self, update: Update) -> None:
        await self._application.process_update(update)
        if self._is_kept:
            await self._application.update_persistence()


def pickles(path: Path) -> PicklePersistence[Any, Any, Any]:
    kept = PersistenceInput(bot_data=False, chat_data=False, user_data=True, callback_data=False)
    return PicklePersistence(path, store_data=kept)


def keep_open(path: Path, count: int, answers: Sequence[str], loop: asyncio.Runner) -> None:
    """A pickle of `count` open conversations in which `answers` were given, by people from 1 on."""

    async def write() -> None:
        persistence = pickles(path)
        persistence.user_data = {
            person: {n: f"{answer[:-8]}{person:8}" for n, answer in enumerate(answers)}
            for person in range(1, count + 1)
        }
        persistence.conversations = {
            INTERVIEW: {(person, person): len(answers) for person in range(1, count + 1)}
        }
        await persistence.flush()

    loop.run(write())


def interview(*, persistent: bool) -> "ConversationHandler[Any]":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ConversationHandler(
            entry_points=[CommandHandler("start", _start)],
            states={
                number: [MessageHandler(filters.TEXT & ~filters.COMMAND, _answered(number))]
                for number in range(len(ANSWERS))
            },
            fallbacks=[],
            name=INTERVIEW,
            persistent=persistent,
        )


async def _start(update: Update, _: ContextTypes.DEFAULT_TYPE) -> int:
    assert update.message is not None
    await update.message.reply_text(QUESTION)
    return 0


def _answered(number: int) -> Any:
    async def answered(update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
        assert update.message is not None
        assert context.user_data is not None
        context.user_data[number] = update.message.text
        await update.message.reply_text(QUESTION)
        return number + 1 if number + 1 < len(ANSWERS) else ConversationHandler.END

    return answered
