"""How people come to belong to a community: by writing, by an invite, by where they write."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import Connection, inspect

from flows.messages import Chose, Commanded, Said
from storage.audit import Action
from storage.communities import Access, Place
from storage.members import Role
from tests.rights.conftest import OLGA, Town, at, text_of

pytestmark = pytest.mark.usefixtures("nothing_fails")

TOKEN = re.compile(r"^/start (\S+)$", re.MULTILINE)

ASKS_CONSENT = "May I keep your answers?"
NEEDS_INVITE = "You need an invite to take part. Whoever told you about this can give you one."
UNKEEPABLE = "That message holds a character that I can't keep. Please send it again without it."
INVALID = "That invite can't be used, or not any more. Please ask for a new one."
TOO_OFTEN = "That was wrong too often. Please try again in an hour."
NOWHERE = "You belong to no community here. /start joins one."
WHICH = "Which community is it about?"


def belongs(town: Town, name: str) -> list[str]:
    member = town.member(name)
    found = town.read(lambda w: w.members.belonging(member.id))
    return [f"{b.community.slug} {b.role}" for b in found]


def speaks_in(town: Town, name: str) -> str | None:
    met = town.read(lambda w: w.members.known(at(name)))
    assert met is not None
    return met.community.slug if met.community is not None else None


def invite(town: Town, rest: str = "", *, of: str = "main", by: str = "boss") -> str:
    """A new invite's token, made by an organizer."""
    town.has(by, Role.ORGANIZER, of=of)
    found = TOKEN.search(text_of(town.says(by, f"/invite {rest}")))
    assert found is not None
    return found[1]


def uses(town: Town, of: str = "main") -> list[int]:
    def listed(work):
        community = work.communities.find(of)
        return [i.uses for i in work.codes.invites(community.id, now=town.clock())]

    return town.read(listed)


def closes(town: Town, slug: str = "main") -> None:
    """From now on only an invite leads in."""

    def close(work):
        work.communities.change(work.communities.find(slug).id, access=Access.INVITE)

    town.write(close)


def every_value(connection: Connection) -> str:
    tables = inspect(connection).get_table_names()
    rows = (row for t in tables for row in connection.exec_driver_sql(f'SELECT * FROM "{t}"'))
    return repr([tuple(row) for row in rows])


def entries(town: Town, action: Action) -> list[tuple[str | None, str | None]]:
    """Who did it, and in which community."""
    found = town.read(lambda w: list(w.audit.entries()))
    return [(entry.by, entry.community) for entry in found if entry.action is action]


# ---- open communities ----


@pytest.mark.parametrize("first", ["hello", "/start", "/tell", "/resume"])
def test_whoever_writes_to_the_only_community_is_in_it_and_is_asked_nothing_about_it(town, first):
    replies = town.says("ana", first)

    assert belongs(town, "ana") == ["main member"]
    assert entries(town, Action.JOINED) == [("Ana", "main")]
    assert WHICH not in text_of(replies)


def test_a_newcomer_who_says_hello_is_welcomed_at_once(town):
    replies = town.says("ana", "hello")

    assert "the Onboarding Circle" in text_of(replies)
    assert ASKS_CONSENT in text_of(replies)


@pytest.mark.parametrize("first", ["/help", "/mydata"])
def test_whoever_looked_around_first_is_welcomed_when_they_say_hello(town, first):
    town.says("ana", first)

    replies = town.says("ana", "hello")

    assert ASKS_CONSENT in text_of(replies)
    assert belongs(town, "ana") == ["main member"]


def test_looking_around_joins_nothing(town):
    town.says("ana", "/help", "/privacy", "/mystories", "/status", "/mydata", "/link")

    assert belongs(town, "ana") == []
    assert entries(town, Action.JOINED) == []


def test_of_several_open_communities_a_newcomer_is_asked_which(town):
    town.adds("other")

    replies = town.says("ana", "hello")

    assert text_of(replies) == f"{WHICH}\nthe Onboarding Circle\nthe other group"
    assert belongs(town, "ana") == []


@pytest.mark.parametrize("answer", ["2", "the other group"])
def test_the_answer_may_be_typed_and_the_story_that_was_meant_begins(town, answer):
    town.adds("other")
    town.says("ana", "/tell")

    replies = town.says("ana", answer)

    assert "the other group" in text_of(replies)
    assert ASKS_CONSENT in text_of(replies)
    assert belongs(town, "ana") == ["other member"]
    assert entries(town, Action.JOINED) == [("Ana", "other")]


def test_what_is_no_answer_is_asked_again_and_joins_nothing(town):
    town.adds("other")
    town.says("ana", "hello")

    replies = town.says("ana", "I met them on Tuesday.")

    assert WHICH in text_of(replies)
    assert belongs(town, "ana") == []


