"""A person's whole interview with the program as it runs, over either road."""

import random
from functools import partial

import pytest
from sqlalchemy import select

from storage.tables import conversations, stories
from tests.builders import from_scratch
from tests.doubles.slack_deliveries import INTERACTIVE
from tests.doubles.slack_faults import Fault
from tests.doubles.slack_server import Message, Person, SlackServer, Workspace
from tests.running import TOLD, Line, eventually, held
from tests.slack.process import (
    INTERVIEW,
    SlackRunning,
    arrived,
    asked_in_order,
    comes,
    does,
    goes_through,
    open_questions,
    running,
    taps,
    times_asked,
    until,
)
from tests.warm import Forked

ASKED, LAST = INTERVIEW[:-1], INTERVIEW[-1:]
ALL_SEVEN = [f"{n} / 7" for n in range(1, 8)]


def has_open(person: Person, asked: Message) -> bool:
    return [m.ts for m in open_questions(person)] == [asked.ts]


def has_posted(server: SlackServer, more_than: int) -> bool:
    return len(server.calls("chat.postMessage")) > more_than


def test_an_interview_goes_all_the_way(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    for line in ASKED:
        message = goes_through(server, ana, [line])
        until(ana, partial(has_open, ana, message))
    goes_through(server, ana, LAST)
    until(ana, lambda: open_questions(ana) == [])
    server.all_acknowledged()
    assert both.terminate() == 0
    assert both.words() == list(TOLD)
    assert [row.worth_it for row in both.kept(select(stories.c.worth_it))] == ["partly"]
    assert [call for call in server.calls() if not call.ok] == []
    assert asked_in_order(ana) == ALL_SEVEN
    log = both.log.read_text()
    assert "Traceback" not in log
    assert "meetup" not in log


def test_an_answered_question_stays_with_the_choice_and_without_buttons(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    welcome = goes_through(server, ana, INTERVIEW[:1])
    asked = goes_through(server, ana, INTERVIEW[1:2])
    goes_through(server, ana, INTERVIEW[2:3])
    until(ana, lambda: welcome.edited and asked.edited)
    assert welcome.shown.endswith("✓ I agree")
    assert "May I keep your answers?" in welcome.shown
    assert (welcome.buttons, asked.buttons) == ([], [])
    assert "✓" not in asked.shown  # it was answered in words
    assert arrived(ana)[:2] == [welcome, asked]


def test_after_a_restart_a_question_still_loses_its_buttons(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:1])
    asked = goes_through(server, ana, INTERVIEW[1:2])
    eventually(lambda: not both.is_sending())
    both.kill()
    both.start()
    goes_through(server, ana, INTERVIEW[2:3])
    until(ana, lambda: asked.buttons == [])
    assert asked.shown.startswith("1 / 7\nThink of one time with")


@pytest.mark.parametrize("seed", range(3))
def test_nothing_said_is_lost_when_it_is_killed(
    server: SlackServer, both: SlackRunning, ana: Person, seed: int
) -> None:
    # What it kept means the same to a process that has nothing in common with the first one.
    both.begin = Forked if seed else from_scratch
    chance = random.Random(seed)
    killed = set(chance.sample(range(len(INTERVIEW)), 4))
    for number, line in enumerate(INTERVIEW):
        seen, sent = len(arrived(ana)), len(server.calls("chat.postMessage"))
        does(server, ana, line)
        if number in killed:
            # At once, or when the answer was just taken by the server and is not marked yet.
            if chance.random() < 0.5:
                until(ana, partial(has_posted, server, sent))
            both.kill()
            both.start()
            told_again(server, ana, line)
        comes(ana, line[2], after=seen)
        eventually(lambda: not both.is_sending())
    assert both.terminate() == 0
    assert both.words() == list(TOLD)
    assert [row.worth_it for row in both.kept(select(stories.c.worth_it))] == ["partly"]
    assert [row.status for row in both.kept(select(conversations.c.status))] == ["sent"]


def told_again(server: SlackServer, person: Person, line: Line) -> None:
    """What was not acknowledged comes again; a tap does not, but who tapped sees that it failed."""
    server.retry_now()
    taps_made = [each for each in server.deliveries if each.kind == INTERACTIVE]
    if line[0] == "taps" and not taps_made[-1].acknowledged:
        taps(person, line[1])


def test_killed_between_keeping_and_sending_it_sends_at_the_next_start(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    eventually(lambda: not both.is_sending())
    server.faults.add(Fault.ERROR, "chat.postMessage", times=1000)
    server.later(2)
    ana.says(TOLD[0])
    eventually(lambda: both.words() == [TOLD[0]] and both.is_sending())
    both.kill()
    server.faults.clear()
    assert times_asked(ana, "2 / 7") == 0
    both.start()
    comes(ana, "2 / 7")
    goes_through(server, ana, INTERVIEW[3:])
    assert both.words() == list(TOLD)
    assert times_asked(ana, "2 / 7") == 1


def test_killed_between_receiving_and_keeping_it_is_told_again(
    server: SlackServer, first: Workspace, tmp_path, ana: Person, mode: str
) -> None:
    with running(first, server, tmp_path, mode, STORYTRAIL_DATABASE_TIMEOUT="60") as bot:
        goes_through(server, ana, INTERVIEW[:2])
        eventually(lambda: not bot.is_sending())
        with held(bot.path):
            server.later(2)
            said = ana.says(TOLD[0])
            [told] = said.told
            until(ana, lambda: told.attempts)  # it waited for the acknowledgement, in vain
            bot.kill()
            assert not told.acknowledged
            assert bot.words() == []
        bot.start()
        server.retry_now()
        comes(ana, "2 / 7")
        goes_through(server, ana, INTERVIEW[3:])
        assert bot.words() == list(TOLD)
        assert times_asked(ana, "2 / 7") == 1


def test_what_was_said_while_it_was_away_is_answered(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    assert both.terminate() == 0
    server.later(2)
    ana.says(TOLD[0])
    both.start()
    server.retry_now()
    comes(ana, "2 / 7")
    assert both.words() == [TOLD[0]]
