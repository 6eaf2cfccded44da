"""`/withdraw`: a story is taken back at once, put back as it was, or erased."""

from datetime import timedelta

from sqlalchemy import select

from bot.purging import purge
from flows.framework import Audience
from flows.messages import Anchor, Ask, Attached, Commanded, Prompted
from storage.members import Role
from storage.stories import StoryStatus
from storage.tables import check_backs, conversations
from tests.builders import WHOLE
from tests.rights.conftest import (
    button,
    counts_of,
    exported,
    files_with,
    hears_unseen,
    places_with,
    story_read,
    text_of,
)

MARKER = "ZEBRAFINK"


def tells_all(town, name="ana", *, to="circle"):
    """A story all the way, with links, a file and another name; its reference."""
    town.hears(name, Prompted("own", Anchor(f"The {MARKER} call", "2026-03-12", f"at/{MARKER}")))
    town.taps(name, "agree")
    town.says(name, f"In March the {MARKER} circle met, and it was good to listen.")
    town.hears(name, Attached("document", "id", f"{MARKER}.pdf", caption=f"A list of {MARKER}."))
    town.says(name, *WHOLE[3:5], f"The {MARKER}, and also our new office.", *WHOLE[6:9])
    town.taps(name, "pseudonym")
    town.says(name, f"{MARKER} the Third")
    town.taps(name, to, "yes")
    return town.refs(name)[0]


def is_clean(town):
    """Whether no column and no file holds any of it."""
    return places_with(town, MARKER) == [] == files_with(town, MARKER)


# ---- taken back ----


def test_a_story_taken_back_is_in_no_read_at_once(town):
    town.has("olga", Role.ORGANIZER)
    town.has("bo")
    ref = tells_all(town)
    assert MARKER in text_of(town.says("olga", "/stories"))
    assert MARKER in text_of(town.says("bo", f"/read {ref}"))

    said = text_of(town.says("ana", f"/withdraw {ref}"))

    assert f"{ref} is taken back. From now on it is in no summary and no export" in said
    assert f"{ref} is kept until Apr 13, 2026" in said
    everything = ("/summary", "/stories", f"/read {ref}", "/summary for funders")
    seen = [text_of(town.says("olga", command)) for command in everything]
    seen.append(text_of(town.says("bo", f"/read {ref}")))
    assert not any(MARKER in text for text in seen)
    assert "0 sent, 1 sent and taken back" in seen[0]
    for reader in Audience:
        export = exported(town, reader=reader)
        assert export["stories"] == []
        assert (export["counts"]["submitted"], export["counts"]["withdrawn"]) == (0, 1)
    assert "(/withdraw " in text_of(town.says("ana", "/mystories"))
    assert f"{ref}: taken back" in text_of(town.says("ana", f"/read {ref}"))


def test_a_story_put_back_is_exactly_as_it_was(town):
    ref = tells_all(town)
    before = story_read(town, ref), exported(town)
    assert before[0] is not None
    assert before[0].links
    assert before[0].audience == ("community", "organizers")

    town.says("ana", f"/withdraw {ref}")
    said = text_of(town.taps("ana", "restore"))

    assert f"{ref} is back, as you sent it." in said
    assert (story_read(town, ref), exported(town)) == before


def test_a_story_put_back_is_not_asked_about_again(town):
    town.says("ana", "hello")
    town.taps("ana", "agree")
    town.says("ana", "On 3 May we met, and it was fun.", "/skip")
    town.taps("ana", "plan")
    town.says("ana", "I plan a talk.")
    town.taps("ana", "organizers", "month-1")
    ref = town.refs("ana")[0]
    assert waits_to_be_asked(town)

    town.says("ana", f"/withdraw {ref}")
    town.taps("ana", "restore")

    assert not waits_to_be_asked(town)
    town.clock.at += timedelta(days=40)
    assert "Hello Ana." in text_of(town.says("ana", "/start"))


def waits_to_be_asked(town):
    return town.database.read_now(lambda c: c.execute(select(check_backs)).all())


