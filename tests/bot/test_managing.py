"""The program's commands for whoever runs it: roles, communities, invites, the audit, purging."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from flows.messages import Address
from storage.audit import Action, Entry, Recorded
from storage.communities import Access, CommunityId, Place
from storage.members import Role
from storage.unit_of_work import Work
from tests.builders import (
    T,
    a_member,
    a_story,
    closing,
    invoked,
    kept,
    kept_story,
    opened,
    sentence,
    storytrail,
    withdraw,
)

ANA = "terminal:ana"


def written(url: Path | str, work: Callable[[Work], object]) -> None:
    with closing(opened(url)) as database:
        kept(database, work)


def found(url: Path | str, work: Callable[[Work], T]) -> T:
    with closing(opened(url)) as database:
        return database.read_now(lambda connection: work(Work(connection)))


def audited(url: Path | str) -> list[Recorded]:
    return found(url, lambda w: list(w.audit.entries()))


def role_of(url: Path | str, name: str = "ana", *, of: str = "main") -> Role | None:
    def role(work: Work) -> Role | None:
        met, community = work.members.known(Address("terminal", name)), work.communities.find(of)
        assert met is not None
        assert community is not None
        return work.members.role(met.member.id, community.id)

    return found(url, role)


def said(done: CompletedProcess[bytes]) -> str:
    """What a program that went well printed."""
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def refused(done: CompletedProcess[bytes], code: int) -> str:
    """The one sentence of a program that refused something, and printed nothing."""
    assert (done.returncode, done.stdout) == (code, b"")
    return sentence(done)


def waiting(url: Path | str, name: str = "ana") -> list[str]:
    """What somebody is told next."""
    rows = found(url, lambda w: w.outbox.waiting(Address("terminal", name)))
    return [row.reply.text for row in rows]


def slug_at(url: Path | str, place: Place) -> str | None:
    """Which community meets there."""
    community = found(url, lambda w: w.communities.at(place))
    return community.slug if community is not None else None


def other(work: Work) -> None:
    """A second community."""
    at = datetime.now(UTC)
    work.communities.add("other", "the other group", language="en", now=at)


def _recorded(entry: Entry, at: datetime, work: Work) -> None:
    work.audit.add(entry, now=at)


@pytest.fixture
def ana(url: str) -> str:
    """The address of a database in which Ana is a member."""
    written(url, lambda w: a_member(w, "ana"))
    return url


# ---- roles ----


def test_a_role_is_granted_and_revoked_and_audited_and_the_person_is_told(ana):
    granted = invoked("role", "grant", ANA, "organizer", database=ana)
    between = role_of(ana)
    revoked = invoked("role", "revoke", ANA, "organizer", database=ana)

    assert said(granted) == "terminal:ana is organizer now.\n"
    assert said(revoked) == "terminal:ana is member now.\n"
    assert (between, role_of(ana)) == (Role.ORGANIZER, Role.MEMBER)
    assert [(e.action, e.actor, e.by, e.to, e.details) for e in audited(ana)] == [
        (Action.ROLE_GRANTED, "console", None, "ana", {"role": "organizer", "was": "member"}),
        (Action.ROLE_REVOKED, "console", None, "ana", {"role": "member", "was": "organizer"}),
    ]
    assert waiting(ana) == [
        "You are now an organizer of the Onboarding Circle. /help lists what you can do.",
        "You have no special role in the Onboarding Circle any more.",
    ]


def test_a_role_that_somebody_has_changes_nothing_and_nobody_is_told(path):
    written(path, lambda w: a_member(w, "ana", role=Role.COORDINATOR))

    done = invoked("role", "grant", ANA, "coordinator", database=path)

    assert said(done) == "terminal:ana is coordinator now.\n"
    assert waiting(path) == []
    assert audited(path) == []


@pytest.mark.parametrize(
    ("order", "address", "role", "code"),
    [
        ("grant", ANA, "emperor", 2),
        ("revoke", ANA, "Organizer", 2),
        ("grant", "ana", "organizer", 2),
        ("revoke", ":ana", "organizer", 2),
        ("grant", "terminal:\udcff", "organizer", 2),
        ("grant", "terminal:nobody", "organizer", 1),
        ("revoke", "terminal:nobody", "organizer", 1),
    ],
)
def test_a_role_that_cannot_be_set_is_refused_in_one_sentence(path, order, address, role, code):
    written(path, lambda w: a_member(w, "ana"))

    done = invoked("role", order, address, role, database=path)

    assert refused(done, code)
    assert audited(path) == []


def test_a_role_that_somebody_does_not_have_is_not_revoked(path):
    written(path, lambda w: a_member(w, "ana", role=Role.COORDINATOR))

    done = invoked("role", "revoke", ANA, "organizer", database=path)

    assert refused(done, 1) == "terminal:ana is no organizer, but coordinator."
    assert role_of(path) is Role.COORDINATOR


def test_a_role_is_granted_in_the_community_that_is_named(path):
    written(path, lambda w: a_member(w, "ana"))
    written(path, other)

    unknown = invoked("role", "grant", ANA, "organizer", "--community", "other", database=path)

    assert refused(unknown, 1).startswith("Nobody at terminal:ana belongs there")
    assert role_of(path) is Role.MEMBER


def test_what_people_are_called_does_not_act_on_the_terminal_that_lists_them(path):
    written(path, lambda w: a_member(w, "\x1b[31mred", role=Role.ORGANIZER))
    written(path, lambda w: w.communities.change(w.communities.home().id, name="\x1b]0;t\x07"))

    listed = said(invoked("role", "list", database=path))
    communities = said(invoked("community", "list", database=path))

    assert listed == "␛[31mred (terminal:␛[31mred): organizer\n"
    assert communities == "main: ␛]0;t␇ (en, UTC, open)\n"


# ---- communities ----


def test_a_community_is_added_listed_and_audited(url):
    added = invoked(
        *("community", "add", "other", "--name", "the other group"),
        *("--timezone", "Europe/Ljubljana", "--access", "invite"),
        database=url,
    )

    listed = invoked("community", "list", database=url)
    assert said(added) == "other is there.\n"
    assert said(listed) == (
        "main: the Onboarding Circle (en, UTC, open)\n"
        "other: the other group (en, Europe/Ljubljana, invite)\n"
    )
    assert [(e.action, e.community, e.actor) for e in audited(url)] == [
        (Action.COMMUNITY_ADDED, "other", "console")
    ]


NAMED = ("--name", "the other group")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("main", *NAMED), 1),
        (("Other", *NAMED), 2),
        (("", *NAMED), 2),
        (("x" * 64, *NAMED), 2),
        (("other", "--name", ""), 2),
        (("other", "--name", "   "), 2),
        (("other", "--name", "x" * 101), 2),
        (("other", "--name", "\udcff"), 2),
        (("other", *NAMED, "--language", "tlh"), 2),
        (("other", *NAMED, "--timezone", "Atlantis"), 2),
        (("other", *NAMED, "--access", "closed"), 2),
    ],
)
def test_a_community_that_cannot_be_added_is_refused_in_one_sentence(path, arguments, code):
    done = invoked("community", "add", *arguments, database=path)

    assert refused(done, code)
    assert [c.slug for c in found(path, lambda w: w.communities.all())] == ["main"]


def test_a_community_without_a_name_is_a_wrong_use(path):
    done = invoked("community", "add", "other", database=path)

    assert done.returncode == 2
    assert b"--name" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_community_meets_where_it_is_said_to_meet(url):
    put = invoked("community", "place", "main", "telegram:-1001", database=url)

    there = slug_at(url, Place("telegram", "-1001"))
    removed = invoked("community", "place", "main", "telegram:-1001", "--remove", database=url)

    assert said(put) == "main meets in telegram:-1001.\n"
    assert said(removed) == "main does not meet in telegram:-1001.\n"
    assert there == "main"
    assert slug_at(url, Place("telegram", "-1001")) is None
    assert [(e.action, e.community, e.details) for e in audited(url)] == [
        (Action.COMMUNITY_CHANGED, "main", {"setting": "place"}),
        (Action.COMMUNITY_CHANGED, "main", {"setting": "place"}),
    ]


def test_a_place_goes_from_one_community_to_another_and_only_its_own_removes_it(url):
    written(url, other)
    place = Place("slack", "T1/C2")
    written(url, lambda w: w.communities.put_place(w.communities.home().id, place))

    refusal = invoked("community", "place", "other", "slack:T1/C2", "--remove", database=url)
    before = slug_at(url, place)
    invoked("community", "place", "other", "slack:T1/C2", database=url)

    assert refused(refusal, 1) == "other does not meet in slack:T1/C2."
    assert (before, slug_at(url, place)) == ("main", "other")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("main", "T1"), 2),
        (("main", "slack:\udcff"), 2),
        (("main", "slack:" + "x" * 256), 2),
        (("main", "s" * 33 + ":T1"), 2),
        (("third", "slack:T1"), 1),
        (("main", "slack:T1", "--remove"), 1),
    ],
)
def test_a_place_that_cannot_be_is_refused_in_one_sentence(path, arguments, code):
    done = invoked("community", "place", *arguments, database=path)

    assert refused(done, code)
    assert audited(path) == []


# ---- invites ----


def test_an_invite_is_printed_kept_only_as_its_digest_and_audited(url):
    code = said(invoked("invite", "--days", "7", "--uses", "2", database=url)).strip()

    assert re.fullmatch(r"[\w-]{22}", code)
    (entry,) = audited(url)
    assert (entry.action, entry.community, entry.actor) == (Action.INVITED, "main", "console")
    assert entry.details == {"days": 7, "uses": 2}
    (listed,) = found(
        url,
        lambda w: w.codes.invites(w.communities.home().id, now=datetime.now(UTC)),
    )
    assert listed.most_uses == 2
    assert code not in repr(found(url, lambda w: [*w.audit.entries(), listed]))


def test_a_chat_joins_by_an_invite(path):
    written(path, lambda w: w.communities.change(w.communities.home().id, access=Access.INVITE))
    code = said(invoked("invite", "--uses", "1", database=path)).strip()

    wrong = storytrail("chat", "--as", "bo", "--invite", "wrong", database=path)
    right = storytrail("chat", "--as", "ana", "--invite", code, database=path)
    again = storytrail("chat", "--as", "bo", "--invite", code, database=path)

    assert "That invite can't be used, or not any more." in said(wrong)
    assert "May I keep your answers?" in said(right)
    assert "That invite can't be used, or not any more." in said(again)
    assert role_of(path) is Role.MEMBER


def test_an_invite_is_not_for_scripts(path):
    done = storytrail("chat", "--jsonl", "--invite", "x", database=path)

    assert refused(done, 2) == "--invite is for a chat: in --jsonl, send /start and the code."


@pytest.mark.parametrize("option", ["--days", "--uses"])
@pytest.mark.parametrize("value", ["0", "99999999999"])
def test_an_invite_that_cannot_be_is_a_wrong_use(path, option, value):
    done = invoked("invite", option, value, database=path)

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("invite",), ("audit",), ("summary",)])
@pytest.mark.parametrize("name", ["third", "\udcff"])
def test_a_community_that_is_not_there_is_refused_in_one_sentence(path, command, name):
    done = invoked(*command, "--community", name, database=path)

    assert refused(done, 1).startswith("There is no community of that name")


# ---- the audit ----


def test_the_audit_says_who_did_what_and_when(path):
    written(path, lambda w: a_member(w, "ana"))
    invoked("role", "grant", ANA, "organizer", database=path)
    invoked("summary", database=path)
    invoked("export", "--for", "funders", database=path)

    lines = said(invoked("audit", database=path)).splitlines()

    assert [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d ", "", line) for line in lines] == [
        "main: console role-granted ana (role: organizer, was: member)",
        "main: console summary-read",
        "main: console exported (for: funders, format: json)",
    ]


def test_the_audit_as_json_is_an_object_a_line(path):
    written(path, lambda w: a_member(w, "ana"))
    invoked("role", "grant", ANA, "organizer", database=path)

    (line,) = said(invoked("audit", "--json", database=path)).splitlines()

    entry = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry.pop("at"))
    assert entry == {
        "action": "role-granted",
        "community": "main",
        "actor": "console",
        "by": None,
        "to": "ana",
        "ref": None,
        "details": {"role": "organizer", "was": "member"},
    }


def test_the_audit_of_one_community_or_of_some_days_is_only_of_those(url):
    written(url, other)
    now = datetime(2026, 3, 14, 12, tzinfo=UTC)
    for community in (1, 2):
        entry = Entry(action=Action.INVITED, community=CommunityId(community))
        written(url, partial(_recorded, entry, now))

    of_other = said(invoked("audit", "--community", "other", database=url))
    later = said(invoked("audit", "--since", "2026-03-15", database=url))
    on_the_day = said(
        invoked("audit", "--since", "2026-03-14", "--until", "2026-03-14", database=url)
    )

    assert of_other == "2026-03-14 12:00 other: console invited\n"
    assert later == ""
    assert len(on_the_day.splitlines()) == 2


@pytest.mark.parametrize("option", ["--since", "--until"])
def test_a_day_that_is_none_is_refused_in_one_sentence(path, option):
    done = invoked("audit", option, "yesterday", database=path)

    assert refused(done, 2) == f"{option} takes a day as 2026-03-31."


def test_whoever_was_forgotten_is_named_nowhere_in_the_audit(path):
    written(path, lambda w: a_member(w, "ana"))
    invoked("role", "grant", ANA, "organizer", database=path)
    storytrail("chat", "--as", "ana", database=path, said=["/forget", "1", "2"])

    printed = said(invoked("audit", database=path))

    assert "ana" not in printed
    assert "console role-granted (forgotten)" in printed
    assert "(forgotten) member-forgotten" in printed


# ---- purging ----


def test_purging_erases_what_was_taken_back_long_ago_and_says_how_much(url):
    def told(work: Work) -> None:
        member = a_member(work, "ana")
        sent = kept_story(work, a_story(title="The ZEBRAFINK sang."), member)
        withdraw(work, member, sent.ref)

    written(url, told)

    done = invoked("purge", database=url)

    lines = said(done).splitlines()
    assert lines[0] == "Erased stories that were taken back: 1; drafts: 0."
    assert [e.action for e in audited(url)] == [Action.STORY_ERASED]


# ---- no database ----


@pytest.mark.parametrize(
    "command",
    [
        ("role", "grant", ANA, "organizer"),
        ("community", "add", "other", *NAMED),
        ("invite",),
        ("audit",),
        ("purge",),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_where_there_is_no_database_none_is_made(tmp_path, command):
    path = tmp_path / "none.db"

    done = invoked(*command, database=path)

    assert refused(done, 1)
    assert not path.exists()
