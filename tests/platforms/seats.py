"""One person at one platform's client, and one entry for each platform: the same tests for all.

A further platform joins with a seat of its own, a line in `SEATS`, and what is different there on
purpose in its `Can`. No test asks which platform it runs on.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from bot.turns import Turns
from flows.messages import Address
from tests.stage import Stage


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of the bot as its reader takes it in, whatever it is drawn with.

    `ticked` has a place for each button, None where it cannot be ticked. `number` is that of the
    question: (3, 7). `file` is a name and a content, `chosen` the choice that was made below it.
    """

    text: str
    buttons: tuple[str, ...] = ()
    ticked: tuple[bool | None, ...] = ()
    number: tuple[int, int] | None = None
    file: tuple[str, str] | None = None
    chosen: str | None = None


@dataclass(frozen=True, slots=True)
class Can:
    """What a platform's client can do, or its bot there."""

    edit: bool = False  # people can change what they sent
    edit_calls: bool = False  # commands too
    reply: bool = False  # people can answer an earlier message
    attach: frozenset[str] = frozenset()  # the kinds of files that can be sent
    at_once: bool = False  # several messages can be sent before an answer comes
    tap_old: bool = False  # earlier messages keep something to tap
    repeat: bool = False  # the platform may hand the same thing over twice
    meet: bool = False  # there are places where several read along
    redraw: bool = False  # where only a tick changes, the message that is there changes
    keeps_choice: bool = False  # the choice stays to be seen once a question's buttons are gone
    longest: int | None = None  # characters of a message from the bot


class Seat(Protocol):
    """Each of these returns once the bot is at rest again."""

    @property
    def address(self) -> Address: ...

    async def says(self, text: str) -> None: ...

    async def says_at_once(self, *texts: str) -> None:
        """Several messages, before there is an answer to the first."""
        ...

    async def replies(self, text: str, message: int) -> None:
        """An answer to the `message`-th thing that was seen here, counted from 0."""
        ...

    async def calls(self, command: str) -> None:
        """A command, with whatever stands behind its name: `tell`, `read S-481`."""
        ...

    async def taps(self, label: str) -> None:
        """A button of the newest message that has some."""
        ...

    async def taps_old(self, label: str, message: int) -> None:
        """A button of the `message`-th thing that was seen here, counted from 0."""
        ...

    async def edits(self, before: str, text: str) -> None:
        """Change the newest message that reads `before`."""
        ...

    async def attaches(self, kind: str, caption: str = "") -> None: ...

    async def repeats(self) -> None:
        """What this person did last is handed over once more."""
        ...

    async def says_to_all(self, text: str) -> None:
        """In a place where others read along, and where the bot hears everything."""
        ...

    async def calls_before_all(self, command: str) -> None: ...

    def sees(self) -> list[Shown]:
        """What is new since this was asked last, also where it stands in an older one's place."""
        ...

    def has_before_them(self) -> list[Shown]:
        """The messages of the bot that stand there now, the newest last."""
        ...

    def sees_with_all(self) -> list[Shown]:
        """What is new where others read along."""
        ...


class Platform(Protocol):
    """Where people sit."""

    @property
    def name(self) -> str: ...

    @property
    def can(self) -> Can: ...

    def can_say(self, text: str) -> bool:
        """Whether a client there sends exactly this, as one message."""
        ...

    def shows(self, words: str) -> str:
        """How somebody's words look there, once nothing in them acts."""
        ...

    def opened(
        self, stage: Stage, turns: Turns
    ) -> AbstractAsyncContextManager[Callable[[str], Seat]]:
        """The bot of this stage on the platform; what is called with a name gives its seat."""
        ...