def test_only_open_communities_are_offered(town):
    town.adds("other")
    town.adds("secret", access=Access.INVITE)

    replies = town.says("ana", "hello")

    assert "secret" not in text_of(replies)


def test_a_community_that_was_closed_meanwhile_cannot_be_chosen_any_more(town):
    town.adds("other")
    town.adds("third")
    town.says("ana", "hello")
    closes(town, "other")

    town.taps("ana", "2")

    assert belongs(town, "ana") == []


def test_a_made_up_button_joins_nothing(town):
    town.adds("other")
    town.adds("secret", access=Access.INVITE)
    town.says("ana", "hello")
    step = town.asked("ana").step

    for choice in ("3", "0", "-1", "main"):
        town.hears("ana", Chose(choice, step, 0, None))

    assert belongs(town, "ana") == []


def test_nobody_answers_the_question_that_somebody_else_was_asked(town):
    town.adds("other")
    town.says("ana", "hello")
    town.says("bo", "hello")

    replies = town.hears("bo", Chose("2", town.asked("ana").step, 0, None))

    assert "There is nothing to answer there any more." in text_of(replies)
    assert belongs(town, "bo") == []


# ---- with an invite only ----


@pytest.mark.parametrize("said", ["hello", "/start", "/tell", "/summary", "/leave", "/stories"])
def test_nobody_joins_without_an_invite_and_no_name_of_a_community_is_told(town, said):
    closes(town)
    town.adds("other", access=Access.INVITE)

    replies = town.says("ana", said)

    assert text_of(replies) == NEEDS_INVITE
    assert belongs(town, "ana") == []


def test_a_valid_invite_leads_in_and_is_counted(town):
    token = invite(town, "7 20")
    closes(town)

    replies = town.says("ana", f"/start {token}")

    assert ASKS_CONSENT in text_of(replies)
    assert belongs(town, "ana") == ["main member"]
    assert uses(town) == [1]
    assert ("Ana", "main") in entries(town, Action.JOINED)


def test_an_invite_says_how_long_and_for_how_many_it_works(town):
    town.has("boss", Role.COORDINATOR)

    said = {rest: text_of(town.says("boss", f"/invite {rest}")) for rest in ("", "1 1", "7 20")}

    assert "It works for 30 days. It is shown only now." in said[""]
    assert "It works for one day, for one person." in said["1 1"]
    assert "It works for 7 days, for 20 people." in said["7 20"]


@pytest.mark.parametrize("rest", ["0", "366", "7 0", "7 100001", "-3", "soon", "7 20 30", "revoke"])
def test_an_invite_that_cannot_be_is_not_made(town, rest):
    town.has("boss", Role.COORDINATOR)

    replies = town.says("boss", f"/invite {rest}")

    assert "Write /invite, or how many days it works" in text_of(replies)
    assert uses(town) == []


def test_an_expired_invite_leads_nowhere(town):
    token = invite(town, "7")
    closes(town)
    town.clock.at += timedelta(days=7)

    replies = town.says("ana", f"/start {token}")

    assert text_of(replies) == INVALID
    assert belongs(town, "ana") == []


def test_an_invite_works_until_its_last_minute(town):
    token = invite(town, "7")
    closes(town)
    town.clock.at += timedelta(days=7, minutes=-1)

    town.says("ana", f"/start {token}")

    assert belongs(town, "ana") == ["main member"]


def test_a_revoked_invite_leads_nowhere_and_is_listed_no_more(town):
    token = invite(town)
    closes(town)
    listed = text_of(town.says("boss", "/invite list"))
    number = listed.partition(":")[0]
    town.says("boss", f"/invite revoke {number}")

    replies = town.says("ana", f"/start {token}")

    assert text_of(replies) == INVALID
    assert text_of(town.says("boss", "/invite list")).startswith("No invite can be used now.")
    assert entries(town, Action.INVITE_REVOKED) == [("Boss", "main")]


def test_a_used_up_invite_leads_nowhere(town):
    token = invite(town, "7 2")
    closes(town)
    town.says("ana", f"/start {token}")
    town.says("bo", f"/start {token}")

    replies = town.says("cleo", f"/start {token}")

    assert text_of(replies) == INVALID
    assert belongs(town, "cleo") == []


def test_an_invite_is_counted_once_for_whoever_sends_it_again(town):
    token = invite(town, "7 5")
    closes(town)

    town.says("ana", f"/start {token}", f"/start {token}")
    town.says("boss", f"/start {token}")

    assert uses(town) == [1]


def test_whoever_joined_by_an_invite_may_send_it_again_once_it_is_used_up(town):
    token = invite(town, "7 1")
    closes(town)
    town.says("ana", f"/start {token}")

    replies = town.says("ana", *[f"/start {token}"] * 6)

    assert INVALID not in text_of(replies)
    assert TOO_OFTEN not in text_of(replies)
    assert town.delivered(OLGA.user) == []