def test_a_story_taken_back_can_be_left_like_that_and_put_back_later(town):
    ref = tells_all(town)
    town.says("ana", f"/withdraw {ref}")
    left = text_of(town.taps("ana", "leave"))
    town.clock.at += timedelta(days=29)

    asked = town.says("ana", f"/withdraw {ref}")
    said = text_of(town.taps("ana", "restore"))

    assert left == f"All right. {ref} stays taken back."
    assert "is taken back. From now on" not in text_of(asked)
    assert f"{ref} is back" in said
    assert story_read(town, ref)


def test_a_story_taken_back_from_its_own_list_of_what_can_be_done(town):
    ref = tells_all(town)

    town.says("ana", f"/read {ref}")
    said = text_of(town.taps("ana", "withdraw"))

    assert f"{ref} is taken back" in said
    assert counts_of(town).withdrawn == 1


# ---- erased ----


def test_a_story_erased_at_once_leaves_no_word(town, capfd, caplog):
    town.has("olga", Role.ORGANIZER)
    ref = tells_all(town)
    town.says("olga", f"/permission {ref} for the {MARKER} report", f"/hide {ref} It is {MARKER}.")
    town.delivered("ana")
    town.says("olga", f"/hide {ref} show")
    hears_unseen(town, "olga", Commanded("read", ref))
    assert len(places_with(town, MARKER)) > 8

    town.says("ana", f"/withdraw {ref}")
    said = text_of(town.taps("ana", "erase"))

    assert f"Every word of {ref} is erased." in said
    assert is_clean(town)
    out = capfd.readouterr()
    assert MARKER not in out.out + out.err + caplog.text
    assert (counts_of(town).begun, counts_of(town).withdrawn) == (1, 1)
    assert f"{ref}: taken back and erased" in text_of(town.says("ana", "/mystories"))
    assert f"I don't find {ref}" in text_of(town.says("ana", f"/withdraw {ref}"))


def test_a_story_whose_question_is_still_open_can_be_erased(town):
    tells_all(town)
    town.clock.at += timedelta(hours=1)
    town.says("ana", "/tell", f"On 4 May the {MARKER} sang, and it was fun.")
    while town.asked("ana").step != "review":
        town.says("ana", "/skip")
    town.taps("ana", "pseudonym")
    town.says("ana", f"{MARKER} the Fourth")
    town.taps("ana", "organizers")
    second, first = town.refs("ana")
    assert town.asked("ana").step == "thanks"

    town.says("ana", f"/withdraw {second}")
    said = town.taps("ana", "erase")
    town.says("ana", f"/withdraw {first}")
    town.taps("ana", "erase")

    assert is_clean(town)
    assert not any(isinstance(reply, Ask) for reply in said)
    assert "No story is open" in text_of(town.says("ana", "/status"))


def test_a_story_that_was_opened_to_be_changed_can_be_erased(town):
    ref = tells_all(town)
    town.says("ana", f"/read {ref}")
    town.taps("ana", "change", "change", "part-activity")
    town.says("ana", f"It was the {MARKER}, not sent yet.")
    town.says("ana", f"/withdraw {ref}")

    town.taps("ana", "erase")

    assert is_clean(town)
    assert "No story is open" in text_of(town.says("ana", "/status"))


def test_a_story_is_erased_thirty_days_after_it_was_taken_back(town):
    town.has("olga", Role.ORGANIZER)
    ref = tells_all(town)
    kept = town.tells("ana", f"On 4 May the other {MARKER} sang, and it was fun.")
    town.says("ana", f"/withdraw {ref}")
    town.taps("ana", "leave")
    town.clock.at += timedelta(days=29, hours=23)
    assert purged(town).stories == 0
    assert story_is(town, ref) is StoryStatus.WITHDRAWN

    town.clock.at += timedelta(hours=2)
    done = purged(town)

    assert (done.stories, purged(town).stories) == (1, 0)
    assert story_is(town, ref) is None
    assert story_is(town, kept) is StoryStatus.SENT
    town.says("ana", f"/withdraw {kept}")
    town.taps("ana", "erase")
    assert is_clean(town)
    assert (counts_of(town).begun, counts_of(town).withdrawn) == (2, 2)


def purged(town):
    done = town.write(lambda w: purge(town.house, w, now=town.clock()))
    town.journal.settle(town.database)
    return done


