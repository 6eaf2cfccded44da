"""One person at two addresses: told apart until they say so, and the same from then on."""

import asyncio
import threading
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Table

from bot import granting
from bot.turns import Turns
from flows.conversation import Status
from flows.messages import Commanded, Inbound, parse
from storage.audit import Action
from storage.database import WRITERS
from storage.errors import DatabaseBusy
from storage.members import Role
from storage.merging import THEIRS
from storage.tables import (
    addresses,
    answers,
    conversations,
    members,
    memberships,
    metadata,
    prompting,
)
from tests.rights.conftest import Town, at, text_of

pytestmark = pytest.mark.usefixtures("nothing_fails")

FIRST = "On 3 May the ZEBRAFINK sang, and it was fun."
LATER = "On 4 May the WOLVERINE slept, and it was good."

DONE = "Done. Both accounts are you now, with the same stories."
UNKEEPABLE = "That message holds a character that I can't keep. Please send it again without it."
INVALID = "That code can't be used, or not any more. /link on your other account makes a new one."


def code_of(town: Town, name: str) -> str:
    """A new code, made by somebody."""
    return text_of(town.says(name, "/link")).split("\n")[1].removeprefix("/link ")


def link(town: Town, makes: str, sends: str) -> str:
    """Make one person of two; what whoever sent the code sees then."""
    return text_of(town.says(sends, f"/link {code_of(town, makes)}"))


def begins(town: Town, name: str, words: str) -> None:
    """A story of which the first question is answered."""
    town.says(name, "/tell")
    if town.asked(name).step == "welcome":
        town.taps(name, "agree")
    town.says(name, words)


def are_one(town: Town, *names: str) -> bool:
    return len({town.member(name).id for name in names}) == 1


def rows(town: Town, table: Table) -> list[Any]:
    return town.database.read_now(lambda c: list(c.execute(table.select())))


def drafts(town: Town, name: str) -> dict[str, str]:
    """The first words of each story of somebody's -> how it stands."""
    member = town.member(name)
    theirs = {r.id: r.status for r in rows(town, conversations) if r.member_id == member.id}
    return {
        row.text: theirs[row.conversation_id]
        for row in rows(town, answers)
        if row.conversation_id in theirs and row.text
    }


# ---- codes ----


def test_a_code_makes_another_address_the_same_person(town):
    town.says("ana", "hello")
    town.says("ana2", "hello")

    said = link(town, "ana", "ana2")

    assert said.startswith(DONE)
    assert are_one(town, "ana", "ana2")
    assert len(rows(town, members)) == 1


def test_a_code_is_read_however_it_is_typed(town):
    town.has("ana")
    town.has("ana2")
    code = code_of(town, "ana")

    said = town.says("ana2", f"/link  {code[:4].lower()} {code[4:].capitalize()} ")

    assert text_of(said).startswith(DONE)


def test_somebody_who_never_wrote_before_may_send_a_code_first(town):
    town.has("ana")

    said = link(town, "ana", "ana2")

    assert said.startswith(DONE)
    assert are_one(town, "ana", "ana2")
    assert "main" in str(town.read(lambda w: w.members.belonging(town.member("ana2").id)))


def test_a_code_works_once(town):
    town.has("ana")
    code = code_of(town, "ana")
    town.says("ana2", f"/link {code}")

    said = town.says("bo", f"/link {code}")

    assert text_of(said) == INVALID
    assert not are_one(town, "ana", "bo")


@pytest.mark.parametrize(("minutes", "works"), [(9, True), (10, False)])
def test_a_code_works_for_ten_minutes(town, minutes, works):
    town.has("ana")
    code = code_of(town, "ana")
    town.clock.at += timedelta(minutes=minutes)

    town.says("ana2", f"/link {code}")

    assert are_one(town, "ana", "ana2") == works