@pytest.mark.parametrize(
    "token", ["AAAAAAAAAAAAAAAAAAAAAA", "main", "1", "🦊", "%", "\x00", "\ud800"]
)
def test_a_forged_invite_leads_nowhere(town, token):
    invite(town)
    closes(town)

    replies = town.hears("ana", Commanded("start", token))

    assert text_of(replies) == (UNKEEPABLE if token in ("\x00", "\ud800") else INVALID)
    assert belongs(town, "ana") == []


def test_an_invite_of_another_community_leads_there_and_not_here(town):
    town.adds("other", access=Access.INVITE)
    town.has("ana")
    token = invite(town, of="other", by="chief")

    replies = town.says("ana", f"/start {token}")

    assert belongs(town, "ana") == ["main member", "other member"]
    assert speaks_in(town, "ana") == "other"
    assert "the other group" in text_of(replies)


def test_an_invite_to_somebody_with_a_role_takes_no_role(town):
    token = invite(town)
    town.has("cleo", Role.COORDINATOR)

    town.says("cleo", f"/start {token}")

    assert belongs(town, "cleo") == ["main coordinator"]


def test_an_invite_in_mid_interview_keeps_every_word_of_it(town):
    town.adds("other", access=Access.INVITE)
    token = invite(town, of="other", by="chief")
    town.says("ana", "/tell")
    town.taps("ana", "agree")
    town.says("ana", "On 3 May the ZEBRAFINK sang, and it was fun.")

    in_other = town.says("ana", f"/start {token}")
    town.says("ana", "/community", "the Onboarding Circle")
    back = town.says("ana", "/status")

    assert ASKS_CONSENT in text_of(in_other)
    assert "ZEBRAFINK" not in text_of(in_other)
    assert "A story is open, one question answered" in text_of(back)
    assert "ZEBRAFINK" in text_of(town.says("ana", "/mystories"))


def test_an_invite_to_where_somebody_is_leaves_the_open_question_open(town):
    token = invite(town)
    town.says("ana", "/tell")
    town.taps("ana", "agree")
    town.says("ana", "On 3 May the ZEBRAFINK sang, and it was fun.")

    replies = town.says("ana", f"/start {token}")
    town.says("ana", "1")

    assert "ZEBRAFINK" in text_of(replies)
    assert uses(town) == [0]
    assert "A story is open, one question answered" in text_of(town.says("ana", "/status"))


def test_a_wrong_invite_in_mid_interview_asks_the_open_question_again(town):
    town.says("ana", "/tell")
    town.taps("ana", "agree")

    replies = town.says("ana", "/start forged")

    assert text_of(replies[:1]) == INVALID
    assert "What happened" in text_of(replies[1:])


# ---- guessing ----


def test_after_five_wrong_ones_even_a_right_one_is_refused_for_an_hour(town):
    token = invite(town)
    closes(town)
    guesses = [text_of(town.says("ana", f"/start wrong{n}")) for n in range(5)]

    refused = town.says("ana", f"/start {token}")
    town.clock.at += timedelta(minutes=58)
    still = town.says("ana", f"/start {token}")
    town.clock.at += timedelta(minutes=2)
    town.says("ana", f"/start {token}")

    assert guesses == [INVALID] * 5
    assert text_of(refused) == text_of(still) == TOO_OFTEN
    assert belongs(town, "ana") == ["main member"]


def test_the_hour_begins_with_the_last_wrong_one(town):
    token = invite(town)
    closes(town)
    for n in range(5):
        town.says("ana", f"/start wrong{n}")
        town.clock.at += timedelta(minutes=10)

    town.clock.at += timedelta(minutes=20)

    assert text_of(town.says("ana", f"/start {token}")) == TOO_OFTEN


def test_wrong_ones_that_are_far_apart_are_no_guessing(town):
    token = invite(town)
    closes(town)
    for n in range(8):
        town.says("ana", f"/start wrong{n}")
        town.clock.at += timedelta(minutes=20)

    town.says("ana", f"/start {token}")

    assert belongs(town, "ana") == ["main member"]


def test_the_owner_is_told_once_of_guessing_and_it_is_audited(town):
    town.says(OLGA.user, "hello")
    invite(town)
    closes(town)

    town.says("ana", *[f"/start wrong{n}" for n in range(9)])

    told = town.delivered(OLGA.user)
    assert text_of(told) == (
        "Somebody at terminal:ana tried several invites or codes that don't exist. "
        "They must wait for an hour now."
    )
    assert entries(town, Action.GUESSED) == [("Ana", None)]


def test_wrong_invites_and_wrong_codes_are_counted_together(town):
    town.has("bo")
    code = text_of(town.says("bo", "/link")).split("\n")[1]
    town.says("ana", "/start wrong1", "/start wrong2", "/link wrong3", "/link wrong4")
    town.says("ana", "/link wrong5")

    replies = town.says("ana", code)

    assert TOO_OFTEN in text_of(replies)


