"""Hundreds of people at once while a third of everything fails, and wave after wave of them."""

from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from flows.conversation import Status
from storage.inbox import InboxStatus
from storage.tables import conversations, inbox, outbox, stories
from tests.builders import from_scratch
from tests.crowd import go_through, once, told
from tests.doubles.telegram_faults import DONE
from tests.doubles.telegram_server import Fault, TelegramServer, telegram_server
from tests.telegram.crowd import tellers, town_of
from tests.telegram.process import running

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

# With the usual pauses the unluckiest of three hundred wait for minutes: right, and long.
BRISK = {"STORYTRAIL_LIMIT_PAUSE": "2"}

WAVES, A_WAVE = 10, 30
SETTLED = 2
"""Waves after which all that is kept for good is there."""


# So long on two cores that others use too; by itself it takes less than a minute.
@pytest.mark.timeout(420)
def test_of_three_hundred_at_once_nothing_is_lost_while_a_third_of_calls_fail(tmp_path) -> None:
    with (
        telegram_server(seed=481) as server,
        running(server, tmp_path, from_scratch, **BRISK) as bot,
    ):
        [first] = tellers(server, ["Somebody"])
        go_through(town_of(server), bot, [first], within=30)
        people = tellers(server, [f"Teller{number:03}" for number in range(PEOPLE)])
        server.faults.mix(WRONG, share=SHARE)
        server.faults.mix(WRONG, "getUpdates", share=SHARE)
        go_through(town_of(server), bot, people, within=360)
        server.faults.clear()

        assert told(bot) == {t.seat.user: t.told for t in [first, *people]}
        assert bot.kept(select(func.count()).select_from(stories))[0][0] == PEOPLE + 1
        assert {row.worth_it for row in bot.kept(select(stories.c.worth_it))} == {"partly"}
        assert {row.status for row in bot.kept(select(conversations.c.status))} == {Status.SENT}
        assert {row.status for row in bot.kept(select(inbox.c.status))} == {InboxStatus.DONE}
        assert not bot.is_sending()
        assert bot.kept(select(outbox.c.id).where(outbox.c.failed_at.is_not(None))) == []
        for teller in people:
            assert once(teller) == once(first)
            assert_doubled_only_where_the_answer_was_lost(server, int(teller.seat.user))
        happened = [c for c in server.calls() if c.fault is not None]
        assert {call.fault for call in happened} == set(WRONG)
        assert len(happened) > len(server.calls()) / 4
        assert bot.terminate() == 0
        assert "Traceback" not in bot.log.read_text()


def assert_doubled_only_where_the_answer_was_lost(server: TelegramServer, chat: int) -> None:
    shown = [call for call in server.calls("sendMessage", chat) if call.ok]
    lost = [call.fault in DONE for call in shown]
    twice = [a.args["text"] == b.args["text"] for a, b in pairwise(shown)]
    assert lost == [*twice, False]


@pytest.mark.timeout(420)
def test_memory_does_not_grow_with_those_who_came(tmp_path: Path) -> None:
    with telegram_server() as server, running(server, tmp_path, from_scratch) as bot:
        bot.drives()  # its engine, which is loaded late, counts from the first wave on
        memory = []
        for wave in range(WAVES):
            people = tellers(server, [f"Teller{wave}{number:02}" for number in range(A_WAVE)])
            go_through(town_of(server), bot, people, within=90)
            memory.append(bot.memory())
        assert memory[-1] < 1.1 * memory[SETTLED - 1], memory
