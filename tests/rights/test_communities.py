"""Several communities side by side: which one somebody speaks in, and how each is set up."""

from dataclasses import replace
from typing import Any

import pytest

from bot.commands import COMMANDS
from bot.commands.settings import SETTINGS
from bot.house import House
from flows.framework import Cycle
from flows.messages import Commanded
from storage.audit import Action
from storage.communities import Access, Community, Framing
from storage.members import Role
from tests.rights.conftest import OLGA, Town, at, text_of

pytestmark = pytest.mark.usefixtures("nothing_fails")

WHICH = "Which community is it about?"

FIRST = "On 3 May the ZEBRAFINK sang, and it was fun."
LATER = "On 4 May the WOLVERINE slept, and it was good."


@pytest.fixture
def both(town: Town) -> Town:
    """A town in which Ana belongs to two communities, and speaks in none of them yet."""
    town.adds("other")
    town.has("ana")
    town.has("ana", of="other")
    speaks_nowhere(town, "ana")
    return town


def speaks_nowhere(town: Town, name: str) -> None:
    member = town.member(name)
    town.write(lambda w: w.members.change(member.id, community_id=None))


def begins(town: Town, name: str, words: str) -> None:
    town.says(name, "/tell")
    if town.asked(name).step == "welcome":
        town.taps(name, "agree")
    town.says(name, words)


def home(town: Town) -> Community:
    return town.read(lambda w: w.communities.home())


def framing(town: Town) -> Framing:
    return town.read(lambda w: w.communities.framing(home(town).id))


def settings_changed(town: Town) -> list[tuple[str | None, str | None, dict[str, Any]]]:
    found = town.read(lambda w: list(w.audit.entries()))
    changed = (e for e in found if e.action is Action.COMMUNITY_CHANGED)
    return [(e.by, e.community, e.details) for e in changed]


# ---- which one ----


def test_a_member_of_two_is_asked_which_once_and_then_what_was_meant_goes_on(both):
    asked = both.says("ana", "/tell")
    chosen = both.taps("ana", "2")
    again = both.says("ana", "/status", "/start")

    assert text_of(asked) == f"{WHICH}\nthe Onboarding Circle\nthe other group"
    assert "the other group" in text_of(chosen)
    assert WHICH not in text_of(again)
    assert both.read(lambda w: w.members.known(at("ana")).community.slug) == "other"


@pytest.mark.parametrize("said", ["hello", "/summary", "/leave"])
def test_whatever_needs_a_community_asks_which(both, said):
    assert WHICH in text_of(both.says("ana", said))


def test_what_needs_no_community_does_not_ask(both):
    for command in COMMANDS:
        if command.anywhere and command.name != "community":
            assert WHICH not in text_of(both.says("ana", f"/{command.name}")), command.name


def test_an_organizer_of_one_of_two_has_that_role_where_it_was_chosen(both):
    both.has("ana", Role.ORGANIZER, of="other")
    speaks_nowhere(both, "ana")

    both.says("ana", "/stories")
    there = both.taps("ana", "2")
    speaks_nowhere(both, "ana")
    both.says("ana", "/stories")
    here = both.taps("ana", "1")

    assert text_of(there) == "Stories: 0."
    assert text_of(here) == "That is for organizers. An organizer can give you that role."


def test_a_command_that_reads_much_goes_on_where_it_was_chosen(both):
    both.has("ana", Role.ORGANIZER, of="other")
    both.has("zoe", of="other")
    ref = both.keeps("zoe", FIRST, of="other")
    speaks_nowhere(both, "ana")
    both.says("ana", "/stories 2026-03")

    replies = both.taps("ana", "2")

    assert ref in text_of(replies)


def test_community_changes_where_somebody_speaks(both):
    both.says("ana", "/tell")
    both.taps("ana", "1")

    asked = both.says("ana", "/community")
    changed = both.says("ana", "the other group")

    assert text_of(asked) == f"{WHICH}\nthe Onboarding Circle\nthe other group"
    assert text_of(changed) == (
        "From now on this is about the other group. /community changes that."
    )


def test_the_open_question_of_the_community_that_was_chosen_is_asked_once_more(both):
    both.says("ana", "/community")
    both.taps("ana", "1")
    begins(both, "ana", FIRST)
    both.says("ana", "/community", "the other group")
    both.says("ana", "/community")

    replies = both.taps("ana", "1")

    assert "What did you get from it?" in text_of(replies)


def test_no_question_of_the_community_that_was_left_alone_is_asked_in_the_other(both):
    both.says("ana", "/community")
    both.taps("ana", "1")
    begins(both, "ana", FIRST)

    replies = both.says("ana", "/community", "the other group")

    assert text_of(replies) == (
        "From now on this is about the other group. /community changes that."
    )


