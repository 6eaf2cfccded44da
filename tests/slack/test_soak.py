"""Hundreds of people of two workspaces at once while a third of everything fails; waves of them."""

from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from flows.conversation import Status
from storage.inbox import InboxStatus
from storage.tables import conversations, inbox, outbox, stories
from tests.builders import from_scratch
from tests.crowd import go_through, once, told
from tests.doubles.slack_faults import DONE
from tests.doubles.slack_server import Fault, SlackServer, Workspace, slack_server
from tests.slack.crowd import tellers, town_of
from tests.slack.process import SlackRunning, installs, running_anywhere

PEOPLE = 300
SHARE = 1 / 3
WRONG = (
    Fault.ERROR,
    Fault.HTML,
    Fault.TOO_MANY,
    Fault.CUT_BEFORE,
    Fault.CUT_AFTER,
    Fault.CUT_MIDDLE,
)
OF_EACH = 1 - (1 - SHARE) ** (1 / len(WRONG))
"""What one of them has to happen to, so that a third of all meets one of them."""

# With the usual pauses the unluckiest of three hundred wait for minutes: right, and long.
BRISK = {"STORYTRAIL_LIMIT_PAUSE": "2"}

WAVES, A_WAVE = 10, 30
SETTLED = 2
"""Waves after which all that is kept for good is there."""


def two(server: SlackServer, bot: SlackRunning) -> list[Workspace]:
    """Two workspaces in which somebody has installed the app."""
    found = [server.workspace(f"T000{n}", f"Number {n}", installed=False) for n in (1, 2)]
    for workspace in found:
        installs(bot, workspace, workspace.person("Admin"))
    return found


# So long on two cores that others use too.
@pytest.mark.timeout(600)
def test_of_three_hundred_at_once_nothing_is_lost_while_a_third_of_calls_fail(
    tmp_path: Path,
) -> None:
    with (
        slack_server(seed=481, patience=30) as server,
        running_anywhere(server, tmp_path, "http", from_scratch, **BRISK) as bot,
    ):
        workspaces = two(server, bot)
        [first] = tellers(workspaces, ["Somebody"])
        go_through(town_of(server), bot, [first], within=30)
        people = tellers(workspaces, [f"Teller{number:03}" for number in range(PEOPLE)])
        for fault in WRONG:
            server.faults.add(fault, share=OF_EACH)
        go_through(town_of(server), bot, people, within=540)
        server.faults.clear()

        assert told(bot) == {t.seat.user: t.told for t in [first, *people]}
        assert bot.kept(select(func.count()).select_from(stories))[0][0] == PEOPLE + 1
        assert {row.worth_it for row in bot.kept(select(stories.c.worth_it))} == {"partly"}
        assert {row.status for row in bot.kept(select(conversations.c.status))} == {Status.SENT}
        assert {row.status for row in bot.kept(select(inbox.c.status))} == {InboxStatus.DONE}
        assert not bot.is_sending()
        assert bot.kept(select(outbox.c.id).where(outbox.c.failed_at.is_not(None))) == []
        for each in people:
            # The welcome calls somebody by the name that Slack tells, where it tells that in time.
            assert once(each)[1:] == once(first)[1:]
            assert_doubled_only_where_the_answer_was_lost(server, each.seat.user)
        happened = [call for call in server.calls() if call.fault is not None]
        assert {call.fault for call in happened} == set(WRONG)
        assert len(happened) > len(server.calls()) / 4
        assert bot.terminate() == 0
        assert "Traceback" not in bot.log.read_text()


def assert_doubled_only_where_the_answer_was_lost(server: SlackServer, user: str) -> None:
    team, _, id = user.partition("/")
    room = server.world.teams[team].conversation_of(id)
    assert room is not None
    posted = [call for call in server.calls("chat.postMessage", room.id) if call.ok]
    lost = [call.fault in DONE for call in posted]
    twice = [a.args["blocks"] == b.args["blocks"] for a, b in pairwise(posted)]
    assert lost == [*twice, False]


@pytest.mark.timeout(420)
def test_memory_does_not_grow_with_those_who_came(tmp_path: Path) -> None:
    with (
        slack_server(patience=30) as server,
        running_anywhere(server, tmp_path, "socket", from_scratch) as bot,
    ):
        workspaces = two(server, bot)
        bot.drives()  # its engine, which is loaded late, counts from the first wave on
        memory = []
        for wave in range(WAVES):
            people = tellers(workspaces, [f"Teller{wave}{n:02}" for n in range(A_WAVE)])
            go_through(town_of(server), bot, people, within=90)
            memory.append(bot.memory())
        assert memory[-1] < 1.1 * memory[SETTLED - 1], memory
