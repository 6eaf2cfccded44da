"""A story that was left open is asked about again: once, and when its teller said."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from flows.prompting import FEWEST
from storage.deliveries import DeliveryStatus
from storage.members import Role
from storage.rounds import RoundStatus
from storage.tables import deliveries, rounds
from tests.prompts.conftest import Circle, labels, words

DAY = timedelta(days=1)

PLANNED = "In March 2026 you planned:\n“Use it in May, for calmer days”\nWhat happened?"


async def planned(circle: Circle, name: str = "ana", when: str = "In 2 weeks") -> None:
    """Somebody tells of a plan, and says when they may be asked."""
    circle.joins(name)
    await circle.says(name, "/tell")
    await circle.says(name, "In March we met, and it was good.")
    await circle.says(name, "A checklist for a first week.")
    await circle.taps(name, "I plan to")
    await circle.says(name, "Use it in May, for calmer days")
    await circle.taps(name, "Send to organizers")
    await circle.taps(name, when)


def days_pass(circle: Circle, days: int) -> None:
    """Day by day, at the same hour, everything that is due is done."""
    for _ in range(days):
        circle.at(circle.now + DAY)
        circle.works()


def ref(circle: Circle) -> str:
    return str(circle.stage.rows("SELECT ref FROM stories ORDER BY id")[0]["ref"])


async def test_a_plan_is_asked_about_after_the_time_that_its_teller_chose(circle):
    await planned(circle)

    days_pass(circle, 13)
    before = circle.sees("ana")
    days_pass(circle, 1)
    seen = circle.sees("ana")

    assert before == []
    assert [reply.text for reply in seen] == [PLANNED]
    ways = ["Still planned", "Something stopped me", "Not any more", "Stop asking"]
    assert labels(seen[0]) == ways


async def test_the_answer_goes_on_with_the_same_story(circle):
    await planned(circle)
    days_pass(circle, 15)
    circle.sees("ana")

    await circle.taps("ana", "Not any more")
    await circle.taps("ana", "Send to organizers")

    kept = circle.stage.rows("SELECT revision, stop FROM stories")
    assert [(row["revision"], row["stop"]) for row in kept] == [(1, "dropped")]
    assert circle.stage.rows("SELECT * FROM check_backs") == []


async def test_it_is_asked_once_and_stays_to_be_answered(circle):
    await planned(circle)
    days_pass(circle, 15)
    circle.sees("ana")

    days_pass(circle, 60)
    unasked = circle.sees("ana")
    asked = await circle.says("ana", "/start")

    assert unasked == []
    assert PLANNED in words(asked)


async def test_whoever_came_by_themselves_is_not_asked_again(circle):
    await planned(circle)
    circle.at(circle.now + 15 * DAY)

    asked = await circle.says("ana", "/start")
    days_pass(circle, 3)

    assert PLANNED in words(asked)
    assert circle.sees("ana") == []


async def test_nobody_is_asked_at_night(circle):
    await planned(circle)
    circle.at(circle.now.replace(hour=23) + 14 * DAY)
    circle.works()
    at_night = circle.sees("ana")

    circle.passes(timedelta(hours=8))  # seven in the morning
    early = circle.sees("ana")
    circle.passes(timedelta(hours=1))

    assert (at_night, early) == ([], [])
    assert words(circle.sees("ana")) == PLANNED


@pytest.mark.parametrize("wish", ["/stop", "/snooze until 1 May 2026"])
async def test_whoever_wants_to_be_left_alone_is_not_asked(circle, wish):
    await planned(circle)
    await circle.says("ana", wish)

    days_pass(circle, 20)
    left_alone = circle.sees("ana")
    await circle.says("ana", "/snooze off")
    days_pass(circle, 2)

    assert left_alone == []
    assert words(circle.sees("ana")) == PLANNED


async def test_whoever_answered_none_of_the_last_prompts_is_not_asked(circle):
    await planned(circle)
    ana = circle.member("ana").id
    circle.stage.database.write_now(lambda c: unanswered(c, ana, FEWEST, circle.now))

    days_pass(circle, 20)

    assert circle.sees("ana") == []


def unanswered(connection: Connection, member: int, count: int, at: datetime) -> None:
    """Prompts that Ana did nothing with, long enough ago to be asked again."""
    asks: dict[str, Any] = {"zone": "UTC", "audience": {}, "window_hours": 48}
    for day in range(count):
        values = {"community_id": 1, "day": f"2026-01-{day + 1:02}", "made_at": at, **asks}
        added = insert(rounds).values(status=RoundStatus.ENDED, **values).returning(rounds.c.id)
        sent = {"status": DeliveryStatus.SENT, "sent_at": at + timedelta(seconds=1)}
        number = connection.execute(added).scalar_one()
        connection.execute(insert(deliveries).values(round_id=number, member_id=member, **sent))


async def test_the_cap_holds_for_check_backs_too(circle):
    await planned(circle)
    days_pass(circle, 10)
    await circle.begins("cora", "/prompt now")
    circle.sees("ana")
    await circle.taps("ana", "Not this time")

    days_pass(circle, 10)
    too_soon = circle.sees("ana")
    days_pass(circle, 20)

    assert too_soon == []
    assert words(circle.sees("ana")) == PLANNED


async def test_a_round_leaves_out_whoever_was_asked_how_it_went(circle):
    await planned(circle)
    circle.joins("bo")
    days_pass(circle, 15)
    circle.sees("ana")

    await circle.begins("cora", "/prompt now")

    assert circle.ledger()["Ana"] == "over-cap"
    assert circle.ledger()["Bo"] == "queued"


async def test_two_stories_of_one_teller_are_not_asked_about_at_once(circle):
    await planned(circle)
    await planned(circle)

    days_pass(circle, 20)
    first = circle.sees("ana")
    await circle.taps("ana", "Stop asking")
    days_pass(circle, 30)

    assert len(first) == 1
    assert words(circle.sees("ana")) == PLANNED


async def test_a_draft_that_is_open_comes_first(circle):
    await planned(circle)
    days_pass(circle, 13)
    await circle.says("ana", "/tell")
    await circle.says("ana", "In spring we met again, and it was good.")
    circle.at(circle.now + DAY + timedelta(hours=2))

    circle.works()
    asked = words(circle.sees("ana"))
    await circle.says("ana", "/pause")
    days_pass(circle, 2)

    assert PLANNED not in asked
    assert words(circle.sees("ana")) == PLANNED


async def test_a_change_that_was_not_sent_yet_is_not_swept_away(circle):
    await planned(circle)
    circle.at(circle.now + 14 * DAY - timedelta(hours=3))
    await circle.says("ana", f"/read {ref(circle)}")
    await circle.taps("ana", "Change it")
    await circle.taps("ana", "Add something")
    await circle.taps("ana", "What it all began with")
    await circle.says("ana", "Everybody asked me the same.")

    circle.at(circle.now + timedelta(hours=3))
    circle.works()
    meanwhile = circle.sees("ana")
    await circle.taps("ana", "Send to organizers")
    await circle.taps("ana", "In 2 weeks")
    days_pass(circle, 15)

    assert meanwhile == []
    assert words(circle.sees("ana")) == PLANNED


async def test_those_who_are_held_back_keep_nobody_from_being_asked(circle, monkeypatch):
    monkeypatch.setattr("bot.checking_back.FEW", 1)
    for name in ("ana", "bo", "cleo"):
        await planned(circle, name)
        circle.sees(name)
    for name in ("ana", "bo"):
        await circle.says(name, "/stop")

    days_pass(circle, 15)

    assert words(circle.sees("cleo")) == PLANNED


async def test_a_story_that_was_taken_back_is_not_asked_about(circle):
    await planned(circle)
    await circle.says("ana", f"/withdraw {ref(circle)}")

    days_pass(circle, 20)

    assert circle.sees("ana") == []


async def test_a_story_that_was_hidden_is_not_asked_about(circle):
    await planned(circle)
    circle.joins("olga", role=Role.ORGANIZER)
    await circle.says("olga", f"/hide {ref(circle)} It names a colleague.")
    circle.sees("ana")

    days_pass(circle, 20)

    assert circle.sees("ana") == []


async def test_whoever_left_is_not_asked(circle):
    await planned(circle)
    await circle.says("ana", "/leave")
    await circle.taps("ana", "Leave")

    days_pass(circle, 20)

    assert circle.sees("ana") == []


async def test_what_nobody_knew_of_is_asked_about(circle):
    circle.joins("ana")
    for said in ("/tell", "In March we met, and it was good.", "A checklist for a first week."):
        await circle.says("ana", said)
    await circle.says("ana", "I used it with my team.")
    await circle.taps("ana", "The same")
    await circle.taps("ana", "Skip")
    await circle.taps("ana", "Not yet")
    await circle.taps("ana", "Send to organizers")
    await circle.taps("ana", "In 2 weeks")

    days_pass(circle, 15)

    assert words(circle.sees("ana")) == (
        "In March 2026 you told me:\n“I used it with my team.”\n"
        "Nobody in the Onboarding Circle knew of it yet. Do they now?"
    )