def test_a_new_code_takes_the_place_of_the_one_before(town):
    town.has("ana")
    old = code_of(town, "ana")
    new = code_of(town, "ana")

    first, second = town.says("ana2", f"/link {old}"), town.says("ana2", f"/link {new}")

    assert text_of(first) == INVALID
    assert text_of(second).startswith(DONE)


def test_a_code_sent_from_where_it_was_made_says_so_and_still_works(town):
    town.has("ana")
    code = code_of(town, "ana")

    own = town.says("ana", f"/link {code}")
    said = town.says("ana2", f"/link {code}")

    assert text_of(own) == "That is your own code. Send it from your other account."
    assert text_of(said).startswith(DONE)


@pytest.mark.parametrize("code", ["ABCDEFGH", "1", "🦊", "\x00", "\ud800", "S-481", "ana"])
def test_a_wrong_code_links_nothing(town, code):
    town.has("ana")
    code_of(town, "ana")

    said = town.hears("bo", Commanded("link", code))

    assert text_of(said) == (UNKEEPABLE if code in ("\x00", "\ud800") else INVALID)
    assert not are_one(town, "ana", "bo")


def test_two_addresses_that_are_one_already_stay_so(town):
    link(town, "ana", "ana2")

    said = link(town, "ana", "ana2")

    assert "That is your own code." in said
    assert are_one(town, "ana", "ana2")


def test_three_addresses_may_be_one_person(town):
    link(town, "ana", "ana2")
    link(town, "ana2", "ana3")

    assert are_one(town, "ana", "ana2", "ana3")


def test_linking_is_audited_as_what_the_person_did_who_is_left(town):
    town.has("ana")
    town.has("bo")

    link(town, "ana", "bo")

    (entry,) = [e for e in town.read(lambda w: list(w.audit.entries())) if e.action == "linked"]
    assert (entry.by, entry.community) == ("Ana", "main")
    assert entry.details["platform"] == "terminal"


# ---- open stories ----


def test_of_two_open_stories_the_later_one_stays_open_and_the_other_waits(town):
    begins(town, "ana", FIRST)
    begins(town, "ana2", LATER)

    said = link(town, "ana", "ana2")

    assert "What did you get from it?" in said
    assert drafts(town, "ana") == {FIRST: Status.PARKED, LATER: Status.ACTIVE}


def test_of_two_open_stories_the_later_one_stays_open_whoever_makes_the_code(town):
    begins(town, "ana", FIRST)
    begins(town, "ana2", LATER)

    link(town, "ana2", "ana")

    assert drafts(town, "ana") == {FIRST: Status.PARKED, LATER: Status.ACTIVE}


@pytest.mark.parametrize("at_which", ["ana", "ana2"])
def test_both_of_two_open_stories_are_finished_with_every_word(town, at_which):
    begins(town, "ana", FIRST)
    begins(town, "ana2", LATER)
    link(town, "ana", "ana2")

    for name in (at_which, "ana"):
        town.says(name, "/resume", "A checklist for newcomers.")
        while town.asked(name).step != "review":
            town.says(name, "/skip")
        town.taps(name, "organizers", "yes")

    kept = town.read(lambda w: list(w.story_reads.all_own(town.member("ana").id)))
    told = [[step.text for step in story.steps if step.text] for story in kept]
    assert sorted(told) == [
        [FIRST, "A checklist for newcomers."],
        [LATER, "A checklist for newcomers."],
    ]


def test_a_story_that_was_just_sent_ends_as_it_was_sent(town):
    begins(town, "ana", FIRST)
    while town.asked("ana").step != "review":
        town.says("ana", "/skip")
    town.taps("ana", "organizers")  # whether it was worth it is asked now
    begins(town, "ana2", LATER)

    link(town, "ana", "ana2")

    assert drafts(town, "ana") == {FIRST: Status.SENT, LATER: Status.ACTIVE}
    assert len(town.refs("ana2")) == 1


