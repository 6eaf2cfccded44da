from dataclasses import replace
from datetime import timedelta

import pytest

from flows.conversation import ConversationId
from flows.messages import Address, Ask, Noted, Option, Part, Reply, Review, Say
from storage.database import Database
from storage.members import Member
from storage.outbox import Sent, Shown, Waiting
from storage.unit_of_work import Work
from tests.builders import NOON, a_member, begin, kept, known, met

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


# ---- how it is to be shown ----


def rows(database: Database, *columns: str) -> list[tuple[object, ...]]:
    found = f"SELECT {', '.join(columns)} FROM outbox ORDER BY id"
    return [tuple(r) for r in database.read_now(lambda c: c.exec_driver_sql(found).all())]


def test_where_and_how_a_reply_is_to_be_shown_waits_with_it(database):
    def doing(work: Work) -> ConversationId:
        about = begin(work, a_member(work)).id
        work.outbox.put(
            ANA,
            [Say("Look."), REVIEW],
            conversation=about,
            now=NOON,
            place="-100/7",
            priority=1,
            in_place=True,
        )
        return about

    about = kept(database, doing)

    look, review = database.read_now(lambda c: Work(c).outbox.waiting(ANA))
    assert look == Waiting(look.id, Say("Look."), "-100/7", 1, conversation=about)
    assert review == Waiting(
        review.id, REVIEW, "-100/7", 1, in_place=True, conversation=about, asks="review"
    )


def test_a_plain_reply_is_shown_in_the_persons_own_chat_and_before_broadcasts(database):
    put(database, Say("Hello."))

    (hello,) = database.read_now(lambda c: Work(c).outbox.waiting(ANA))
    assert (hello.place, hello.priority, hello.in_place) == (None, 0, False)


def test_those_whom_something_waits_for_are_named_once_whoever_waits_longest_first(database):
    put(database, Say("one"), to=BO)
    put(database, Say("two"), Say("three"))
    put(database, Say("elsewhere"), to=Address("telegram", "1001"))
    put(database, Say("four"), to=BO)

    found = database.read_now(lambda c: Work(c).outbox.waiting_for("terminal"))

    assert found == [BO, ANA]


# ---- buttons ----


def buttons(database: Database, to: Address = ANA) -> list[Shown]:
    return database.read_now(lambda c: Work(c).outbox.open_buttons(to))


def test_buttons_are_shown_once_their_message_is_sent_until_they_are_closed(database):
    bare = replace(an_ask("gained"), options=())
    put(database, Say("Hello."), an_ask(), bare, REVIEW, place="activity")
    before = buttons(database)

    mark(database, *(row for row, _ in waiting(database)))
    asked, review = buttons(database)
    kept(database, lambda w: w.outbox.closed([asked.id]))

    assert before == []
    assert (asked.message_id, asked.asks) == ("m1", "activity")
    assert review.asks == "review"
    assert buttons(database) == [review]
    assert buttons(database, BO) == []


def test_a_message_that_is_marked_once_more_keeps_its_buttons(database):
    put(database, an_ask(), place="activity")
    ((row, _),) = waiting(database)

    mark(database, row)
    mark(database, row)

    assert [shown.id for shown in buttons(database)] == [row]


def test_buttons_in_a_group_or_without_a_message_are_nobodys_to_close(database):
    def doing(work: Work) -> None:
        about = begin(work, a_member(work)).id
        work.outbox.put(ANA, [an_ask()], conversation=about, now=NOON, place="-100")
        work.outbox.put(ANA, [an_ask()], conversation=about, now=NOON)

    kept(database, doing)
    in_group, without = (row for row, _ in waiting(database))
    mark(database, in_group)
    kept(database, lambda w: w.outbox.mark_sent([(without, Sent(None, LATER))]))

    assert buttons(database) == []


# ---- what is never sent ----


def fail(database: Database, row: int, fault: str = "message is too long") -> None:
    kept(database, lambda w: w.outbox.fail(row, fault, at=LATER))


def test_what_failed_waits_no_longer_and_leaves_its_fault_and_no_words(database):
    kept(database, a_member)
    put(database, Say("quillwort"), Say("next"))
    first, *_ = (row for row, _ in waiting(database))

    fail(database, first)

    assert [reply.text for _, reply in waiting(database)] == ["next"]
    assert rows(database, "fault", "body", "sent_at")[0] == ("message is too long", None, None)
    assert rows(database, "failed_at IS NULL")[0] in [(0,), (False,)]


def test_for_whom_everything_failed_nothing_waits(database):
    kept(database, a_member)
    put(database, Say("one"), Say("two"))
    put(database, Say("for bo"), to=BO)

    count = kept(database, lambda w: w.outbox.fail_all(ANA, "unreachable", at=LATER))

    assert count == 2
    assert database.read_now(lambda c: Work(c).outbox.waiting_for("terminal")) == [BO]


def test_what_was_sent_fails_no_more(database):
    kept(database, a_member)
    put(database, Say("one"))
    ((row, _),) = waiting(database)
    mark(database, row)

    fail(database, row)
    kept(database, lambda w: w.outbox.fail_all(ANA, "unreachable", at=LATER))

    assert rows(database, "fault") == [(None,)]


def test_the_last_word_to_somebody_who_was_forgotten_leaves_nothing_where_it_fails(database):
    put(database, Say("Farewell."))  # an address that nobody has
    ((row, _),) = waiting(database)

    fail(database, row)

    assert rows(database, "id") == []


def test_a_story_is_erased_although_a_reply_of_it_failed(database):
    about = ConversationId(put(database, Say("one"), place="activity"))
    ((row, _),) = waiting(database)
    fail(database, row)

    kept(database, lambda w: w.erasure.erase_conversation(about, now=LATER))

    assert rows(database, "id") == []


# ---- who cannot be reached ----


def reached(work: Work, member: Member) -> Address | None:
    return work.members.reach(member.id)


def test_whoever_cannot_be_reached_is_written_to_elsewhere_until_they_write(database):
    here, there = Address("telegram", "1001"), Address("slack", "U1")

    def doing(work: Work) -> list[Address | None]:
        ana = met(work, here)
        work.merge(ana.id, met(work, there).id)
        found = [reached(work, ana)]
        work.members.set_unreachable(there, LATER)
        found.append(reached(work, ana))
        work.members.set_unreachable(here, LATER)
        found.append(reached(work, ana))
        work.members.meet(here, name=None, now=LATER)
        found.append(reached(work, ana))
        work.members.set_unreachable(there, None)
        found.append(reached(work, ana))
        return found

    assert kept(database, doing) == [there, here, None, here, there]


def test_those_who_write_at_once_can_all_be_reached_again(on_file):
    def doing(work: Work) -> Address | None:
        ana = met(work, ANA)
        work.members.set_unreachable(ANA, LATER)
        work.members.preload([ANA, BO])
        work.members.meet(ANA, name=None, now=LATER)
        return reached(work, ana)

    assert kept(on_file, doing) == ANA
