"""The terminal for scripts: a JSON object a line in, acknowledgements and replies out."""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

from bot.delivery import Delivery
from bot.platforms import TERMINAL
from bot.turns import Turns
from flows.messages import Address, Chose, Inbound, Payload, Reply, parse
from flows.understanding import unkeepable
from storage.database import Database
from storage.errors import StorageError
from storage.mapping import reply_values
from storage.outbox import Sent
from storage.unit_of_work import Work

NAMES = {"key", "as", "choice"}
LONGEST = 200  # characters of a name; the columns that keep them hold 255

WAITING = 256
"""Lines in hand at once: more are not read before some of them are done."""


class BadLine(ValueError):
    """A line that is not one of the two forms; the text says which they are."""

    def __init__(self) -> None:
        super().__init__(
            'A line is {"key": …, "text": …} or {"key": …, "choice": …}, all of text; '
            f"a key, a choice and a name have up to {LONGEST} characters."
        )


@dataclass(frozen=True, slots=True)
class JsonTerminal:
    """A platform whose messages are lines of JSON."""

    now: Callable[[], datetime]
    name: str = field(default=TERMINAL, init=False)

    async def send(self, to: Address, reply: Reply, *, place: str | None = None) -> Sent:
        say({"reply": {"to": to.user, **reply_values(reply)}})
        return Sent(None, self.now())


@dataclass(frozen=True, slots=True)
class JsonChat:
    """What scripts say, for one person or, line by line, for several (`"as"`)."""

    database: Database
    turns: Turns
    terminal: JsonTerminal
    user: str
    _in_turn: WeakValueDictionary[Address, asyncio.Lock] = field(
        default_factory=WeakValueDictionary, init=False
    )

    async def hold(self) -> None:
        """Until the input ends and every line of it is answered."""
        await self.turns.finish_waiting()
        await self._deliver_what_waited()
        room = asyncio.Semaphore(WAITING)
        async with asyncio.TaskGroup() as tasks:
            while raw := await asyncio.to_thread(sys.stdin.buffer.readline):
                await room.acquire()
                tasks.create_task(self._take(raw)).add_done_callback(lambda _: room.release())

    async def _take(self, raw: bytes) -> None:
        """One line. What could not be kept is not acknowledged, and may be sent again."""
        try:
            key, user, payload = _read(raw, self.user)
        except BadLine as error:
            say({"error": str(error)})
            return
        address = Address(TERMINAL, user)
        # One line of a person after another, each said after the question before it came.
        async with self._in_turn.setdefault(address, asyncio.Lock()):
            inbound = Inbound(
                key=f"{TERMINAL}:{key}",
                address=address,
                said_at=self.terminal.now(),
                payload=payload,
                message_id=key,
                name=user,
            )
            try:
                await self.turns.handle(inbound)
                await Delivery(self.database, self.terminal, self.terminal.now).deliver(address)
                # Last: whoever waits for it then answers a question that has been delivered.
                say({"ack": key})
            except StorageError as error:
                say({"error": str(error), "key": key})

    async def _deliver_what_waited(self) -> None:
        """What was said and not shown when the program ended the last time."""
        waiting = await self.database.read(lambda c: Work(c).outbox.waiting_for(TERMINAL))
        for address in waiting:
            await Delivery(self.database, self.terminal, self.terminal.now).deliver(address)


def _read(raw: bytes, user: str) -> tuple[str, str, Payload]:
    try:
        line = json.loads(raw)
    except ValueError:
        raise BadLine from None
    if not isinstance(line, dict) or not all(isinstance(v, str) for v in line.values()):
        raise BadLine
    if any(
        not 0 < len(line[name]) <= LONGEST or unkeepable(line[name]) for name in NAMES & {*line}
    ):
        raise BadLine
    match line:
        case {"key": key, "text": text, **rest} if not set(rest) - {"as"} and key:
            return key, rest.get("as", user), parse(text)
        case {"key": key, "choice": choice, **rest} if not set(rest) - {"as"} and key:
            return key, rest.get("as", user), Chose(choice)
        case _:
            raise BadLine


def say(line: dict[str, Any]) -> None:
    print(json.dumps(line, ensure_ascii=False), flush=True)
