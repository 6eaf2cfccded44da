"""Telegram's Bot API as far as an interview goes, and the people who write over it."""

import asyncio
import itertools
import json
from collections import deque
from functools import partial
from time import perf_counter, time
from typing import Any
from urllib.parse import parse_qsl

from benchmarks.http_server import Answer
from benchmarks.platform import Member, Platform, Wire

TOKEN = "1234567890:AAEtoken-of-a-bot-that-is-only-in-benchmarks"
BOT: Wire = {"id": 1234567890, "is_bot": True, "first_name": "Bot", "username": "a_bot"}
MOST = 100  # updates in an answer, Bot API getUpdates
TRUE = b'{"ok":true,"result":true}'
NOTHING = b'{"ok":true,"result":[]}'


class BotApi(Platform):
    """The bot is ready once it has asked for updates."""

    def __init__(self) -> None:
        super().__init__()
        self._updates: deque[Wire] = deque()
        self._poll: Answer | None = None
        self._late: asyncio.TimerHandle | None = None
        self._people: dict[int, TelegramPerson] = {}

    @property
    def settings(self) -> dict[str, str]:
        return {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": self.url}

    def person(self) -> "TelegramPerson":
        person = TelegramPerson(self, 7_000_000_000 + next(self.ids))
        self._people[person.id] = person
        return person

    def put(self, update: Wire) -> None:
        """An update that may be fetched from now on."""
        self._updates.append({"update_id": next(self.ids), **update})
        self._give()

    # ---- what the bot calls ----

    def _handle(self, target: str, body: bytes, answer: Answer) -> None:
        arrived = perf_counter()
        path, _, query = target.partition("?")
        method = path.rpartition("/")[2]
        args = dict(parse_qsl(f"{query}&{body.decode()}"))
        if method == "getUpdates":
            self._get_updates(args, answer)
            return
        self._called = arrived
        if method == "sendMessage":
            answer(_good(self._people[int(args["chat_id"])].receives(args, arrived)))
        elif method == "getMe":
            answer(_good(BOT))
        else:  # the commands, the webhook, and what changes a message: nobody looks at what it says
            answer(TRUE)

    def _get_updates(self, args: dict[str, str], answer: Answer) -> None:
        offset = int(args.get("offset", 0))
        while self._updates and self._updates[0]["update_id"] < offset:
            self._updates.popleft()
        if self._poll is not None:  # a program that ended while it waited
            self._give_nothing()
        self._poll = answer
        timeout = float(args.get("timeout", 0))
        self._late = asyncio.get_running_loop().call_later(timeout, self._give_nothing)
        self.ready.set()
        self._give()

    def _give(self) -> None:
        if self._updates and self._poll is not None:
            self._answer_poll(_good(list(itertools.islice(self._updates, MOST))))

    def _give_nothing(self) -> None:
        self._answer_poll(NOTHING)

    def _answer_poll(self, told: bytes) -> None:
        assert self._poll is not None
        assert self._late is not None
        self._late.cancel()
        poll, self._poll = self._poll, None
        poll(told)


class TelegramPerson(Member):
    """Their clock moves on with what is written."""

    def __init__(self, server: BotApi, id: int) -> None:
        super().__init__()
        self.id = id
        self._server = server
        self._clock = int(time())
        self._chat: Wire = {"id": id, "first_name": "Ana", "type": "private"}
        self._user: Wire = {"id": id, "is_bot": False, "first_name": "Ana", "language_code": "en"}
        self.last: Wire = {}
        """The newest message from the bot."""

    async def begins(self) -> float:
        return await self.says("/start")

    async def says(self, text: str) -> float:
        message = self._message(self._user) | {"text": text}
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
        return await self._answered(partial(self._server.put, {"message": message}))

    async def taps(self, choice: str) -> float:
        buttons = itertools.chain(*self.last["reply_markup"]["inline_keyboard"])
        data = next(b["callback_data"] for b in buttons if choice in b["callback_data"])
        query: Wire = {"id": str(next(self._server.ids)), "from": self._user, "data": data}
        query |= {"message": self.last, "chat_instance": "1"}
        return await self._answered(partial(self._server.put, {"callback_query": query}))

    def receives(self, args: dict[str, str], arrived: float) -> Wire:
        """A message from the bot, as Telegram then says it looks."""
        self._hears(arrived)
        self.last = self._message(BOT) | {"text": args["text"]}
        if "reply_markup" in args:
            self.last["reply_markup"] = json.loads(args["reply_markup"])
        return self.last

    def _buttons(self) -> Any:
        return self.last.get("reply_markup")

    def _message(self, sender: Wire) -> Wire:
        self._clock += 1
        ids = {"message_id": next(self._server.ids), "date": self._clock}
        return ids | {"from": sender, "chat": self._chat}


def _good(result: Any) -> bytes:
    return json.dumps({"ok": True, "result": result}).encode()
