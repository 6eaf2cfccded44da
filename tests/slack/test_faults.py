"""Slack fails, slows down, or lets nobody in: the interview goes on, and each is told apart."""

from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from storage.tables import addresses, outbox, stories
from tests.doubles.slack_faults import Fault
from tests.doubles.slack_server import Person, SlackServer, Workspace
from tests.running import PATIENCE, TOLD, eventually
from tests.slack.process import (
    INTERVIEW,
    SlackRunning,
    asked_in_order,
    comes,
    goes_through,
    running,
    times_asked,
    until,
)

ALL_SEVEN = [f"{n} / 7" for n in range(1, 8)]

FAULTS: dict[str, tuple[Fault, float]] = {
    "error": (Fault.ERROR, 1),
    "html": (Fault.HTML, 1),
    "too many": (Fault.TOO_MANY, 1),
    "refused for now": (Fault.REFUSED, 1),
    "cut before": (Fault.CUT_BEFORE, 1),
    "cut after": (Fault.CUT_AFTER, 1),
    "cut in the middle": (Fault.CUT_MIDDLE, 1),
    "late": (Fault.LATE, 0.5),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_interview_goes_on_when_sending_fails(
    server: SlackServer, bot: SlackRunning, ana: Person, name: str
) -> None:
    fault, seconds = FAULTS[name]
    for number, line in enumerate(INTERVIEW):
        if number in (1, 4):
            server.faults.add(fault, "chat.postMessage", channel=ana.dm.id, seconds=seconds)
        goes_through(server, ana, [line])
        eventually(lambda: not server.faults.planned and not bot.is_sending())
    assert bot.words() == list(TOLD)
    assert len(bot.kept(select(stories.c.id))) == 1
    assert asked_in_order(ana) == ALL_SEVEN


@pytest.mark.parametrize("method", ["users.info", "conversations.open", "chat.update"])
def test_the_interview_goes_on_when_something_else_fails(
    server: SlackServer, bot: SlackRunning, ana: Person, method: str
) -> None:
    for fault, seconds in FAULTS.values():
        server.faults.add(fault, method, seconds=seconds)
    goes_through(server, ana)
    assert bot.words() == list(TOLD)
    assert asked_in_order(ana) == ALL_SEVEN


def test_it_begins_while_slack_is_away(
    server: SlackServer, first: Workspace, tmp_path: Path, mode: str, ana: Person
) -> None:
    for fault in (Fault.CUT_BEFORE, Fault.HTML):
        server.faults.add(fault, "auth.test")
        server.faults.add(fault, "apps.connections.open")
    with running(first, server, tmp_path, mode) as bot:
        server.later(2)
        ana.says("hello")

        def is_welcomed() -> bool:
            server.retry_now()
            return times_asked(ana, "May I keep your answers?") > 0

        eventually(is_welcomed)
        goes_through(server, ana, INTERVIEW[1:])
        assert bot.words() == list(TOLD)


@pytest.mark.parametrize("done", [True, False])
def test_an_answer_that_never_comes_holds_up_nobody_else(
    server: SlackServer, first: Workspace, ana: Person, tmp_path: Path, done: bool
) -> None:
    ben = first.person("Ben")
    with running(first, server, tmp_path, STORYTRAIL_SLACK_PATIENCE="3") as bot:
        goes_through(server, ana, INTERVIEW[:2])
        eventually(lambda: not bot.is_sending())
        server.faults.add(Fault.LATE, "chat.postMessage", channel=ana.dm.id, seconds=90, done=done)
        server.later(2)
        ana.says(TOLD[0])
        eventually(lambda: not server.faults.planned)
        goes_through(server, ben)
        eventually(lambda: "delivery.broken" in bot.log.read_text(), 60)
        comes(ana, "2 / 7")
        eventually(lambda: not bot.is_sending())
        goes_through(server, ana, INTERVIEW[3:])
        assert bot.kept(select(func.count()).select_from(stories))[0][0] == 2
        assert sorted(bot.words()) == sorted([*TOLD, *TOLD])
        assert times_asked(ana, "2 / 7") == (2 if done else 1)


# ---- what will never be taken ----


def test_without_a_scope_its_message_is_put_aside_and_the_log_says_which(
    server: SlackServer, bot: SlackRunning, first: Workspace, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    eventually(lambda: not bot.is_sending())
    first.loses_scope("chat:write")
    server.later(2)
    ana.says(TOLD[0])
    eventually(lambda: bot.kept(select(outbox.c.id).where(outbox.c.failed_at.is_not(None))))
    assert "missing_scope: the app needs chat:write" in bot.log.read_text()
    with server.world.lock:
        for token in server.world.tokens.by_text.values():
            token.scopes |= {"chat:write"}
    ana.commands("/storytrail", "status").answered()
    comes(ana, "2 / 7")
    goes_through(server, ana, INTERVIEW[3:])
    assert bot.words() == list(TOLD)


def unreachable(bot: SlackRunning) -> list[bool]:
    return [row[0] is not None for row in bot.kept(select(addresses.c.unreachable_at))]


@pytest.mark.parametrize("error", ["user_disabled", "channel_not_found", "messages_tab_disabled"])
def test_whoever_cannot_be_reached_is_not_written_to_until_they_write(
    server: SlackServer, bot: SlackRunning, ana: Person, error: str
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    eventually(lambda: not bot.is_sending())
    server.faults.add(Fault.REFUSED, "chat.postMessage", error=error)
    server.later(2)
    ana.says(TOLD[0])
    eventually(lambda: unreachable(bot) == [True])
    assert not bot.is_sending()
    server.later(2)
    ana.commands("/storytrail", "status").answered()
    comes(ana, "2 / 7")
    goes_through(server, ana, INTERVIEW[3:])
    assert unreachable(bot) == [False]
    assert bot.words() == list(TOLD)


def test_words_after_a_question_that_could_not_be_sent_bring_it_once_more(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    eventually(lambda: not bot.is_sending())
    server.faults.add(Fault.REFUSED, "chat.postMessage", error="restricted_action")
    server.later(2)
    ana.says(TOLD[0])
    eventually(lambda: bot.kept(select(outbox.c.id).where(outbox.c.failed_at.is_not(None))))
    server.later(2)
    ana.says("Are you there?")
    server.all_acknowledged()
    eventually(lambda: "Are you there?" in "\n".join(bot.words()))
    eventually(lambda: times_asked(ana, "2 / 7"), timeout=3)


# ---- not let in ----


def revoked(server: SlackServer, workspace: Workspace, error: str = "token_revoked") -> None:
    """Without the event of it, which may be lost."""
    with server.world.lock:
        server.world.tokens.by_text[workspace.token].dead = error


def test_a_token_that_works_again_brings_everything_back(
    server: SlackServer, bot: SlackRunning, first: Workspace, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    eventually(lambda: not bot.is_sending())
    assert bot.answers("/readyz")[0] == 200
    revoked(server, first)
    server.later(2)
    ana.says(TOLD[0])
    eventually(lambda: bot.answers("/readyz")[0] == 503)
    assert bot.answers("/healthz") == (200, "ok\n")
    server.until(lambda: len(knocks(server)) >= 4, 3 * PATIENCE)
    pauses = [later - at for at, later in pairwise(knocks(server))]
    for pause, least in zip(pauses, (0.4, 0.8, 1.6), strict=False):
        assert pause >= least
    revoked(server, first, "")
    eventually(lambda: bot.answers("/readyz")[0] == 200)
    comes(ana, "2 / 7")
    goes_through(server, ana, INTERVIEW[3:])
    assert bot.words() == list(TOLD)
    log = bot.log.read_text()
    assert log.count("delivery.not-allowed") == 1
    assert first.token not in log
    assert server.app_token not in log


def knocks(server: SlackServer) -> list[float]:
    """When it wrote, and was not let in."""
    return [c.at for c in server.calls("chat.postMessage") if c.error == "token_revoked"]


def test_after_the_event_of_it_too_a_new_token_brings_everything_back(
    server: SlackServer, bot: SlackRunning, first: Workspace, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    eventually(lambda: not bot.is_sending())
    first.revokes()
    server.all_acknowledged()
    assert bot.terminate() == 0
    with server.world.lock:
        first.token = server.world.grants(first.team).text
    bot.settings = {**bot.settings, "STORYTRAIL_SLACK_BOT_TOKEN": first.token}
    bot.start()
    goes_through(server, ana, INTERVIEW[2:])
    assert bot.words() == list(TOLD)


def test_without_its_app_token_it_lives_and_says_so(
    server: SlackServer, bot: SlackRunning, first: Workspace, ana: Person, tmp_path: Path
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    assert bot.terminate() == 0
    with server.world.lock:
        server.world.tokens.by_text[server.app_token].dead = "invalid_auth"
    super(SlackRunning, bot).start()  # it won't connect
    eventually(lambda: bot.answers("/readyz")[0] == 503)
    assert bot.answers("/healthz") == (200, "ok\n")
    server.later(2)
    ana.says(TOLD[0])
    with server.world.lock:
        server.world.tokens.by_text[server.app_token].dead = ""
    eventually(lambda: bot.answers("/readyz")[0] == 200, 3 * PATIENCE)
    server.retry_now()
    comes(ana, "2 / 7")
    goes_through(server, ana, INTERVIEW[3:])
    assert bot.words() == list(TOLD)
    assert server.app_token not in bot.log.read_text()


def test_told_to_end_it_finishes_what_it_was_told(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.faults.add(Fault.LATE, "chat.postMessage", seconds=1)
    server.later(2)
    said = ana.says(TOLD[0])
    until(ana, lambda: said.told[0].acknowledged)
    assert both.terminate() == 0
    assert both.words() == [TOLD[0]]
    assert not both.is_sending()
