"""A platform with the bot on it, and ways through a story there."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.platforms.playing import Ear
from tests.platforms.seats import Platform, Seat, Shown
from tests.stage import Person, Stage
from tests.transcripts import HALF_A_MINUTE

ACTIVITY = "In March we met, and it was good."


@dataclass
class Place:
    """A platform with the bot on it. Time passes whenever somebody does something."""

    platform: Platform
    stage: Stage
    ear: Ear
    sit: Callable[[str], Seat]
    seats: dict[str, Seat] = field(default_factory=dict)

    def seat(self, name: str) -> Seat:
        """That of somebody who agreed long ago."""
        if name not in self.seats:
            seat = self.seats[name] = self.sit(name)
            person = self.stage.people[name] = Person(name.capitalize(), seat.address)
            self.stage.consented(person)
        self.stage.clock.move(HALF_A_MINUTE)
        return self.seats[name]

    @property
    def ana(self) -> Seat:
        return self.seat("ana")

    async def tells(self, name: str = "ana", activity: str = ACTIVITY) -> Shown:
        """Up to the second question, which is what comes back."""
        await self.seat(name).calls("tell")
        await self.seat(name).says(activity)
        return self.seats[name].sees()[-1]

    async def reviews(self, name: str = "ana", activity: str = ACTIVITY) -> list[Shown]:
        """Up to the review of a short story, which is what comes back."""
        await self.tells(name, activity)
        await self.seat(name).taps("Nothing")
        self.seats[name].sees()
        await self.seat(name).taps("Can't say")
        return self.seats[name].sees()


@asynccontextmanager
async def placed(platform: Platform, stage: Stage) -> AsyncIterator[Place]:
    ear = Ear(stage)
    async with platform.opened(stage, ear.turns) as sit:
        yield Place(platform, stage, ear, sit)
