"""Hundreds of people at once while a third of everything fails, and wave after wave of them."""

import re
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from flows.conversation import Status
from storage.inbox import InboxStatus
from storage.tables import addresses, conversations, inbox, links, outbox, steps, stories
from tests.doubles.telegram_faults import DONE
from tests.doubles.telegram_server import Fault, Person, TelegramServer, telegram_server
from tests.telegram.crowd import Teller, go_through, tellers
from tests.telegram.process import Running, running

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

REF = re.compile(r"S-\w+")


# So long on two cores that others use too; by itself it takes less than a minute.
@pytest.mark.timeout(420)
def test_of_three_hundred_at_once_nothing_is_lost_while_a_third_of_calls_fail(tmp_path) -> None:
    with telegram_server(seed=481) as server, running(server, tmp_path, **BRISK) as bot:
        [first] = tellers(server, ["Somebody"])
        go_through(server, bot, [first], within=30)
        people = tellers(server, [f"Teller{number:03}" for number in range(PEOPLE)])
        server.faults.mix(WRONG, share=SHARE)
        server.faults.mix(WRONG, "getUpdates", share=SHARE)
        go_through(server, bot, people, within=360)
        server.faults.clear()

        assert told(bot) == {str(t.person.id): t.told for t in [first, *people]}
        assert bot.kept(select(func.count()).select_from(stories))[0][0] == PEOPLE + 1
        assert {row.worth_it for row in bot.kept(select(stories.c.worth_it))} == {"partly"}
        assert {row.status for row in bot.kept(select(conversations.c.status))} == {Status.SENT}
        assert {row.status for row in bot.kept(select(inbox.c.status))} == {InboxStatus.DONE}
        assert not bot.is_sending()
        assert bot.kept(select(outbox.c.id).where(outbox.c.failed_at.is_not(None))) == []
        for teller in people:
            assert once(teller) == once(first)
            assert_doubled_only_where_the_answer_was_lost(server, teller.person)
        happened = [c for c in server.calls() if c.fault is not None]
        assert {call.fault for call in happened} == set(WRONG)
        assert len(happened) > len(server.calls()) / 4
        assert bot.terminate() == 0
        assert "Traceback" not in bot.log.read_text()


def told(bot: Running) -> dict[str, list[str]]:
    """By number, the words of everybody's story as it was sent: its steps, and what led to them."""
    whose = select(addresses.c.user, stories.c.id).join(
        stories, stories.c.member_id == addresses.c.member_id
    )
    of_steps = whose.add_columns(steps.c.text).join(steps, steps.c.story_id == stories.c.id)
    of_links = whose.add_columns(links.c.because.label("text")).join(
        links, links.c.story_id == stories.c.id
    )
    found: dict[str, list[str]] = {}
    for words in (
        of_steps.order_by(steps.c.order),
        of_links.where(links.c.because.is_not(None)).order_by(links.c.id),
    ):
        for row in bot.kept(words):
            found.setdefault(row.user, []).append(row.text)
    return found


def once(teller: Teller) -> list[str]:
    """What came, without the second time of what came twice, and the same for everybody."""
    return [REF.sub("S-1", text) for text, _ in groupby(teller.shown())]


def assert_doubled_only_where_the_answer_was_lost(server: TelegramServer, person: Person) -> None:
    shown = [call for call in server.calls("sendMessage", person.id) if call.ok]
    lost = [call.fault in DONE for call in shown]
    twice = [a.args["text"] == b.args["text"] for a, b in pairwise(shown)]
    assert lost == [*twice, False]


def test_memory_does_not_grow_with_those_who_came(tmp_path: Path) -> None:
    with telegram_server() as server, running(server, tmp_path) as bot:
        memory = []
        for wave in range(WAVES):
            people = tellers(server, [f"Teller{wave}{number:02}" for number in range(A_WAVE)])
            go_through(server, bot, people, within=90)
            memory.append(bot.memory())
        assert memory[-1] < 1.1 * memory[SETTLED - 1], memory
