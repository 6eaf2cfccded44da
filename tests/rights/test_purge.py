"""`storytrail purge`: drafts that expire, after a notice; old inputs, and ids of messages."""

from datetime import timedelta

from sqlalchemy import select

from bot.house import Retention
from bot.purging import purge
from flows.messages import Address, Commanded, Said, Send
from storage.audit import Action
from storage.inbox import InboxStatus
from storage.tables import answers, conversations, guesses, inbox
from tests.rights.conftest import counts_of, files_with, hears_unseen, places_with, text_of
from tests.rights.test_forget import fails

MARKER = "ZEBRAFINK"
WORDS = f"On 3 May the {MARKER} sang, and it was fun."


def begins(town, name="ana", words=WORDS):
    """A story begun and not gone on with, where drafts are kept for 60 days."""
    town.retention = Retention(drafts=60)
    town.says(name, "hello")
    town.taps(name, "agree")
    town.says(name, words)


def passes(town, **time):
    town.clock.at += timedelta(**time)


def purged(town):
    done = town.write(lambda w: purge(town.house, w, now=town.clock()))
    town.journal.settle(town.database)
    return done


def statuses(town):
    return list(
        town.database.read_now(lambda c: c.execute(select(conversations.c.status))).scalars()
    )


# ---- drafts ----


def test_a_draft_is_erased_two_weeks_after_its_teller_was_told(town, capfd, caplog):
    begins(town)
    passes(town, days=45)
    assert purged(town).told == 0
    passes(town, days=1)

    told = purged(town)
    notice = text_of(town.delivered("ana"))
    passes(town, days=13)
    between = purged(town)
    passes(town, days=1)
    erased = purged(town)

    assert (told.told, told.drafts) == (1, 0)
    assert f"You began a story and have not gone on with it:\n“{WORDS}”" in notice
    assert "On May 13, 2026 it is erased. /resume goes on with it." in notice
    assert (between.told, between.drafts) == (0, 0)
    assert (erased.told, erased.drafts) == (0, 1)
    assert places_with(town, MARKER) == [] == files_with(town, MARKER)
    out = capfd.readouterr()
    assert MARKER not in out.out + out.err + caplog.text
    assert (counts_of(town).begun, counts_of(town).deleted) == (1, 1)
    assert town.read(lambda w: list(w.audit.entries()))[-1].action is Action.DRAFT_EXPIRED
    assert "No story is open" in text_of(town.says("ana", "/resume"))


def test_a_draft_kept_for_later_expires_too(town):
    begins(town)
    town.says("ana", "/pause")
    passes(town, days=47)
    purged(town)
    passes(town, days=15)

    purged(town)

    assert places_with(town, MARKER) == [] == files_with(town, MARKER)
    assert statuses(town) == ["deleted"]


def test_a_draft_that_its_teller_went_on_with_stays_and_is_told_of_anew(town):
    begins(town)
    passes(town, days=47)
    purged(town)
    town.delivered("ana")
    passes(town, days=3)
    town.says("ana", "A list for newcomers.")
    passes(town, days=12)

    stays = purged(town)
    passes(town, days=35)
    again = purged(town)
    notice = text_of(town.delivered("ana"))
    passes(town, days=15)
    erased = purged(town)

    assert (stays.told, stays.drafts) == (0, 0)
    assert (again.told, again.drafts) == (1, 0)
    assert WORDS in notice
    assert erased.drafts == 1
    assert places_with(town, MARKER) == []


def test_a_draft_that_was_sent_in_time_stays(town):
    begins(town)
    passes(town, days=47)
    purged(town)
    town.delivered("ana")
    while town.asked("ana").step != "review":
        town.says("ana", "/skip")
    town.taps("ana", "organizers", "yes")
    passes(town, days=100)

    done = purged(town)

    assert (done.told, done.drafts) == (0, 0)
    assert counts_of(town).sent == 1


def test_a_draft_without_words_is_told_of_without_a_quotation(town):
    begins(town, words="/skip")
    passes(town, days=47)

    purged(town)
    notice = text_of(town.delivered("ana"))

    assert "You began a story and have not gone on with it." in notice
    assert "“" not in notice


def test_a_draft_stays_for_ever_where_nothing_else_is_set(town):
    begins(town)
    town.retention = Retention()
    passes(town, days=4000)

    done = purged(town)

    assert (done.told, done.drafts) == (0, 0)
    assert "answers.text" in places_with(town, MARKER)


def test_what_was_opened_and_not_answered_does_not_expire(town):
    town.retention = Retention(drafts=60)
    town.says("ana", "hello")
    passes(town, days=100)

    done = purged(town)

    assert (done.told, done.drafts) == (0, 0)


def test_a_draft_deleted_at_the_review_leaves_no_word(town, capfd, caplog):
    begins(town)
    town.hears("ana", Said("A list."))
    while town.asked("ana").step != "review":
        town.says("ana", "/skip")
    town.taps("ana", "pseudonym")
    town.says("ana", f"{MARKER} the Second")
    assert {"answers.text", "conversations.pseudonym"} <= set(places_with(town, MARKER))

    town.taps("ana", "delete")
    said = text_of(town.taps("ana", "yes"))

    assert "Deleted." in said
    assert places_with(town, MARKER) == [] == files_with(town, MARKER)
    out = capfd.readouterr()
    assert MARKER not in out.out + out.err + caplog.text
    assert (counts_of(town).begun, counts_of(town).deleted) == (1, 1)


def test_a_draft_deleted_when_it_is_cancelled_leaves_no_word(town):
    begins(town)

    town.says("ana", "/cancel")
    town.taps("ana", "yes")

    assert places_with(town, MARKER) == [] == files_with(town, MARKER)


# ---- inputs and ids ----


def test_an_input_that_failed_is_kept_for_thirty_days(town):
    town.says("ana", "hello", "/start nosuchcode")
    town.write(lambda w: fails(w, town, WORDS))
    passes(town, days=29)
    assert purged(town).inputs == 0
    assert places_with(town, MARKER) == ["inbox.payload"]
    passes(town, days=2)

    done = purged(town)

    assert done.inputs == 3
    assert places_with(town, MARKER) == []
    assert town.database.read_now(lambda c: c.execute(select(inbox)).all()) == []
    assert town.database.read_now(lambda c: c.execute(select(guesses)).all()) == []


def test_ids_of_messages_go_where_that_is_set(town):
    begins(town)
    wanted = select(answers.c.message_id)
    passes(town, days=31)
    assert purged(town).platform_ids == 0
    assert town.database.read_now(lambda c: c.execute(wanted).scalar_one())
    town.retention = Retention(platform_ids=30)

    done = purged(town)

    assert done.platform_ids > 0
    assert town.database.read_now(lambda c: c.execute(wanted).scalar_one()) is None
    assert "answers.text" in places_with(town, MARKER)


def test_what_waits_is_not_purged(town):
    town.retention = Retention(platform_ids=1, inputs=1)
    town.says("ana", "hello")
    town.tells("ana", WORDS)
    hears_unseen(town, "ana", Commanded("mydata"))
    passes(town, days=100)

    purged(town)

    assert any(isinstance(reply, Send) for reply in town.delivered("ana"))
    assert town.read(lambda w: w.inbox.open(InboxStatus.WAITING)) == []
    assert town.read(lambda w: w.outbox.waiting(Address("terminal", "ana"))) == []
