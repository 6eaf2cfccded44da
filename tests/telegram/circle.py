"""A community of thousands on the double, and a round that its coordinator begins."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from flows.conversation import Agreed
from flows.messages import Address
from storage.database import Database
from storage.deliveries import DeliveryStatus
from storage.members import Role
from storage.tables import deliveries
from storage.unit_of_work import Work
from tests.builders import NOON, interviews, kept, met
from tests.doubles.telegram_server import Call, Person, TelegramServer
from tests.running import Running
from tests.telegram.process import comes

QUICK = {"STORYTRAIL_TICK": "0.5", "STORYTRAIL_LIMIT_PAUSE": "1"}
"""Looks at what is due are a minute apart otherwise."""

ASKED = "Think of one time"
"""What every prompt of a round asks."""


@dataclass(frozen=True)
class Members:
    """People who agreed once, and one who asks them."""

    coordinator: Person
    people: Sequence[Person]

    @property
    def chats(self) -> set[int]:
        return {person.id for person in self.people}


def members(server: TelegramServer, database: Database, many: int) -> Members:
    """Members of the first community, in the clock's zone, with nothing open."""
    cora, *people = [server.person(f"Member{number:04}") for number in range(many + 1)]
    for person in (cora, *people):
        person.room.started = True
    agreed = Agreed(interviews().current.consent_version, "en", NOON)

    def fill(work: Work) -> None:
        home = work.communities.home()
        work.communities.change(home.id, quiet="")  # the test runs at any hour
        for person in people:
            member = met(work, Address("telegram", str(person.id)), person.user["first_name"])
            work.members.agree(member.id, home.id, flow="story", agreed=agreed)
        asks = met(work, Address("telegram", str(cora.id)), "Cora")
        work.members.set_role(asks.id, home.id, Role.COORDINATOR)

    kept(database, fill)
    return Members(cora, people)


def begins_round(server: TelegramServer, by: Person, text: str = "/prompt now") -> None:
    by.says(text)
    comes(server, by, "would be asked now")
    server.later(2)
    by.taps("Ask them")
    comes(server, by, "They are being asked")


def sent(server: TelegramServer) -> list[Call]:
    """The prompts that the double took."""
    return [c for c in server.calls("sendMessage") if c.ok and ASKED in c.args["text"]]


def has_sent(server: TelegramServer, many: int) -> bool:
    return len(sent(server)) >= many


def ledger(bot: Running) -> dict[str, int]:
    """How many deliveries there are of each kind."""
    counted = select(deliveries.c.status, func.count().label("many")).group_by(deliveries.c.status)
    return {row.status: row.many for row in bot.kept(counted)}


def is_over(bot: Running) -> bool:
    """Whether nobody is to be asked any more."""
    open_ones = (DeliveryStatus.PLANNED, DeliveryStatus.QUEUED)
    found = ledger(bot)
    return bool(found) and not any(found.get(status) for status in open_ones)
