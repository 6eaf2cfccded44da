"""Commands and mentions: who sees the answer, and where."""

import pytest

from tests.doubles.slack_server import Channel, Delivery, Person, SlackServer, Workspace
from tests.running import TOLD, eventually
from tests.slack.process import (
    INTERVIEW,
    SlackRunning,
    arrived,
    at_first,
    comes,
    goes_through,
    granted,
    times_asked,
    until,
)

HELP = "What you can write:"
WAY = "Stories are told in private, so that you choose who reads them."


@pytest.fixture
def room(first: Workspace, ana: Person) -> Channel:
    return first.channel("general", members=(ana,))


def seen_in(person: Person, channel: Channel) -> list[str]:
    """What the bot wrote there, as far as this person sees it."""
    return [m.shown for m in person.sees(channel) if m.from_bot]


# ---- seen by one ----


def test_help_is_answered_in_the_chat_with_the_bot(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    ana.commands("/storytrail").answered()
    said = comes(ana, HELP)
    assert said.only_for == ""
    assert "/storytrail tell" in said.shown
    until(ana, lambda: times_asked(ana, "1 / 7") == 2)  # the open question, once more


def test_in_a_channel_only_whoever_asked_sees_the_answer(
    server: SlackServer, both: SlackRunning, first: Workspace, ana: Person, room: Channel
) -> None:
    ben = first.person("Ben")
    room.members.add(ben.id)
    goes_through(server, ana, INTERVIEW[:2])
    seen = len(arrived(ana))
    ana.commands("/storytrail", "help", room).answered()
    said = ana.waits_for(HELP, room, 20)
    assert said.only_for == ana.id
    assert seen_in(ben, room) == []
    assert server.calls("chat.postMessage", room.id) == []
    goes_through(server, ana, INTERVIEW[2:3])
    assert [at_first(m)[:5] for m in arrived(ana)[seen:]] == ["2 / 7"]


def spoilt(server: SlackServer, person: Person, room: Channel, **how: float) -> Delivery:
    """A command whose response_url is over before anybody can use it."""
    with server.world.lock:
        told = person.commands("/storytrail", "help", room)
        url = server.world.response_urls[told.response_url.rpartition("/")[2]]
        for name, value in how.items():
            setattr(url, name, value)
        return told


@pytest.mark.parametrize("how", [{"at": 0.0}, {"uses": 5}], ids=["expired", "used up"])
def test_once_that_way_is_over_the_answer_comes_in_private(
    server: SlackServer, bot: SlackRunning, ana: Person, room: Channel, how: dict[str, float]
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    spoilt(server, ana, room, **how).answered()
    comes(ana, HELP)
    assert seen_in(ana, room) == []


def test_what_nobody_knows_is_told_to_whoever_wrote_it_alone(
    server: SlackServer, bot: SlackRunning, ana: Person, room: Channel
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    ana.commands("/storytrail", "dance <!channel>", room).answered()
    said = ana.waits_for("I don't know /storytrail dance.", room, 20)
    assert (said.only_for, said.pings) == (ana.id, [])


# ---- seen by all ----


def test_a_shared_summary_is_one_message_that_is_brought_up_to_date(
    server: SlackServer, both: SlackRunning, first: Workspace, ana: Person, room: Channel
) -> None:
    goes_through(server, ana)
    granted(both, ana, "organizer")
    ana.commands("/storytrail", "summary share", room).answered()
    until(ana, lambda: len(seen_in(ana, room)) == 2)
    summary, details = [m for m in ana.sees(room) if m.from_bot]
    assert "1 sent" in summary.shown
    assert (summary.thread_ts, details.thread_ts) == (None, summary.ts)
    assert summary.shown in details.shown
    assert len(details.shown) > len(summary.shown)

    goes_through(server, first.person("Ben"))
    ana.commands("/storytrail", "summary share", room).answered()
    until(ana, lambda: "2 sent" in summary.shown and "2 sent" in details.shown)
    eventually(lambda: not both.is_sending())
    assert len(seen_in(ana, room)) == 2
    assert len(server.calls("chat.postMessage", room.id)) == 2


def test_what_is_for_organizers_is_not_shared_by_members(
    server: SlackServer, bot: SlackRunning, ana: Person, room: Channel
) -> None:
    goes_through(server, ana)
    ana.commands("/storytrail", "summary share", room).answered()
    until(ana, lambda: len(seen_in(ana, room)) == 1)
    assert seen_in(ana, room)[0].startswith("That is for organizers.")


def test_where_the_bot_is_not_whoever_asked_is_told(
    server: SlackServer, bot: SlackRunning, first: Workspace, ana: Person
) -> None:
    goes_through(server, ana)
    granted(bot, ana, "organizer")
    closed = first.channel("closed", members=(ana,), private=True, with_bot=False)
    ana.commands("/storytrail", "summary share", closed).answered()
    comes(ana, "I can't write where you asked me to.")
    assert seen_in(ana, closed) == []


# ---- words that are commands, or answers ----


def test_a_bare_word_is_a_command_as_long_as_no_question_is_open(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana)
    eventually(lambda: not bot.is_sending())
    seen = len(arrived(ana))
    server.later(2)
    ana.says("help")
    comes(ana, HELP, after=seen)
    assert bot.words() == list(TOLD)


def test_while_a_question_is_open_the_same_word_is_an_answer(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:3])
    server.later(2)
    ana.says("help")
    eventually(lambda: bot.words() == [TOLD[0], "help"])
    assert times_asked(ana, HELP) == 0


# ---- mentions ----


@pytest.mark.parametrize("words", ["hello", "tell", "help", ""])
def test_a_mention_is_shown_the_way_once(
    server: SlackServer, bot: SlackRunning, ana: Person, room: Channel, words: str
) -> None:
    ana.mentions(room, words or "…")
    until(ana, lambda: seen_in(ana, room) == [WAY])
    server.all_acknowledged()
    eventually(lambda: not bot.is_sending())
    assert seen_in(ana, room) == [WAY]


def test_a_mention_in_a_thread_is_answered_there(
    server: SlackServer, bot: SlackRunning, ana: Person, room: Channel
) -> None:
    begun = ana.says("Who was there?", channel=room)
    ana.mentions(room, "you?", begun.ts)
    said = ana.waits_for(WAY, room, 20)
    assert said.thread_ts == begun.ts


def test_what_is_said_in_a_channel_is_none_of_the_bots(
    server: SlackServer, bot: SlackRunning, ana: Person, room: Channel
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    ana.says("In March we met.", channel=room)
    server.all_acknowledged()
    goes_through(server, ana, INTERVIEW[2:])
    assert bot.words() == list(TOLD)
    assert seen_in(ana, room) == []
