"""`/prompt`, `/schedule` and `/rounds`, as coordinators meet them."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.delivery import Delivery
from storage.members import Role
from storage.outbox import Sent
from tests.prompts.conftest import MONDAY, labels, words


@pytest.mark.parametrize("command", ["/prompt now", "/schedule every day", "/rounds"])
async def test_members_cannot_call_them(circle, command):
    circle.joins("ana")

    assert words(await circle.says("ana", command)).startswith("That is for coordinators.")


async def test_a_schedule_shows_five_rounds_whom_they_reach_and_why_not_others(circle):
    circle.joins("ana", "bo", "cy")
    await circle.says("ana", "/stop")
    circle.member("stranger")

    said = await circle.says("cora", "/schedule every 2 weeks on thursday at 10:00")

    lines = words(said).split("\n")
    assert [line.rpartition(": ")[2] for line in lines[1:6]] == [
        "3 people",
        "0 people, 3 asked lately",
        "3 people",
        "0 people, 3 asked lately",
        "3 people",
    ]
    assert lines[1].startswith("Thursday, March 5, 2026, 10:00")
    assert "1 have not agreed" in words(said)
    assert "1 want to be left alone" in words(said)
    assert labels(said[0]) == ["Save", "Don't save"]


async def test_a_schedule_that_would_ask_nobody_says_so(circle):
    await circle.says("cora", "/stop")

    said = await circle.says("cora", "/schedule every day")

    assert "Nobody would be asked as things are." in words(said)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("every 5 parsecs", "I don't understand “parsecs”"),
        ("yearly on 31 February", "There is no such day"),
        ("every day until 2020-01-01", "over"),
        ("every day at 25:00", "“25:00” is not a time of day"),
        ("every week on <b>monday</b>", "<b>monday</b>"),
        ("every day " + "x" * 1000, "That is too long"),
        ("every day for Zed", "Nobody called Zed belongs to this community."),
        ("pause 7", "There is no schedule 7."),
        ('every day after "it" on 2026-13-45', "I don't know the date 2026-13-45"),
    ],
)
async def test_a_schedule_that_cannot_be_says_why(circle, text, says):
    said = await circle.says("cora", f"/schedule {text}")

    assert says in words(said)
    assert circle.stage.rows("SELECT * FROM schedules") == []


async def test_a_schedule_is_paused_resumed_without_making_up_changed_and_ended(circle):
    circle.joins("ana")
    await circle.schedules("every thursday at 10:00 for Ana starting 2026-03-05")
    await circle.says("cora", "/schedule pause 1")
    circle.later(timedelta(days=21))

    resumed = words(await circle.says("cora", "/schedule resume 1"))
    circle.works()
    await circle.schedules("change 1 every friday at 9:00 for Ana")
    listed = words(await circle.says("cora", "/schedule"))
    ended = words(await circle.says("cora", "/schedule end 1"))

    assert resumed == "Schedule 1 goes on with its next round."
    assert circle.stage.rows("SELECT * FROM rounds") == []
    assert "1: every friday at 9:00 for Ana" in listed
    assert ended == "Schedule 1 has ended. What was asked stays."
    assert words(await circle.says("cora", "/schedule")).startswith("Nobody is asked by a schedule")


async def test_of_two_changes_at_once_the_second_is_told_and_the_first_stays(circle):
    circle.joins("dora", role=Role.COORDINATOR)
    await circle.schedules("every thursday")
    await circle.says("cora", "/schedule change 1 every friday")
    await circle.says("dora", "/schedule change 1 every monday")

    await circle.taps("cora", "Save")
    told = words(await circle.taps("dora", "Save"))

    assert "Somebody changed schedule 1 meanwhile. It is now “every friday”." in told
    assert "every friday" in words(await circle.says("cora", "/schedule"))


async def test_twenty_schedules_are_the_most_also_of_two_who_save_at_once(circle):
    circle.joins("dora", role=Role.COORDINATOR)
    for _ in range(19):
        await circle.schedules("every thursday")
    await circle.says("dora", "/schedule every friday")
    await circle.schedules("every monday")

    told = words(await circle.taps("dora", "Save"))

    assert told.startswith("There are 20 schedules already.")
    assert len(circle.stage.rows("SELECT * FROM schedules")) == 20


@pytest.mark.parametrize("command", ["/prompt now", "/schedule every day"])
async def test_who_lost_the_role_meanwhile_cannot_tap(circle, command):
    circle.joins("dora", role=Role.COORDINATOR)
    await circle.says("dora", command)
    circle.stage.has_role(circle.person("dora"), Role.MEMBER)

    said = await circle.taps("dora", circle.person("dora").asked.options[0].label)

    assert words(said).startswith("That is for coordinators.")
    assert circle.stage.rows("SELECT * FROM rounds") == circle.stage.rows("SELECT * FROM schedules")


async def test_people_are_named_by_name_or_address(circle):
    circle.joins("ana", "bo", "cy")

    await circle.begins("cora", '/prompt after "Ana\'s 12 March meetup" for ana, terminal:bo')

    assert circle.ledger() == {"Ana": "queued", "Bo": "queued"}
    rows = circle.stage.rows("SELECT anchor_activity FROM rounds")
    assert [row["anchor_activity"] for row in rows] == ["Ana's 12 March meetup"]


async def test_an_empty_audience_is_not_asked(circle):
    said = words(await circle.says("cora", "/prompt now with a plan"))

    assert said == "Nobody would be asked now, so nothing is sent."


async def test_a_round_at_a_time_that_is_skipped_goes_out_at_the_end_of_the_gap(circle):
    circle.joins("ana")
    circle.lives_in("Europe/Ljubljana", "ana")
    await circle.says("ana", "/quiet off")
    await circle.schedules("every sunday at 2:30 for Ana starting 2026-03-29")

    circle.at(datetime(2026, 3, 29, 0, 59, tzinfo=UTC))
    circle.works()
    early = circle.sees("ana")
    circle.at(datetime(2026, 3, 29, 1, tzinfo=UTC))
    circle.works()

    assert early == []
    assert len(circle.sees("ana")) == 1


async def test_rounds_show_numbers_and_no_names_and_the_last_update_comes_at_the_end(circle):
    circle.joins("ana", "bo")
    await circle.begins("cora", "/prompt now for Ana, Bo nudge after 10 days")
    circle.everybody_sees()
    await circle.taps("ana", "Not this time")
    shown = words(await circle.says("cora", "/rounds"))

    updates = ""
    for _ in range(20):
        circle.later(timedelta(days=1))
        updates = words(circle.sees("cora")) or updates

    assert "Ana" not in shown
    assert "Bo" not in shown
    assert "(over)" in updates


class Printed:
    """A platform that can change nothing which it has shown."""

    name = "terminal"

    def __init__(self):
        self.texts = []

    async def send(self, to, reply, *, place=None):
        self.texts.append(reply.text)
        return Sent(None, MONDAY)


async def test_where_nothing_can_be_changed_numbers_come_only_to_whoever_asks_for_them(circle):
    circle.joins("ana")
    await circle.begins("cora", "/prompt now for Ana")
    await circle.says("cora", "/rounds")
    circle.sees("ana")
    await circle.taps("ana", "Not this time")
    circle.works()

    printed = Printed()
    delivery = Delivery(circle.stage.database, printed, circle.stage.clock)
    waiting = circle.stage.read(lambda work: work.outbox.waiting(circle.person("cora").address))
    await delivery.deliver(circle.person("cora").address)

    assert [row.in_place for row in waiting] == [True]
    assert printed.texts == []
    assert circle.sees("cora") == []
    assert "opened 1" in words(await circle.says("cora", "/rounds"))
