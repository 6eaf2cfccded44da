"""What goes wrong on the way, in both directions: the interview goes on, and nobody gets in."""

import json

import pytest
from sqlalchemy import select

from storage.tables import addresses, inbox, stories
from tests.doubles.telegram_server import Fault, Person, TelegramServer
from tests.telegram.process import (
    INTERVIEW,
    TOLD,
    Running,
    comes,
    eventually,
    goes_through,
    open_questions,
    running,
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
    bot.start()  # with the new token
    goes_through(server, ana, INTERVIEW[2:])


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
    done = Running(server, tmp_path, **settings).program("run")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


def test_it_begins_while_telegram_is_away(server: TelegramServer, tmp_path, ana: Person) -> None:
    for fault in (Fault.CUT_BEFORE, Fault.HTML):
        server.faults.add(fault, "getMe")
    with running(server, tmp_path):
        goes_through(server, ana, INTERVIEW[:2])