def story_is(town, ref):
    member = town.member("ana").id
    own = town.read(lambda w: w.stories.own(member, ref))
    return own.status if own is not None else None


# ---- words and old buttons ----


def test_words_behind_a_withdrawal_answer_the_open_question(town):
    ref = tells_all(town)
    town.says("ana", "/tell")
    town.says("ana", f"/withdraw {ref}")

    said = text_of(town.says("ana", "On 3 May we met, and it was fun."))

    assert "What did you get from it?" in said
    member, home = town.member("ana").id, town.read(lambda w: w.communities.home().id)
    open_now = town.read(lambda w: w.conversations.active(member, home))
    assert open_now is not None
    assert [answer.text for answer in open_now.live] == ["On 3 May we met, and it was fun."]
    assert story_is(town, ref) is StoryStatus.WITHDRAWN


def test_a_number_behind_a_withdrawal_is_its_button(town):
    ref = tells_all(town)
    town.says("ana", f"/withdraw {ref}")

    said = text_of(town.says("ana", "2"))

    assert f"{ref} is back" in said


def test_an_old_button_does_nothing_the_second_time(town):
    ref = tells_all(town)
    town.says("ana", f"/withdraw {ref}")
    restore, erase = button(town, "ana", "restore"), button(town, "ana", "erase")
    town.hears("ana", restore)

    said = [text_of(town.hears("ana", old)) for old in (restore, erase)]

    assert said == ["There is nothing to answer there any more."] * 2
    assert story_is(town, ref) is StoryStatus.SENT


def test_an_old_button_does_nothing_to_a_story_put_back_elsewhere(town):
    ref = tells_all(town)
    town.says("ana", f"/withdraw {ref}")
    erase = button(town, "ana", "erase")
    town.says("ana", f"/withdraw {ref}")
    town.taps("ana", "restore")

    said = text_of(town.hears("ana", erase))

    assert said == "There is nothing to answer there any more."
    assert story_is(town, ref) is StoryStatus.SENT


# ---- of others ----


def test_a_story_of_somebody_else_is_as_unknown_as_none(town):
    ref = tells_all(town)
    town.has("bo")
    other = "S-999999"

    theirs = text_of(town.says("bo", f"/withdraw {ref}"))
    none = text_of(town.says("bo", f"/withdraw {other}"))

    assert theirs.replace(ref, other) == none
    assert story_is(town, ref) is StoryStatus.SENT
    assert "Which one?" in text_of(town.says("bo", "/withdraw"))


def test_somebody_elses_button_takes_no_story_back(town):
    ref = tells_all(town)
    town.has("bo")
    town.says("ana", f"/withdraw {ref}")

    said = text_of(town.hears("bo", button(town, "ana", "erase")))

    assert said == "There is nothing to answer there any more."
    assert story_is(town, ref) is StoryStatus.WITHDRAWN


def test_a_reference_that_no_database_can_look_up_is_unknown(town, nothing_fails):
    town.has("bo")

    said = [
        text_of(town.says("bo", f"/{command} {ref}"))
        for command in ("withdraw", "read")
        for ref in ("\0", "S-1\0", "\ud800", "S-" + "9" * 40)
    ]

    assert all("I don't find" in text or "a character that I can't keep" in text for text in said)


def test_who_left_can_take_a_story_back_and_erase_it(town):
    ref = tells_all(town)
    town.says("ana", "/leave")
    town.taps("ana", "leave")

    town.says("ana", f"/withdraw {ref}")
    town.taps("ana", "erase")

    assert is_clean(town)


def test_nothing_of_an_erased_conversation_stays_in_its_row(town):
    ref = tells_all(town)
    town.says("ana", f"/withdraw {ref}")

    town.taps("ana", "erase")

    wanted = select(conversations).where(conversations.c.ref == ref)
    row = town.database.read_now(lambda c: c.execute(wanted).one())
    blank = ("pseudonym", "anchor_activity", "anchor_date", "anchor_link", "aside")
    assert [row._mapping[name] for name in blank] == [None] * len(blank)
    assert (row.place, row.trail, row.status) == ("", [], "sent")
