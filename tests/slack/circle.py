"""A community in Slack whose coordinator asks for stories."""

from collections.abc import Sequence

from flows.conversation import Agreed
from flows.messages import Address
from storage.members import Role
from storage.unit_of_work import Work
from tests.builders import NOON, closing, interviews, kept, met, opened
from tests.doubles.slack_server import Person, SlackServer
from tests.slack.process import SlackRunning, comes, taps

QUICK = {"STORYTRAIL_TICK": "0.3"}
"""Looks at what is due are a minute apart otherwise."""

ASKED = "Think of one time"
"""What every prompt of a round asks."""


def members(bot: SlackRunning, coordinator: Person, people: Sequence[Person]) -> None:
    """People who agreed once and have nothing open, and one who asks them."""
    agreed = Agreed(interviews().current.consent_version, "en", NOON)

    def fill(work: Work) -> None:
        home = work.communities.home()
        work.communities.change(home.id, quiet="")  # the test runs at any hour
        for person in people:
            member = met(work, _address(person), person.user.wire["name"])
            work.members.agree(member.id, home.id, flow="story", agreed=agreed)
        asks = met(work, _address(coordinator), "Cora")
        work.members.set_role(asks.id, home.id, Role.COORDINATOR)

    with closing(opened(bot.path)) as database:
        kept(database, fill)


def begins_round(server: SlackServer, by: Person, text: str = "prompt now") -> None:
    by.commands("/storytrail", text).answered()
    comes(by, "would be asked now")
    server.later(2)
    taps(by, "Ask them")
    comes(by, "They are being asked")


def _address(person: Person) -> Address:
    return Address("slack", f"{person.team.id}/{person.id}")
