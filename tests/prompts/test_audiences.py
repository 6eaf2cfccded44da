"""Whom a round is meant for, and clocks that make that hard."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from storage.members import Role
from storage.tables import communities, members
from tests.prompts.conftest import asked, words
from tests.prompts.test_checking_back import planned
from tests.prompts.test_digest import told

DAY = timedelta(days=1)
NOBODY = "Nobody would be asked now, so nothing is sent."


async def _reaches(circle, text):
    """Who is asked in a round. Nobody answers; the next one may ask all the same."""
    await circle.begins("cora", text)
    found = [name for name in circle.stage.people if asked(circle.sees(name))]
    circle.later(56 * DAY)
    return sorted(found)


# ---- audiences ----


async def test_those_without_a_story_since_a_day_are_asked(circle):
    circle.joins("bo")
    await told(circle, "ana")  # on 2 March
    circle.at(datetime(2026, 3, 10, 9, tzinfo=UTC))
    await told(circle, "cy")
    circle.later(28 * DAY)

    assert await _reaches(circle, "/prompt now without a story since 2026-03-10") == [
        "ana",
        "bo",
        "cora",
    ]
    assert await _reaches(circle, "/prompt now for those without a story since 2026-03-11") == [
        "ana",
        "bo",
        "cora",
        "cy",
    ]
    assert await _reaches(circle, "/prompt now for people without a story") == ["bo", "cora"]


async def test_a_story_that_was_taken_back_is_none(circle):
    await told(circle, "ana")
    ref = circle.stage.rows("SELECT ref FROM stories")[0]["ref"]
    await circle.says("ana", f"/withdraw {ref}")
    circle.later(28 * DAY)

    assert "ana" in await _reaches(circle, "/prompt now without a story")


async def test_a_story_in_another_community_is_none_here(circle):
    other = circle.elsewhere("other")
    circle.joins("ana")
    circle.joins_too(other, "ana")
    member = circle.member("ana").id
    await told(circle, "ana")
    circle.stage.write(lambda work: work.members.change(member, community_id=other))
    circle.stage.database.write_now(
        lambda c: c.exec_driver_sql(f"UPDATE stories SET community_id = {other}")
    )
    circle.later(28 * DAY)

    assert "ana" in await _reaches(circle, "/prompt now without a story")


async def test_those_with_a_plan_are_asked_and_nobody_else(circle):
    await planned(circle, "ana", when="In 3 months")
    await told(circle, "bo")
    circle.joins("cy")
    circle.later(DAY)

    said = words(await circle.says("cora", "/prompt now for those with a plan"))
    await circle.taps("cora", "Ask them")
    circle.works()

    assert said.startswith("1 of 1 would be asked now.")
    assert circle.ledger() == {"Ana": "queued"}
    assert asked(circle.sees("ana"))


async def test_who_does_not_want_to_be_asked_about_a_plan_is_not_one_with_a_plan(circle):
    await planned(circle, "ana", when="Don't ask")
    circle.later(DAY)

    assert words(await circle.says("cora", "/prompt now with a plan")) == NOBODY


@pytest.mark.parametrize("command", ["/withdraw", "/hide"])
async def test_who_told_of_a_plan_and_took_it_back_is_not_one_with_a_plan(circle, command):
    circle.joins("olga", role=Role.ORGANIZER)
    await planned(circle, "ana", when="In 3 months")
    ref = circle.stage.rows("SELECT ref FROM stories")[0]["ref"]
    if command == "/withdraw":
        await circle.says("ana", f"/withdraw {ref}")
    else:
        await circle.says("olga", f"/hide {ref} It names a colleague.")
    circle.later(DAY)

    assert words(await circle.says("cora", "/prompt now with a plan")) == NOBODY


async def test_a_name_that_several_have_is_asked_about_and_an_address_is_plain(circle):
    circle.joins("ana", "anna")
    circle.stage.database.write_now(
        lambda c: c.execute(update(members).where(members.c.name == "Anna").values(name="ANA"))
    )

    said = words(await circle.says("cora", "/prompt now for ana, cora"))
    await circle.begins("cora", "/prompt now for terminal:anna")

    assert said == "Several people are called ana. Write their address, for example telegram:1001."
    assert not asked(circle.sees("ana"))
    assert asked(circle.sees("anna"))


# ---- clocks ----


async def test_a_zone_that_nobody_knows_holds_nobody_up(circle):
    circle.joins("ana", "bo")
    circle.lives_in("Mars/Olympus_Mons", "ana")
    circle.stage.database.write_now(
        lambda c: c.execute(update(communities).values(timezone="Atlantis/Poseidonis"))
    )

    said = words(await circle.says("cora", "/schedule every day at 10:00"))
    await circle.taps("cora", "Save")
    listed = words(await circle.says("cora", "/schedule"))
    circle.at(datetime(2026, 3, 3, 10, tzinfo=UTC))
    circle.works()

    assert "Times are those of UTC;" in said
    assert "10:00 AM (UTC)" in listed.replace("\u202f", " ")
    assert asked(circle.sees("ana"))
    assert asked(circle.sees("bo"))


async def test_a_schedule_whose_zone_is_gone_goes_on_by_utc(circle):
    circle.joins("ana")
    await circle.schedules("every thursday at 10:00 for Ana")
    circle.stage.database.write_now(
        lambda c: c.exec_driver_sql("UPDATE schedules SET zone = 'Asia/Atlantis'")
    )

    circle.at(datetime(2026, 3, 5, 10, tzinfo=UTC))
    circle.works()

    assert asked(circle.sees("ana"))


async def test_a_rule_is_saved_as_it_is_and_its_round_comes(circle):
    circle.joins("ana")
    await circle.schedules("FREQ=MONTHLY;BYDAY=-1FR at 10:00 for Ana")

    rows = circle.stage.rows("SELECT phrase, rule, at FROM schedules")
    circle.at(datetime(2026, 3, 27, 9, 59, tzinfo=UTC))
    circle.works()
    early = circle.sees("ana")
    circle.at(datetime(2026, 3, 27, 10, tzinfo=UTC))
    circle.works()

    assert rows == [
        {
            "phrase": "FREQ=MONTHLY;BYDAY=-1FR at 10:00 for Ana",
            "rule": "FREQ=MONTHLY;BYDAY=-1FR",
            "at": "10:00",
        }
    ]
    assert early == []
    assert asked(circle.sees("ana"))
    listed = words(await circle.says("cora", "/schedule"))
    assert "Friday, April 24, 2026" in listed


@pytest.mark.parametrize("minutes", [0, 60, 120])
async def test_at_a_time_that_is_repeated_a_round_comes_once(circle, minutes):
    """On 25 October it is half past two in Ljubljana at 0:30 and at 1:30 UTC."""
    circle.at(datetime(2026, 10, 20, 9, tzinfo=UTC))
    circle.joins("ana")
    circle.lives_in("Europe/Ljubljana", "ana")
    await circle.says("ana", "/quiet off")
    await circle.schedules("every sunday at 2:30 for Ana")

    circle.at(datetime(2026, 10, 25, 0, 29, tzinfo=UTC))
    circle.works()
    early = circle.sees("ana")
    circle.at(datetime(2026, 10, 25, 0, 30, tzinfo=UTC) + timedelta(minutes=minutes))
    circle.works()
    first = circle.sees("ana")
    circle.passes(DAY)

    assert early == []
    assert len(first) == 1
    assert asked(first)
    assert circle.sees("ana") == []
    assert len(circle.stage.rows("SELECT id FROM deliveries")) == 1
