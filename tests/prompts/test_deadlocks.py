"""A piece of a duty and a turn of one of its members, at the same moment, on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import select, text

from bot import checking_back, reminding, rounds
from flows.conversation import ConversationId, Status
from storage.database import Database
from storage.tables import deliveries, members
from storage.unit_of_work import Work
from tests.builders import closing, kept, turns_on, url_of
from tests.prompts.conftest import words
from tests.prompts.test_asked import TOLD
from tests.prompts.test_checking_back import planned
from tests.running import PATIENCE, eventually

WAITS_FOR_ME = text(
    "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
)


# On SQLite one writes at a time.
pytestmark = pytest.mark.parametrize("url", ["postgresql"], indirect=True)


def patient(url):
    """Waits for longer than it takes PostgreSQL to see that two wait for each other: a second."""
    return closing(Database(url_of(url), timeout=PATIENCE))


async def _nudged(circle):
    circle.joins("ana")
    await circle.begins("cora", "/prompt now for Ana nudge after 3 days")
    circle.sees("ana")
    circle.at(circle.now + timedelta(days=3))


async def _put_off(circle):
    """A story that was begun is to be offered once more."""
    circle.joins("ana")
    await circle.says("ana", "/tell")
    await circle.says("ana", TOLD)
    circle.later(timedelta(days=3))
    await circle.begins("cora", "/prompt now for Ana")
    circle.sees("ana")
    await circle.taps("ana", "Ask me in 3 days")
    circle.at(circle.now + timedelta(days=3))


async def _checked(circle):
    await planned(circle)
    circle.at(circle.now + timedelta(days=14))


async def _left(circle):
    """A story that is to be offered this morning."""
    circle.joins("ana")
    await circle.says("ana", "/tell")
    await circle.says("ana", TOLD)
    circle.at(circle.now + timedelta(days=1, hours=1))


def _reacts(work, conversation, now):
    work.deliveries.reacted(conversation, has_started=True, now=now)


def _keeps_it(work, conversation, now):
    found = work.conversations.load(conversation)
    work.conversations.save(found, replace(found, status=Status.PARKED))
    work.flush()


def _wants_no_question(work, conversation, now):
    work.conversations.stop_asking(conversation)


CASES = {
    "reminder": (_nudged, rounds.nudge, _reacts),
    "prompt": (_put_off, rounds.put, _reacts),
    "check-back": (_checked, checking_back.ask, _wants_no_question),
    "draft": (_left, reminding.remind, _keeps_it),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_piece_and_a_turn_of_one_member_do_not_hold_each_other_up(circle, url, case):
    prepare, piece, does = CASES[case]
    await prepare(circle)
    member = circle.member("ana").id
    rows = circle.stage.rows("SELECT id FROM conversations WHERE member_id = :who", who=member)
    conversation = ConversationId(rows[-1]["id"])

    def turn(connection):
        """As turns go: first the row of the member, then what changes of theirs."""
        work = Work(connection)
        work.members.meet(circle.person("ana").address, name=None, now=circle.now)
        done = beside.submit(kept, other, lambda w: piece(circle.house, w, circle.now))
        eventually(lambda: done.done() or connection.execute(WAITS_FOR_ME).first())
        does(work, conversation, circle.now)
        return done

    with patient(url) as one, patient(url) as other, ThreadPoolExecutor(1) as beside:
        done = one.write_now(turn)
        done.result()

    assert circle.sees("ana") == []


async def test_a_turn_that_loses_to_another_one_that_it_waits_for_is_made_again(circle, url):
    await _nudged(circle)
    has_begun = Event()

    def holds(connection):
        """What no piece does: a share first, and then its member."""
        connection.execute(select(deliveries).with_for_update())
        has_begun.set()
        eventually(lambda: connection.execute(WAITS_FOR_ME).first())
        connection.execute(select(members).with_for_update())

    with patient(url) as one, patient(url) as other, ThreadPoolExecutor(1) as beside:
        circle.stage.turns = turns_on(one, now=circle.stage.clock, of=circle.stage.interviews)
        held = beside.submit(other.write_now, holds)
        has_begun.wait()
        said = await circle.says("ana", TOLD)
        held.result()

    assert words(said).startswith("What did you get from it?")
    assert circle.stage.rows("SELECT key FROM inbox WHERE status = 'failed'") == []
