"""What Slack tells twice, late, or never told: counted once, or not at all."""

import json
from collections.abc import Callable
from copy import deepcopy
from functools import partial

import pytest
from sqlalchemy import select

from storage.tables import inbox
from tests.doubles.slack_blocks import elements_of
from tests.doubles.slack_server import Delivery, Message, Person, SlackServer, Workspace
from tests.doubles.slack_wire import Wire
from tests.running import PATIENCE, TOLD, eventually, held
from tests.slack.process import (
    INTERVIEW,
    SlackRunning,
    arrived,
    at_first,
    comes,
    does,
    goes_through,
    open_questions,
    running,
    taps,
    times_asked,
    until,
)

STALE = "That button belonged to an earlier question."


@pytest.fixture
def over_http(server: SlackServer, first: Workspace, tmp_path):
    with running(first, server, tmp_path, "http") as bot:
        yield bot


def withheld(server: SlackServer, person: Person, words: str) -> Message:
    """What somebody said, of which the bot was not told."""
    server.holds()
    said = person.says(words)
    server.releases(lambda _: [])
    return said


# ---- requests ----

REQUESTS: dict[str, tuple[Callable[[SlackServer, Message], int], int]] = {
    "wrong signature": (lambda s, m: s.sends_with_wrong_signature(m).status, 401),
    "old signature": (lambda s, m: s.sends_stale(m).status, 401),
    "no JSON": (lambda s, m: s.sends_no_json().status, 400),
    "no object": (lambda s, m: s.sends_raw(b"[1, 2]").status, 400),
    "no text": (lambda s, m: s.sends_raw(b"\xff\xfe\x00").status, 400),
    "too deep": (lambda s, m: s.sends_raw(b"[" * 100_000).status, 400),
    "10 MB": (lambda s, m: s.sends_huge().status, 413),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_what_slack_never_sent_gets_nowhere(
    server: SlackServer, over_http: SlackRunning, ana: Person, name: str
) -> None:
    send, status = REQUESTS[name]
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    said = withheld(server, ana, "Nobody said this.")
    assert send(server, said) == status
    goes_through(server, ana, INTERVIEW[2:])
    assert over_http.words() == list(TOLD)
    assert "Traceback" not in over_http.log.read_text()


def test_the_address_is_verified(server: SlackServer, over_http: SlackRunning) -> None:
    assert server.verifies_url().status == 200


# ---- told twice ----


def test_a_retry_after_success_counts_once(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    said = ana.says(TOLD[0])
    comes(ana, "2 / 7")
    told = server.retries(said)
    until(ana, lambda: len(told.attempts) == 2)
    assert [attempt.ok for attempt in told.attempts] == [True, True]
    goes_through(server, ana, INTERVIEW[3:])
    assert both.words() == list(TOLD)
    assert times_asked(ana, "2 / 7") == 1


def test_a_retry_after_failure_counts_once(
    server: SlackServer, first: Workspace, tmp_path, mode: str, ana: Person
) -> None:
    with running(first, server, tmp_path, mode, STORYTRAIL_DATABASE_TIMEOUT="0.2") as bot:
        goes_through(server, ana, INTERVIEW[:2])
        eventually(lambda: not bot.is_sending())
        with held(bot.path):
            server.later(2)
            [told] = ana.says(TOLD[0]).told
            until(ana, lambda: told.attempts)
            assert not told.acknowledged
        server.retry_now()
        comes(ana, "2 / 7")
        goes_through(server, ana, INTERVIEW[3:])
        assert bot.words() == list(TOLD)
        assert times_asked(ana, "2 / 7") == 1
        assert "slack.unkept" in bot.log.read_text()


def test_retries_at_the_same_time_count_once(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    server.holds()
    said = ana.says(TOLD[0])
    server.releases(lambda held: held * 4, at_once=True)
    comes(ana, "2 / 7")
    until(ana, lambda: len(said.told[0].attempts) == 4)
    goes_through(server, ana, INTERVIEW[3:])
    assert both.words() == list(TOLD)
    assert times_asked(ana, "2 / 7") == 1


def test_a_message_under_two_event_ids_counts_once(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    server.retells(ana.says(TOLD[0]))
    comes(ana, "2 / 7")
    server.all_acknowledged()
    goes_through(server, ana, INTERVIEW[3:])
    assert both.words() == list(TOLD)
    assert times_asked(ana, "2 / 7") == 1


def test_the_bots_own_messages_are_nobodys_answers(
    server: SlackServer, bot: SlackRunning, first: Workspace, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    own = [each for m in arrived(ana) for each in m.told]
    assert own  # the double tells the bot of them, as Slack does
    with server.world.lock:
        server.world.writes(ana.dm, server.world.bot_said(first.team) | {"text": "an answer"})
    server.all_acknowledged()
    goes_through(server, ana, INTERVIEW[2:])
    assert bot.words() == list(TOLD)


# ---- buttons ----


def test_a_button_of_a_draft_that_was_deleted_changes_nothing(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    asked = goes_through(server, ana, INTERVIEW[2:3])
    ana.commands("/storytrail", "cancel").answered()
    comes(ana, "Stop here and delete what you told?")
    taps(ana, "Delete it")
    comes(ana, "Deleted.")
    seen = len(arrived(ana))
    server.later(2)
    ana.taps(asked, "Nothing").answered()
    until(ana, lambda: len(arrived(ana)) > seen)
    assert both.words() == []


def test_a_tap_on_an_earlier_question_changes_nothing(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    first = goes_through(server, ana, INTERVIEW[:1])
    goes_through(server, ana, INTERVIEW[1:3])
    seen = len(arrived(ana))
    ana.taps(first, "Not now")
    comes(ana, STALE, after=seen)
    comes(ana, "2 / 7", after=seen)
    eventually(lambda: not both.is_sending())
    goes_through(server, ana, INTERVIEW[3:])
    assert both.words() == list(TOLD)


FORGED = (
    "x",
    "1.2.activity.skip",
    "1.2.activity.skip.AAAAAAAA",
    "....",
    "-1.zz!.a.b.AAAA",
    "a" * 99,
)


def forges(person: Person, message: Message, value: str, action: str = "tap-0") -> Delivery:
    """A tap on a button that the bot never made."""
    with person.world.lock:
        was = message.versions[-1]
        made = deepcopy(was)
        block = next(each for each in made["blocks"] if each["type"] == "actions")
        button = elements_of(block)[0]
        button |= {"value": value, "action_id": action}
        message.versions.append(made)
        try:
            return person.taps(message, value)
        finally:
            message.versions.pop()


def test_a_tap_that_was_made_up_changes_nothing(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    asked = goes_through(server, ana, INTERVIEW[:2])
    asked = goes_through(server, ana, INTERVIEW[2:3])
    for value in FORGED:
        seen = len(arrived(ana))
        forges(ana, asked, value).answered()
        comes(ana, STALE, after=seen)
        asked = comes(ana, "2 / 7", after=seen)
        eventually(lambda: not bot.is_sending())
    assert bot.words() == [TOLD[0]]
    goes_through(server, ana, INTERVIEW[3:])


def test_another_persons_button_is_none_of_ones_own(
    server: SlackServer, bot: SlackRunning, first: Workspace, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:3])
    ben = first.person("Ben")
    goes_through(server, ben, INTERVIEW[:2])
    asked = goes_through(server, ben, INTERVIEW[2:3])
    hers = open_questions(ana)[-1].blocks[-1]
    forges(ben, asked, elements_of(hers)[0]["value"]).answered()
    comes(ben, STALE)
    assert sorted(bot.words()) == [TOLD[0], TOLD[0]]


# ---- what nobody knows ----


def test_events_of_an_unknown_kind_or_form_hold_nobody_up(
    server: SlackServer, both: SlackRunning, first: Workspace, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    odd: list[Wire] = [
        {"type": "brain_wave", "user": ana.id, "amplitude": 3},
        {"type": "message", "channel_type": "im"},
        {"type": "message", "channel_type": "im", "user": ana.id, "ts": "noon", "text": "x"},
        {"type": "message", "channel_type": "im", "subtype": "message_changed", "message": None},
        {"type": "message", "channel_type": "im", "subtype": "file_share", "files": [{}]},
        {"type": "app_home_opened", "tab": "home"},
        {"type": "app_mention"},
        {"type": 7},
    ]
    told = [server.inject(event, first) for event in odd]
    goes_through(server, ana, INTERVIEW[2:])
    until(ana, lambda: all(each.attempts for each in told))
    assert both.words() == list(TOLD)
    assert "Traceback" not in both.log.read_text()
    assert both.terminate() == 0


def test_a_frame_of_an_unknown_kind_holds_nobody_up(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.sends_frame({"type": "brain_wave", "envelope_id": "e1", "payload": {"a": 1}})
    server.sends_frame({"type": "events_api", "envelope_id": "e2", "payload": None})
    server.sends_frame("no JSON")
    server.sends_frame("[1, 2]")
    server.sends_frame(json.dumps("a word"))
    goes_through(server, ana, INTERVIEW[2:])
    assert bot.words() == list(TOLD)
    assert "Traceback" not in bot.log.read_text()


# ---- websockets ----


def has_linked(server: SlackServer, more_than: int) -> bool:
    return server.links > more_than and server.sockets > 0


def test_a_websocket_that_drops_is_opened_again(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    links = server.links
    server.drops_sockets()
    server.until(partial(has_linked, server, links), 3 * PATIENCE)
    goes_through(server, ana, INTERVIEW[2:])
    assert bot.words() == list(TOLD)


def test_what_is_said_while_a_websocket_is_gone_is_told_again(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    links = server.links
    server.drops_sockets()
    server.later(2)
    ana.says(TOLD[0])
    server.until(partial(has_linked, server, links), 3 * PATIENCE)
    server.retry_now()
    comes(ana, "2 / 7")
    goes_through(server, ana, INTERVIEW[3:])
    assert bot.words() == list(TOLD)
    assert times_asked(ana, "2 / 7") == 1


def test_a_websocket_is_exchanged_while_people_talk(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    server.world.sockets.grace = 1  # the old one and the new one are open for so long
    for number, line in enumerate(INTERVIEW):
        if number in (2, 6):
            links = server.links
            server.refresh_sockets()
            does(server, ana, line)
            server.until(partial(has_linked, server, links), 3 * PATIENCE)
            server.retry_now()
            comes(ana, line[2])
        else:
            goes_through(server, ana, [line])
    assert bot.words() == list(TOLD)
    keys = [row.key for row in bot.kept(select(inbox.c.key))]
    assert len(keys) == len(set(keys)) == len(INTERVIEW)
    assert [at_first(m)[:5] for m in arrived(ana)].count("2 / 7") == 1
