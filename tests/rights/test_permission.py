"""`/permission`: one use of a teller's exact words, asked once; silence is no."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from flows.messages import Ask, Chose
from storage.members import Role
from storage.tables import permissions
from tests.rights.conftest import button, exported, story_read, text_of

WORDS = "In April I used “the list” with my team.\nIt was *good*, and quick…"


@pytest.fixture
def asked(town):
    """Ana told a story, unnamed, and Olga may ask her for it; its reference."""
    town.has("olga", Role.ORGANIZER)
    town.says("ana", "hello")
    return town.tells("ana", "On 3 May we met, and it was fun.", WORDS, unnamed=True)


def of(replies):
    """The question of a permission among what somebody sees; None where there is none."""
    found = [r for r in replies if isinstance(r, Ask) and r.step.startswith("?")]
    return found[0] if found else None


def count(town):
    return len(town.database.read_now(lambda c: c.execute(select(permissions)).all()))


# ---- asked ----


def test_a_teller_is_shown_the_exact_words_and_what_for(town, asked):
    said = text_of(town.says("olga", f'/permission {asked} for "the annual report"'))

    question = of(town.delivered("ana"))

    assert said == f"The teller of {asked} is asked. Silence is no."
    assert question is not None
    assert f"“{WORDS}”" in question.text
    assert "What for: the annual report" in question.text
    assert [option.label for option in question.options] == [
        "Yes, with my name",
        "Yes, without my name",
        "No",
    ]


def test_one_use_is_asked_once_and_another_one_again(town, asked):
    town.says("olga", f"/permission {asked} for the report")
    town.delivered("ana")
    town.taps("ana", "no")

    again = text_of(town.says("olga", f'/permission {asked} for "the report"'))
    nothing = town.delivered("ana")
    other = text_of(town.says("olga", f"/permission {asked} for the website"))

    assert f"That was asked for {asked} before" in again
    assert nothing == []
    assert "is asked" in other
    assert of(town.delivered("ana"))
    assert count(town) == 2


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("named", "“the report”: yes, with the name Ana"),
        ("unnamed", "“the report”: yes, without a name"),
        ("no", "“the report”: no"),
        (None, "“the report”: no answer yet, so no"),
    ],
)
def test_what_a_teller_answers_is_shown_and_silence_is_no(town, asked, answer, shown):
    town.says("olga", f"/permission {asked} for the report")
    town.delivered("ana")
    thanks = text_of(town.taps("ana", answer)) if answer else None

    said = text_of(town.says("olga", f"/permission {asked}"))

    assert thanks in (None, "Noted.")
    assert said.splitlines()[:2] == [f"{asked}:", shown]
    is_allowed = answer in ("named", "unnamed")
    assert (f"“{WORDS}” (checked by its teller)" in said) is is_allowed
    assert ("Ana" in said) is (answer == "named")
    story = story_read(town, asked)
    assert story is not None
    assert [checked.attribution for checked in story.checked] == ([answer] if is_allowed else [])
    (export,) = exported(town)["stories"]
    assert [c["quotation"] for c in export["checked"]] == ([WORDS] if is_allowed else [])
    assert export["teller"] is None
    read = text_of(town.says("olga", f"/read {asked}"))
    assert (f"Its teller allowed this for “the report”: “{WORDS}”" in read) is is_allowed
    assert "Ana" not in read


def test_a_permission_can_be_answered_in_words(town, asked):
    town.says("olga", f"/permission {asked} for the report")
    town.delivered("ana")

    said = text_of(town.says("ana", "Yes, without my name"))

    assert said == "Noted."
    assert "yes, without a name" in text_of(town.says("olga", f"/permission {asked}"))


def test_nothing_is_asked_without_a_use(town, asked):
    said = [
        text_of(town.says("olga", f"/permission {rest}"))
        for rest in ("", "nothing", f"{asked} for", f'{asked} for ""', f"{asked} for {'x' * 201}")
    ]

    assert "Write which story and what for" in said[0]
    assert "Write which story and what for" in said[1]
    assert count(town) == 0
    assert town.delivered("ana") == []


def test_only_what_organizers_may_read_can_be_asked_for(town, asked):
    closed = town.tells("ana", "On 4 May we met, and it was fun.", to="funders")
    unknown = "S-999999"

    theirs = text_of(town.says("olga", f"/permission {closed} for the report"))
    none = text_of(town.says("olga", f"/permission {unknown} for the report"))
    refused = text_of(town.says("ana", f"/permission {asked} for the report"))

    assert theirs.replace(closed, unknown) == none
    assert "I don't find" in none
    assert "That is for organizers" in refused
    assert count(town) == 0


def test_a_story_without_words_is_not_asked_for(town, asked):
    town.says("ana", "/tell", "/skip")
    town.taps("ana", "nothing", "cannot-say", "organizers", "yes")
    ref = town.refs("ana")[0]

    said = text_of(town.says("olga", f"/permission {ref} for the report"))

    assert "there are no words in it to quote" in said
    assert town.delivered("ana") == []


# ---- when ----


def test_a_teller_in_the_middle_of_a_story_is_asked_once_that_is_closed(town, asked):
    town.says("ana", "/tell", "On 4 May we met, and it was fun.")
    town.says("olga", f"/permission {asked} for the report")
    assert town.delivered("ana") == []

    during = town.says("ana", "A list.")
    closed = town.says("ana", "/pause")
    later = town.says("ana", "hello")

    assert of(during) is None
    assert of(closed) is not None
    assert of(later) is None
    town.hears("ana", Chose("named", of(closed).step, 0))
    assert "with the name Ana" in text_of(town.says("olga", f"/permission {asked}"))


def test_a_teller_is_asked_after_the_story_is_sent(town, asked):
    town.says("ana", "/tell", "On 4 May we met, and it was fun.")
    town.says("olga", f"/permission {asked} for the report")
    town.delivered("ana")
    while town.asked("ana").step != "review":
        town.says("ana", "/skip")
    sent = town.taps("ana", "organizers")

    done = town.taps("ana", "yes")

    assert of(sent) is None
    assert of(done) is not None


def test_a_teller_who_let_a_story_lie_is_asked_and_loses_no_words(town, asked):
    town.says("ana", "/tell", "On 4 May we met, and it was fun.")
    town.clock.at += timedelta(hours=2)
    town.says("olga", f"/permission {asked} for the report")
    question = of(town.delivered("ana"))
    assert question is not None

    said = text_of(town.says("ana", "A list for newcomers."))
    thanks = text_of(town.hears("ana", Chose("unnamed", question.step, 0)))

    assert "Did you do anything with it?" in said
    assert "Noted." in thanks
    assert "Did you do anything with it?" in thanks


def test_of_two_that_wait_one_is_asked_after_the_other(town, asked):
    town.says("ana", "/tell", "On 4 May we met, and it was fun.")
    for use in ("the report", "the website"):
        town.says("olga", f"/permission {asked} for {use}")
    first = of(town.says("ana", "/pause"))
    assert first is not None
    assert "the report" in first.text

    second = of(town.taps("ana", "no"))

    assert second is not None
    assert "the website" in second.text


def test_a_teller_who_looks_at_a_story_is_asked_once_that_is_answered(town, asked):
    town.says("ana", f"/read {asked}")
    town.says("olga", f"/permission {asked} for the report")
    assert town.delivered("ana") == []

    said = town.taps("ana", "leave")

    assert of(said) is not None


def test_whoever_left_is_asked_and_answers(town, asked):
    town.says("ana", "/leave")
    town.taps("ana", "leave")

    town.says("olga", f"/permission {asked} for the report")
    question = of(town.delivered("ana"))
    said = text_of(town.taps("ana", "unnamed"))

    assert question is not None
    assert "The organizers of the Onboarding Circle ask" in question.text
    assert said == "Noted."
    assert "yes, without a name" in text_of(town.says("olga", f"/permission {asked}"))


# ---- too late ----


def test_a_tap_after_the_story_was_taken_back_allows_nothing(town, asked):
    town.says("olga", f"/permission {asked} for the report")
    town.delivered("ana")
    late = button(town, "ana", "named")
    town.says("ana", f"/withdraw {asked}")
    town.taps("ana", "leave")

    said = text_of(town.hears("ana", late))

    assert said == "There is nothing to answer there any more."
    assert "I don't find" in text_of(town.says("olga", f"/permission {asked}"))
    town.says("ana", f"/withdraw {asked}")
    town.taps("ana", "restore")
    assert "no answer yet, so no" in text_of(town.says("olga", f"/permission {asked}"))


def test_a_question_that_waits_is_not_asked_of_a_story_taken_back_since(town, asked):
    town.says("ana", "/tell", "On 4 May we met, and it was fun.")
    town.says("olga", f"/permission {asked} for the report")
    town.says("ana", f"/withdraw {asked}")
    town.taps("ana", "leave")

    closed = town.says("ana", "/pause")

    assert of(closed) is None


def test_a_second_tap_does_not_change_the_answer(town, asked):
    town.says("olga", f"/permission {asked} for the report")
    town.delivered("ana")
    yes = button(town, "ana", "named")
    town.taps("ana", "no")

    said = text_of(town.hears("ana", yes))

    assert said == "There is nothing to answer there any more."
    assert "“the report”: no" in text_of(town.says("olga", f"/permission {asked}"))


def test_nobody_answers_for_a_teller(town, asked):
    town.says("olga", f"/permission {asked} for the report")
    town.delivered("ana")

    said = text_of(town.hears("olga", button(town, "ana", "named")))

    assert said == "There is nothing to answer there any more."
    assert "no answer yet, so no" in text_of(town.says("olga", f"/permission {asked}"))


def test_what_was_allowed_of_words_that_were_changed_since_is_not_shown(town, asked):
    town.says("olga", f"/permission {asked} for the report")
    town.delivered("ana")
    town.taps("ana", "named")
    town.says("ana", f"/read {asked}")
    town.taps("ana", "change", "change")
    parts = [o.name for o in town.asked("ana").options if o.name.startswith("part-")]
    for part in parts:  # all of them were said in the same words
        town.taps("ana", part)
        town.says("ana", f"Something else, {part}.")
        town.taps("ana", "change")
    town.taps("ana", "leave", "organizers", "yes")

    (story,) = exported(town)["stories"]

    assert story["checked"] == []
    assert WORDS not in text_of(town.says("olga", f"/permission {asked}"))


# ---- a summary for others ----


@pytest.fixture
def several(town):
    """Stories of three people: for funders, for organizers, for organizers; one for neither."""
    town.has("olga", Role.ORGANIZER)
    for name in ("ana", "bo", "cy", "di"):
        town.says(name, "hello")
    town.tells("ana", "On 1 May Ana sang, and it was fun.", to="organizers funders")
    town.tells("bo", "On 2 May Bo sang, and it was fun.")
    town.tells("cy", "On 3 May Cy sang, and it was fun.")
    town.tells("di", "On 4 May Di sang, and it was fun.", to="community")


def test_a_summary_for_funders_says_how_many_may_be_shown_and_asks_the_others(town, several):
    said = text_of(town.says("olga", "/summary for funders"))

    done = text_of(town.taps("olga", "ask"))

    assert "May be shown to funders: 1 of 4." in said
    assert "Shall I ask the tellers of the other 2" in said
    assert "Ask the other 2" in said
    assert done == "2 tellers are asked. Silence is no."
    asked = {name: of(town.delivered(name)) for name in ("ana", "bo", "cy", "di")}
    assert {name for name, question in asked.items() if question} == {"bo", "cy"}
    assert "“On 2 May Bo sang, and it was fun.”" in asked["bo"].text
    assert "What for: funders" in asked["bo"].text


def test_asking_the_others_once_more_asks_nobody_again(town, several):
    town.says("olga", "/summary for funders")
    town.taps("olga", "ask")
    for name in ("bo", "cy"):
        town.delivered(name)
        town.taps(name, "no")

    town.says("olga", "/summary for funders")
    said = text_of(town.taps("olga", "ask"))

    assert said.startswith("Nobody was asked")
    assert town.delivered("bo") == []


def test_only_those_of_the_summarized_time_are_asked(town, several):
    town.clock.at += timedelta(days=40)
    town.tells("bo", "On 2 June Bo sang again, and it was fun.")

    said = text_of(town.says("olga", "/summary 2026-04 for funders"))

    assert "May be shown to funders: 0 of 1." in said
    assert "Ask the other 1" in said


def test_nobody_is_asked_where_nobody_says_so(town, several):
    town.says("olga", "/summary for public")

    said = text_of(town.taps("olga", "leave"))

    assert said == "All right. Nobody is asked."
    assert count(town) == 0


def test_whoever_is_no_organizer_any_more_asks_nobody(town, several):
    town.says("olga", "/summary for funders")
    town.has("olga", Role.MEMBER)

    said = text_of(town.taps("olga", "ask"))

    assert "That is for organizers" in said
    assert count(town) == 0
