"""What a member gets, and what each thing they do with it comes to."""

from datetime import timedelta

import pytest

from flows.messages import Ask, Chose
from tests.prompts.conftest import asked, labels, words

WISHES = ["Ask me in 3 days", "Not this time", "Less often", "Stop"]
TOLD = "In March we met, and it was good."


async def _is_asked(circle, name="ana", text="/prompt now for Ana"):
    circle.joins(name)
    await circle.begins("cora", text)
    return circle.sees(name)


def _numbers(circle):
    return circle.stage.read(
        lambda work: work.rounds.numbers(work.rounds.of(circle.home, most=1)[0].id)
    )


# ---- the buttons ----


async def test_ask_me_in_three_days_asks_again_in_three_days_at_the_same_hour(circle):
    await _is_asked(circle)

    said = await circle.taps("ana", "Ask me in 3 days")

    assert words(said) == "All right. I ask again in 3 days."
    circle.later(timedelta(days=2, hours=23))
    assert circle.sees("ana") == []
    circle.passes(timedelta(hours=2))
    assert asked(circle.sees("ana"))
    numbers = _numbers(circle)
    assert (numbers.planned, numbers.sent, numbers.snoozed, numbers.waiting) == (1, 1, 1, 0)


async def test_not_this_time_closes_it_and_the_next_round_asks_again(circle):
    await _is_asked(circle)

    said = await circle.taps("ana", "Not this time")

    assert words(said) == "All right. /tell begins a story when you like."
    assert circle.stage.conversation(circle.person("ana")) is None
    numbers = _numbers(circle)
    assert (numbers.opened, numbers.started, numbers.finished) == (1, 0, 0)
    circle.later(timedelta(days=28))
    await circle.begins("cora", "/prompt now for Ana")
    assert asked(circle.sees("ana"))


async def test_less_often_halves_it_each_time(circle):
    await _is_asked(circle)

    said = await circle.taps("ana", "Less often")

    assert words(said) == "All right. From now on I ask once in 8 weeks at most."
    circle.later(timedelta(days=28))
    await circle.begins("cora", "/prompt now")
    assert circle.sees("ana") == []
    circle.later(timedelta(days=28))
    await circle.begins("cora", "/prompt now")
    assert asked(circle.sees("ana"))
    said = await circle.taps("ana", "Less often")
    assert "once in 16 weeks" in words(said)


async def test_stop_ends_it_until_they_say_otherwise(circle):
    await _is_asked(circle)

    said = await circle.taps("ana", "Stop")

    assert words(said).startswith("All right. I don't ask any more.")
    circle.later(timedelta(days=400))
    await circle.begins("cora", "/prompt now")
    assert circle.ledger()["Ana"] == "snoozed"
    await circle.says("ana", "/snooze off")
    circle.passes(timedelta(days=1))
    await circle.begins("cora", "/prompt now")
    assert asked(circle.sees("ana"))


@pytest.mark.parametrize("typed", ["no", "not yet", "later", "5", "not this time", "Nope"])
async def test_a_typed_refusal_is_not_this_time(circle, typed):
    await _is_asked(circle)

    said = await circle.says("ana", typed)

    assert words(said) == "All right. /tell begins a story when you like."
    assert circle.stage.rows("SELECT * FROM answers") == []


async def test_the_numbers_before_them_are_the_questions_own_buttons(circle):
    await _is_asked(circle)

    said = await circle.says("ana", "2")

    assert labels(said[-1])[-4:] == WISHES
    assert _numbers(circle).started == 0


# ---- answering ----


async def test_an_answer_begins_the_interview_and_the_buttons_are_gone(circle):
    await _is_asked(circle)

    said = await circle.says("ana", TOLD)

    assert labels(said[-1]) == ["Nothing", "It cost me something", "Skip"]
    numbers = _numbers(circle)
    assert (numbers.opened, numbers.started, numbers.finished) == (1, 1, 0)
    rows = circle.stage.rows("SELECT origin FROM conversations")
    assert [row["origin"] for row in rows] == ["prompt"]


