"""`storytrail run` on the double of Slack, and a person's way through an interview."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

from tests.builders import Begin
from tests.doubles.slack_chats import shown_in
from tests.doubles.slack_server import Delivery, Message, Person, SlackServer, Workspace
from tests.running import PATIENCE, REST, Line, Running, alive
from tests.warm import Forked

MODES = ("socket", "http")

INTERVIEW: Sequence[Line] = (("says", "hello", "May I keep your answers?"), *REST)

STORY = "story_from_message"
"""The callback_id of the message shortcut, as the app's manifest has it."""


class SlackRunning(Running):
    """The program in one workspace: over Socket Mode, or called by Slack itself."""

    def __init__(
        self,
        server: SlackServer,
        folder: Path,
        mode: str,
        settings: Mapping[str, str],
        database: str | None = None,
        *,
        begin: Begin = Forked,
    ) -> None:
        super().__init__(folder, settings, database, begin=begin)
        self.server = server
        self.mode = mode

    def start(self) -> None:
        links = self.server.links
        super().start()
        if self.mode == "http":
            self.server.deliver_to(f"{self.url}/slack/events")
        else:
            self.server.until(lambda: self.server.links > links, PATIENCE)


def slack_of(server: SlackServer, workspace: Workspace | None, mode: str) -> dict[str, str]:
    """What the program has to know to be the app; without a workspace it may be installed in any.

    A person's whole interview takes moments, and a day of Slack's limits in them.
    """
    found = {
        "STORYTRAIL_SLACK_API_URL": server.url,
        "STORYTRAIL_LIMIT_WORKSPACE_PER_SECOND": "100000",
    }
    if workspace is not None:
        found["STORYTRAIL_SLACK_BOT_TOKEN"] = workspace.token
    if mode == "http":
        return {**found, "STORYTRAIL_SLACK_SIGNING_SECRET": server.signing_secret}
    return {**found, "STORYTRAIL_SLACK_APP_TOKEN": server.app_token}


@contextmanager
def running(
    workspace: Workspace,
    server: SlackServer,
    folder: Path,
    mode: str = "socket",
    begin: Begin = Forked,
    /,
    **settings: str,
) -> Iterator[SlackRunning]:
    """The program for the time of the block; nothing of it is left behind."""
    every = {**slack_of(server, workspace, mode), **settings}
    with alive(SlackRunning(server, folder, mode, every, begin=begin)) as bot:
        yield bot


# ---- many workspaces ----

HERE = "https://stories.example.org"


@contextmanager
def running_anywhere(
    server: SlackServer,
    folder: Path,
    mode: str = "socket",
    begin: Begin = Forked,
    /,
    **settings: str,
) -> Iterator[SlackRunning]:
    """The program in as many workspaces as it is installed in: in none to begin with."""
    client = {
        "STORYTRAIL_SLACK_CLIENT_ID": server.client_id,
        "STORYTRAIL_SLACK_CLIENT_SECRET": server.client_secret,
        "STORYTRAIL_PUBLIC_URL": HERE,
    }
    every = {**slack_of(server, None, mode), **client, **settings}
    with alive(SlackRunning(server, folder, mode, every, begin=begin)) as bot:
        yield bot


def installs(bot: SlackRunning, workspace: Workspace, person: Person) -> None:
    """Somebody adds the app to their workspace, from our page over Slack's and back to ours."""
    with urlopen(f"{bot.url}/slack/install", timeout=PATIENCE) as page:
        link = unescape(re.findall(r'href="([^"]+)"', page.read().decode())[0])
        cookie = page.headers["Set-Cookie"].partition(";")[0]
    asked = parse_qs(urlsplit(link).query)
    code = workspace.code(person, asked["redirect_uri"][0])
    back = urlencode({"code": code, "state": asked["state"][0]})
    status, _ = bot.answers(f"/slack/oauth_redirect?{back}", headers={"Cookie": cookie})
    assert status == 200


# ---- what a person sees ----


def arrived(person: Person) -> list[Message]:
    """All that the bot wrote to a person in their conversation, in order."""
    with person.world.lock:
        return [m for m in person.dm.by_ts.values() if m.from_bot and m.only_for in {"", person.id}]


def at_first(message: Message) -> str:
    """What it showed when it came."""
    wire = message.versions[0]
    blocks = wire.get("blocks")
    return shown_in(blocks, message.channel.team.names) if blocks else str(wire["text"])


def open_questions(person: Person) -> list[Message]:
    """The bot's messages that have buttons now."""
    return [message for message in arrived(person) if message.buttons]


def asked_in_order(person: Person) -> list[str]:
    """The numbers of the questions as they came; the same one may have come twice."""
    heads = [at_first(m)[:5] for m in arrived(person) if at_first(m)[1:4] == " / "]
    return list(dict.fromkeys(heads))


def times_asked(person: Person, part: str) -> int:
    return len([m for m in arrived(person) if part in at_first(m)])


def comes(person: Person, part: str, *, after: int = 0) -> Message:
    """The first message from the bot with these words, but for the `after` first ones."""

    def found() -> list[Message]:
        return [m for m in arrived(person)[after:] if part in at_first(m)]

    until(person, found)
    return found()[0]


def until(person: Person, met: Callable[[], Any]) -> None:
    """Waits until something holds that the server sees."""
    if not person.world.until(met, PATIENCE):
        raise AssertionError(f"did not come to hold within {PATIENCE} s: {arrived(person)}")


# ---- a person's way ----


def taps(person: Person, label: str) -> Delivery:
    """The newest button with that label."""
    having = [m for m in arrived(person) if label in m.buttons]
    if not having:
        raise AssertionError(f"no button {label!r} in {open_questions(person)}")
    return person.taps(having[-1], label)


def does(server: SlackServer, person: Person, line: Line) -> None:
    """Say or tap it, later than what was asked."""
    how, what, _ = line
    server.later(2)
    if how == "says":
        person.says(what)
    else:
        taps(person, what)


def goes_through(server: SlackServer, person: Person, lines: Sequence[Line] = INTERVIEW) -> Message:
    """A person's interview from line to line; the last message."""
    message = None
    for line in lines:
        seen = len(arrived(person))
        does(server, person, line)
        message = comes(person, line[2], after=seen)
    assert message is not None
    return message


def address_of(person: Person) -> str:
    """As `storytrail role grant` takes it."""
    return f"slack:{person.team.id}/{person.id}"


def granted(bot: Running, person: Person, role: str) -> None:
    done = bot.program("role", "grant", address_of(person), role)
    assert (done.returncode, done.stderr) == (0, "")
