"""Telegram's Bot API as far as an interview goes, and the people who write over it.

For speed: it takes every request for a right one, and all limits are off. A person's waiting time
is taken here, from when an update may be fetched until the message that answers it has arrived.
"""

import asyncio
import itertools
import json
from collections import deque
from time import perf_counter, time
from typing import Any
from urllib.parse import parse_qsl

from benchmarks.http_server import Answer, HttpServer

Wire = dict[str, Any]

TOKEN = "1234567890:AAEtoken-of-a-bot-that-is-only-in-benchmarks"
BOT: Wire = {"id": 1234567890, "is_bot": True, "first_name": "Bot", "username": "a_bot"}
MOST = 100  # updates in an answer, Bot API getUpdates
TRUE = b'{"ok":true,"result":true}'
NOTHING = b'{"ok":true,"result":[]}'
QUIET = 0.15  # seconds without a request after which a bot counts as done


class BotApi:
    """The server for one bot, on loopback."""

    def __init__(self) -> None:
        self._http = HttpServer(self._handle)
        self._updates: deque[Wire] = deque()
        self._poll: Answer | None = None
        self._late: asyncio.TimerHandle | None = None
        self._people: dict[int, TelegramPerson] = {}
        self._called = 0.0  # when the newest request arrived that is not for updates
        self.ids = itertools.count(1)
        self.polled = asyncio.Event()
        """Set once the bot has asked for updates."""

    async def start(self) -> None:
        await self._http.start()

    def close(self) -> None:
        self._http.close()

    @property
    def url(self) -> str:
        return self._http.url

    def person(self) -> "TelegramPerson":
        person = TelegramPerson(self, 7_000_000_000 + next(self.ids))
        self._people[person.id] = person
        return person

    async def settled(self) -> float:
        """When the bot last called, once it has done everything that it does beside its answers."""
        # Each look is as late as it can be, so nothing is gained by being woken.
        while (left := self._called + QUIET - perf_counter()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)
        return self._called

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
        self.polled.set()
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


class TelegramPerson:
    """Somebody in their private chat with the bot. Their clock moves on with what is written."""

    def __init__(self, server: BotApi, id: int) -> None:
        self.id = id
        self._server = server
        self._clock = int(time())
        self._chat: Wire = {"id": id, "first_name": "Ana", "type": "private"}
        self._user: Wire = {"id": id, "is_bot": False, "first_name": "Ana", "language_code": "en"}
        self._reply: asyncio.Future[float] | None = None
        self.last: Wire = {}
        """The newest message from the bot."""

    async def says(self, text: str) -> float:
        message = self._message(self._user) | {"text": text}
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
        return await self._answered({"message": message})

    async def taps(self, choice: str) -> float:
        """The button of the newest message that carries this."""
        buttons = itertools.chain(*self.last["reply_markup"]["inline_keyboard"])
        data = next(b["callback_data"] for b in buttons if choice in b["callback_data"])
        query: Wire = {"id": str(next(self._server.ids)), "from": self._user, "data": data}
        query |= {"message": self.last, "chat_instance": "1"}
        return await self._answered({"callback_query": query})

    def receives(self, args: dict[str, str], arrived: float) -> Wire:
        """A message from the bot, as Telegram then says it looks."""
        assert self._reply is not None, "one message more than there were questions"
        if not self._reply.done():  # nobody waits any more, once a measurement was given up
            self._reply.set_result(arrived)
        self._reply = None
        self.last = self._message(BOT) | {"text": args["text"]}
        if "reply_markup" in args:
            self.last["reply_markup"] = json.loads(args["reply_markup"])
        return self.last

    def shows(self, choice: str) -> bool:
        """Whether there is such a button under the newest message."""
        return choice in json.dumps(self.last.get("reply_markup"))

    async def _answered(self, update: Wire) -> float:
        reply = self._reply = asyncio.get_running_loop().create_future()
        began = perf_counter()
        self._server.put(update)
        arrived: float = await reply
        return arrived - began

    def _message(self, sender: Wire) -> Wire:
        self._clock += 1
        ids = {"message_id": next(self._server.ids), "date": self._clock}
        return ids | {"from": sender, "chat": self._chat}


def _good(result: Any) -> bytes:
    return json.dumps({"ok": True, "result": result}).encode()
