"""A person's whole interview with the program as it runs."""

import random
from functools import partial

import pytest
from sqlalchemy import select

from storage.tables import conversations, evidence, stories
from tests.builders import from_scratch
from tests.doubles.telegram_server import Message, Person, TelegramServer
from tests.running import PATIENCE, TOLD, Running, eventually
from tests.telegram.process import INTERVIEW, comes, does, goes_through, open_questions
from tests.warm import Forked

ASKED, REST = INTERVIEW[:-1], INTERVIEW[-1:]


def has_open(person: Person, asked: Message) -> bool:
    return open_questions(person) == [asked]


def has_sent(server: TelegramServer, more_than: int) -> bool:
    return len(server.calls("sendMessage")) > more_than


def test_an_interview_goes_all_the_way(server: TelegramServer, bot: Running, ana: Person) -> None:
    for line in ASKED:
        message = goes_through(server, ana, [line])
        server.until(partial(has_open, ana, message), PATIENCE)
    goes_through(server, ana, REST)
    assert bot.terminate() == 0
    assert bot.words() == list(TOLD)
    assert [row.worth_it for row in bot.kept(select(stories.c.worth_it))] == ["partly"]
    assert [call for call in server.calls() if not call.ok] == []
    assert "Traceback" not in bot.log.read_text()
    assert "meetup" not in bot.log.read_text()


@pytest.mark.parametrize("seed", range(3))
def test_nothing_said_is_lost_when_it_is_killed(
    server: TelegramServer, bot: Running, ana: Person, seed: int
) -> None:
    # What it kept means the same to a process that has nothing in common with the first one.
    bot.begin = Forked if seed else from_scratch
    chance = random.Random(seed)
    killed = set(chance.sample(range(len(INTERVIEW)), 4))
    for number, line in enumerate(INTERVIEW):
        seen, sent = len(ana.room.arrived), len(server.calls("sendMessage"))
        does(server, ana, line)
        if number in killed:
            # At once, or when the answer was just taken by the server and is not marked yet.
            if chance.random() < 0.5:
                server.until(partial(has_sent, server, sent), PATIENCE)
            bot.kill()
            bot.start()
        comes(server, ana, line[2], after=seen)
        eventually(lambda: not bot.is_sending())
    assert bot.terminate() == 0
    assert bot.words() == list(TOLD)
    assert [row.worth_it for row in bot.kept(select(stories.c.worth_it))] == ["partly"]
    assert [row.status for row in bot.kept(select(conversations.c.status))] == ["sent"]


def test_what_arrived_while_it_was_away_is_answered(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    assert bot.terminate() == 0
    server.later(2)
    ana.says(TOLD[0])
    bot.start()
    comes(server, ana, "2 / 7")
    assert bot.words() == [TOLD[0]]


def test_an_edited_message_edits_the_answer(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    said = ana.says("We met in May.")
    comes(server, ana, "2 / 7")
    server.later(2)
    ana.edits(said, "We met in March.")
    comes(server, ana, "Changed.")
    assert bot.words() == ["We met in March."]


def test_a_reply_to_an_older_question_answers_that_one_anew(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    asked = goes_through(server, ana, INTERVIEW[:2])
    goes_through(server, ana, INTERVIEW[2:5])
    server.later(2)
    ana.says("In March we went to the meetup, and it was too loud.", reply_to=asked)
    comes(server, ana, "Changed.")
    assert sorted(bot.words()) == sorted(
        ["In March we went to the meetup, and it was too loud.", *TOLD[1:3]]
    )
    goes_through(server, ana, INTERVIEW[5:])


FILES = ("photo", "document", "video", "video_note", "audio", "location", "contact")


@pytest.mark.parametrize("kind", [*FILES, "voice"])
def test_a_file_is_kept_as_evidence(
    server: TelegramServer, bot: Running, ana: Person, kind: str
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    ana.sends(kind)
    sentence = "Kept. I can't turn a voice" if kind == "voice" else "Kept. Add a line"
    comes(server, ana, sentence)
    row = bot.kept(select(evidence))[0]
    assert (row.kind, row.step) == (kind, "activity")
    assert "+41000000000" not in str(row)


def test_of_what_holds_no_words_nothing_is_kept(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    for kind in ("sticker", "poll", "dice"):
        seen = len(ana.room.arrived)
        server.later(2)
        ana.sends(kind)
        comes(server, ana, "I can't read that.", after=seen)
        comes(server, ana, "1 / 7", after=seen)
    assert bot.kept(select(evidence)) == []
    goes_through(server, ana, INTERVIEW[2:])


def test_a_caption_is_kept_with_its_file(server: TelegramServer, bot: Running, ana: Person) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    ana.sends("photo", caption="The table on which we planned.")
    server.until(lambda: bot.kept(select(evidence.c.caption)), PATIENCE)
    assert bot.kept(select(evidence.c.caption))[0].caption == "The table on which we planned."