def test_the_question_about_a_story_just_sent_stays_open_where_it_is_the_later_one(town):
    begins(town, "ana2", LATER)
    begins(town, "ana", FIRST)
    while town.asked("ana").step != "review":
        town.says("ana", "/skip")
    town.taps("ana", "organizers")

    said = link(town, "ana2", "ana")
    town.says("ana2", "1")

    assert "Was your time with the Onboarding Circle worth it?" in said
    assert drafts(town, "ana") == {FIRST: Status.SENT, LATER: Status.PARKED}
    story = town.read(lambda w: w.story_reads.own(town.member("ana").id, town.refs("ana")[0]))
    assert story is not None
    assert story.worth_it == "yes"


def test_a_story_begun_at_one_address_is_finished_at_the_other(town):
    begins(town, "ana", FIRST)
    link(town, "ana", "ana2")

    town.says("ana2", "A checklist for newcomers.")
    while town.asked("ana2").step != "review":
        town.says("ana2", "/skip")
    town.taps("ana2", "organizers", "yes")

    (ref,) = town.refs("ana")
    assert FIRST in text_of(town.says("ana", f"/read {ref}"))
    assert "A checklist for newcomers." in text_of(town.says("ana", f"/read {ref}"))


def test_stories_that_are_open_in_different_communities_both_stay_open(town):
    town.adds("other")
    town.has("ana")
    town.has("ana2", of="other")
    begins(town, "ana", FIRST)
    begins(town, "ana2", LATER)

    link(town, "ana", "ana2")

    assert drafts(town, "ana") == {FIRST: Status.ACTIVE, LATER: Status.ACTIVE}
    assert "ZEBRAFINK" in text_of(town.says("ana2", "/mystories"))


def test_the_question_that_is_asked_after_linking_is_that_of_the_community_spoken_in(town):
    town.adds("other")
    town.has("ana")
    town.has("ana2", of="other")
    begins(town, "ana2", LATER)

    link(town, "ana", "ana2")
    town.says("ana2", "This is of no question.")

    assert drafts(town, "ana") == {LATER: Status.ACTIVE}


def test_the_older_of_two_in_another_community_is_not_opened_again(town):
    town.adds("other")
    town.has("ana", of="other")
    town.has("ana2", of="other")
    begins(town, "ana2", FIRST)
    begins(town, "ana", LATER)
    town.has("ana")  # where she speaks now

    said = link(town, "ana", "ana2")

    assert said == DONE
    assert drafts(town, "ana") == {FIRST: Status.PARKED, LATER: Status.ACTIVE}


# ---- what two people have ----


def test_every_column_that_names_a_person_is_handed_over():
    named = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.c
        if any(key.column.table is members for key in column.foreign_keys)
    }

    put_together = {(table.name, "member_id") for table in (memberships, prompting)}
    assert named == {(t.name, column) for t, column in THEIRS} | put_together


def test_stories_of_both_are_theirs_and_are_withdrawn_from_either(town):
    town.has("ana")
    town.has("ana2")
    first, later = town.keeps("ana", FIRST), town.keeps("ana2", LATER)

    link(town, "ana", "ana2")
    town.says("ana2", f"/withdraw {first}")
    town.says("ana", f"/withdraw {later}")

    listed = text_of(town.says("ana", "/mystories"))
    assert f"{first}: taken back" in listed
    assert f"{later}: taken back" in listed


@pytest.mark.parametrize(("makes", "sends"), [("ana", "ana2"), ("ana2", "ana")])
def test_of_two_roles_the_higher_one_counts(town, makes, sends):
    town.has("ana", Role.ORGANIZER)
    town.has("ana2", Role.COORDINATOR)

    link(town, makes, sends)

    assert town.member("ana2").role is Role.ORGANIZER


