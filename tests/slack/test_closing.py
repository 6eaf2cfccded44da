"""A question whose buttons go: by the program that asked it, and by one that was started since."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.platforms.slack import Slack
from bot.platforms.slack_manifest import SCOPES
from bot.platforms.slack_workspaces import Workspaces
from bot.seal import Seal
from config.settings import Settings
from flows.messages import Address, Ask, Option
from tests.builders import NOON, closing, opened
from tests.doubles.slack_server import Person, SlackServer, slack_server

KEY = b"k" * 32
WORDS = "You said: a < b && “&lt;” <!channel> *b* https://a.example"
ASKED = Ask(
    text=WORDS,
    options=(Option("nothing", "Nothing & &amp; <b>"), Option("skip", "Skip")),
    step="gained",
    revision=2,
    conversation=1,
)


@pytest.fixture
async def slacks(path: Path) -> AsyncIterator[tuple[SlackServer, Person, Callable[[], Slack]]]:
    """The server, somebody there, and the bot as it is after each start."""
    with slack_server() as server, closing(opened(path)) as database:
        first = server.workspace("T0001", "First", scopes=frozenset(SCOPES))
        settings = Settings(slack_bot_token=first.token, slack_api_url=server.url)
        workspaces = Workspaces(settings, database, Seal(KEY), lambda: NOON)
        async with workspaces.opened():
            yield (
                server,
                first.person("Ana"),
                lambda: Slack(workspaces, key=KEY, now=lambda: NOON),
            )


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("where", ["", "here", "elsewhere"])
async def test_the_words_stay_as_they_were(slacks, restarts: bool, where: str) -> None:
    server, ana, started = slacks
    to = Address("slack", f"T0001/{ana.id}")
    slack = started()
    sent = await slack.send(to, ASKED)
    message = ana.last
    assert (message.shown.partition("\n")[0], len(message.buttons)) == (WORDS, 2)
    if restarts:
        slack = started()
    if where:
        payload = ana.taps(message, "tap-0").payload
        button = payload["actions"][0]["action_id"]
        if where == "elsewhere":
            slack.tapped_elsewhere(to, f"{sent.message_id} {button}")
        else:
            slack.tapped(to, sent.message_id, button, payload["message"]["blocks"])

    await slack.close(to, sent.message_id)

    assert ana.last is message
    assert message.buttons == []
    assert message.shown.split("\n") == [WORDS, *(["✓ Nothing & &amp; <b>"] if where else [])]
    assert message.pings == []
    asked = [call for call in server.calls("conversations.history") if call.ok]
    assert len(asked) == (restarts and where != "here")
    assert all(call.ok for call in server.calls())
