"""Many people at once: each answers as soon as the bot knows that they were asked."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from storage.unit_of_work import Work
from tests.builders import closing, opened
from tests.doubles.telegram_server import Person, TelegramServer
from tests.telegram.process import INTERVIEW, Line, Running

LOOK = 0.05  # seconds between two looks


@dataclass(eq=False)
class Teller:
    """One person on their way through an interview, in words that nobody else uses."""

    person: Person
    lines: Sequence[Line]
    at: int = 0
    seen: int = 0
    """Messages that had come when they did their last line."""

    @property
    def told(self) -> list[str]:
        """The answers in words, in the order in which they are given."""
        return [what for how, what, _ in self.lines if how == "says" and what != "/start"]

    def has_come(self) -> bool:
        """Whether the answer to their last line is there."""
        if self.at == 0:
            return True
        part = self.lines[self.at - 1][2]
        return any(part in message.text for message in self.person.room.arrived[self.seen :])

    def shown(self) -> list[str]:
        """All that came, but for what is theirs alone; a message that came twice is there twice."""
        name = self.person.user["first_name"]
        return [message.text.replace(name, "NAME") for message in self.person.room.arrived]


def tellers(server: TelegramServer, names: Sequence[str]) -> list[Teller]:
    return [Teller(server.person(name), _lines(name)) for name in names]


def _lines(name: str) -> list[Line]:
    is_told = {"/start": False}
    return [
        (how, f"{what} I am {name}." if how == "says" and is_told.get(what, True) else what, part)
        for how, what, part in INTERVIEW
    ]


def go_through(server: TelegramServer, bot: Running, people: Sequence[Teller], within: float):
    """All of them, to the end, each at their own pace; nothing is to be sent any more then.

    Nobody answers before the bot knows that it asked. What comes earlier it takes for more of the
    answer before, and that is right: but then no two runs would be the same.
    """
    ends = monotonic() + within
    never = threading.Event()
    waiting = list(people)
    with closing(opened(bot.path)) as database:
        while True:
            asked = {
                a.user for a in database.read_now(lambda c: Work(c).outbox.waiting_for("telegram"))
            }
            with server.world.lock:
                free = [t for t in waiting if str(t.person.id) not in asked and t.has_come()]
                if any(teller.at < len(teller.lines) for teller in free):
                    server.later(1)  # than what they were asked
                for teller in free:
                    if teller.at == len(teller.lines):
                        waiting.remove(teller)
                    else:
                        _goes_on(teller)
            if not waiting:
                return
            if monotonic() > ends:
                raise AssertionError(f"{len(waiting)} people are waiting still")
            never.wait(LOOK)


def _goes_on(teller: Teller) -> None:
    how, what, _ = teller.lines[teller.at]
    teller.seen = len(teller.person.room.arrived)
    teller.at += 1
    if how == "says":
        teller.person.says(what)
    else:
        teller.person.taps(what)
