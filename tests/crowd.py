"""Many people at once: each answers as soon as the bot knows that they were asked.

Nothing here shows a seat or a server: written down, the world behind them takes a quarter of an
hour, and whoever waits for what a failed test says does not learn why.
"""

import re
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import groupby
from time import monotonic
from typing import Protocol

from sqlalchemy import select

from storage.tables import addresses, links, steps, stories
from storage.unit_of_work import Work
from tests.builders import closing, opened
from tests.running import Line, Running

LOOK = 0.05  # seconds between two looks

REF = re.compile(r"S-\w+")


class Seated(Protocol):
    """One person before their client. `user` is who they are in an address of the bot's."""

    @property
    def user(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def arrived(self) -> Sequence[str]:
        """All that the bot wrote to them, as it came."""

    def says(self, words: str) -> object: ...

    def taps(self, label: str) -> object: ...


@dataclass(frozen=True)
class Town:
    """Where they live: a platform's server, whose world stands still under its lock."""

    platform: str
    lock: AbstractContextManager[object] = field(repr=False)
    later: Callable[[float], object] = field(repr=False)


@dataclass(eq=False)
class Teller:
    """One person on their way through an interview, in words that nobody else uses."""

    seat: Seated = field(repr=False)
    lines: Sequence[Line]
    at: int = 0
    seen: int = 0
    """Messages that had come when they did their last line."""

    @property
    def told(self) -> list[str]:
        """The answers in words, in the order in which they are given."""
        return [what for how, what, _ in self.lines[1:] if how == "says"]

    def has_come(self) -> bool:
        """Whether the answer to their last line is there."""
        if self.at == 0:
            return True
        part = self.lines[self.at - 1][2]
        return any(part in text for text in self.seat.arrived[self.seen :])

    def shown(self) -> list[str]:
        """All that came, but for what is theirs alone; a message that came twice is there twice."""
        return [text.replace(self.seat.name, "NAME") for text in self.seat.arrived]


def teller(seat: Seated, interview: Sequence[Line]) -> Teller:
    """The first line greets; each answer after it says whose it is."""
    greeting, *rest = interview
    own = [(h, f"{w} I am {seat.name}." if h == "says" else w, part) for h, w, part in rest]
    return Teller(seat, [greeting, *own])


def go_through(town: Town, bot: Running, people: Sequence[Teller], within: float) -> None:
    """All of them, to the end, each at their own pace; nothing is to be sent any more then.

    Nobody answers before the bot knows that it asked. What comes earlier it takes for more of the
    answer before, and that is right: but then no two runs would be the same.
    """
    ends = monotonic() + within
    never = threading.Event()
    waiting = list(people)
    with closing(opened(bot.database)) as database:
        while True:
            asked = {
                a.user
                for a in database.read_now(lambda c: Work(c).outbox.waiting_for(town.platform))
            }
            with town.lock:
                free = [t for t in waiting if t.seat.user not in asked and t.has_come()]
                if any(each.at < len(each.lines) for each in free):
                    town.later(1)  # than what they were asked
                for each in free:
                    if each.at == len(each.lines):
                        waiting.remove(each)
                    else:
                        _goes_on(each)
            if not waiting:
                return
            if monotonic() > ends:
                names = [f"{each.seat.name} at {each.at}" for each in waiting]
                raise AssertionError(f"{len(names)} people are waiting still: {names[:10]}")
            never.wait(LOOK)


def _goes_on(teller: Teller) -> None:
    how, what, _ = teller.lines[teller.at]
    teller.seen = len(teller.seat.arrived)
    teller.at += 1
    if how == "says":
        teller.seat.says(what)
    else:
        teller.seat.taps(what)


# ---- what came of it ----


def told(bot: Running) -> dict[str, list[str]]:
    """By number, the words of everybody's story as it was sent: its steps, and what led to them."""
    whose = select(addresses.c.user, stories.c.id).join(
        stories, stories.c.member_id == addresses.c.member_id
    )
    of_steps = whose.add_columns(steps.c.text).join(steps, steps.c.story_id == stories.c.id)
    of_links = whose.add_columns(links.c.because.label("text")).join(
        links, links.c.story_id == stories.c.id
    )
    found: dict[str, list[str]] = {}
    for words in (
        of_steps.order_by(steps.c.order),
        of_links.where(links.c.because.is_not(None)).order_by(links.c.id),
    ):
        for row in bot.kept(words):
            found.setdefault(row.user, []).append(row.text)
    return found


def once(teller: Teller) -> list[str]:
    """What came, without the second time of what came twice, and the same for everybody."""
    return [REF.sub("S-1", text) for text, _ in groupby(teller.shown())]
