"""A story that was begun and left alone: its teller is asked once whether to go on."""

from datetime import UTC, datetime, timedelta

import pytest

from bot import reminding
from tests.prompts.conftest import Circle, labels, words

HOUR = timedelta(hours=1)

BEGUN = "In March we met, and it was good."
REMINDER = f"You began a story:\n“{BEGUN}”\nWould you like to go on?"

TUESDAY = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)


async def begun(circle: Circle, name: str = "ana") -> None:
    """Somebody tells half a story, on Monday at nine."""
    circle.joins(name)
    await circle.says(name, "/tell")
    await circle.says(name, BEGUN)


def reminded_at(circle: Circle, *moments: datetime) -> list[str]:
    """What Ana is sent at each of these times."""
    said = []
    for moment in moments:
        circle.at(moment)
        circle.works()
        said.append(words(circle.sees("ana")))
    return said


async def test_its_teller_is_asked_on_the_next_morning_whether_to_go_on(circle):
    await begun(circle)

    assert reminded_at(circle, TUESDAY) == [REMINDER]
    assert labels(circle.person("ana").seen[-1]) == ["Go on", "Not now", "Delete it"]


async def test_going_on_leads_to_the_question_that_was_open(circle):
    await begun(circle)
    reminded_at(circle, TUESDAY)

    asked = await circle.taps("ana", "Go on")

    assert words(asked).startswith("What did you get from it?")


async def test_it_comes_once(circle):
    await begun(circle)
    first = reminded_at(circle, TUESDAY)
    await circle.taps("ana", "Go on")

    later = reminded_at(circle, *(TUESDAY + timedelta(days=days) for days in (1, 2, 5)))

    assert first == [REMINDER]
    assert later == ["", "", ""]


async def test_it_comes_in_the_morning_only(circle):
    await begun(circle)

    evening, night, dawn = (TUESDAY.replace(hour=hour) for hour in (12, 23, 23))
    said = reminded_at(circle, evening, night, dawn + 9 * HOUR, dawn + 10 * HOUR)

    assert said == ["", "", "", REMINDER]


async def test_the_morning_is_that_of_the_teller(circle):
    await begun(circle)
    await circle.says("ana", "/timezone America/Lima")

    # Half past nine there, five hours behind.
    assert reminded_at(circle, TUESDAY, TUESDAY + 5 * HOUR) == ["", REMINDER]


@pytest.mark.parametrize("wish", ["/quiet 20:00-11:00", "/quiet tue"])
async def test_it_waits_for_quiet_hours_and_days_off(circle, wish):
    await begun(circle)
    await circle.says("ana", wish)

    at_ten, later = TUESDAY.replace(hour=10), TUESDAY.replace(hour=11)
    said = reminded_at(circle, at_ten, later + (timedelta(days=1) if "tue" in wish else 0 * HOUR))

    assert said == ["", REMINDER]


@pytest.mark.parametrize("wish", ["/stop", "/snooze until 1 May 2026"])
async def test_whoever_wants_to_be_left_alone_is_not_reminded(circle, wish):
    await begun(circle)
    await circle.says("ana", wish)
    circle.sees("ana")

    first = reminded_at(circle, TUESDAY)
    await circle.says("ana", "/snooze off")

    assert first == [""]
    assert reminded_at(circle, TUESDAY + timedelta(days=2)) == [""]


async def test_what_its_teller_put_aside_is_not_reminded_of(circle):
    await begun(circle)
    await circle.says("ana", "/pause")

    assert reminded_at(circle, TUESDAY, TUESDAY + timedelta(days=1)) == ["", ""]


async def test_nobody_is_reminded_of_a_question_to_which_nothing_was_told(circle):
    circle.joins("ana")
    await circle.says("ana", "/tell")

    assert reminded_at(circle, TUESDAY) == [""]


async def test_a_story_that_was_left_alone_for_weeks_is_left_alone(circle):
    await begun(circle)

    assert reminded_at(circle, TUESDAY + timedelta(days=21)) == [""]


async def test_a_reminder_does_not_count_for_the_cap(circle):
    await begun(circle)
    reminded_at(circle, TUESDAY)
    await circle.taps("ana", "Not now")

    await circle.begins("cora", "/prompt now")

    assert circle.ledger()["Ana"] == "queued"


async def test_a_reminder_does_not_put_off_when_a_draft_is_erased(circle):
    await begun(circle)
    before = circle.stage.rows("SELECT turned_at FROM conversations")

    reminded_at(circle, TUESDAY)

    assert circle.stage.rows("SELECT turned_at FROM conversations") == before


async def test_many_are_reminded_a_few_at_a_time(circle, monkeypatch):
    monkeypatch.setattr(reminding, "FEW", 1)
    for name in ("ana", "bo", "cleo"):
        await begun(circle, name)

    circle.at(TUESDAY)
    circle.works()

    assert [words(circle.sees(name)) for name in ("ana", "bo", "cleo")] == [REMINDER] * 3