def test_another_open_community_may_be_joined(town):
    town.adds("other")
    town.has("ana")
    town.says("ana", "/community")

    town.taps("ana", "2")

    found = town.read(lambda w: w.members.belonging(town.member("ana").id))
    assert [b.community.slug for b in found] == ["main", "other"]


def test_community_asks_nothing_where_there_is_no_other_one_to_choose(town):
    town.adds("other", access=Access.INVITE)
    town.has("ana")

    assert text_of(town.says("ana", "/community")) == (
        "You belong to the Onboarding Circle and to no other one here."
    )


def test_community_tells_a_stranger_no_name(town):
    town.adds("other", access=Access.INVITE)

    assert text_of(town.says("ana", "/community")) == (
        "You belong to no community here. /start joins one."
    )


def test_a_community_that_was_left_meanwhile_cannot_be_chosen(both):
    both.says("ana", "/community")
    step = both.asked("ana")
    member, other = both.member("ana"), both.read(lambda w: w.communities.find("other"))
    both.write(lambda w: w.members.leave(member.id, other.id))
    both.write(lambda w: w.communities.change(other.id, access=Access.INVITE))

    both.taps("ana", "2")

    assert step.step.startswith("?")
    found = both.read(lambda w: w.members.belonging(member.id))
    assert [b.community.slug for b in found] == ["main"]


def test_a_command_in_between_lets_the_question_be(both):
    both.says("ana", "/community", "/help")

    replies = both.taps("ana", "1")

    assert "From now on this is about the Onboarding Circle." in text_of(replies)


# ---- stories of each ----


def test_each_community_has_its_own_consent_and_its_own_open_story(both):
    both.says("ana", "/tell")
    both.taps("ana", "1")
    both.taps("ana", "agree")
    both.says("ana", FIRST)
    both.says("ana", "/community", "the other group")
    begun = both.says("ana", "/tell")
    both.taps("ana", "agree")
    both.says("ana", LATER)

    in_other = both.says("ana", "/mystories")
    both.says("ana", "/community")
    both.taps("ana", "1")
    in_main = both.says("ana", "/mystories")

    assert "May I keep your answers?" in text_of(begun)
    assert "WOLVERINE" in text_of(in_other)
    assert "ZEBRAFINK" not in text_of(in_other)
    assert "ZEBRAFINK" in text_of(in_main)
    assert "WOLVERINE" not in text_of(in_main)


def test_an_answer_goes_to_the_story_of_the_community_that_is_spoken_in(both):
    both.says("ana", "/community")
    both.taps("ana", "1")
    begins(both, "ana", FIRST)
    both.says("ana", "/community", "the other group")
    begins(both, "ana", LATER)
    both.says("ana", "/community", "the Onboarding Circle")

    both.says("ana", "A checklist for newcomers.")
    while both.asked("ana").step != "review":
        both.says("ana", "/skip")
    both.taps("ana", "organizers", "yes")

    (ref,) = both.refs("ana")
    own = both.read(lambda w: w.story_reads.own(both.member("ana").id, ref))
    assert own.community == "main"
    assert [step.text for step in own.steps if step.text] == [FIRST, "A checklist for newcomers."]


def test_an_old_button_of_the_other_community_changes_nothing(both):
    both.says("ana", "/community")
    both.taps("ana", "1")
    begins(both, "ana", FIRST)
    old = both.asked("ana")
    both.says("ana", "/community", "the other group")
    begins(both, "ana", LATER)
    new = both.asked("ana")

    both.seen[at("ana")].append(old)
    both.taps("ana", "nothing")

    assert both.asked("ana").conversation == new.conversation
    assert "one question answered" in text_of(both.says("ana", "/status"))


def test_own_stories_of_every_community_are_listed_with_its_name(both):
    here, there = both.keeps("ana", FIRST), both.keeps("ana", LATER, of="other")

    listed = text_of(both.says("ana", "/mystories"))

    assert f"{here}, Mar 14, 2026: {FIRST} (the Onboarding Circle)" in listed
    assert f"{there}, Mar 14, 2026: {LATER} (the other group)" in listed


def test_the_story_of_the_other_community_is_read_there_only(both):
    both.has("zoe", of="other")
    ref = both.keeps("zoe", FIRST, of="other", to="organizers community")
    both.says("ana", "/community")
    both.taps("ana", "1")

    here = both.says("ana", f"/read {ref}")
    both.says("ana", "/community", "the other group")
    there = both.says("ana", f"/read {ref}")

    assert "ZEBRAFINK" not in text_of(here)
    assert "ZEBRAFINK" in text_of(there)


# ---- how one is set up ----


