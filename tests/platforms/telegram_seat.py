"""A person with Telegram: the server is the double on loopback, all else is the program's own."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from time import monotonic
from typing import Any

from bot.app import App
from bot.delivery import Courier
from bot.house import House
from bot.limits import Limits, Rates
from bot.platforms import spelling
from bot.platforms.telegram import Telegram
from bot.platforms.telegram_inbound import TELEGRAM
from bot.telegram_side import TelegramSide
from bot.turns import Turns
from config.settings import Settings
from flows.messages import Address
from storage.journal import Journal
from tests.builders import interviews
from tests.doubles.telegram_chats import Message, rows_of
from tests.doubles.telegram_html import cleaned
from tests.doubles.telegram_limits import MAX_TEXT
from tests.doubles.telegram_server import Group, TelegramServer, telegram_server
from tests.platforms.seats import Can, Seat, Shown
from tests.stage import Stage

KEY = b"k" * 32  # what buttons are signed with

PATIENCE = 20  # seconds after which something hangs

FREELY = Rates(chat_burst=10**6, chat_per_second=10**6, per_second=10**6, group_per_minute=10**6)

NUMBER = re.compile(r"(\d+) / (\d+)\n\n")

TICKS = {"☑ ": True, "☐ ": False}

FILES = {"photo", "document", "video", "video_note", "audio", "voice", "location", "contact"}


class TelegramPlatform:
    name = TELEGRAM
    can = Can(
        edit=True,
        edit_calls=True,
        reply=True,
        at_once=True,
        attach=frozenset(FILES),
        tap_old=True,
        repeat=True,
        meet=True,
        redraw=True,
        longest=MAX_TEXT,
    )

    def can_say(self, text: str) -> bool:
        """Its clients take blanks away around a message, and cut a long one into several."""
        return 0 < len(text) <= MAX_TEXT and cleaned(text).strip() == text

    def shows(self, words: str) -> str:
        return words

    @asynccontextmanager
    async def opened(self, stage: Stage, turns: Turns) -> AsyncIterator[Callable[[str], Seat]]:
        with telegram_server(clock=lambda: stage.clock().timestamp()) as server:
            telegram = Telegram(server.token, api_url=server.url, key=KEY)
            async with telegram.opened():
                await telegram.introduce()
                limits = Limits(FREELY, monotonic)
                courier = Courier(stage.database, telegram, limits, stage.clock, sleep=_never)
                house = House(interviews=interviews(), spelling=spelling)
                app = App(Settings(), stage.database, house, Journal(None), turns)
                wire = Wire(server, TelegramSide(app, telegram, courier), courier)
                sending = asyncio.create_task(courier.run())
                try:
                    yield partial(TelegramSeat, wire)
                finally:
                    sending.cancel()
                    with suppress(asyncio.CancelledError):
                        await sending


async def _never(_: float) -> None:
    """Nothing is tried again here, and nothing found that it was not woken for."""
    await asyncio.Event().wait()


class Wire:
    """What the server has to tell, told as its webhook tells it."""

    def __init__(self, server: TelegramServer, side: TelegramSide, courier: Courier) -> None:
        self.server = server
        self._side = side
        self._courier = courier

    async def carries(self, user: int) -> list[dict[str, Any]]:
        """What somebody did meanwhile, until all of it is answered."""
        with self.server.world.lock:
            waiting = self.server.world.updates.pending
            entries = [entry for entry in waiting if _sender(entry.body) == user]
            for entry in entries:
                waiting.remove(entry)
            updates = [entry.body for entry in entries]
        for update in updates:
            await self.brings(update)
        return updates

    async def brings(self, update: dict[str, Any]) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._side.receive(json.loads(json.dumps(update)))
            await self._courier.drain(PATIENCE)
            await self._side.rests()
        refused = [call for call in self.server.calls() if not call.ok]
        assert refused == []


def _sender(update: dict[str, Any]) -> int:
    """Whose doing it is."""
    return next(int(told["from"]["id"]) for told in update.values() if isinstance(told, dict))


class TelegramSeat:
    def __init__(self, wire: Wire, name: str) -> None:
        self._wire = wire
        self._person = wire.server.person(name.capitalize())
        self.address = Address(TELEGRAM, str(self._person.id))
        self._last: dict[str, Any] = {}
        self._known: dict[Message, int] = {}
        self._seen: list[tuple[Message, dict[str, Any]]] = []
        self._group: Group | None = None

    async def says(self, text: str) -> None:
        self._person.says(text)
        await self._carried()

    async def says_at_once(self, *texts: str) -> None:
        for text in texts:
            self._person.says(text)
        await self._carried()

    async def replies(self, text: str, message: int) -> None:
        self._person.says(text, reply_to=self._seen[message][0])
        await self._carried()

    async def calls(self, command: str) -> None:
        await self.says(f"/{command}")

    async def taps(self, label: str) -> None:
        message = next(m for m in reversed(self._person.chat) if m.keyboard)
        await self._pressed(label, message, message.wire)

    async def taps_old(self, label: str, message: int) -> None:
        await self._pressed(label, *self._seen[message])

    async def _pressed(self, label: str, message: Message, wire: dict[str, Any]) -> None:
        buttons = [button for row in rows_of(wire) for button in row]
        data = {_untick(button["text"])[0]: button["callback_data"] for button in buttons}[label]
        tap = self._person.forges(data, message)
        await self._carried()
        # Its client shows that it waits, until it is told that the tap was taken.
        await asyncio.to_thread(self._wire.server.until, lambda: tap.answered)

    async def edits(self, before: str, text: str) -> None:
        own = (m for m in reversed(self._person.chat) if not m.from_bot and m.text == before)
        self._person.edits(next(own), text)
        await self._carried()

    async def attaches(self, kind: str, caption: str = "") -> None:
        self._person.sends(kind, caption=caption)
        await self._carried()

    async def repeats(self) -> None:
        await self._wire.brings(self._last)

    async def says_to_all(self, text: str) -> None:
        self._person.says(text, in_=self._place())
        await self._carried()

    async def calls_before_all(self, command: str) -> None:
        await self.says_to_all(f"/{command}")

    def sees(self) -> list[Shown]:
        new = []
        for message in self._person.chat:
            known = self._known.get(message, 0)
            self._known[message] = len(message.versions)
            if message.from_bot:
                # Taking buttons away shows nothing.
                wires = message.versions[known:]
                new += [(message, w) for n, w in enumerate(wires, known) if n == 0 or rows_of(w)]
        self._seen += new
        return [_read_back(message, wire) for message, wire in new]

    def has_before_them(self) -> list[Shown]:
        return [_read_back(m, m.wire) for m in self._person.chat if m.from_bot]

    def sees_with_all(self) -> list[Shown]:
        room = self._place().room
        new, room.read = room.arrived[room.read :], len(room.arrived)
        return [_read_back(message, message.wire) for message in new]

    async def _carried(self) -> None:
        self._last = (await self._wire.carries(self._person.id))[-1]

    def _place(self) -> Group:
        if self._group is None:
            self._group = self._wire.server.group("The circle", members=[self._person])
            self._group.promotes_bot()  # it hears everything then
        return self._group


def _read_back(message: Message, wire: dict[str, Any]) -> Shown:
    text = str(wire.get("text", wire.get("caption", "")))
    number = NUMBER.match(text)
    if number is not None:
        text = text[number.end() :]
    labels = [_untick(button["text"]) for row in rows_of(wire) for button in row]
    file = None
    if message.upload is not None:
        file = (message.upload.name, message.upload.content.decode())
    return Shown(
        text,
        tuple(label for label, _ in labels),
        tuple(ticked for _, ticked in labels),
        (int(number[1]), int(number[2])) if number is not None else None,
        file,
    )


def _untick(label: str) -> tuple[str, bool | None]:
    for tick, ticked in TICKS.items():
        if label.startswith(tick):
            return label.removeprefix(tick), ticked
    return label, None
