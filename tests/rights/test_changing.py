"""A story that was sent is changed; whose name it carries; and who is told that one came."""

import pytest

from flows.framework import Audience
from flows.messages import Address, Attached, Edited, Review, Said
from storage.members import Role
from tests.rights.conftest import button, exported, places_with, story_read, text_of

OLD, NEW = "ZEBRAFINK", "QUAGGAWORT"
WORDS = f"On 3 May the {OLD} sang, and it was fun."
OTHER = f"On 3 May the {NEW} sang, and it was fun."
FEW = "Few people tell stories here, so readers may still know that it is yours."
NAMES = "If other people are in it, please leave their names out: they were not asked."


@pytest.fixture
def sent(town):
    """A story of Ana for organizers; its reference."""
    town.has("olga", Role.ORGANIZER)
    town.says("ana", "hello")
    return town.tells("ana", WORDS)


def opens(town, ref):
    """Ana opens her story, and says its first part anew; what she sees then."""
    town.says("ana", f"/read {ref}")
    town.taps("ana", "change", "change", "part-activity")
    return town.says("ana", OTHER)


def seen_by_olga(town, ref):
    """All that an organizer can read of it, in chat and in an export."""
    town.says("olga", "hello")
    commands = ("/summary", "/stories", f"/read {ref}")
    chat = "\n".join(text_of(town.says("olga", command)) for command in commands)
    return f"{chat}\n{exported(town)}"


# ---- a new revision ----


def test_organizers_read_a_changed_story_and_never_its_old_words(town, sent):
    opens(town, sent)

    said = text_of(town.taps("ana", "organizers"))

    assert f"Kept as {sent}" in said
    seen = seen_by_olga(town, sent)
    assert OLD not in seen
    assert NEW in seen
    assert "Its teller has changed it since it was first sent." in seen
    assert ", changed since)" in seen
    (story,) = exported(town)["stories"]
    assert (story["ref"], story["revision"], story["steps"][0]["revisions"]) == (sent, 1, 1)
    assert town.refs("ana") == [sent]
    assert exported(town)["counts"]["started"] == 1
    assert places_with(town, OLD) == ["answers.text"]  # of its teller's own history


def test_what_is_changed_and_not_sent_yet_is_not_read(town, sent):
    before = story_read(town, sent)

    review = opens(town, sent)

    assert NEW in text_of(review)
    assert story_read(town, sent) == before
    assert NEW not in seen_by_olga(town, sent)


def test_a_story_that_is_left_as_it_was_sent_stays_so(town, sent):
    before = story_read(town, sent), exported(town)
    review = opens(town, sent)

    said = text_of(town.taps("ana", "keep"))

    assert "Leave it as I sent it" in text_of(review)
    assert said == f"All right. {sent} stays as you sent it."
    assert (story_read(town, sent), exported(town)) == before
    town.says("ana", f"/read {sent}")
    again = text_of(town.taps("ana", "change"))
    assert OLD in again
    assert NEW not in again


@pytest.mark.parametrize("command", ["/pause", "/cancel"])
def test_a_command_that_ends_a_change_leaves_the_story_as_it_was_sent(town, sent, command):
    before = story_read(town, sent)
    opens(town, sent)

    said = text_of(town.says("ana", command))

    assert f"{sent} stays as you sent it." in said
    assert story_read(town, sent) == before


def test_leaving_the_community_leaves_the_story_as_it_was_sent(town, sent):
    opens(town, sent)
    town.says("ana", "/leave")
    town.taps("ana", "leave")
    town.says("ana", "/start", f"/read {sent}")

    review = text_of(town.taps("ana", "change"))

    assert OLD in review
    assert NEW not in review


def test_a_change_keeps_what_else_was_open(town, sent):
    town.says("ana", "/tell", "On 4 May we met, and it was fun.")

    opens(town, sent)
    town.taps("ana", "organizers", "yes")
    back = text_of(town.says("ana", "/resume"))

    assert NEW in seen_by_olga(town, sent)
    assert "What did you get from it?" in back