@pytest.fixture
def organized(town: Town) -> Town:
    town.has("boss", Role.ORGANIZER)
    return town


def test_settings_shows_how_a_community_is_set_up(organized):
    said = text_of(organized.says("boss", "/settings"))

    assert said.startswith(
        "name: the Onboarding Circle\n"
        "language: en\n"
        "timezone: UTC\n"
        "access: open (whoever writes to me joins)\n"
        "difference: –\n"
        "uncertainties: –\n"
        "cycles: all\n"
        "prompts: once in 28 days at most\n"
        "quiet: 21:00–08:00\n"
        "days-off: none\n"
    )


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("name the Lending Circle", "name: the Lending Circle"),
        ("name   the   Lending\tCircle ", "name: the Lending Circle"),
        ("NAME the Lending Circle", "name: the Lending Circle"),
        ("language en", "language: en"),
        ("language EN", "language: en"),
        ("timezone Europe/Ljubljana", "timezone: Europe/Ljubljana"),
        ("timezone ljubljana", "timezone: Europe/Ljubljana"),
        ("access invite", "access: invite (only with an invite)"),
        ("access OPEN", "access: open (whoever writes to me joins)"),
        ("difference Newcomers stay.", "difference: Newcomers stay."),
        ("uncertainties Do they?\nWhy?", "uncertainties: Do they?\nWhy?"),
        ("cycles applied, realized", "cycles: applied, realized"),
        ("cycles Applied,REALIZED", "cycles: applied, realized"),
        ("cycles all", "cycles: all"),
        ("prompts 7", "prompts: once in 7 days at most"),
        ("prompts 448", "prompts: once in 448 days at most"),
        ("quiet 22-7", "quiet: 22:00–07:00"),
        ("quiet off", "quiet: never"),
        ("days-off sat sun", "days-off: Saturday, Sunday"),
        ("days-off none", "days-off: none"),
    ],
)
def test_every_setting_takes_a_good_value_and_the_change_is_audited(organized, said, shown):
    key = said.split()[0].lower()

    replies = organized.says("boss", f"/settings {said}")

    assert text_of(replies) == f"{key} is set."
    assert shown in text_of(organized.says("boss", "/settings"))
    assert settings_changed(organized) == [("Boss", "main", {"setting": key})]


BAD = {
    "name " + "x" * 101: "That name is too long. Please choose one of up to 100 characters.",
    "language tlh": "I don't know that language. /language lists those I know.",
    "timezone Atlantis": "I don't know that time zone. Try the name of a big city, for example "
    "/settings timezone Ljubljana.",
    "access closed": "access is open or invite.",
    "difference " + "x" * 2_001: "That is longer than 2,000 characters. Please say it shorter.",
    "uncertainties " + "x" * 2_001: "That is longer than 2,000 characters. Please say it shorter.",
    "cycles applied, lunar": "I don't know such a cycle. Try: immediate, potential, applied, "
    "realized, enabling, strategic, orienting, transformative.",
    "prompts 6": "Members can be asked once in 7 to 448 days. Write the number of days, for "
    "example /settings prompts 28.",
    "prompts 449": "Members can be asked once in 7 to 448 days. Write the number of days, for "
    "example /settings prompts 28.",
    "prompts often": "Members can be asked once in 7 to 448 days. Write the number of days, for "
    "example /settings prompts 28.",
    "quiet at night": "I don't understand these hours. Write /settings quiet 21:00-8:00, or "
    "/settings quiet off.",
    "days-off daily": "I don't understand these days. Write /settings days-off sat sun, or "
    "/settings days-off none. One day at least must be left.",
    "days-off mon-sun": "I don't understand these days. Write /settings days-off sat sun, or "
    "/settings days-off none. One day at least must be left.",
    "cycles ,": "I don't know such a cycle. Try: immediate, potential, applied, "
    "realized, enabling, strategic, orienting, transformative.",
}

HOW = (
    "You can set: name, language, timezone, access, difference, uncertainties, cycles, prompts, "
    "quiet, days-off, notices, digest. For example /settings access invite."
)


@pytest.mark.parametrize("said", BAD, ids=lambda said: said[:20])
def test_a_bad_value_is_refused_in_one_sentence_and_changes_nothing(organized, said):
    before = (home(organized), framing(organized))

    replies = organized.says("boss", f"/settings {said}")

    assert text_of(replies) == BAD[said]
    assert (home(organized), framing(organized)) == before
    assert settings_changed(organized) == []


@pytest.mark.parametrize(
    "said",
    ["name", "name  ", "slug other", "id 7", "created_at now", "notices maybe", "=", "access=open"],
)
def test_what_is_no_setting_is_explained(organized, said):
    assert text_of(organized.says("boss", f"/settings {said}")) == HOW


