"""The numbers of a week, for organizers who want them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete

from storage.members import Role
from storage.tables import story_audiences
from tests.prompts.conftest import MONDAY, Circle, words

WEEK = timedelta(days=7)

OUTRO = "/settings digest off ends these messages."


async def organized(circle: Circle, name: str = "olga") -> None:
    circle.joins(name, role=Role.ORGANIZER)
    await circle.says(name, "/settings digest on")
    circle.sees(name)


async def told(circle: Circle, name: str, readers: str = "Send to organizers") -> None:
    """A short story of which nothing came."""
    circle.joins(name)
    await circle.says(name, "/tell")
    await circle.says(name, "In March we met, and it was good.")
    await circle.taps(name, "Nothing")
    await circle.says(name, "Time.")
    await circle.taps(name, readers)
    await circle.taps(name, "Yes")


def digest_at(circle: Circle, moment: datetime, name: str = "olga") -> str:
    circle.at(moment)
    circle.works()
    return words(circle.sees(name))


async def test_nobody_gets_it_who_did_not_ask_for_it(circle):
    circle.joins("olga", role=Role.ORGANIZER)

    assert digest_at(circle, MONDAY + WEEK) == ""


async def test_a_week_in_which_nothing_happened_is_one_line(circle):
    await organized(circle)

    said = digest_at(circle, MONDAY + WEEK)

    assert said == f"The Onboarding Circle, since Mar 2, 2026: nothing happened. {OUTRO}"


async def test_it_says_what_came_what_waits_and_what_failed(circle):
    await organized(circle)
    await told(circle, "ana")
    circle.joins("bo")
    await circle.says("bo", "/tell")
    await circle.says("bo", "In March we met, and it was good.")
    await circle.says("bo", "/pause")
    circle.stage.write(
        lambda work: work.members.set_unreachable(circle.person("bo").address, circle.now)
    )

    said = digest_at(circle, MONDAY + WEEK)

    assert said.splitlines() == [
        "The Onboarding Circle, since Mar 2, 2026:",
        "1 story came in, open to you.",
        "Waiting: 1 story begun and not sent.",
        "Went wrong: 1 person can't be reached any more.",
        OUTRO,
    ]


async def test_it_comes_on_monday_at_nine_by_the_clock_of_each_organizer(circle):
    await organized(circle)
    await circle.says("olga", "/timezone America/Lima")
    await circle.says("olga", "/settings digest on")

    # Five hours behind, it is nine on this Monday still to come.
    early = digest_at(circle, MONDAY + timedelta(hours=4, minutes=59))
    at_nine = digest_at(circle, MONDAY + timedelta(hours=5))

    assert early == ""
    assert "nothing happened" in at_nine


async def test_each_week_has_one(circle):
    await organized(circle)

    said = [digest_at(circle, MONDAY + WEEK + timedelta(days=days)) for days in (0, 1, 6, 7)]

    assert [bool(each) for each in said] == [True, False, False, True]
    assert "since Mar 9, 2026" in said[-1]


async def test_after_weeks_in_which_nothing_ran_there_is_one_for_all_of_them(circle):
    await organized(circle)
    await told(circle, "ana")

    said = digest_at(circle, MONDAY + 4 * WEEK + timedelta(days=2))

    assert said.startswith("The Onboarding Circle, since Mar 2, 2026:\n1 story came in")
    assert digest_at(circle, MONDAY + 4 * WEEK + timedelta(days=3)) == ""


async def test_a_late_one_waits_for_the_morning(circle):
    await organized(circle)

    at_night = digest_at(circle, datetime(2026, 3, 10, 2, tzinfo=UTC))
    in_the_morning = digest_at(circle, datetime(2026, 3, 10, 8, tzinfo=UTC))

    assert at_night == ""
    assert "since Mar 2, 2026" in in_the_morning


async def test_whoever_switched_it_off_or_is_no_organizer_any_more_gets_none(circle):
    await organized(circle)
    await organized(circle, "oda")
    await circle.says("olga", "/settings digest off")
    circle.stage.has_role(circle.person("oda"), Role.MEMBER)

    assert digest_at(circle, MONDAY + WEEK) == ""
    assert digest_at(circle, MONDAY + WEEK, "oda") == ""


async def test_a_story_that_is_not_open_to_organizers_is_counted(circle):
    await organized(circle)
    circle.joins("ana")
    await told(circle, "ana")
    circle.stage.database.write_now(lambda connection: connection.execute(delete(story_audiences)))

    assert "1 story came in, not open to you." in digest_at(circle, MONDAY + WEEK)


async def test_it_says_how_many_are_to_be_asked(circle):
    await organized(circle)
    circle.joins("ana")
    await circle.says("ana", "/tell")
    await circle.says("ana", "In March we met, and it was good.")
    await circle.says("ana", "A checklist for a first week.")
    await circle.taps("ana", "I plan to")
    await circle.says("ana", "Use it in May, for calmer days")
    await circle.taps("ana", "Send to organizers")
    await circle.taps("ana", "In 2 weeks")

    said = digest_at(circle, MONDAY + 2 * WEEK)

    assert "Waiting: 1 story to be asked about again in the coming week." in said