def test_readers_can_be_chosen_anew(town, sent):
    opens(town, sent)

    town.taps("ana", "others", "organizers", "funders", "send")

    assert story_read(town, sent) is None
    story = story_read(town, sent, reader=Audience.FUNDERS)
    assert story is not None
    assert NEW in f"{story.steps}"


def test_an_old_review_sends_nothing_of_what_was_changed_since(town, sent):
    town.says("ana", f"/read {sent}")
    town.taps("ana", "change")
    old = button(town, "ana", "organizers")
    town.taps("ana", "change", "part-activity")
    town.says("ana", OTHER)

    said = town.hears("ana", old)

    assert "That button belonged to an earlier question." in text_of(said)
    assert NEW not in seen_by_olga(town, sent)


def test_a_message_edited_after_sending_changes_nothing_that_was_sent(town, sent):
    before = story_read(town, sent)

    town.hears("ana", Edited("m3", OTHER))

    assert story_read(town, sent) == before
    assert places_with(town, NEW) == []


def test_a_story_of_another_community_is_opened_where_it_was_told(town, sent):
    town.adds("lab")
    town.has("ana", of="lab")
    town.says("ana", "/tell")
    town.taps("ana", "agree")
    town.says("ana", "On 4 May the lab met, and it was fun.")

    town.says("ana", f"/read {sent}")
    said = text_of(town.taps("ana", "change"))
    town.taps("ana", "change", "change", "part-activity")
    town.says("ana", OTHER)
    town.taps("ana", "organizers", "yes")

    assert "From now on this is about the Onboarding Circle." in said
    assert NEW in seen_by_olga(town, sent)
    town.says("ana", "/community")
    back = text_of(town.taps("ana", "2"))
    assert "What did you get from it?" in back


def test_an_old_button_opens_a_story_where_it_was_told(town, sent):
    town.says("ana", f"/read {sent}")
    old = button(town, "ana", "change")
    town.adds("lab")
    town.has("ana", of="lab")

    town.hears("ana", old)
    town.taps("ana", "change", "part-activity")
    town.says("ana", OTHER)
    town.taps("ana", "organizers", "yes")

    assert NEW in seen_by_olga(town, sent)


def test_whoever_left_is_not_led_into_a_change_that_cannot_be_sent(town, sent):
    town.says("ana", "/leave")
    town.taps("ana", "leave")

    said = text_of(town.says("ana", f"/read {sent}"))

    assert WORDS in said
    assert "Take it back" in said
    assert "Change it" not in said


def test_no_old_words_of_a_file_are_exported(town, sent):
    town.says("ana", "/tell", "On 4 May we met, and it was fun.")
    town.hears("ana", Attached("document", "id", "list.pdf", caption=f"The list of {OLD}."))
    while town.asked("ana").step != "review":
        town.says("ana", "/skip")
    town.taps("ana", "change", "part-gained")
    town.says("ana", "A list.")
    town.taps("ana", "organizers", "yes")
    ref = town.refs("ana")[0]

    story = next(story for story in exported(town)["stories"] if story["ref"] == ref)

    assert OLD not in f"{story}"


# ---- whose name ----


def test_another_name_stands_where_the_tellers_would(town, sent):
    town.says("ana", f"/read {sent}")
    town.taps("ana", "change", "pseudonym")
    asked = town.says("ana", "  Robin   Goodfellow ")

    town.taps("ana", "organizers", "yes")

    assert "It carries the name “Robin Goodfellow”." in text_of(asked)
    seen = seen_by_olga(town, sent)
    assert "It carries the name “Robin Goodfellow”." in seen
    assert "(Robin Goodfellow, changed since)" in seen
    assert "Ana" not in seen
    (story,) = exported(town)["stories"]
    assert (story["teller"], story["attribution"]) == ("Robin Goodfellow", "pseudonym")


def test_another_name_is_gone_once_the_own_one_is_put_on_again(town, sent):
    town.says("ana", f"/read {sent}")
    town.taps("ana", "change", "pseudonym")
    town.says("ana", "Robin")

    town.taps("ana", "named", "organizers", "yes")

    seen = seen_by_olga(town, sent)
    assert "Robin" not in seen
    assert "It carries its teller's name: Ana." in seen