@pytest.mark.parametrize("value", ["a\x00b", "\ud800"])
def test_what_no_database_keeps_is_refused_for_what_it_is(organized, value):
    for key in SETTINGS:
        replies = organized.hears("boss", Commanded("settings", f"{key} {value}"))

        assert text_of(replies) == (
            "That message holds a character that I can't keep. Please send it again without it."
        )
    assert settings_changed(organized) == []


def test_a_framing_is_kept_and_taken_back(organized):
    organized.says(
        "boss",
        "/settings difference Newcomers stay.",
        "/settings uncertainties Do they?",
        "/settings cycles strategic",
    )
    told = framing(organized)
    for key in ("difference", "uncertainties", "cycles"):
        organized.says("boss", f"/settings {key} -")

    assert told == Framing(
        difference="Newcomers stay.", uncertainties="Do they?", cycles=(Cycle("strategic"),)
    )
    assert framing(organized) == Framing()


def test_no_word_of_a_framing_is_in_the_audit(organized):
    organized.says("boss", "/settings difference The ZEBRAFINK stays.")

    assert "ZEBRAFINK" not in repr(organized.read(lambda w: list(w.audit.entries())))


def test_what_is_set_for_one_community_is_not_set_for_another(organized):
    organized.adds("other")

    organized.says("boss", "/settings name the Lending Circle", "/settings access invite")

    other = organized.read(lambda w: w.communities.find("other"))
    assert (other.name, other.access) == ("the other group", Access.OPEN)


def test_a_closed_community_takes_nobody_in_from_then_on(organized):
    organized.says("boss", "/settings access invite")

    assert "You need an invite" in text_of(organized.says("ana", "hello"))


class Named(Town):
    """A town whose first community is named by the bot's settings."""

    @property
    def house(self) -> House:
        return replace(super().house, fixed_name=True)


def test_a_name_that_stands_in_the_bots_settings_is_changed_there(organized):
    named = Named(organized.database, organized.erasures)

    replies = named.says("boss", "/settings name the Lending Circle")

    assert text_of(replies) == (
        "The name of this community stands in the bot's settings. "
        "Whoever runs it can change it there."
    )
    assert home(named).name == "the Onboarding Circle"


def test_the_name_of_a_second_community_is_its_organizers_to_choose(organized):
    organized.adds("other")
    organized.has("boss", Role.ORGANIZER, of="other")
    named = Named(organized.database, organized.erasures)

    replies = named.says("boss", "/settings name the Lending Circle")

    assert text_of(replies) == "name is set."


# ---- notices ----


def test_an_organizer_may_be_told_of_each_new_story(organized):
    organized.says("boss", "/settings notices on")
    ref = organized.tells("ana")
    told = organized.delivered("boss")
    organized.says("boss", "/settings notices off")
    organized.tells("ana")

    assert text_of(told) == f"A new story came in: {ref}. /read {ref} shows it."
    assert organized.delivered("boss") == []
    assert settings_changed(organized) == []


def test_a_story_that_is_not_for_organizers_is_told_of_without_its_number(organized):
    organized.says("boss", "/settings notices on")

    organized.tells("ana", to="community")

    assert text_of(organized.delivered("boss")) == (
        "A new story came in. It is not open to organizers."
    )


def test_nobody_but_an_organizer_is_promised_notices(town):
    town.has("boss", Role.ORGANIZER)

    replies = town.says(OLGA.user, "/settings notices on")

    assert text_of(replies) == "That is for organizers. An organizer can give you that role."


def test_whoever_is_no_organizer_any_more_is_told_of_no_story(organized):
    organized.has("cleo", Role.ORGANIZER)
    organized.says("cleo", "/settings notices on")
    organized.says("boss", "/roles revoke terminal:cleo")
    organized.delivered("cleo")

    organized.tells("ana")

    assert organized.delivered("cleo") == []


# ---- owners ----


def test_an_owner_of_several_communities_is_asked_which_is_set_up(town):
    town.adds("other", access=Access.INVITE)

    asked = town.says(OLGA.user, "/settings name the Lending Circle")
    done = town.taps(OLGA.user, "2")

    assert text_of(asked) == f"{WHICH}\nthe Onboarding Circle\nthe other group"
    assert text_of(done) == "name is set."
    assert town.read(lambda w: w.communities.find("other")).name == "the Lending Circle"
    assert settings_changed(town) == [("Olga", "other", {"setting": "name"})]


def test_an_owner_who_belongs_to_one_community_may_manage_another(town):
    town.adds("other", access=Access.INVITE)
    town.has(OLGA.user)

    asked = town.says(OLGA.user, "/community")

    assert "the other group" in text_of(asked)