def test_the_guesses_of_one_address_stop_no_other_one(town):
    token = invite(town)
    closes(town)
    town.says("ana", *[f"/start wrong{n}" for n in range(6)])

    town.says("bo", f"/start {token}")

    assert belongs(town, "bo") == ["main member"]


# ---- what is kept of a secret ----


def test_an_invite_and_a_code_are_kept_nowhere_as_they_are_told(town):
    token = invite(town)
    town.has("ana")
    code = text_of(town.says("ana", "/link")).split("\n")[1].split()[1]
    town.says("bo", f"/start {token}", f"/link {code}")

    everything = town.database.read_now(every_value)
    assert token not in everything
    assert code not in everything
    assert code.lower() not in everything


# ---- leaving ----


def test_after_leaving_words_lead_back_nowhere_and_start_does(town):
    town.says("ana", "hello", "/leave")
    town.taps("ana", "leave")

    said = text_of(town.says("ana", "hello"))
    commanded = text_of(town.says("ana", "/resume"))
    left = belongs(town, "ana")
    town.says("ana", "/start")

    assert (said, commanded) == (NOWHERE, NOWHERE)
    assert left == []
    assert belongs(town, "ana") == ["main member"]
    assert entries(town, Action.LEFT) == [("Ana", "main")]
    assert entries(town, Action.JOINED) == [("Ana", "main")] * 2


def test_leaving_takes_the_role_and_joining_again_brings_none_back(town):
    town.has("boss", Role.ORGANIZER)
    town.says("boss", "/leave")
    town.taps("boss", "leave")

    town.says("boss", "/start")

    assert belongs(town, "boss") == ["main member"]


def test_leaving_an_invite_only_community_needs_a_new_invite(town):
    closes(town)
    town.has("ana")
    town.says("ana", "/leave")
    town.taps("ana", "leave")

    replies = town.says("ana", "/start")

    assert text_of(replies) == NEEDS_INVITE


def test_an_open_story_waits_for_whoever_left_and_came_back(town):
    town.says("ana", "/tell")
    town.taps("ana", "agree")
    town.says("ana", "On 3 May the ZEBRAFINK sang, and it was fun.", "/leave")
    town.taps("ana", "leave")
    town.says("ana", "/start")

    replies = town.says("ana", "/resume")

    assert "What did you get from it?" in text_of(replies)
    assert "ZEBRAFINK" in text_of(town.says("ana", "/mystories"))


def test_whoever_leaves_one_of_two_goes_on_in_the_other(town):
    town.adds("other")
    town.has("ana")
    town.has("ana", of="other")
    town.says("ana", "/leave")
    town.taps("ana", "leave")

    replies = town.says("ana", "hello")

    assert "the Onboarding Circle" in text_of(replies)
    assert belongs(town, "ana") == ["main member"]


# ---- where a community meets ----


def meets(town: Town, slug: str, place: str) -> None:
    def put(work):
        work.communities.put_place(work.communities.find(slug).id, Place("terminal", place))

    town.write(put)


@pytest.mark.parametrize("place", ["T1", "T1/C2"])
def test_a_newcomer_joins_the_community_that_meets_where_they_write(town, place):
    town.adds("other")
    meets(town, "other", "T1")

    replies = town.hears("ana", Said("hello"), place=place)

    assert WHICH not in text_of(replies)
    assert belongs(town, "ana") == ["other member"]


def test_a_channel_of_its_own_counts_before_its_workspace(town):
    town.adds("other")
    meets(town, "other", "T1")
    meets(town, "main", "T1/C2")

    town.hears("ana", Said("hello"), place="T1/C2")

    assert belongs(town, "ana") == ["main member"]


def test_a_place_like_another_one_is_not_that_one(town):
    town.adds("other")
    meets(town, "other", "T1")

    replies = town.hears("ana", Said("hello"), place="T10/C2")

    assert WHICH in text_of(replies)


def test_a_member_of_two_is_asked_nothing_where_one_of_them_meets(town):
    town.adds("other")
    meets(town, "other", "T1")
    town.has("ana")
    town.has("ana", of="other")
    member = town.member("ana")
    town.write(lambda w: w.members.change(member.id, community_id=None))

    replies = town.hears("ana", Commanded("tell"), place="T1")

    assert "the other group" in text_of(replies)
    assert speaks_in(town, "ana") == "other"


def test_whoever_writes_where_an_invite_is_needed_joins_nothing_else(town):
    town.adds("other", access=Access.INVITE)
    meets(town, "other", "T1")

    replies = town.hears("ana", Said("hello"), place="T1/C2")

    assert text_of(replies) == NEEDS_INVITE
    assert belongs(town, "ana") == []