def test_a_name_that_is_too_long_is_not_kept(town, sent):
    town.says("ana", f"/read {sent}")
    town.taps("ana", "change", "pseudonym")

    said = text_of(town.hears("ana", Said("x" * 61)))

    assert "longer than 60 characters" in said
    assert places_with(town, "xxxxx") == []


def test_a_story_without_a_name_says_when_few_tell_stories(town):
    reviews(town, "ana", others=4)

    named = town.asked("ana").text
    unnamed = text_of(town.taps("ana", "unnamed"))

    assert FEW not in named
    assert f"Your name is left off. {FEW}" in unnamed


def test_a_story_without_a_name_says_nothing_when_enough_tell_stories(town):
    reviews(town, "ana", others=5)

    unnamed = text_of(town.taps("ana", "unnamed"))

    assert "Your name is left off." in unnamed
    assert FEW not in unnamed


def test_stories_that_were_taken_back_make_no_crowd(town):
    reviews(town, "ana", others=5)
    town.says("bo0", f"/withdraw {town.refs('bo0')[0]}")

    unnamed = text_of(town.taps("ana", "unnamed"))

    assert FEW in unnamed


def reviews(town, name, *, others):
    """Somebody is at the review, where so many others sent a story."""
    for n in range(others):
        town.says(f"bo{n}", "hello")
        town.taps(f"bo{n}", "agree", "skip", "skip", "skip")
        assert town.asked(f"bo{n}").step == "review"
        town.taps(f"bo{n}", "add", "matters")
        town.says(f"bo{n}", "It matters.")
        town.taps(f"bo{n}", "organizers", "yes")
    town.says(name, "hello")
    town.taps(name, "agree")
    town.says(name, WORDS)
    town.taps(name, "skip", "skip")
    assert town.asked(name).step == "review"


def test_other_peoples_names_are_spoken_of_once_and_before_sending(town):
    reviews(town, "ana", others=0)

    first = town.asked("ana")
    town.taps("ana", "change", "part-activity")
    town.says("ana", OTHER)
    second = town.asked("ana")

    assert isinstance(first, Review)
    assert isinstance(second, Review)
    assert NAMES in first.intro
    assert NAMES not in second.intro


# ---- who is told ----


def test_an_organizer_who_asked_for_it_is_told_of_a_new_story(town):
    town.has("olga", Role.ORGANIZER)
    town.has("otto", Role.ORGANIZER)
    town.says("olga", "/settings notices on")
    town.says("ana", "hello")

    ref = town.tells("ana", WORDS)
    notice = text_of(town.delivered("olga"))

    assert notice == f"A new story came in: {ref}. /read {ref} shows it."
    assert town.delivered("otto") == []
    assert WORDS in text_of(town.says("olga", f"/read {ref}"))


def test_a_story_that_is_closed_to_organizers_is_told_of_without_its_number(town):
    town.has("olga", Role.ORGANIZER)
    town.says("olga", "/settings notices on")
    town.says("ana", "hello")

    town.tells("ana", WORDS, to="funders")

    assert text_of(town.delivered("olga")) == "A new story came in. It is not open to organizers."


def test_nobody_is_told_of_a_change_or_of_their_own_story(town, sent):
    town.says("olga", "/settings notices on")

    opens(town, sent)
    town.taps("ana", "organizers", "yes")
    town.tells("olga", WORDS)

    assert "A new story came in" not in text_of(town.seen[Address("terminal", "olga")])
    assert town.delivered("olga") == []


def test_notices_end_when_they_are_switched_off_or_the_role_is_gone(town):
    for name in ("olga", "otto"):
        town.has(name, Role.ORGANIZER)
        town.says(name, "/settings notices on")
    town.says("olga", "/settings notices off")
    town.has("otto", Role.MEMBER)
    town.says("ana", "hello")

    town.tells("ana", WORDS)

    assert town.delivered("olga") == town.delivered("otto") == []