def test_whoever_is_one_belongs_where_either_did(town):
    town.adds("other")
    town.has("ana", Role.COORDINATOR)
    town.has("ana2", Role.ORGANIZER, of="other")

    link(town, "ana", "ana2")

    found = town.read(lambda w: w.members.belonging(town.member("ana").id))
    assert [(b.community.slug, b.role) for b in found] == [
        ("main", Role.COORDINATOR),
        ("other", Role.ORGANIZER),
    ]
    assert town.member("ana2").role is Role.COORDINATOR  # in main, where whoever made it speaks


def test_whoever_agreed_at_one_address_is_not_asked_at_the_other(town):
    begins(town, "ana", FIRST)
    town.says("ana", "/cancel")
    town.taps("ana", "yes")
    link(town, "ana2", "ana")

    town.says("ana2", "/start", "/tell")

    assert town.asked("ana2").step == "activity"


def test_who_agreed_and_what_both_did_stays_known(town):
    town.has("ana", Role.ORGANIZER)
    town.has("ana2", Role.ORGANIZER)
    town.says("ana", "/stories")
    town.says("ana2", "/members")

    link(town, "ana", "ana2")

    done = {e.action: e.by for e in town.read(lambda w: list(w.audit.entries()))}
    assert (done[Action.STORIES_LISTED], done[Action.MEMBERS_LISTED]) == ("Ana", "Ana")


def test_language_and_time_zone_are_kept_where_only_one_of_them_said(town):
    town.has("ana")
    town.has("ana2")
    town.says("ana2", "/timezone Ljubljana")

    link(town, "ana", "ana2")

    assert town.member("ana").timezone == "Europe/Ljubljana"


def test_what_waits_to_be_asked_of_one_is_asked_of_both(town):
    town.has("boss", Role.ORGANIZER)
    town.has("ana")
    ref = town.keeps("ana", FIRST)
    begins(town, "ana", LATER)
    town.says("boss", f'/permission {ref} for "annual report"')

    link(town, "ana2", "ana")
    town.says("ana2", "/start", "/cancel")
    replies = town.taps("ana2", "yes")

    assert "annual report" in text_of(replies)
    town.taps("ana2", "named")
    assert "yes, with the name Ana2" in text_of(town.says("boss", f"/permission {ref}"))


def test_what_was_sent_to_one_address_before_still_comes_there(town):
    town.has("boss", Role.ORGANIZER)
    town.has("ana")
    ref = town.keeps("ana", FIRST)
    town.says("boss", f"/hide {ref} It names a colleague.")

    link(town, "ana2", "ana")

    assert "It names a colleague." in "".join(
        text_of(replies) for replies in [town.seen[at("ana")], town.delivered("ana")]
    )


# ---- forgetting ----


@pytest.mark.parametrize("where", ["ana", "ana2"])
def test_forgetting_at_one_address_forgets_both(town, where):
    town.has("ana")
    town.has("ana2")
    town.keeps("ana", FIRST)
    town.keeps("ana2", LATER)
    link(town, "ana", "ana2")

    town.says(where, "/forget")
    town.taps(where, "yes", "yes")

    assert rows(town, addresses) == []
    assert rows(town, answers) == []
    assert [row.name for row in rows(town, members)] == [""]
    town.says("ana", "hello")
    assert not town.refs("ana")


# ---- several turns at once ----


def _wait(gate: threading.Event) -> None:
    gate.wait()


