"""A community whose coordinators ask for stories, and what is done unasked."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bot.duties import DUTIES, Duty
from bot.house import House
from bot.platforms import SPELLINGS, spelling
from config.definitions import Definitions
from flows.conversation import Agreed
from flows.messages import Ask, Chose, Payload, Reply, Review, parse
from storage.communities import CommunityId
from storage.database import Database
from storage.members import Member, Role
from storage.unit_of_work import Work
from tests.stage import HeardTexts, Person, Stage

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""Nine o'clock in the morning where the community is."""

ROUNDS = 10_000  # pieces of a duty, by far more than any test needs


@dataclass
class Circle:
    """The bot, its members, and the clock that they share."""

    stage: Stage

    @property
    def house(self) -> House:
        serves = frozenset(SPELLINGS)
        return House(interviews=self.stage.interviews, spelling=spelling, serves=serves)

    @property
    def now(self) -> datetime:
        return self.stage.clock()

    def at(self, moment: datetime) -> None:
        """The clock shows this now."""
        self.stage.clock.at = moment

    def passes(self, span: timedelta) -> None:
        """So much time goes by, and everything that was due meanwhile is done, hour by hour."""
        end = self.now + span
        while self.now < end:
            self.at(min(self.now + timedelta(hours=1), end))
            self.works()

    def later(self, span: timedelta) -> None:
        """So much later; what was due meanwhile is done then."""
        self.at(self.now + span)
        self.works()

    def works(self) -> None:
        """Everything that is due by now is done."""
        for duty in DUTIES:
            self._works_off(duty)

    def _works_off(self, duty: Duty) -> None:
        for _ in range(ROUNDS):
            if not self.stage.read(lambda work: duty.waits(self.house, work, self.now)):
                return
            if self.stage.write(lambda work: duty.piece(self.house, work, self.now)) is None:
                return
        raise AssertionError(f"{duty.name} never ends")

    def sees(self, name: str) -> list[Reply]:
        """What somebody was sent since they last looked."""
        person = self.person(name)
        replies = self.stage.write(lambda work: self.stage._deliver(work, person))
        person.seen += replies
        return replies

    async def says(self, name: str, text: str) -> list[Reply]:
        return await self.does(name, parse(text))

    async def taps(self, name: str, label: str) -> list[Reply]:
        """A button under the last question, by its label."""
        asked = self.person(name).asked
        option = next(each for each in asked.options if each.label == label)
        chose = Chose(option.name, asked.step, asked.revision, asked.conversation)
        return await self.does(name, chose)

    async def does(self, name: str, payload: Payload) -> list[Reply]:
        person = self.person(name)
        return await self.stage.hears(person, payload, after=timedelta(seconds=30))

    async def begins(self, name: str, text: str) -> None:
        """Ask for a round, and have it sent."""
        await self.says(name, text)
        await self.taps(name, "Ask them")
        self.works()

    def person(self, name: str) -> Person:
        return self.stage.person(name)

    def member(self, name: str) -> Member:
        return self.stage.member(self.person(name))

    def joins(self, *names: str, role: Role = Role.MEMBER) -> None:
        """Members who agreed once to their answers being kept."""
        for name in names:
            self.stage.consented(self.person(name))
            if role is not Role.MEMBER:
                self.stage.has_role(self.person(name), role)

    @property
    def home(self) -> CommunityId:
        return self.stage.read(lambda work: work.communities.home().id)

    def elsewhere(self, slug: str, name: str = "the other circle") -> CommunityId:
        """A second community; nobody belongs to it."""
        self.stage.write(lambda work: work.communities.add(slug, name, language="en", now=self.now))
        found = self.stage.read(lambda work: work.communities.find(slug))
        assert found is not None
        return found.id

    def joins_too(self, community: CommunityId, *names: str) -> None:
        """Members who agreed there as well."""
        agreed = Agreed(self.stage.interviews.current.consent_version, "en", self.now)

        def join(work: Work) -> None:
            for member in members:
                work.members.join(member, community, now=self.now)
                work.members.agree(member, community, flow="story", agreed=agreed)

        members = [self.member(name).id for name in names]
        self.stage.write(join)

    def lives_in(self, zone: str, *names: str) -> None:
        def move(work: Work) -> None:
            for member in members:
                work.members.change(member, timezone=zone)

        members = [self.member(name).id for name in names]
        self.stage.write(move)

    async def schedules(self, text: str, *, by: str = "cora") -> None:
        """A schedule that is seen and saved."""
        await self.says(by, f"/schedule {text}")
        await self.taps(by, "Save")

    def everybody_sees(self) -> None:
        """Whatever waits is sent."""
        for name in list(self.stage.people):
            self.sees(name)

    def ledger(self) -> dict[str, str]:
        """What became of each member's share, by their names; of left-outs why."""
        rows = self.stage.rows(
            "SELECT members.name, deliveries.status, deliveries.reason FROM deliveries"
            " JOIN members ON members.id = deliveries.member_id ORDER BY deliveries.id"
        )
        return {row["name"]: row["reason"] or row["status"] for row in rows}


def words(replies: list[Reply]) -> str:
    """All that is to be read in them."""
    return "\n".join(reply.text for reply in replies if hasattr(reply, "text"))


def asked(replies: list[Reply]) -> bool:
    """Whether a story is asked for in them."""
    return " ask" in words(replies) and "Think of one time" in words(replies)


def labels(reply: Reply) -> list[str]:
    assert isinstance(reply, Ask | Review)
    return [option.label for option in reply.options]


@pytest.fixture
def circle(database: Database, shipped: Definitions, texts: HeardTexts) -> Circle:
    texts.said.clear()
    stage = Stage(database, shipped, texts)
    stage.clock.at = MONDAY
    circle = Circle(stage)
    circle.joins("cora", role=Role.COORDINATOR)
    return circle
