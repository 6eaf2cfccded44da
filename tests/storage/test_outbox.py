from dataclasses import replace
from datetime import timedelta

import pytest

from flows.messages import Address, Ask, Noted, Option, Part, Reply, Review, Say
from storage.database import Database
from storage.outbox import Sent
from storage.unit_of_work import Work
from tests.builders import NOON, a_member, begin, kept, known

ANA, BO = Address("terminal", "ana"), Address("terminal", "bo")

LATER = NOON + timedelta(seconds=3)


def an_ask(step: str = "activity") -> Ask:
    return Ask(
        text="What happened?",
        options=(Option("skip", "Skip"), Option("public", "Anyone", ticked=True)),
        step=step,
        revision=2,
        conversation=1,
        number=1,
        of=7,
    )


REVIEW = Review(
    intro="This is it.",
    title="We met. 👩‍👩‍👧",
    parts=(Part("What happened", "We met.\nTwice."),),
    text="Who may read it?",
    options=(Option("circle", "Send"),),
    step="review",
    revision=9,
    conversation=1,
)


def put(database: Database, *replies: Reply, to: Address = ANA, place: str | None = None) -> int:
    """The id of the conversation that the replies belong to, where they are of one."""

    def doing(work: Work) -> int:
        about = None
        if place is not None:
            begun = begin(work, a_member(work))
            about = begun.id
            work.conversations.save(begun, replace(begun, place=place))
        work.outbox.put(to, replies, conversation=about, now=NOON)
        return about or 0

    return kept(database, doing)


def waiting(database: Database, to: Address = ANA) -> list[tuple[int, Reply]]:
    rows = database.read_now(lambda c: Work(c).outbox.waiting(to))
    return [(row.id, row.reply) for row in rows]


def mark(database: Database, *rows: int) -> None:
    sent = [(row, Sent("m1", LATER)) for row in rows]
    kept(database, lambda w: w.outbox.mark_sent(sent))


def delivered_at(database: Database) -> object:
    def found(work: Work) -> object:
        home = work.communities.home()
        conversation = work.conversations.active(known(work).id, home.id)
        assert conversation is not None
        return conversation.delivered_at

    return database.read_now(lambda c: found(Work(c)))


@pytest.mark.parametrize(
    "reply", [Say("Hello."), Noted("Noted."), an_ask(), REVIEW], ids=lambda r: type(r).__name__
)
def test_a_reply_comes_out_as_it_went_in(database, reply):
    put(database, reply)

    assert [each for _, each in waiting(database)] == [reply]


def test_replies_wait_in_their_order_and_for_one_address(database):
    put(database, Say("one"), Say("two"))
    put(database, Say("for bo"), to=BO)
    put(database, Say("three"))

    assert [reply.text for _, reply in waiting(database)] == ["one", "two", "three"]
    assert [reply.text for _, reply in waiting(database, BO)] == ["for bo"]


def test_what_was_sent_waits_no_longer_and_its_words_are_gone(database):
    kept(database, a_member)
    put(database, Say("quillwort"), Say("still here"))
    first, *_ = (row for row, _ in waiting(database))

    mark(database, first)

    assert [reply.text for _, reply in waiting(database)] == ["still here"]
    rows = database.read_now(
        lambda c: c.exec_driver_sql("SELECT * FROM outbox ORDER BY id").mappings().all()
    )
    assert rows[0]["body"] is None
    assert rows[0]["message_id"] == "m1"
    assert "quillwort" not in repr(rows)


def test_the_open_question_counts_as_delivered_once_it_is_sent(database):
    put(database, Say("Before it."), an_ask("activity"), place="activity")

    said, asked = (row for row, _ in waiting(database))
    mark(database, said)
    after_said = delivered_at(database)
    mark(database, asked)

    assert after_said is None
    assert delivered_at(database) == LATER


def test_a_question_that_is_open_no_longer_delivers_nothing(database):
    put(database, an_ask("activity"), place="gained")

    mark(database, *(row for row, _ in waiting(database)))

    assert delivered_at(database) is None


def test_a_question_sent_twice_counts_from_its_first_time(database):
    put(database, an_ask("activity"), an_ask("activity"), place="activity")
    first, second = (row for row, _ in waiting(database))

    mark(database, first)
    again = [(second, Sent("m2", LATER + timedelta(hours=1)))]
    kept(database, lambda w: w.outbox.mark_sent(again))

    assert delivered_at(database) == LATER
