"""Giving and taking roles, who is told of it, and what each role sees."""

import pytest

from bot import granting
from bot.commands import COMMANDS
from bot.granting import Refusal
from flows.messages import Commanded
from storage.audit import Action, Recorded
from storage.communities import Access
from storage.members import Role
from tests.rights.conftest import OLGA, Town, at, text_of

pytestmark = pytest.mark.usefixtures("nothing_fails")

FIRST = "The ZEBRAFINK sang."


def roles(town: Town) -> list[str]:
    """Who has a role in the first community."""
    return town.read(lambda w: list(granting.lines(w, w.communities.home())))


def audited(town: Town, *actions: Action) -> list[Recorded]:
    return [e for e in town.read(lambda w: list(w.audit.entries())) if e.action in actions]


def changes(town: Town) -> list[tuple[str | None, Action, str | None, dict[str, object]]]:
    found = audited(town, Action.ROLE_GRANTED, Action.ROLE_REVOKED)
    return [(e.by, e.action, e.to, e.details) for e in found]


def grants(town: Town, name: str, role: Role) -> object:
    """As the program's own command does."""
    return town.write(
        lambda w: granting.grant(w, w.communities.home(), at(name), role, by=None, now=town.clock())
    )


# ---- giving and taking ----


@pytest.mark.parametrize("role", ["coordinator", "organizer"])
def test_an_organizer_gives_a_role_and_the_person_is_told(town, role):
    town.has("boss", Role.ORGANIZER)
    town.has("ana")

    replies = town.says("boss", f"/roles grant terminal:ana {role}")

    assert text_of(replies) == f"Ana is now: {role}."
    article = "an" if role == "organizer" else "a"
    assert text_of(town.delivered("ana")) == (
        f"You are now {article} {role} of the Onboarding Circle. /help lists what you can do."
    )
    assert f"Ana (terminal:ana): {role}" in roles(town)
    assert changes(town) == [("Boss", Action.ROLE_GRANTED, "Ana", {"role": role, "was": "member"})]


def test_an_organizer_takes_a_role_and_the_person_is_told(town):
    town.has("boss", Role.ORGANIZER)
    town.has("ana", Role.ORGANIZER)

    replies = town.says("boss", "/roles revoke terminal:ana")

    assert text_of(replies) == "Ana is now: member."
    assert text_of(town.delivered("ana")) == (
        "You have no special role in the Onboarding Circle any more."
    )
    assert roles(town) == ["Boss (terminal:boss): organizer"]
    assert changes(town) == [
        ("Boss", Action.ROLE_REVOKED, "Ana", {"role": "member", "was": "organizer"})
    ]


def test_a_lower_role_is_audited_as_one_that_was_taken(town):
    town.has("boss", Role.ORGANIZER)
    town.has("ana", Role.ORGANIZER)

    town.says("boss", "/roles grant terminal:ana coordinator")

    assert changes(town) == [
        ("Boss", Action.ROLE_REVOKED, "Ana", {"role": "coordinator", "was": "organizer"})
    ]


def test_an_owner_gives_roles_without_belonging_there(town):
    town.has("ana")
    town.says(OLGA.user, "/help")

    replies = town.says(OLGA.user, "/roles grant terminal:ana organizer")

    assert text_of(replies) == "Ana is now: organizer."
    assert town.read(lambda w: w.members.belonging(town.member(OLGA.user).id)) == []


def test_the_address_is_read_however_it_is_written(town):
    town.has("boss", Role.ORGANIZER)
    town.has("ana")

    town.says("boss", "/roles  grant   Terminal:ana   Coordinator ")

    assert "Ana (terminal:ana): coordinator" in roles(town)


def test_a_name_with_spaces_is_an_address_too(town):
    town.has("boss", Role.ORGANIZER)
    town.has("ana of the lake")

    town.says("boss", "/roles grant terminal:ana of the lake coordinator")

    assert "Ana of the lake (terminal:ana of the lake): coordinator" in roles(town)


@pytest.mark.parametrize(
    "rest",
    [
        "grant",
        "grant terminal:ana",
        "grant terminal:ana emperor",
        "grant ana coordinator",
        "grant terminal: coordinator",
        "grant :ana coordinator",
        "revoke",
        "revoke ana",
        "terminal:ana coordinator",
    ],
)
def test_what_is_no_such_order_is_explained_and_changes_nothing(town, rest):
    town.has("boss", Role.ORGANIZER)
    town.has("ana")

    replies = town.says("boss", f"/roles {rest}")

    assert text_of(replies).startswith("Write /roles, /roles grant terminal:ana coordinator, or")
    assert changes(town) == []


def test_nobody_at_an_unknown_address_gets_a_role(town):
    town.has("boss", Role.ORGANIZER)

    replies = town.says("boss", "/roles grant telegram:1001 coordinator")

    assert text_of(replies) == (
        "Nobody at telegram:1001 belongs to this community. They need to write to me first."
    )


@pytest.mark.parametrize("user", ["a\x00b", "\ud800", "x" * 300])
def test_an_address_that_nobody_can_have_is_unknown(town, user):
    town.has("boss", Role.ORGANIZER)

    replies = town.hears("boss", Commanded("roles", f"grant terminal:{user} coordinator"))

    assert len(replies) == 1
    assert changes(town) == []


