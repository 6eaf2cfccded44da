"""What people write calls nobody, and stands in no log; one person in Slack and in Telegram."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.tables import members, stories
from tests.crowd import told as told_by_all
from tests.doubles.slack_server import Person, SlackServer, Workspace
from tests.doubles.telegram_server import telegram_server
from tests.running import PATIENCE, REST, TOLD, alive, eventually
from tests.slack.process import (
    INTERVIEW,
    STORY,
    SlackRunning,
    arrived,
    comes,
    goes_through,
    granted,
    slack_of,
    taps,
    until,
)
from tests.telegram.process import comes as comes_in_telegram
from tests.telegram.process import goes_through as goes_through_in_telegram
from tests.telegram.process import telegram_of

LOUD = (
    "<!channel> <!here> <!everyone> @channel @here <@U0000000001> <#C1> <!subteam^S1> "
    "<https://evil.example|bank> https://evil.example *bold* _it_ ~no~ `code` & &lt;!channel&gt;"
)

SECRET = "ZEBRAFINK"


def loudly(line: tuple[str, str, str], number: int) -> tuple[str, str, str]:
    how, what, part = line
    return (how, f"{what} {LOUD} {SECRET} {number}", part) if how == "says" else line


@pytest.mark.parametrize("level", ["info", "debug"])
def test_what_people_write_calls_nobody_and_is_logged_nowhere(
    server: SlackServer, first: Workspace, tmp_path: Path, mode: str, level: str
) -> None:
    ana = first.person(f"{SECRET} <!channel> *Ana*")
    with running_at(level, first, server, tmp_path, mode) as bot:
        lines = [*INTERVIEW[:2], *(loudly(each, n) for n, each in enumerate(INTERVIEW[2:]))]
        goes_through(server, ana, lines)
        granted(bot, ana, "organizer")
        room = first.channel("general", members=(ana,))
        said = ana.says(f"In March we met, it was good. {LOUD} {SECRET}", channel=room)
        ana.shortcut(STORY, said).answered()
        comes(ana, "2 / 7", after=len(INTERVIEW))
        ana.opens_home()
        home = ana.waits_for_home("<!channel> <!here>", PATIENCE)
        for command in ("mystories", "stories", "summary", "status", f"dance {LOUD}"):
            ana.commands("/storytrail", command).answered()
        ana.commands("/storytrail", "summary share", room).answered()
        until(ana, lambda: len([m for m in ana.sees(room) if m.from_bot]) == 2)
        ana.mentions(room, f"{LOUD} {SECRET}")
        server.all_acknowledged()
        eventually(lambda: not bot.is_sending())

        shown = [*arrived(ana), *(m for m in ana.sees(room) if m.from_bot)]
        assert any(SECRET in message.shown for message in shown)
        assert [message.pings for message in shown if message.pings] == []
        assert home.pings == []
        told = json.loads(bot.program("export").stdout)["stories"][0]["steps"][0]["text"]
        assert told == f"{TOLD[0]} {LOUD} {SECRET} 0"
        assert bot.terminate() == 0
        log = bot.log.read_text()
        assert SECRET not in log
        assert "evil.example" not in log
        assert "meetup" not in log
        assert first.token not in log


def running_at(level: str, first: Workspace, server: SlackServer, folder: Path, mode: str):
    settings = {**slack_of(server, first, mode), "STORYTRAIL_LOG_LEVEL": level}
    return alive(SlackRunning(server, folder, mode, settings))


def test_a_story_begun_in_slack_is_finished_in_telegram(
    server: SlackServer, first: Workspace, ana: Person, tmp_path: Path
) -> None:
    with telegram_server() as telegram:
        anna = telegram.person("Anna")
        both = {**slack_of(server, first, "socket"), **telegram_of(telegram)}
        with alive(SlackRunning(server, tmp_path, "socket", both)) as bot:
            goes_through(server, ana, INTERVIEW[:4])
            seen = len(arrived(ana))
            ana.commands("/storytrail", "link").answered()
            code = comes(ana, "Send me this from your other account", after=seen).shown
            code = code.split("\n")[1].removeprefix("/storytrail link ")
            telegram.later(60)  # both live at one time, and the clock of Slack went ahead
            anna.says(f"/link {code}")
            comes_in_telegram(telegram, anna, "Both accounts are you now")
            asked = comes_in_telegram(telegram, anna, "3 / 7")
            assert "Did you do anything with it?" in asked.text
            goes_through_in_telegram(telegram, anna, REST[3:])

            assert bot.words() == list(TOLD)
            assert len(bot.kept(select(stories.c.id))) == 1
            assert len(bot.kept(select(members.c.id))) == 1
            everybody = {f"{first.id}/{ana.id}", str(anna.id)}
            assert told_by_all(bot) == {key: list(TOLD) for key in everybody}
            assert taps_nothing(server, ana)
            status, body = bot.answers("/readyz")
            checks = {"database": "ok", "slack": "ok", "telegram": "ok"}
            assert (status, json.loads(body)) == (200, checks)
            assert bot.terminate() == 0


def taps_nothing(server: SlackServer, person: Person) -> bool:
    """The question that was left in Slack is over: its button says so."""
    seen = len(arrived(person))
    server.later(2)
    taps(person, "No")
    until(person, lambda: len(arrived(person)) > seen)
    return True
