"""What goes wrong on the way, in both directions: the interview goes on, and nobody gets in."""

import json
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from storage.tables import addresses, inbox, outbox, stories
from tests.doubles.telegram_server import Fault, Person, TelegramServer
from tests.doubles.telegram_updates import Entry
from tests.running import PATIENCE, TOLD, Running, eventually, held
from tests.telegram.process import (
    INTERVIEW,
    comes,
    goes_through,
    open_questions,
    running,
    telegram_of,
)

# ---- taps and updates that are not as they should be ----


def test_a_tap_on_an_earlier_question_changes_nothing(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    first = goes_through(server, ana, INTERVIEW[:1])
    goes_through(server, ana, INTERVIEW[1:3])
    seen = len(ana.room.arrived)
    ana.taps("Not now", on=first)
    comes(server, ana, "That button belonged to an earlier question.", after=seen)
    comes(server, ana, "2 / 7", after=seen)
    eventually(lambda: not bot.is_sending())
    goes_through(server, ana, INTERVIEW[3:])
    assert bot.words() == list(TOLD)


FORGED = (
    "",
    "x",
    "1.2.activity.skip",
    "1.2.activity.skip.AAAAAAAA",
    "1.2.activity.skip.ÄÖÜ",
    "....",
    "1.2.?1.yes.AAAAAAAA",
    "-1.zz!.activity.skip.AAAAAAAA",
    "a" * 64,
)


def test_a_tap_that_was_made_up_changes_nothing(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    asked = goes_through(server, ana, INTERVIEW[:2])
    for data in FORGED:
        seen = len(ana.room.arrived)
        ana.forges(data, asked)
        comes(server, ana, "That button belonged to an earlier question.", after=seen)
        asked = comes(server, ana, "1 / 7", after=seen)
    assert bot.words() == []
    goes_through(server, ana, INTERVIEW[2:])


def test_another_persons_button_is_none_of_ones_own(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    ben = server.person("Ben")
    asked = goes_through(server, ben, INTERVIEW[:2])
    hers = open_questions(ana)[-1].buttons["Skip"]
    ben.forges(hers, asked)
    comes(server, ben, "That button belonged to an earlier question.")
    goes_through(server, ana, INTERVIEW[2:])


def test_a_repeated_update_counts_once(server: TelegramServer, bot: Running, ana: Person) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    said = ana.says(TOLD[0])
    server.repeats(said)
    comes(server, ana, "2 / 7")
    server.repeats(said)
    goes_through(server, ana, INTERVIEW[3:4])
    server.repeats(said)
    goes_through(server, ana, INTERVIEW[4:])
    assert bot.words() == list(TOLD)
    assert len([m for m in ana.room.arrived if "2 / 7" in m.text]) == 1


def test_messages_that_come_late_and_reversed_are_all_kept(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    server.holds()
    ana.says("First this.")
    ana.says("Then that.")
    server.releases(lambda held: held[::-1])
    comes(server, ana, "1 / 7\n\nAbout when was that?")
    eventually(lambda: len(bot.kept(select(inbox.c.key))) == 4)
    kept = "\n".join(bot.words())
    assert "First this." in kept
    assert "Then that." in kept


def test_a_message_that_comes_hours_late_is_kept_with_what_was_told_before(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    held: list[Entry] = []
    server.later(2)
    server.holds()
    ana.says("I wrote this in a tunnel.")
    server.releases(partial(kept_back, held))
    goes_through(server, ana, INTERVIEW[2:4])
    server.later(20 * 3600)
    server.holds()
    server.releases(lambda _: held)
    eventually(lambda: bot.words() == [*TOLD[:2], "I wrote this in a tunnel."])
    goes_through(server, ana, INTERVIEW[4:])
    assert bot.words() == [*TOLD[:2], "I wrote this in a tunnel.", *TOLD[2:]]
    assert asked_in_order(ana) == [f"{n} / 7" for n in range(1, 8)]


def kept_back(aside: list[Entry], held: list[Entry]) -> list[Entry]:
    """Nothing comes yet."""
    aside += held
    return []


def test_a_message_that_comes_after_the_story_was_sent_changes_nothing(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    held: list[Entry] = []
    server.later(2)
    server.holds()
    ana.says("I wrote this in a tunnel.")
    server.releases(partial(kept_back, held))
    goes_through(server, ana, INTERVIEW[2:])
    server.later(20 * 3600)
    server.holds()
    server.releases(lambda _: held)
    comes(server, ana, "No story is open.")
    assert bot.words() == list(TOLD)


def test_an_update_of_an_unknown_kind_holds_nobody_up(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.inject({"brain_wave": {"chat": {"id": ana.id}, "amplitude": 3}})
    server.inject({"message": {"message_id": 1, "chat": {"id": "not a number"}, "date": "noon"}})
    server.inject({"message": {"message_id": 1}})
    server.inject({"callback_query": {"id": "1"}})
    server.inject({"my_chat_member": None})
    goes_through(server, ana, INTERVIEW[2:])
    assert bot.terminate() == 0


# ---- the server ----

FAULTS: dict[str, tuple[Fault, float]] = {
    "error": (Fault.ERROR, 1),
    "html": (Fault.HTML, 1),
    "too many": (Fault.TOO_MANY, 1),
    "cut before": (Fault.CUT_BEFORE, 1),
    "cut after": (Fault.CUT_AFTER, 1),
    "cut in the middle": (Fault.CUT_MIDDLE, 1),
    "late": (Fault.LATE, 0.5),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_interview_goes_on_when_sending_fails(
    server: TelegramServer, bot: Running, ana: Person, name: str
) -> None:
    fault, seconds = FAULTS[name]
    for number, line in enumerate(INTERVIEW):
        if number in (1, 4):
            server.faults.add(fault, "sendMessage", chat=ana.id, seconds=seconds)
        goes_through(server, ana, [line])
        eventually(lambda: not server.faults.planned and not bot.is_sending())
    assert bot.words() == list(TOLD)
    assert len(bot.kept(select(stories.c.id))) == 1
    assert asked_in_order(ana) == [f"{n} / 7" for n in range(1, 8)]


@pytest.mark.parametrize("done", [True, False])
def test_a_server_that_hangs_holds_up_nobody_else(
    server: TelegramServer, tmp_path: Path, ana: Person, done: bool
) -> None:
    ben = server.person("Ben")
    with running(server, tmp_path, STORYTRAIL_TELEGRAM_PATIENCE="0.5") as bot:
        goes_through(server, ana, INTERVIEW[:2])
        eventually(lambda: not bot.is_sending())
        server.faults.add(Fault.LATE, "sendMessage", chat=ana.id, times=1000, seconds=60, done=done)
        server.later(2)
        ana.says(TOLD[0])
        eventually(lambda: waits_for(bot) == [str(ana.id)])
        for line in INTERVIEW:
            goes_through(server, ben, [line])
            eventually(lambda: waits_for(bot) == [str(ana.id)])
        eventually(lambda: bot.log.read_text().count("delivery.broken") >= 2)
        server.faults.clear()
        eventually(lambda: not bot.is_sending())
        comes(server, ana, "2 / 7")
        goes_through(server, ana, INTERVIEW[3:])
        assert bot.kept(select(func.count()).select_from(stories))[0][0] == 2
        assert sorted(bot.words()) == sorted([*TOLD, *TOLD])
        assert asked_in_order(ana) == [f"{n} / 7" for n in range(1, 8)]


def waits_for(bot: Running) -> list[str]:
    """The numbers of those whom something is to be sent."""
    waits = outbox.c.sent_at.is_(None) & outbox.c.failed_at.is_(None)
    return [row.user for row in bot.kept(select(outbox.c.user).where(waits).distinct())]


def asked_in_order(person: Person) -> list[str]:
    """The numbers of the questions as they came; the same one may have come twice."""
    heads = [m.text[:5] for m in person.room.arrived if m.text[1:4] == " / "]
    return list(dict.fromkeys(heads))


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "late"])
def test_the_interview_goes_on_when_asking_fails(
    server: TelegramServer, bot: Running, ana: Person, name: str
) -> None:
    fault, seconds = FAULTS[name]
    goes_through(server, ana, INTERVIEW[:2])
    server.faults.add(fault, "getUpdates", seconds=seconds)
    goes_through(server, ana, INTERVIEW[2:])
    assert bot.words() == list(TOLD)


def test_whoever_blocked_the_bot_is_not_written_to_until_they_write(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    ana.room.blocked = True  # before the bot is told of it
    server.faults.add(Fault.LATE, "sendMessage", seconds=0, done=True)
    update = {
        "message_id": 4000,
        "from": ana.user,
        "chat": ana.room.wire,
        "date": ana.last.date + 5,
        "text": "/status",
    }
    server.inject({"message": update})
    eventually(lambda: unreachable(bot) == [True])
    server.later(2)
    ana.unblocks()
    eventually(lambda: unreachable(bot) == [False])
    ana.blocks()
    eventually(lambda: unreachable(bot) == [True])
    server.later(2)
    ana.says("/status")
    comes(server, ana, "A story is open")
    assert unreachable(bot) == [False]


def unreachable(bot: Running) -> list[bool]:
    return [row[0] is not None for row in bot.kept(select(addresses.c.unreachable_at))]


def test_without_its_token_it_lives_and_says_so(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.until(lambda: server.polling)
    status, body = bot.answers("/readyz")
    assert (status, json.loads(body)) == (200, {"database": "ok", "telegram": "ok"})
    server.revokes_token()
    eventually(lambda: bot.answers("/readyz")[0] == 503)
    assert json.loads(bot.answers("/readyz")[1])["telegram"] == "failing"
    assert bot.answers("/healthz") == (200, "ok\n")
    assert bot.is_alive()
    assert server.token not in bot.log.read_text()
    assert bot.terminate() == 0
    bot.settings = {**bot.settings, **telegram_of(server)}
    bot.start()  # with the new token
    goes_through(server, ana, INTERVIEW[2:])


def test_a_token_that_works_again_brings_everything_back(
    server: TelegramServer, tmp_path: Path, ana: Person
) -> None:
    with running(server, tmp_path) as bot:
        goes_through(server, ana, INTERVIEW[:2])
        server.until(lambda: server.polling)
        server.faults.add(Fault.ERROR, "sendMessage", times=1000)
        server.later(2)
        ana.says(TOLD[0])  # so that sending finds out too
        eventually(lambda: bot.is_sending())
        server.revokes_token()
        server.faults.clear()
        eventually(lambda: bot.log.read_text().count("not-allowed") == 2)
        assert bot.answers("/readyz")[0] == 503
        server.until(lambda: len(knocks(server)) >= 4)
        pauses = [later - at for at, later in pairwise(knocks(server))]
        for pause, least in zip(pauses, (0.5, 1, 2), strict=False):
            assert pause >= least
        server.restores_token()
        eventually(lambda: bot.answers("/readyz")[0] == 200)
        comes(server, ana, "2 / 7")
        goes_through(server, ana, INTERVIEW[3:])
        assert bot.words() == list(TOLD)
        assert bot.log.read_text().count("not-allowed") == 2  # asking and sending, each once
        assert server.token not in bot.log.read_text()


def knocks(server: TelegramServer) -> list[float]:
    """When it asked for updates, or who it is, and was not let in."""
    asked = [*server.calls("getUpdates"), *server.calls("getMe")]
    return sorted(call.at for call in asked if call.code == 401)


# ---- killed ----


def test_killed_between_keeping_and_sending_it_sends_at_the_next_start(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    eventually(lambda: not bot.is_sending())
    server.faults.add(Fault.ERROR, "sendMessage", times=1000)
    server.later(2)
    ana.says(TOLD[0])
    eventually(lambda: bot.words() == [TOLD[0]] and bot.is_sending())
    bot.kill()
    server.faults.clear()
    assert not [m for m in ana.room.arrived if "2 / 7" in m.text]
    bot.start()
    comes(server, ana, "2 / 7")
    goes_through(server, ana, INTERVIEW[3:])
    assert bot.words() == list(TOLD)
    assert len([m for m in ana.room.arrived if "2 / 7" in m.text]) == 1


def test_killed_between_receiving_and_keeping_it_is_told_again(
    server: TelegramServer, tmp_path: Path, ana: Person
) -> None:
    with running(server, tmp_path, STORYTRAIL_DATABASE_TIMEOUT="60") as bot:
        goes_through(server, ana, INTERVIEW[:2])
        eventually(lambda: not bot.is_sending())
        with held(bot.path):
            server.later(2)
            ana.says(TOLD[0])
            server.until(lambda: TOLD[0] in str(server.calls("getUpdates")[-1].result), PATIENCE)
            bot.kill()
            assert bot.words() == []
        bot.start()
        comes(server, ana, "2 / 7")
        goes_through(server, ana, INTERVIEW[3:])
        assert bot.words() == list(TOLD)
        assert len([m for m in ana.room.arrived if "2 / 7" in m.text]) == 1


# ---- beginning ----


def test_a_second_one_on_the_same_file_is_refused(bot: Running) -> None:
    done = bot.program("run")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Another `storytrail run` uses this database file already")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"STORYTRAIL_TELEGRAM_TOKEN": ""}, "There is no platform to run"),
        ({"STORYTRAIL_TELEGRAM_MODE": "webhook"}, "Webhooks need STORYTRAIL_PUBLIC_URL"),
    ],
)
def test_what_cannot_run_says_why(
    server: TelegramServer, tmp_path, settings: dict[str, str], sentence: str
) -> None:
    done = Running(tmp_path, {**telegram_of(server), **settings}).program("run")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


def test_it_begins_while_telegram_is_away(server: TelegramServer, tmp_path, ana: Person) -> None:
    for fault in (Fault.CUT_BEFORE, Fault.HTML):
        server.faults.add(fault, "getMe")
    with running(server, tmp_path):
        goes_through(server, ana, INTERVIEW[:2])
