"""How things stand, for those who ask for stories; and how many people were asked."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import insert, update

from bot.turns import Turns
from flows.framework import Audience
from storage.inbox import InboxStatus
from storage.journal import Journal
from storage.members import Role
from storage.tables import conversations, inbox, outbox
from storage.visibility import Scope
from tests.prompts.conftest import words


async def test_members_see_nothing_of_it(circle):
    circle.joins("ana")

    assert words(await circle.says("ana", "/status")) == "No story is open."


async def test_coordinators_see_the_next_rounds_and_what_waits(circle):
    await circle.says("cora", "/schedule every 2 weeks on thursday at 10:00")
    await circle.taps("cora", "Save")

    said = words(await circle.says("cora", "/status"))

    assert said.splitlines() == [
        "No story is open.",
        "",
        "Next round: Thursday, March 5, 2026, 10:00\u202fAM, every 2 weeks on thursday at 10:00",
        "Waiting to be sent: 0 unasked, 0 in reply.",
    ]


async def test_prompts_that_wait_are_counted(circle):
    circle.joins("ana", "bo")
    await circle.begins("cora", "/prompt now")

    said = words(await circle.says("cora", "/status"))

    assert "No round is planned." in said
    assert "Waiting to be sent: 3 unasked, 0 in reply." in said  # Cora's own too


async def test_what_failed_or_is_stuck_has_a_line_each(circle):
    circle.joins("ana", role=Role.COORDINATOR)
    await circle.says("ana", "/tell")
    ana = circle.person("ana").address
    kept = {"platform": ana.platform, "user": ana.user, "received_at": circle.now}
    failed = {"key": "one", "status": InboxStatus.FAILED, **kept}
    waiting = {"key": "two", "status": InboxStatus.WAITING, **kept}
    circle.stage.database.write_now(lambda c: c.execute(insert(inbox), [failed, waiting]))
    circle.stage.write(_refused)
    circle.at(circle.now + timedelta(minutes=6))

    said = words(await circle.says("cora", "/status"))

    assert said.splitlines()[4:] == [
        "Messages to me that went wrong in the last 7 days: 1",
        "Messages of mine that were refused in the last 7 days: 1",
        "Open questions that never arrived: 1",
        "Messages to me that have waited for more than 5 minutes: 1",
    ]


def _refused(work):
    """The question that Ana was asked is refused by her platform."""
    row = work._connection.execute(
        update(outbox)
        .where(outbox.c.conversation_id.is_not(None))
        .values(sent_at=None)
        .returning(outbox.c.id, outbox.c.created_at)
    ).one()
    work._connection.execute(update(conversations).values(delivered_at=None))
    work.outbox.fail(row.id, "message is too odd", at=row.created_at)


async def test_an_owner_of_no_community_sees_all_of_them(circle):
    await circle.says("cora", "/schedule every 2 weeks on thursday at 10:00")
    await circle.taps("cora", "Save")
    circle.joins("ada")
    house = replace(circle.house, owners=frozenset({circle.person("ada").address}))
    stage = circle.stage
    stage.turns = Turns(stage.database, house, journal=Journal(None), now=stage.clock)
    await circle.says("ada", "/leave")
    await circle.taps("ada", "Leave")

    said = words(await circle.says("ada", "/status"))

    assert "Next round: Thursday, March 5, 2026" in said
    assert "Waiting to be sent: 0 unasked, 0 in reply." in said


async def test_people_who_were_asked_are_counted_once_each(circle):
    circle.joins("ana", "bo", "cleo")
    await circle.says("ana", "/tell")
    await circle.says("ana", "In March we met, and it was good.")
    await circle.begins("cora", "/prompt now for Ana, Bo")
    circle.sees("ana")
    circle.sees("bo")
    await circle.taps("bo", "Not this time")

    home = circle.stage.read(lambda work: work.communities.home().id)
    scope = Scope(community=home, reader=Audience.ORGANIZERS)
    counts = circle.stage.read(lambda work: work.queries.counts(scope))

    assert counts.asked == 2