class Crowd:
    """Turns that arrive at the same moment: on SQLite they are one batch."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self._keys = 0

    def say(self, *said: tuple[str, str]) -> None:
        asyncio.run(self._say(said))
        for name, _ in said:
            self.town.delivered(name)

    async def _say(self, said) -> None:
        turns, gate = self.town.turns, threading.Event()
        for _ in range(WRITERS):
            self.town.database.submit(partial(_wait, gate))
        waiting = [asyncio.create_task(self._deliver(turns, self._inbound(*each))) for each in said]
        await asyncio.sleep(0)  # they all wait in line by then
        gate.set()
        await asyncio.gather(*waiting)

    async def _deliver(self, turns: Turns, inbound: Inbound) -> None:
        """As a platform does: what could not be taken is delivered again."""
        for _ in range(5):
            try:
                return await turns.handle(inbound)
            except DatabaseBusy:  # two who hold each other up, on PostgreSQL
                continue
        raise AssertionError("busy for ever")

    def _inbound(self, name: str, text: str) -> Inbound:
        self._keys += 1
        self.town.clock.at += timedelta(seconds=1)
        return Inbound(
            key=f"crowd {self._keys}",
            address=at(name),
            said_at=self.town.clock(),
            payload=parse(text),
            name=name.capitalize(),
        )


@pytest.fixture
def crowd(town: Town) -> Crowd:
    return Crowd(town)


def test_two_addresses_of_one_person_at_once_lose_no_word(town, crowd):
    begins(town, "ana", FIRST)
    link(town, "ana", "ana2")

    crowd.say(("ana", "A checklist for newcomers."), ("ana2", "I used it in April with my team."))

    assert set(drafts(town, "ana")) == {
        FIRST,
        "A checklist for newcomers.",
        "I used it in April with my team.",
    }


def test_no_word_is_lost_either_where_one_of_them_was_deactivated(town, crowd):
    begins(town, "ana", FIRST)
    link(town, "ana", "ana2")
    town.write(lambda w: granting.deactivate(w, at("ana2"), now=town.clock()))

    crowd.say(("ana", "A checklist for newcomers."), ("ana2", "I used it in April with my team."))

    assert set(drafts(town, "ana")) == {
        FIRST,
        "A checklist for newcomers.",
        "I used it in April with my team.",
    }


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # alone it has an order in a batch
def test_the_second_of_them_goes_on_from_where_the_first_one_led(town, crowd):
    begins(town, "ana", FIRST)
    link(town, "ana", "ana2")
    town.write(lambda w: granting.deactivate(w, at("ana2"), now=town.clock()))

    crowd.say(("ana", "A checklist for newcomers."), ("ana2", "/back"))

    assert town.asked("ana2").step == "gained"


def test_linking_among_the_turns_of_others_keeps_every_word(town, crowd):
    names = ("ana", "ana2", "bo", "cleo")
    for name in names:
        begins(town, name, f"On 3 May {name} sang, and it was fun.")
    code = code_of(town, "ana")

    crowd.say(
        ("bo", "A checklist from Bo."),
        ("ana2", f"/link {code}"),
        ("cleo", "A checklist from Cleo."),
        ("ana", "A checklist from Ana."),
    )

    assert are_one(town, "ana", "ana2")
    assert "A checklist from Bo." in drafts(town, "bo")
    assert "A checklist from Cleo." in drafts(town, "cleo")
    assert {
        "On 3 May ana sang, and it was fun.",
        "On 3 May ana2 sang, and it was fun.",
        "A checklist from Ana.",
    } <= set(drafts(town, "ana"))


def test_a_code_that_two_send_at_once_links_one_of_them(town, crowd):
    town.has("ana")
    code = code_of(town, "ana")

    crowd.say(("bo", f"/link {code}"), ("cleo", f"/link {code}"))

    assert [are_one(town, "ana", "bo"), are_one(town, "ana", "cleo")].count(True) == 1


def test_two_who_link_each_other_at_once_are_one(town, crowd):
    town.has("ana")
    town.has("bo")
    of_ana, of_bo = code_of(town, "ana"), code_of(town, "bo")

    crowd.say(("bo", f"/link {of_ana}"), ("ana", f"/link {of_bo}"))

    assert are_one(town, "ana", "bo")


def test_an_invite_for_one_that_two_send_at_once_leads_one_of_them_in(town, crowd):
    town.has("boss", Role.ORGANIZER)
    token = text_of(town.says("boss", "/invite 7 1")).split("/start ")[1].split()[0]
    town.says("boss", "/settings access invite")

    crowd.say(("ana", f"/start {token}"), ("bo", f"/start {token}"))

    assert len(rows(town, memberships)) == 2
