"""Who is not asked, for a time or for good."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.prompts.conftest import asked, words

WEEK = timedelta(days=7)


async def _rounds(circle, count, *, apart=28 * timedelta(days=1)):
    """In which of so many rounds Ana was asked; she does nothing."""
    found = []
    for _ in range(count):
        await circle.begins("cora", "/prompt now")
        found.append(bool(circle.sees("ana")))
        circle.later(apart)
    return found


# ---- caps ----


async def test_two_schedules_of_one_hour_ask_nobody_twice(circle):
    circle.joins("ana")
    await circle.schedules("every day at 10:00")
    await circle.schedules("every thursday at 10:00")

    circle.passes(timedelta(days=6))

    assert len(circle.sees("ana")) == 1


async def test_two_rounds_that_are_due_in_one_piece_ask_nobody_twice(circle):
    circle.joins("ana")
    for _ in range(2):
        await circle.says("cora", "/prompt now")
        await circle.taps("cora", "Ask them")

    circle.works()

    assert len(circle.sees("ana")) == 1
    rows = circle.stage.rows("SELECT status, reason FROM deliveries ORDER BY id")
    assert [row["reason"] for row in rows if row["status"] == "left-out"] == ["over-cap"] * 2


async def test_after_two_unanswered_prompts_half_as_often_and_after_four_not_any_more(circle):
    circle.joins("ana")

    found = await _rounds(circle, 12)

    assert found == [True, True, False, True, False, True] + [False] * 6
    assert circle.ledger()["Ana"] == "silent"


@pytest.mark.parametrize("says", ["hello", "/tell", "/help", "/resume", "/start"])
async def test_who_writes_after_long_silence_is_asked_as_before(circle, says):
    circle.joins("ana")
    await _rounds(circle, 8)
    assert circle.ledger()["Ana"] == "silent"

    await circle.says("ana", says)
    await circle.says("ana", "/pause")

    assert await _rounds(circle, 2) == [True, True]


# ---- /snooze ----


async def test_nobody_is_asked_before_the_day_until_which_they_snooze(circle):
    circle.joins("ana")
    circle.lives_in("America/New_York", "ana")
    said = await circle.says("ana", "/snooze until 1 April")
    await circle.schedules("every day at 23:30 within 1 day")
    await circle.says("ana", "/quiet off")

    circle.later(datetime(2026, 4, 1, 3, 59, tzinfo=UTC) - circle.now)
    before = circle.sees("ana")
    circle.passes(timedelta(days=1))

    assert "before Apr 1, 2026" in words(said)
    assert before == []
    assert asked(circle.sees("ana"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Until when shall I not ask you"),
        ("2 weeks", "before Mar 16, 2026"),
        ("until 2026-02-01", "That day is over"),
        ("until 2050-01-01", "/stop ends my asking for good"),
        ("until the cows come home", "I don't understand that date"),
        ("off", "I may ask you for stories again"),
    ],
)
async def test_snooze_says_what_it_understood(circle, text, says):
    circle.joins("ana")

    assert says in words(await circle.says("ana", f"/snooze {text}"))


async def test_snooze_off_ends_what_stop_began(circle):
    circle.joins("ana")
    await circle.says("ana", "/stop")
    before = words(await circle.says("ana", "/snooze"))
    await circle.says("ana", "/snooze off")
    await circle.begins("cora", "/prompt now")

    assert before.startswith("I don't ask you for stories.")
    assert asked(circle.sees("ana"))


@pytest.mark.parametrize("text", ["25:00-8:00", "sometimes", "8:00", "10:00-10:00"])
async def test_quiet_says_how_to_write_it(circle, text):
    circle.joins("ana")

    assert words(await circle.says("ana", f"/quiet {text}")).startswith("I don't understand that.")


async def test_quiet_hours_are_told_and_can_be_ended(circle):
    circle.joins("ana")

    assert "21:00–08:00" in words(await circle.says("ana", "/quiet"))
    assert "20:00–07:00" in words(await circle.says("ana", "/quiet 20-7"))
    assert "20:00–07:00, Saturday, Sunday" in words(await circle.says("ana", "/quiet sat sun"))
    await circle.says("ana", "/quiet off")
    assert "at any time" in words(await circle.says("ana", "/quiet"))


# ---- one reminder ----


async def test_who_did_nothing_is_reminded_once(circle):
    circle.joins("ana", "bo", "cy")
    await circle.begins("cora", "/prompt now nudge after 3 days")
    circle.everybody_sees()
    await circle.says("bo", "In March we met, and it was good.")
    await circle.taps("cy", "Not this time")

    circle.later(timedelta(days=3))
    reminded = {name: words(circle.sees(name)) for name in ("ana", "bo", "cy")}
    circle.later(timedelta(days=10))

    assert reminded["ana"].startswith("I asked you this a few days ago. No answer is fine too.")
    assert "Think of one time" in reminded["ana"]
    assert "I asked you this" not in reminded["bo"]  # but whether he would like to go on
    assert reminded["cy"] == ""
    assert circle.sees("ana") == []


async def test_a_reminder_can_be_answered_like_the_prompt(circle):
    circle.joins("ana")
    await circle.begins("cora", "/prompt now for Ana nudge after 3 days")
    circle.everybody_sees()
    circle.later(timedelta(days=3))
    circle.sees("ana")

    assert words(await circle.taps("ana", "Not this time")).startswith("All right.")


async def test_no_round_reminds_that_was_not_told_to(circle):
    circle.joins("ana")
    await circle.begins("cora", "/prompt now for Ana")
    circle.sees("ana")

    circle.later(timedelta(days=20))

    assert circle.sees("ana") == []


async def test_no_reminder_comes_in_quiet_hours(circle):
    circle.joins("ana")
    await circle.begins("cora", "/prompt now for Ana nudge after 3 days")
    circle.sees("ana")
    await _quiet(circle, "ana", "08:00-15:00")

    circle.later(timedelta(days=3, hours=5))
    early = circle.sees("ana")
    circle.passes(timedelta(hours=2))

    assert early == []
    assert words(circle.sees("ana")).startswith("I asked you this")


async def _quiet(circle, name, hours):
    """As if set elsewhere: a command would be a reaction to the prompt."""
    member = circle.member(name).id
    circle.stage.write(lambda work: work.prompting.change(member, quiet=hours, days_off=""))


async def test_who_is_in_an_interview_elsewhere_is_reminded_later_and_answers_here(circle):
    circle.joins("ana")
    other = circle.elsewhere("other")
    circle.joins_too(other, "ana")
    await circle.begins("cora", "/prompt now for Ana nudge after 3 days")
    circle.sees("ana")
    circle.later(timedelta(days=2, hours=23, minutes=30))
    member = circle.member("ana").id
    circle.stage.write(lambda work: work.members.change(member, community_id=other))
    await circle.says("ana", "/tell")

    circle.passes(timedelta(minutes=45))
    during = circle.sees("ana")
    circle.passes(timedelta(hours=2))
    reminded = circle.sees("ana")
    await circle.says("ana", "In March we met, and it was good.")

    assert during == []
    assert words(reminded).startswith("I asked you this")
    rows = circle.stage.rows("SELECT community_id FROM conversations WHERE has_begun")
    assert [row["community_id"] for row in rows] == [circle.home]


async def test_a_member_who_snoozes_is_not_reminded(circle):
    circle.joins("ana")
    await circle.begins("cora", "/prompt now for Ana nudge after 3 days")
    circle.sees("ana")
    member = circle.member("ana").id
    later = circle.now + 4 * WEEK
    circle.stage.write(lambda work: work.prompting.change(member, snoozed_until=later))

    circle.later(timedelta(days=5))

    assert circle.sees("ana") == []
