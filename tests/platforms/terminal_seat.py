"""A person at a terminal: what they type is read, and what is printed is read back."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, chdir
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from rich.text import Text

from bot.platforms import TERMINAL, spelling
from bot.platforms.terminal import Chat, Terminal, window
from bot.platforms.terminal_renderer import harmless
from bot.turns import Turns
from flows.messages import Address, Reply, parse
from storage.outbox import Sent
from tests.builders import interviews
from tests.platforms.seats import Can, Seat, Shown
from tests.stage import Stage

CHOICE = re.compile(r"  (\d+)\. (?:\[([x ])\] )?(.*)")

WORDING = interviews().texts.wording("en", command=spelling(TERMINAL))

NUMBER = re.compile(WORDING("question-number", number="(N)", of="(N)").replace("N", r"\d+"))

SAVED = re.compile(re.escape(WORDING("terminal-saved", text="<T>", path="<P>")))
SAVED = re.compile(SAVED.pattern.replace("<T>", "(.*)").replace("<P>", "(.*)"), re.DOTALL)


class TerminalPlatform:
    name = TERMINAL
    can = Can()

    def can_say(self, text: str) -> bool:
        """A line is a message."""
        return "\n" not in text

    def shows(self, words: str) -> str:
        """A tab is as many blanks as it is wide."""
        shown = Text(harmless(words))
        shown.expand_tabs(8)
        return shown.plain

    @asynccontextmanager
    async def opened(self, stage: Stage, turns: Turns) -> AsyncIterator[Callable[[str], Seat]]:
        with TemporaryDirectory() as folder, chdir(folder):  # where files are saved
            yield lambda name: TerminalSeat(stage, turns, name)


@dataclass(slots=True)
class Screen(Terminal):
    """The real one; what it prints is kept, a page for each message."""

    pages: list[str] = field(default_factory=list, init=False)

    async def send(self, to: Address, reply: Reply, *, place: str | None = None) -> Sent:
        out = self.console.file = StringIO()
        sent = await Terminal.send(self, to, reply, place=place)
        self.pages.append(out.getvalue())
        return sent


class TerminalSeat:
    def __init__(self, stage: Stage, turns: Turns, name: str) -> None:
        self.address = Address(TERMINAL, name)
        self._screen = Screen(window(), WORDING, stage.clock)
        self._chat = Chat(stage.database, turns, self._screen, self.address, name.capitalize())
        self._read = 0

    async def says(self, text: str) -> None:
        await self._chat.take(parse(text))

    async def calls(self, command: str) -> None:
        await self.says(f"/{command}")

    async def taps(self, label: str) -> None:
        """Choices have numbers here."""
        asked = next(shown for shown in reversed(self.has_before_them()) if shown.buttons)
        await self.says(str(asked.buttons.index(label) + 1))

    def sees(self) -> list[Shown]:
        new = self.has_before_them()[self._read :]
        self._read += len(new)
        return new

    def has_before_them(self) -> list[Shown]:
        return [_read_back(page) for page in self._screen.pages]

    async def taps_old(self, label: str, message: int) -> NoReturn:
        raise NotImplementedError

    async def says_at_once(self, *texts: str) -> NoReturn:
        raise NotImplementedError

    async def replies(self, text: str, message: int) -> NoReturn:
        raise NotImplementedError

    async def edits(self, before: str, text: str) -> NoReturn:
        raise NotImplementedError

    async def attaches(self, kind: str, caption: str = "") -> NoReturn:
        raise NotImplementedError

    async def repeats(self) -> NoReturn:
        raise NotImplementedError

    async def says_to_all(self, text: str) -> NoReturn:
        raise NotImplementedError

    async def calls_before_all(self, command: str) -> NoReturn:
        raise NotImplementedError

    def sees_with_all(self) -> list[Shown]:
        return []


def _read_back(page: str) -> Shown:
    saved = SAVED.fullmatch(page.strip("\n"))
    if saved is not None:
        path = Path(saved[2])
        return Shown(saved[1], file=(path.name, path.read_text(encoding="utf-8")))
    lines = page.strip("\n").split("\n")
    number = NUMBER.fullmatch(lines[0])
    if number is not None:
        del lines[0]
    choices = _choices(lines)
    return Shown(
        "\n".join(lines[: len(lines) - len(choices)]).strip("\n"),
        tuple(label for label, _ in choices),
        tuple(ticked for _, ticked in choices),
        (int(number[1]), int(number[2])) if number is not None else None,
    )


def _choices(lines: list[str]) -> list[tuple[str, bool | None]]:
    """The lines at the end that are numbered from 1 on."""
    for many in range(len(lines), 0, -1):
        found = [CHOICE.fullmatch(line) for line in lines[-many:]]
        if all(each and int(each[1]) == n for n, each in enumerate(found, 1)):
            ticks = {None: None, "x": True, " ": False}
            return [(each[3], ticks[each[2]]) for each in found if each]
    return []
