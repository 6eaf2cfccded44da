"""A round to thousands of members, through kills; and the message that follows its numbers."""

from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from flows.prompting import LeftOut
from storage.deliveries import DeliveryStatus
from storage.tables import deliveries
from tests.builders import closing, opened
from tests.doubles.telegram_server import Message, Person, TelegramServer
from tests.running import PATIENCE, eventually
from tests.telegram.circle import QUICK, begins_round, has_sent, is_over, ledger, members, sent
from tests.telegram.process import running

PEOPLE = 2_000
KILLS = (300, 900, 1_600)
"""After so many prompts the program is killed."""


@pytest.mark.timeout(600)
def test_a_round_that_is_killed_three_times_asks_everybody_once(server, tmp_path):
    with running(server, tmp_path, **QUICK) as bot:
        with closing(opened(bot.path)) as database:
            asked = members(server, database, PEOPLE)
        begins_round(server, asked.coordinator)

        for many in KILLS:
            eventually(partial(has_sent, server, many), 240)
            bot.kill()
            bot.start()
        eventually(lambda: is_over(bot), 240)

        times = Counter(call.chat for call in sent(server))
        assert set(times) == asked.chats
        twice = [chat for chat, count in times.items() if count > 1]
        assert max(times.values()) <= 2
        repeated = select(func.count()).where(deliveries.c.repeated_at.is_not(None))
        assert len(twice) <= bot.kept(repeated)[0][0] <= sum(KILLS)
        left = select(deliveries.c.reason).where(deliveries.c.reason.is_not(None))
        assert ledger(bot) == {DeliveryStatus.SENT: PEOPLE, DeliveryStatus.LEFT_OUT: 1}
        assert [row.reason for row in bot.kept(left)] == [LeftOut.NO_CONSENT]
        assert bot.terminate() == 0
        assert "Traceback" not in bot.log.read_text()


def shown(person: Person) -> list[Message]:
    """The messages with numbers of rounds."""
    return [message for message in person.room.arrived if message.text.startswith("Round of ")]


def test_rounds_are_one_message_that_is_edited_and_asked_anew_another_one(
    server: TelegramServer, tmp_path: Path
) -> None:
    with running(server, tmp_path, **{**QUICK, "STORYTRAIL_TICK": "0.3"}) as bot:
        with closing(opened(bot.path)) as database:
            asked = members(server, database, 2)
        cora, (ana, ben) = asked.coordinator, asked.people
        begins_round(server, cora)
        server.until(lambda: has_sent(server, 2), PATIENCE)

        cora.says("/rounds")
        server.until(lambda: len(shown(cora)) == 1, PATIENCE)
        server.later(2)
        ana.taps("Not this time")
        server.until(lambda: "opened 1, started 0" in shown(cora)[0].text, PATIENCE)
        assert len(shown(cora)) == 1

        cora.says("/rounds")
        server.until(lambda: len(shown(cora)) == 2, PATIENCE)
        server.later(2)
        ben.says("In March we met, and it was good.")
        server.until(lambda: "opened 2, started 1" in shown(cora)[1].text, PATIENCE)
        assert len(shown(cora)) == 2
        assert "opened 1, started 0" in shown(cora)[0].text
