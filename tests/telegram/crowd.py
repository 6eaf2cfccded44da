"""Many people with Telegram at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.crowd import Teller, Town, teller
from tests.doubles.telegram_server import Person, TelegramServer
from tests.telegram.process import INTERVIEW


@dataclass(frozen=True)
class Seat:
    person: Person

    @property
    def user(self) -> str:
        return str(self.person.id)

    @property
    def name(self) -> str:
        return str(self.person.user["first_name"])

    @property
    def arrived(self) -> Sequence[str]:
        return [message.text for message in self.person.room.arrived]

    def says(self, words: str) -> object:
        return self.person.says(words)

    def taps(self, label: str) -> object:
        return self.person.taps(label)


def town_of(server: TelegramServer) -> Town:
    return Town("telegram", server.world.lock, server.later)


def tellers(server: TelegramServer, names: Sequence[str]) -> list[Teller]:
    return [teller(Seat(server.person(name)), INTERVIEW) for name in names]
