"""The bot in a terminal, or through a pipe."""

import asyncio
import codecs
import contextlib
import os
import sys
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from rich.console import Console
from rich.text import Text

from bot.commands import COMMANDS
from bot.delivery import Delivery
from bot.granting import grant
from bot.platforms import TERMINAL
from bot.platforms.terminal_renderer import lines
from bot.turns import Turns
from flows.messages import Address, Ask, Commanded, Inbound, Payload, Reply, Send, Wording, parse
from storage.database import Database
from storage.members import Role
from storage.outbox import Sent
from storage.unit_of_work import Work

CHUNK = 65_536  # bytes read at once from a pipe

STYLES = {
    "question": "bold",
    "choice": "cyan",
    "words": "italic",
    "title": "bold italic",
    "note": "dim",
    "text": "",
}


@dataclass(slots=True)
class Terminal:
    """A platform of one person: what is sent is printed."""

    console: Console
    wording: Wording
    now: Callable[[], datetime]
    name: str = field(default=TERMINAL, init=False)

    async def send(self, to: Address, reply: Reply, *, place: str | None = None) -> Sent:
        """Print a reply. Words are printed as they are: no markup in them is obeyed."""
        if isinstance(reply, Send):
            self._save(reply)
            return Sent(None, self.now())
        number = ""
        if isinstance(reply, Ask) and reply.number is not None:
            number = self.wording("question-number", number=reply.number, of=reply.of)
        self.print(("", "text"))
        for line in lines(reply, number):
            self.print((line.text, line.kind))
        return Sent(None, self.now())

    def _save(self, file: Send) -> None:
        """A file goes into the current folder, beside what is there, for this user only."""
        try:
            path = _saved(file)
        except OSError:
            self.print(("", "text"), (self.wording("terminal-not-saved", name=file.name), "note"))
        else:
            said = self.wording("terminal-saved", text=file.text, path=str(path))
            self.print(("", "text"), (said, "note"))

    def print(self, *said: tuple[str, str]) -> None:
        for text, kind in said:
            # In a window lines break between words; through a pipe they stay whole.
            self.console.print(Text(text, STYLES[kind]), soft_wrap=not self.console.is_terminal)


@dataclass(frozen=True, slots=True)
class Chat:
    """One person's chat with the bot."""

    database: Database
    turns: Turns
    terminal: Terminal
    address: Address
    name: str

    async def hold(self, role: Role | None, invite: str = "") -> None:
        """Until the input ends; `invite` is the code of one.

        Raises StorageError where a line could not be kept.
        """
        is_window = sys.stdin.isatty() and self.terminal.console.is_terminal
        await self.database.write(lambda c: self._arrive(Work(c), role))
        await self.turns.finish_waiting()
        if is_window:
            self._tell("terminal-hello")
        # A pipe goes on with the open question; a person is asked whether to.
        goes_on = not is_window and await self._has_open()
        goes_on = goes_on and not invite
        await self.take(Commanded("resume" if goes_on else "start", invite))
        async for line in _typed() if is_window else _piped():
            if line is None:
                self._tell("terminal-not-text")
            else:
                await self.take(parse(line))
        if is_window:
            self._tell("terminal-bye" if await self._has_open() else "terminal-bye-plain")

    async def take(self, payload: Payload) -> None:
        """One turn, and then its replies."""
        inbound = Inbound(
            key=f"{TERMINAL}:{uuid.uuid4()}",
            address=self.address,
            said_at=self.terminal.now(),
            payload=payload,
            name=self.name,
        )
        await self.turns.handle(inbound)
        await Delivery(self.database, self.terminal, self.terminal.now).deliver(self.address)

    def _tell(self, key: str) -> None:
        self.terminal.print(("", "text"), (self.terminal.wording(key), "note"))

    def _arrive(self, work: Work, role: Role | None) -> None:
        """Whoever holds the database may take any role in it."""
        now = self.terminal.now()
        met = work.members.meet(self.address, name=self.name, now=now)
        if role is not None:
            community = met.community or work.communities.home()
            work.members.join(met.member.id, community.id, now=now)
            grant(work, community, self.address, role, by=None, now=now)

    async def _has_open(self) -> bool:
        return await self.database.read(lambda c: self._open(Work(c)))

    def _open(self, work: Work) -> bool:
        met = work.members.known(self.address)
        if met is None or met.community is None:
            return False
        return work.conversations.active(met.member.id, met.community.id) is not None


def window() -> Console:
    """Where replies are printed: colours in a window, plain lines through a pipe."""
    with contextlib.suppress(AttributeError):
        # What a terminal cannot show must not end the chat.
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    return _Lines(highlight=False, markup=False, emoji=False)


class _Lines(Console):
    def on_broken_pipe(self) -> None:
        """Whoever read has left: the program ends as it does for its other commands."""
        raise BrokenPipeError


def _saved(file: Send) -> Path:
    stem, dot, kind = file.name.rpartition(".")
    for number in count(1):
        path = Path(file.name if number == 1 else f"{stem}-{number}{dot}{kind}")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(handle, "wb") as out:
            out.write(file.data)
        return path
    raise AssertionError("numbers go on for ever")


async def _typed() -> AsyncIterator[str]:
    """Lines typed by a person, until Ctrl-C or Ctrl-D."""
    # History lives as long as the chat: a file of it would keep words that nobody could erase.
    session: PromptSession[str] = PromptSession(
        history=InMemoryHistory(), completer=CommandCompleter(), complete_while_typing=True
    )
    while True:
        try:
            yield await session.prompt_async("\n> ")
        except (KeyboardInterrupt, EOFError):
            return


async def _piped() -> AsyncIterator[str | None]:
    """Lines from standard input; None for one that is not UTF-8."""
    begun = bytearray()
    is_first = True
    while chunk := await _chunk():
        if is_first:  # where some programs put a mark
            chunk, is_first = chunk.removeprefix(codecs.BOM_UTF8), False
        begun += chunk
        if b"\n" in chunk:
            *whole, begun = begun.split(b"\n")
            for line in whole:
                yield _text(line)
    if begun:
        yield _text(begun)


async def _chunk() -> bytes:
    """What standard input has next; empty at its end.

    Read by a daemon: a worker thread of asyncio would hold up Ctrl-C until the next line.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[bytes] = loop.create_future()

    def read() -> None:
        chunk = b""  # where its terminal is gone, that is the end
        with contextlib.suppress(OSError):
            chunk = os.read(sys.stdin.fileno(), CHUNK)
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(give, chunk)

    def give(chunk: bytes) -> None:
        if not found.done():
            found.set_result(chunk)

    threading.Thread(target=read, name="input", daemon=True).start()
    return await found


def _text(line: bytearray) -> str | None:
    try:
        return line.removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError:
        return None


class CommandCompleter(Completer):
    """Completes `/commands` at the beginning of a line."""

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        typed = document.text_before_cursor
        if typed.startswith("/"):
            for command in COMMANDS:
                if command.name.startswith(typed[1:]):
                    yield Completion(f"/{command.name}", start_position=-len(typed))
