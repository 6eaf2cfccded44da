"""`/privacy` says in plain words what is kept and who sees it; `/leave` ends belonging."""

from bot.house import Retention
from flows.messages import Address
from storage.members import Role
from tests.rights.conftest import counts_of, exported, text_of

WORDS = "On 3 May we met, and it was fun."


# ---- privacy ----


def test_privacy_says_what_is_kept_who_reads_it_and_what_one_can_do(town):
    town.has("olga", Role.ORGANIZER)
    town.has("otto", Role.ORGANIZER)
    town.has("cora", Role.COORDINATOR)
    town.says("ana", "hello")

    said = text_of(town.says("ana", "/privacy"))

    assert "I keep what you write in answer to my questions" in said
    assert "Organizers are: Olga, Otto." in said
    assert "Cora" not in said
    for command in ("/mystories", "/read", "/withdraw", "/mydata", "/forget"):
        assert command in said
    assert "after 30 days it is erased" in said
    assert "left alone" not in said


def test_privacy_says_who_became_an_organizer_and_who_ceased_to_be_one(town):
    town.has("olga", Role.ORGANIZER)
    town.has("otto")
    town.says("olga", "/roles grant terminal:otto organizer")
    town.says("olga", "/roles revoke terminal:otto")
    town.says("olga", "/roles grant terminal:otto coordinator")
    town.says("ana", "hello")

    said = text_of(town.says("ana", "/privacy"))

    assert "Organizer is: Olga." in said
    assert "Mar 14, 2026: Otto became an organizer (by Olga)." in said
    assert "Mar 14, 2026: Otto ceased to be an organizer (by Olga)." in said
    assert said.count("Otto") == 2


def test_privacy_does_not_name_an_organizer_who_was_forgotten(town):
    town.has("olga", Role.ORGANIZER)
    town.has("otto")
    town.says("olga", "/roles grant terminal:otto organizer")
    town.says("otto", "/forget")
    town.taps("otto", "yes", "yes")
    town.says("ana", "hello")

    said = text_of(town.says("ana", "/privacy"))

    assert "Otto" not in said
    assert "somebody who is gone became an organizer (by Olga)." in said


def test_privacy_says_when_a_draft_expires_where_that_is_set(town):
    town.retention = Retention(drafts=60)
    town.says("ana", "hello")

    said = text_of(town.says("ana", "/privacy"))

    assert "is erased after 60 days. I tell you two weeks before." in said


def test_privacy_is_told_before_anybody_agreed_or_belongs_anywhere(town):
    town.says("ana", "hello")
    town.says("ana", "/leave")
    town.taps("ana", "leave")

    left = text_of(town.says("ana", "/privacy"))
    stranger = text_of(town.says("zoe", "/privacy"))

    assert "I keep what you write" in left
    assert "rganizer is" not in left
    assert "I keep what you write" in stranger


# ---- leaving ----


def test_whoever_leaves_can_leave_their_stories_there(town):
    town.has("olga", Role.ORGANIZER)
    town.says("ana", "hello")
    ref = town.tells("ana", WORDS)

    asked = text_of(town.says("ana", "/leave"))
    said = text_of(town.taps("ana", "leave"))

    assert "Your story stays, or you take it back." in asked
    assert "You don't belong to the Onboarding Circle any more." in said
    assert WORDS in text_of(town.says("olga", f"/read {ref}"))
    assert ref in text_of(town.says("ana", "/mystories"))
    assert counts_of(town).members == 1


def test_whoever_leaves_can_take_their_stories_along(town):
    town.says("ana", "hello")
    refs = {town.tells("ana", WORDS), town.tells("ana", "On 4 May we met, and it was fun.")}
    town.adds("lab")
    town.has("ana", of="lab")
    elsewhere = town.tells("ana", "On 5 May the lab met, and it was fun.")
    town.says("ana", "/community")
    town.taps("ana", "1")

    asked = text_of(town.says("ana", "/leave"))
    town.taps("ana", "withdraw")

    assert "Your 2 stories stay, or you take them back." in asked
    assert exported(town)["stories"] == []
    assert counts_of(town).withdrawn == 2
    assert counts_of(town, of="lab").sent == 1
    assert len({*refs, elsewhere}) == 3


def test_whoever_leaves_loses_their_role_and_gets_none_back(town):
    town.has("olga", Role.ORGANIZER)
    town.has("otto", Role.ORGANIZER)
    town.says("olga", "/leave")
    town.taps("olga", "leave")

    gone = text_of(town.says("olga", "/help"))
    town.says("olga", "/start")
    refused = text_of(town.says("otto", "/leave"))

    assert "/hide" not in gone
    assert town.member("olga").role is Role.MEMBER
    assert "You are the only organizer." in refused


def test_whoever_stays_stays(town):
    town.says("ana", "hello")
    town.says("ana", "/leave")

    said = text_of(town.taps("ana", "stay"))

    assert "All right. You stay." in said
    assert "May I keep your answers?" in said


def test_a_draft_waits_for_whoever_comes_back_by_start(town):
    town.says("ana", "hello")
    town.taps("ana", "agree")
    town.says("ana", WORDS)
    town.says("ana", "/leave")
    left = town.taps("ana", "leave")

    elsewhere = text_of(town.says("ana", "hello"))
    back = text_of(town.says("ana", "/start"))
    on = text_of(town.taps("ana", "go-on"))

    assert len(left) == 1
    assert "You belong to no community here. /start joins one." in elsewhere
    assert f"You began a story:\n“{WORDS}”" in back
    assert "What did you get from it?" in on


def test_a_second_tap_leaves_nothing_again(town):
    town.says("ana", "hello", "/leave")
    asked = town.asked("ana")
    town.taps("ana", "leave")
    town.says("ana", "/start")

    town.seen[Address("terminal", "ana")].append(asked)
    said = text_of(town.taps("ana", "leave"))

    assert "There is nothing to answer there any more." in said
    assert counts_of(town).members == 1
