"""The numbers of a round, in one message that follows them."""

from pathlib import Path

from tests.doubles.slack_server import Message, Person, SlackServer, Workspace
from tests.slack.circle import ASKED, QUICK, begins_round, members
from tests.slack.process import arrived, comes, running, taps, until

ROUND = "Round of "


def shown(person: Person) -> list[Message]:
    """The messages with numbers of rounds."""
    return [message for message in arrived(person) if message.shown.startswith(ROUND)]


def test_rounds_are_one_message_that_is_edited_and_asked_anew_another_one(
    server: SlackServer, first: Workspace, ana: Person, tmp_path: Path
) -> None:
    cora, ben = first.person("Cora"), first.person("Ben")
    with running(first, server, tmp_path, **QUICK) as bot:
        members(bot, cora, [ana, ben])
        begins_round(server, cora)
        for person in (ana, ben):
            comes(person, ASKED)

        cora.commands("/storytrail", "rounds").answered()
        until(cora, lambda: len(shown(cora)) == 1)
        taps(ana, "Not this time")
        until(cora, lambda: "opened 1, started 0" in shown(cora)[0].shown)
        assert len(shown(cora)) == 1

        cora.commands("/storytrail", "rounds").answered()
        until(cora, lambda: len(shown(cora)) == 2)
        server.later(2)
        ben.says("In March we met, and it was good.")
        until(cora, lambda: "opened 2, started 1" in shown(cora)[1].shown)
        assert len(shown(cora)) == 2
        assert "opened 1, started 0" in shown(cora)[0].shown
        assert not any(message.pings for message in shown(cora))