@pytest.mark.parametrize("label", ["Skip", "Start from a change"])
async def test_a_way_on_without_words_takes_the_buttons_away_too(circle, label):
    await _is_asked(circle)

    said = await circle.taps("ana", label)

    assert not set(WISHES) & set(labels(said[-1]))
    assert _numbers(circle).started == 1


async def test_a_prompt_after_a_named_event_gives_the_story_its_activity_and_date(circle):
    circle.joins("ana")
    circle.at(circle.now + timedelta(days=20))
    await circle.begins("cora", '/prompt after "12 March meetup"')

    seen = circle.sees("ana")
    await circle.says("ana", "It was good to listen.")
    while circle.person("ana").asked.step != "review":
        await circle.says("ana", "/skip")
    await circle.taps("ana", "Send to organizers")

    assert "12 March meetup: what happened there" in words(seen)
    story = circle.stage.rows("SELECT origin, anchor_activity, anchor_date FROM stories")[0]
    assert story["origin"] == "prompt"
    assert (story["anchor_activity"], story["anchor_date"]) == ("12 March meetup", "2026-03-12")
    assert _numbers(circle).finished == 1


async def test_a_button_of_an_old_prompt_says_so_and_shows_the_new_one(circle):
    await _is_asked(circle)
    old = circle.person("ana").asked
    circle.later(timedelta(days=28))
    await circle.begins("cora", "/prompt now for Ana")
    circle.sees("ana")

    said = await circle.does("ana", Chose("ask-stop", old.step, old.revision, old.conversation))

    assert len(said) == 2
    assert labels(said[-1])[-4:] == WISHES


async def test_a_button_of_a_prompt_that_was_put_off_finds_nothing_open(circle):
    await _is_asked(circle)
    old = circle.person("ana").asked
    await circle.taps("ana", "Ask me in 3 days")

    said = await circle.does("ana", Chose("ask-less", old.step, old.revision, old.conversation))

    assert words(said) == "No story is open. /tell begins one."


# ---- what was open ----


async def _has_a_draft(circle, *, resting=timedelta(days=3)):
    circle.joins("ana")
    await circle.says("ana", "/tell")
    await circle.says("ana", TOLD)
    question = circle.person("ana").asked
    circle.later(resting)
    circle.sees("ana")  # the reminder of the next morning
    return question


@pytest.mark.parametrize("left_by", [None, "/pause"])
async def test_an_unfinished_story_is_offered_and_goes_on_where_it_stood(circle, left_by):
    question = await _has_a_draft(circle)
    if left_by:
        await circle.says("ana", left_by)
        circle.passes(timedelta(hours=2))
    spent = circle.stage.rows("SELECT active_seconds FROM conversations")

    await circle.begins("cora", "/prompt now for Ana")

    seen = circle.sees("ana")
    assert words(seen).startswith("You began a story:\n“In March we met")
    assert labels(seen[0])[0] == "Go on"
    assert set(WISHES) <= set(labels(seen[0]))
    assert circle.stage.rows("SELECT active_seconds FROM conversations") == spent
    goes_on = await circle.taps("ana", "Go on")
    assert words(goes_on) == question.text
    assert (goes_on[0].number, goes_on[0].of) == (question.number, question.of)
    assert labels(goes_on[0]) == labels(question)
    assert _numbers(circle).started == 1
    assert len(circle.stage.rows("SELECT id FROM conversations")) == 1


@pytest.mark.parametrize("label", WISHES)
async def test_an_unfinished_story_that_is_not_gone_on_with_is_kept(circle, label):
    await _has_a_draft(circle)
    await circle.begins("cora", "/prompt now for Ana")
    circle.sees("ana")

    said = await circle.taps("ana", label)

    assert len(said) == 1
    assert words(said).startswith("All right.")
    assert words(await circle.says("ana", "/resume")) == (
        "What did you get from it? For example an idea, a contact, a file, a question."
    )