def test_somebody_of_another_community_gets_no_role_here(town):
    town.adds("other")
    town.has("boss", Role.ORGANIZER)
    town.has("zoe", of="other")

    replies = town.says("boss", "/roles grant terminal:zoe organizer")

    assert "Nobody at terminal:zoe belongs to this community." in text_of(replies)
    assert town.member("zoe").role is Role.MEMBER
    assert town.delivered("zoe") == []


def test_a_role_of_one_community_is_none_in_another(town):
    town.adds("other")
    town.has("boss", Role.ORGANIZER, of="other")
    town.has("boss", Role.MEMBER)

    replies = town.says("boss", "/stories")

    assert "That is for organizers." in text_of(replies)


def test_the_role_that_somebody_has_is_not_given_again(town):
    town.has("boss", Role.ORGANIZER)
    town.has("ana", Role.COORDINATOR)

    replies = town.says("boss", "/roles grant terminal:ana coordinator")

    assert text_of(replies) == "terminal:ana is coordinator already."
    assert changes(town) == []
    assert town.delivered("ana") == []


# ---- the last organizer ----


@pytest.mark.parametrize(
    "order",
    [
        "revoke terminal:boss",
        "grant terminal:boss member",
        "grant terminal:boss coordinator",
    ],
)
def test_the_last_organizer_cannot_take_that_from_themselves(town, order):
    town.has("boss", Role.ORGANIZER)
    town.has("ana", Role.COORDINATOR)

    replies = town.says("boss", f"/roles {order}")

    assert text_of(replies) == "You are the only organizer. Give that role to somebody else first."
    assert town.member("boss").role is Role.ORGANIZER
    assert changes(town) == []


def test_an_organizer_who_is_not_the_last_one_may(town):
    town.has("boss", Role.ORGANIZER)
    town.has("ana", Role.ORGANIZER)

    town.says("boss", "/roles revoke terminal:boss")

    assert roles(town) == ["Ana (terminal:ana): organizer"]


def test_an_owner_may_take_it_from_the_last_organizer(town):
    town.has("boss", Role.ORGANIZER)

    replies = town.says(OLGA.user, "/roles revoke terminal:boss")

    assert text_of(replies) == "Boss is now: member."
    assert roles(town) == []


def test_the_programs_own_command_may_take_it_from_the_last_organizer(town):
    town.has("boss", Role.ORGANIZER)

    done = grants(town, "boss", Role.MEMBER)

    assert not isinstance(done, Refusal)
    assert roles(town) == []
    assert changes(town) == [
        (None, Action.ROLE_REVOKED, "Boss", {"role": "member", "was": "organizer"})
    ]


def test_the_last_organizer_at_another_address_of_theirs_is_the_last_one_still(town):
    town.has("boss", Role.ORGANIZER)
    code = text_of(town.says("boss", "/link")).split("\n")[1]
    town.says("boss2", code)

    replies = town.says("boss2", "/roles revoke terminal:boss")

    assert "You are the only organizer." in text_of(replies)
    assert roles(town) == ["Boss (terminal:boss, terminal:boss2): organizer"]


# ---- who learns of it ----


def test_privacy_says_who_became_an_organizer_and_who_ceased_to_be_one(town):
    town.has("boss", Role.ORGANIZER)
    town.has("ana")
    town.has("cleo")
    grants(town, "cleo", Role.ORGANIZER)
    town.says("boss", "/roles grant terminal:ana organizer", "/roles revoke terminal:ana")
    town.says("boss", "/roles grant terminal:ana coordinator")

    said = text_of(town.says("ana", "/privacy"))

    assert "Organizers are: Boss, Cleo." in said
    assert "Mar 14, 2026: Ana became an organizer (by Boss)." in said
    assert "Mar 14, 2026: Ana ceased to be an organizer (by Boss)." in said
    assert "Mar 14, 2026: Cleo became an organizer (by whoever runs this bot)." in said
    assert "coordinator (by" not in said


def test_privacy_tells_nothing_of_another_community(town):
    town.adds("other")
    town.has("chief", Role.ORGANIZER, of="other")
    town.has("zoe", of="other")
    town.says("chief", "/roles grant terminal:zoe organizer")
    town.has("ana")

    said = text_of(town.says("ana", "/privacy"))

    assert "Nobody is an organizer here now." in said
    assert "Zoe" not in said


def test_privacy_names_nobody_who_was_forgotten(town):
    town.has("boss", Role.ORGANIZER)
    town.has("ana")
    town.says("boss", "/roles grant terminal:ana organizer", "/forget")
    town.taps("boss", "yes", "yes")

    said = text_of(town.says("ana", "/privacy"))

    assert "Ana became an organizer (by somebody who is gone)." in said
    assert "Boss" not in said


# ---- owners ----

READS = (
    "/stories",
    "/summary",
    "/summary for funders",
    "/members",
    "/read {ref}",
    "/hide {ref} It names a colleague.",
    "/permission {ref}",
    '/permission {ref} for "report"',
)


