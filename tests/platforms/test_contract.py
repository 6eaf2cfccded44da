"""What every platform owes the people who sit there. What it `Can` decides what is asked of it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest

from bot.platforms import SPELLINGS, spelling
from flows.messages import Reply
from storage.members import Role
from tests.builders import interviews
from tests.platforms.joined import SEATS
from tests.platforms.places import ACTIVITY, Place
from tests.platforms.playing import unlike
from tests.platforms.seats import Can
from tests.prompts.conftest import Circle

Mark = pytest.MarkDecorator


def over(able: Callable[[Can], object] = lambda can: True) -> Mark:
    """Every platform that can do what a test is about."""
    platforms = [platform for platform in SEATS if able(platform.can)]
    return pytest.mark.parametrize("platform", platforms, ids=lambda each: each.name)


def test_every_platform_has_a_seat() -> None:
    assert sorted(platform.name for platform in SEATS) == sorted(SPELLINGS)


# ---- what is shown ----


@over()
async def test_every_kind_of_reply_is_shown_as_it_is_said(place: Place) -> None:
    faults: list[str] = []

    async def does(name: str, what: str) -> None:
        place.ear.heard.clear()
        await (place.ana.calls(what) if name == "calls" else place.ana.taps(what))
        kinds.update(type(reply) for reply in place.ear.heard)
        for reply, shown in zip(place.ear.heard, place.ana.sees(), strict=True):
            faults.extend(unlike(reply, shown, place.platform))

    kinds: set[type] = set()
    await place.reviews()
    for what in ("help", "mydata"):
        await does("calls", what)
    for label in ("Choose readers", "Funders", "The organizers", "Send", "Yes"):
        await does("taps", label)

    assert faults == []
    assert kinds == {*get_args(Reply)}


@over()
async def test_a_tick_is_seen(place: Place) -> None:
    await place.reviews()
    await place.ana.taps("Choose readers")
    (before,) = place.ana.sees()

    await place.ana.taps("Funders")

    (after,) = place.ana.sees()
    funders = before.buttons.index("Funders")
    assert (before.ticked[funders], after.ticked[funders]) == (False, True)
    assert after.text == before.text


@over(lambda can: can.redraw)
async def test_a_tick_is_set_where_the_message_stands(place: Place) -> None:
    await place.reviews()
    await place.ana.taps("Choose readers")
    before = place.ana.has_before_them()

    await place.ana.taps("Funders")

    after = place.ana.has_before_them()
    assert after[:-1] == before[:-1]
    assert len(after) == len(before)


@over(lambda can: can.redraw)
async def test_only_the_open_question_has_buttons(place: Place) -> None:
    await place.tells()
    await place.ana.taps("Nothing")

    with_buttons = [shown.buttons for shown in place.ana.has_before_them() if shown.buttons]

    assert with_buttons == [("Can't say",)]


@over()
async def test_long_words_arrive_whole_and_in_order(place: Place) -> None:
    """Each answer is short enough to be sent; together they are too long for one message."""
    answers = [
        " ".join(f"On day {n} of {month} we met, and it was good." for n in range(80))
        for month in ("March", "April")
    ]
    await place.tells(activity=answers[0])
    await place.ana.says(answers[1])
    place.ana.sees()

    await place.ana.taps("No")

    seen = place.ana.sees()
    most = place.platform.can.longest or sum(len(shown.text) for shown in seen)
    assert max(len(shown.text) for shown in seen) <= most
    whole = "\n\n".join(shown.text for shown in seen)  # so it was cut between paragraphs only
    first, second = map(place.platform.shows, answers)
    assert f"What happened\n{first}\n\nWhat I got\n{second}\n\n" in whole
    assert [bool(shown.buttons) for shown in seen] == [False] * (len(seen) - 1) + [True]


@over(lambda can: can.longest)
async def test_what_is_longer_than_a_message_comes_as_several(place: Place) -> None:
    longest = place.platform.can.longest or 0
    answer = f"In March we met, and it was good. {'word ' * (longest // 6)}".strip()
    await place.tells(activity=answer)
    await place.ana.says(answer)
    place.ana.sees()

    await place.ana.taps("No")

    assert len(place.ana.sees()) > 1


@over()
async def test_a_name_does_nothing_but_be_read(place: Place) -> None:
    name = "<b>&amp; *bo* `<@u1>` _x_"
    seat = place.sit(name)

    await seat.calls("start")

    assert seat.sees()[0].text.startswith(f"Hi {name}. ")


@over()
async def test_what_a_round_is_about_does_nothing_but_be_read(place: Place) -> None:
    about = "<b>meetup</b> &amp; *lunch* _x_ ~y~ `<@u1>` [a](https://example.org) <!channel>"
    circle = Circle(place.stage)
    place.stage.write(lambda work: work.communities.change(circle.home, quiet=""))
    ana, cora = place.seat("ana"), place.seat("cora")
    place.stage.has_role(place.stage.people["cora"], Role.COORDINATOR)

    await cora.calls(f'prompt after "{about}" for Ana')
    await cora.taps("Ask them")
    circle.works()
    await ana.calls("help")  # what waits comes first
    await cora.calls("rounds")
    await cora.calls(f'schedule every day after "{about}"')
    await cora.taps("Save")
    await cora.calls("schedule")

    prompt, _ = ana.sees()
    assert prompt.text.startswith("Cora asks, for the Onboarding Circle:\n\n")
    assert f"{about}: what happened there" in prompt.text
    assert prompt.buttons[-4:] == ("Ask me in 3 days", "Not this time", "Less often", "Stop")
    seen = [shown.text for shown in cora.sees()]
    assert f", {about}" in next(text for text in seen if text.startswith("Round of"))
    assert [f'every day after "{about}"' in text for text in seen[-3:]] == [True, False, True]


# ---- what is understood ----


@over()
async def test_commands_are_listed_as_the_platform_spells_them(place: Place) -> None:
    await place.ana.calls("help")

    (listed,) = place.ana.sees()
    for name in ("tell", "back", "mydata", "help"):
        assert f"\n{spelling(place.platform.name)(name)}:" in listed.text


@over()
async def test_a_command_in_the_middle_shows_the_open_question_again(place: Place) -> None:
    asked = await place.tells()

    await place.ana.calls("help")

    said, again = place.ana.sees()
    assert said.text.startswith("What you can write:")
    assert again == asked


@over(lambda can: can.tap_old)
async def test_a_button_pressed_twice_counts_once(place: Place) -> None:
    await place.ana.calls("tell")
    await place.ana.says(ACTIVITY)
    asked = len(place.ana.sees()) - 1

    await place.ana.taps_old("Nothing", asked)
    (after,) = place.ana.sees()
    await place.ana.taps_old("Nothing", asked)

    *_, again = place.ana.sees()
    assert again == after
    assert place.stage.rows("SELECT choice FROM answers WHERE step = 'gained'") == [
        {"choice": "nothing"}
    ]


@over(lambda can: can.at_once)
async def test_what_is_sent_in_several_messages_at_once_is_one_answer(place: Place) -> None:
    lines = ("In March we met.", "It was good.", "There was soup, too.")
    await place.ana.calls("tell")
    place.ana.sees()

    await place.ana.says_at_once(*lines)
    await place.ana.taps("Nothing")
    await place.ana.taps("Can't say")

    assert "What happened\n" + "\n".join(lines) + "\n\n" in place.ana.sees()[-1].text


@over(lambda can: can.edit)
async def test_what_is_changed_at_the_client_changes_the_answer(place: Place) -> None:
    await place.reviews()

    await place.ana.edits(ACTIVITY, "In April we met, and it was good.")

    assert "What happened\nIn April we met, and it was good." in place.ana.sees()[-1].text


@over(lambda can: can.attach)
async def test_every_kind_of_file_is_kept(place: Place) -> None:
    await place.tells()
    kinds = sorted(place.platform.can.attach)

    for kind in kinds:
        await place.ana.attaches(kind)
        assert place.ana.sees()[0].text.startswith("Kept.")

    found = place.stage.rows("SELECT kind, step FROM evidence ORDER BY id")
    assert found == [{"kind": kind, "step": "gained"} for kind in kinds]


@over(lambda can: "photo" in can.attach)
async def test_a_file_is_kept_with_its_caption(place: Place) -> None:
    caption = "The <b>table</b> & what *we* planned."
    await place.tells()

    await place.ana.attaches("photo", caption)

    found = place.stage.rows("SELECT kind, caption FROM evidence")
    assert found == [{"kind": "photo", "caption": caption}]


@over(lambda can: can.reply)
async def test_a_reply_to_an_earlier_question_answers_it_anew(place: Place) -> None:
    await place.tells()

    await place.ana.replies("In April we met, and it was good.", message=0)
    await place.ana.taps("Nothing")
    await place.ana.taps("Can't say")

    assert "What happened\nIn April we met, and it was good." in place.ana.sees()[-1].text


@over(lambda can: can.keeps_choice)
async def test_the_choice_stays_to_be_seen_below_its_question(place: Place) -> None:
    asked = await place.tells()

    await place.ana.taps("Nothing")

    before, _ = place.ana.has_before_them()[-2:]
    assert before == replace(asked, buttons=(), ticked=(), chosen="Nothing")


# ---- who hears what ----


@over(lambda can: can.repeat)
async def test_what_is_handed_over_twice_is_answered_once(place: Place) -> None:
    await place.tells()
    for does in (place.ana.taps("Nothing"), place.ana.says("The hall."), place.ana.calls("help")):
        place.ana.sees()
        await does
        assert place.ana.sees() != []

        await place.ana.repeats()

        assert place.ana.sees() == []


@over()
async def test_two_people_side_by_side_see_nothing_of_each_others_words(place: Place) -> None:
    seats = {name: place.seat(name) for name in ("ana", "bo")}

    async def goes(name: str) -> str:
        seen = await place.reviews(name, f"In March {name} said: that was good.")
        return "\n".join(shown.text for shown in seen)

    first, second = await asyncio.gather(goes("ana"), goes("bo"))

    assert "In March ana said: that was good." in first
    assert "In March bo said: that was good." in second
    for name, other in (("ana", "bo"), ("bo", "ana")):
        everything = "".join(shown.text for shown in seats[name].has_before_them())
        assert f"{other} said" not in everything


@over(lambda can: can.meet)
async def test_where_others_read_along_nobody_is_interviewed(place: Place) -> None:
    asked = await place.tells()
    everything = place.ana.has_before_them()

    await place.ana.says_to_all("Hello all, a checklist came of it.")
    silence = place.ana.sees_with_all()
    await place.ana.calls_before_all("tell")
    (shown,) = place.ana.sees_with_all()

    assert silence == []
    assert shown.text == interviews().texts.wording("en", command=str)("in-private")
    assert place.ana.has_before_them() == everything
    await place.ana.calls("status")
    assert place.ana.sees()[-1] == asked
