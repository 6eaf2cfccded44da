"""The ways in beside the chat: a story from a message, the Home tab, the form."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from storage.tables import conversations
from tests.doubles.slack_server import Channel, Fault, Person, SlackServer, Workspace
from tests.running import PATIENCE, TOLD
from tests.slack.circle import QUICK, begins_round, members
from tests.slack.process import (
    INTERVIEW,
    STORY,
    SlackRunning,
    arrived,
    comes,
    goes_through,
    granted,
    running,
    taps,
    until,
)

WORDS = "In March Ana met the circle & Bo, and it was <b>good</b>."
SUMMARY_OF_ONE = "1 sent"


@pytest.fixture
def room(first: Workspace, ana: Person) -> Channel:
    return first.channel("general", members=(ana,))


def story_of(bot: SlackRunning) -> dict[str, Any]:
    (story,) = json.loads(bot.program("export").stdout)["stories"]
    assert isinstance(story, dict)
    return story


# ---- a story from a message ----


def test_ones_own_message_becomes_the_first_answer_with_its_link(
    server: SlackServer, both: SlackRunning, ana: Person, room: Channel
) -> None:
    goes_through(server, ana, [INTERVIEW[0], ("taps", "I agree", "1 / 7")])
    server.later(2)
    said = ana.says(WORDS, channel=room)
    server.later(2)
    ana.shortcut(STORY, said).answered()
    comes(ana, "2 / 7")
    goes_through(server, ana, INTERVIEW[3:])
    assert both.words() == [WORDS, *TOLD[1:]]
    link = f"https://first.slack.com/archives/{room.id}/p{said.ts.replace('.', '')}"
    assert story_of(both)["anchor"]["link"] == link


def test_a_newcomer_is_asked_for_consent_before_any_word_is_kept(
    server: SlackServer, both: SlackRunning, ana: Person, room: Channel
) -> None:
    said = ana.says(WORDS, channel=room)
    server.later(2)
    ana.shortcut(STORY, said).answered()
    comes(ana, "May I keep your answers?")
    assert both.words() == []
    server.later(2)
    taps(ana, "I agree")
    asked = comes(ana, "1 / 7")
    assert f"{WORDS.rstrip('.')}: what happened there" in asked.shown
    assert asked.pings == []
    goes_through(server, ana, INTERVIEW[2:])
    assert both.words() == list(TOLD)


def test_another_ones_message_is_not_told(
    server: SlackServer, bot: SlackRunning, first: Workspace, ana: Person, room: Channel
) -> None:
    ben = first.person("Ben")
    room.members.add(ben.id)
    said = ben.says(WORDS, channel=room)
    ana.shortcut(STORY, said).answered()
    comes(ana, "A story begins with a message of your own.")
    assert bot.kept(select(conversations.c.id)) == []
    assert arrived(ben) == []


def test_a_shortcut_that_nobody_knows_is_acknowledged(
    server: SlackServer, bot: SlackRunning, ana: Person, room: Channel
) -> None:
    ana.shortcut("somebody_elses", ana.says(WORDS, channel=room)).answered()
    goes_through(server, ana, INTERVIEW[:2])


# ---- the Home tab ----


def test_home_bids_a_newcomer_welcome_and_begins_a_story(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    ana.opens_home()
    home = ana.waits_for_home("I collect short stories", 20)
    assert home.buttons == ["Tell a story"]
    ana.taps_in_home("Tell a story").answered()
    comes(ana, "May I keep your answers?")
    goes_through(server, ana, INTERVIEW[1:])
    assert both.words() == list(TOLD)


def test_home_shows_what_was_begun_and_sent_and_its_buttons_work(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana)
    ref = story_of(bot)["ref"]
    ana.opens_home()
    home = ana.waits_for_home(ref, 20)
    assert home.buttons == ["Tell a story", "Not for 4 weeks", "Read"]
    assert home.pings == []
    ana.taps_in_home("Read").answered()
    comes(ana, TOLD[3], after=len(INTERVIEW) - 2)

    ana.taps_in_home("Tell a story").answered()
    comes(ana, "1 / 7", after=len(INTERVIEW))
    server.later(2)
    ana.says("On 3 May the circle met again, and it was short.")
    ana.waits_for_home("You began a story:\n“On 3 May the circle met", 20)
    ana.taps_in_home("Go on").answered()
    until(ana, lambda: len([m for m in arrived(ana) if "2 / 7" in m.shown]) == 3)


def test_home_shows_an_organizer_the_summary(
    server: SlackServer, bot: SlackRunning, first: Workspace, ana: Person
) -> None:
    goes_through(server, ana)
    ben = first.person("Ben")
    goes_through(server, ben, INTERVIEW[:2])
    ben.opens_home()
    ben.waits_for_home("Tell a story", 20)
    assert SUMMARY_OF_ONE not in (ben.home.shown if ben.home else "")
    granted(bot, ben, "organizer")
    ben.opens_home()
    home = ben.waits_for_home(SUMMARY_OF_ONE, 20)
    assert home.buttons[-2:] == ["Summary", "Read the stories"]
    assert home.pings == []
    ben.taps_in_home("Summary").answered()
    comes(ben, SUMMARY_OF_ONE)


def test_home_says_whether_stories_are_asked_for_and_changes_it(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:1])
    ana.opens_home()
    assert ana.waits_for_home("Tell a story", 20).buttons == ["Tell a story"]
    goes_through(server, ana, INTERVIEW[1:2])
    ana.opens_home()
    home = ana.waits_for_home("I may ask you for a story, once in 4 weeks at most.", 20)
    assert home.buttons == ["Tell a story", "Not for 4 weeks"]

    ana.taps_in_home("Not for 4 weeks").answered()
    home = ana.waits_for_home("I don't ask you for stories before ", 20)
    assert home.buttons == ["Tell a story", "Ask me again"]
    ana.taps_in_home("Ask me again").answered()
    ana.waits_for_home("I may ask you for a story", 20)

    ana.commands("/storytrail", "stop").answered()
    home = ana.waits_for_home("I don't ask you for stories.", 20)
    assert home.buttons == ["Tell a story", "Ask me again"]
    ana.taps_in_home("Ask me again").answered()
    ana.waits_for_home("I may ask you for a story", 20)


def test_home_that_is_shown_late_hides_nothing_that_happened_since(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    ana.opens_home()
    ana.waits_for_home("I may ask you for a story", 20)
    shown = len(server.calls("views.publish"))
    server.faults.add(Fault.LATE, "views.publish", seconds=1, done=False)
    ana.opens_home()  # it is on its way while something else is said
    server.until(lambda: not server.faults.planned, PATIENCE)
    ana.commands("/storytrail", "snooze 4 weeks").answered()
    server.until(lambda: len(server.calls("views.publish")) >= shown + 2, PATIENCE)
    assert "I don't ask you for stories before " in (ana.home.shown if ana.home else "")


def test_home_offers_a_question_that_was_asked_and_waits(
    server: SlackServer, first: Workspace, ana: Person, tmp_path: Path
) -> None:
    cora = first.person("Cora")
    with running(first, server, tmp_path, **QUICK) as bot:
        members(bot, cora, [ana])
        begins_round(server, cora, 'prompt after "the <b>*meetup*</b>"')
        comes(ana, "the <b>*meetup*</b>: what happened there")

        ana.opens_home()
        home = ana.waits_for_home("You were asked for a story: the <b>*meetup*</b>", 20)
        assert home.buttons == ["Answer it", "Tell a story", "Not for 4 weeks"]
        assert home.pings == []
        seen = len(arrived(ana))
        ana.taps_in_home("Answer it").answered()
        asked = comes(ana, "what happened there", after=seen)
        assert asked.buttons[-4:] == ["Ask me in 3 days", "Not this time", "Less often", "Stop"]

        ana.taps_in_home("Not for 4 weeks").answered()
        home = ana.waits_for_home("I don't ask you for stories before ", 20)
        assert home.buttons == ["Tell a story", "Ask me again"]


# ---- the form ----


def test_a_form_changes_several_parts_at_once(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:9])
    taps(ana, "Edit in a form")
    form = ana.waits_for_modal("Your story", 20)
    fields = [block["block_id"] for block in form.blocks if block["type"] == "input"]
    ana.submits(form, {fields[1]: "The poster & the <list>."}, 20)
    comes(ana, "The poster & the <list>.")
    assert form.closed
    goes_through(server, ana, INTERVIEW[9:])
    assert story_of(both)["steps"][1]["text"] == "The poster & the <list>."