@pytest.mark.parametrize("belongs", [False, True])
def test_an_owner_reads_no_story(town, belongs):
    town.has("ana")
    ref = town.keeps("ana", FIRST)
    if belongs:
        town.has(OLGA.user)

    seen = {read: text_of(town.says(OLGA.user, read.format(ref=ref))) for read in READS}

    for read, said in seen.items():
        assert "ZEBRAFINK" not in said, read
        assert "Ana" not in said, read
        if belongs and not read.startswith("/read"):
            assert said == "That is for organizers. An organizer can give you that role."
    assert town.delivered("ana") == []


def test_an_owner_who_makes_themselves_organizer_reads_and_that_is_audited(town):
    town.has("ana")
    ref = town.keeps("ana", FIRST)
    town.says(OLGA.user, "/roles grant terminal:olga organizer")

    said = text_of(town.says(OLGA.user, f"/read {ref}"))

    assert FIRST in said
    assert changes(town) == [
        ("Olga", Action.ROLE_GRANTED, "Olga", {"role": "organizer", "was": None})
    ]
    assert "Olga became an organizer (by Olga)." in text_of(town.says("ana", "/privacy"))
    (read,) = audited(town, Action.STORY_READ)
    assert (read.by, read.ref) == ("Olga", ref)


def test_an_owner_chooses_the_community_that_is_managed(town):
    town.adds("other", access=Access.INVITE)
    town.has("zoe", of="other")
    town.says(OLGA.user, "/roles grant terminal:zoe organizer")

    replies = town.taps(OLGA.user, "2")

    assert text_of(replies) == "zoe is now: organizer."
    assert town.read(lambda w: w.members.belonging(town.member(OLGA.user).id)) == []


def test_whoever_is_linked_to_an_owner_is_the_owner(town):
    town.has("ana")
    code = text_of(town.says(OLGA.user, "/link")).split("\n")[1]
    town.says("olga2", code)

    replies = town.says("olga2", "/roles grant terminal:ana coordinator")

    assert text_of(replies) == "Ana is now: coordinator."


# ---- an account that is gone ----


def test_who_loses_their_account_loses_their_roles_everywhere_at_once(town):
    town.adds("other")
    town.has("ana", Role.ORGANIZER)
    town.has("ana", Role.COORDINATOR, of="other")

    town.write(lambda w: granting.deactivate(w, at("ana"), now=town.clock()))

    found = town.read(lambda w: w.members.belonging(town.member("ana").id))
    assert [b.role for b in found] == [Role.MEMBER, Role.MEMBER]
    lost = audited(town, Action.ROLE_REVOKED)
    assert [(e.community, e.actor, e.to, e.details) for e in lost] == [
        ("main", "console", "Ana", {"role": "member", "was": "organizer"}),
        ("other", "console", "Ana", {"role": "member", "was": "coordinator"}),
    ]


def test_roles_stay_lost_when_the_account_writes_again(town):
    town.has("ana", Role.ORGANIZER)
    town.write(lambda w: granting.deactivate(w, at("ana"), now=town.clock()))

    replies = town.says("ana", "/stories")

    assert text_of(replies) == "That is for organizers. An organizer can give you that role."


def test_an_account_that_nobody_had_is_deactivated_without_a_fault(town):
    town.write(lambda w: granting.deactivate(w, at("nobody"), now=town.clock()))

    assert changes(town) == []


def test_nothing_is_sent_to_an_account_that_is_gone(town):
    town.has("boss", Role.ORGANIZER)
    town.has("ana")
    town.write(lambda w: granting.deactivate(w, at("ana"), now=town.clock()))

    town.says("boss", "/roles grant terminal:ana coordinator")

    assert town.delivered("ana") == []


# ---- coordinators ----


def test_a_coordinator_reads_no_story_for_organizers_and_no_name(town):
    town.has("cleo", Role.COORDINATOR)
    town.says("ana", "hello")
    town.taps("ana", "not-now")
    town.has("bo")
    ref = town.keeps("bo", FIRST)

    seen = {
        command.name: text_of(town.says("cleo", f"/{command.name} {rest}".strip()))
        for command in COMMANDS
        for rest in ("", ref)
        if command.name not in ("leave", "forget")
    }

    for name, said in seen.items():
        assert "ZEBRAFINK" not in said, name
        assert "Ana" not in said, name
        assert "Bo" not in said, name


def test_a_coordinator_reads_what_is_open_to_members(town):
    town.has("cleo", Role.COORDINATOR)
    town.has("bo")
    ref = town.keeps("bo", FIRST, to="organizers community")

    assert FIRST in text_of(town.says("cleo", f"/read {ref}"))


def test_a_role_that_was_taken_answers_no_question_any_more(town):
    town.has("boss", Role.ORGANIZER)
    town.has("cleo", Role.ORGANIZER)
    town.has("ana")
    town.keeps("ana", FIRST)
    town.says("cleo", "/summary for funders")
    town.says("boss", "/roles revoke terminal:cleo")

    replies = town.taps("cleo", "ask")

    assert "That is for organizers." in text_of(replies)
    assert town.delivered("ana") == []
