"""Many people with Slack at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.crowd import Teller, Town, teller
from tests.doubles.slack_server import Person, SlackServer, Workspace
from tests.slack.process import INTERVIEW, arrived, at_first, taps


@dataclass(frozen=True)
class Seat:
    person: Person
    _read: dict[str, str] = field(default_factory=dict)

    @property
    def user(self) -> str:
        return f"{self.person.team.id}/{self.person.id}"

    @property
    def name(self) -> str:
        return self.person.user.name

    @property
    def arrived(self) -> Sequence[str]:
        there = arrived(self.person)
        for message in there[len(self._read) :]:
            self._read[message.ts] = at_first(message)
        return [self._read[message.ts] for message in there]

    def says(self, words: str) -> object:
        return self.person.says(words)

    def taps(self, label: str) -> object:
        return taps(self.person, label)


def town_of(server: SlackServer) -> Town:
    return Town("slack", server.world.lock, server.later)


def tellers(workspaces: Sequence[Workspace], names: Sequence[str]) -> list[Teller]:
    """So many people, in each workspace about as many."""
    return [
        teller(Seat(workspaces[n % len(workspaces)].person(name)), INTERVIEW)
        for n, name in enumerate(names)
    ]