async def test_words_at_an_offered_story_are_not_lost_silently(circle):
    await _has_a_draft(circle)
    await circle.begins("cora", "/prompt now for Ana")
    circle.sees("ana")

    said = await circle.says("ana", "A checklist for a first week.")

    assert labels(said[-1])[0] == "Go on"


async def test_an_earlier_prompt_that_nobody_answered_is_replaced(circle):
    await _is_asked(circle)
    circle.later(timedelta(days=28))

    await circle.begins("cora", "/prompt now for Ana")

    assert asked(circle.sees("ana"))
    statuses = circle.stage.rows("SELECT status FROM conversations ORDER BY id")
    assert [row["status"] for row in statuses] == ["deleted", "active"]
    assert circle.stage.rows("SELECT * FROM erasures") == []


@pytest.mark.parametrize("said_last", ["/tell", TOLD])
async def test_nobody_is_interrupted_and_they_are_asked_an_hour_later(circle, said_last):
    circle.joins("ana")
    await circle.says("ana", "/tell")
    await circle.says("ana", said_last)

    await circle.begins("cora", "/prompt now for Ana")
    during = circle.sees("ana")
    origins = circle.stage.rows("SELECT origin FROM conversations")
    circle.passes(timedelta(hours=2))

    assert during == []
    assert [row["origin"] for row in origins] == ["own"]
    assert circle.sees("ana") != []


async def test_who_has_just_sent_a_story_is_not_asked_within_the_hour(circle):
    circle.joins("ana")
    await circle.says("ana", "/tell")
    await circle.says("ana", TOLD)
    while circle.person("ana").asked.step != "review":
        await circle.says("ana", "/skip")
    await circle.taps("ana", "Send to organizers")

    await circle.begins("cora", "/prompt now for Ana")
    during = circle.sees("ana")
    circle.passes(timedelta(hours=2))

    assert during == []
    assert asked(circle.sees("ana"))


async def test_who_speaks_in_another_community_answers_in_the_one_that_asks(circle):
    circle.joins("ana")
    other = circle.elsewhere("other")
    circle.joins_too(other, "ana")
    member = circle.member("ana").id
    circle.stage.write(lambda work: work.members.change(member, community_id=other))

    await circle.begins("cora", "/prompt now for Ana")
    seen = circle.sees("ana")
    await circle.says("ana", TOLD)

    assert "for the Onboarding Circle" in words(seen)
    rows = circle.stage.rows("SELECT community_id FROM conversations WHERE has_begun")
    assert [row["community_id"] for row in rows] == [circle.home]


async def test_a_commands_question_is_not_in_front_any_more_when_a_prompt_comes(circle):
    circle.joins("ana")
    await circle.says("ana", "/leave")
    forgotten = circle.person("ana").asked

    await circle.begins("cora", "/prompt now for Ana")
    circle.sees("ana")
    said = await circle.says("ana", "In March we met. 2 of us left early, and it was good.")

    assert forgotten.step.startswith("?")
    assert words(said).startswith("What did you get from it?")


@pytest.mark.parametrize("command", ["/stop", "/snooze 2 weeks"])
async def test_who_says_no_by_a_command_is_not_asked_the_question_once_more(circle, command):
    await _is_asked(circle)

    said = await circle.says("ana", command)

    assert len(said) == 1
    assert words(said).startswith("All right. I don't ask")
    assert circle.stage.conversation(circle.person("ana")) is None


async def test_a_command_in_between_does_not_put_the_prompt_to_anybody_again(circle):
    await _is_asked(circle)

    said = await circle.says("ana", "/privacy")
    await circle.taps("ana", "Examples")
    again = await circle.says("ana", "It was a good evening on 12 March.")

    assert not any(isinstance(reply, Ask) for reply in said)
    assert words(again).startswith("What did you get from it?")
    assert (_numbers(circle).opened, _numbers(circle).started) == (1, 1)
