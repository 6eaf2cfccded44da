"""`storytrail run` on the double of Telegram, and a person's way through an interview."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.builders import Begin
from tests.doubles.telegram_server import Message, Person, TelegramServer
from tests.running import PATIENCE, REST, Line, Running, alive
from tests.warm import Forked

INTERVIEW: Sequence[Line] = (("says", "/start", "May I keep your answers?"), *REST)


def telegram_of(server: TelegramServer) -> dict[str, str]:
    """What the program has to know to be a bot there."""
    return {
        "STORYTRAIL_TELEGRAM_TOKEN": server.token,
        "STORYTRAIL_TELEGRAM_API_URL": server.url,
    }


@contextmanager
def running(
    server: TelegramServer, folder: Path, begin: Begin = Forked, /, **settings: str
) -> Iterator[Running]:
    """The program for the time of the block; nothing of it is left behind."""
    every = {**telegram_of(server), **settings}
    with alive(Running(folder, every, begin=begin)) as bot:
        yield bot


# ---- a person's way ----


def does(server: TelegramServer, person: Person, line: Line) -> None:
    """Say or tap it, later than what was asked."""
    how, what, _ = line
    server.later(2)
    if how == "says":
        person.says(what)
    else:
        person.taps(what)


def comes(server: TelegramServer, person: Person, part: str, *, after: int = 0) -> Message:
    """The first message from the bot with these words, but for the `after` first ones."""

    def found() -> list[Message]:
        return [m for m in person.room.arrived[after:] if part in m.text]

    server.until(found, PATIENCE)
    return found()[0]


def goes_through(
    server: TelegramServer, person: Person, lines: Sequence[Line] = INTERVIEW
) -> Message:
    """A person's interview from line to line; the last message."""
    message = None
    for line in lines:
        seen = len(person.room.arrived)
        does(server, person, line)
        message = comes(server, person, line[2], after=seen)
    assert message is not None
    person.room.read = len(person.room.arrived)
    return message


def open_questions(person: Person) -> list[Message]:
    """The bot's messages that have buttons now."""
    return [message for message in person.chat if message.from_bot and message.keyboard]
