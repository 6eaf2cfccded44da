from datetime import timedelta

import pytest

from flows.conversation import Agreed
from flows.messages import Address
from storage.members import Role
from storage.unit_of_work import Work
from tests.builders import NOON, a_member, kept, met


def test_an_address_is_one_person_however_often_they_write(database):
    def met_twice(work: Work):
        address = Address("telegram", "1001")
        return met(work, address, "Ana"), met(work, address, "Ana B.")

    first, again = kept(database, met_twice)

    assert first == again
    assert first.role is Role.MEMBER


def test_the_same_user_name_on_two_platforms_is_two_people(database):
    def met_twice(work: Work):
        here, there = Address("telegram", "1001"), Address("slack", "1001")
        return [met(work, each).id for each in (here, there)]

    first, second = kept(database, met_twice)

    assert first != second


def test_a_person_without_a_name_is_called_by_their_address(database):
    def met_without(work: Work):
        return work.members.meet(Address("telegram", "1001"), name=None, now=NOON).member

    assert kept(database, met_without).name == "1001"


def test_a_newcomer_is_spoken_to_in_the_language_of_their_client(database):
    def met_twice(work: Work):
        address = Address("telegram", "1001")
        first = work.members.meet(address, name="Ana", language="de", now=NOON)
        again = work.members.meet(address, name="Ana", language="fr", now=NOON)
        return [first.member.language, again.member.language]

    assert kept(database, met_twice) == ["de", "de"]


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.MEMBER, {Role.MEMBER}),
        (Role.COORDINATOR, {Role.MEMBER, Role.COORDINATOR}),
        (Role.ORGANIZER, {Role.MEMBER, Role.COORDINATOR, Role.ORGANIZER}),
    ],
)
def test_each_role_may_do_what_the_ones_before_it_may(role, may):
    assert {needed for needed in Role if role.may(needed)} == may


def test_every_consent_is_kept_and_the_newest_version_counts(database):
    def agreed(work: Work):
        ana, home = a_member(work).id, work.communities.home().id
        never = work.members.agreed_to(ana, home, flow="story")
        for version in (2, 1):
            consent = Agreed(version, "en", NOON + timedelta(days=version))
            work.members.agree(ana, home, flow="story", agreed=consent)
        other = work.members.agreed_to(ana, home, flow="other")
        return never, work.members.agreed_to(ana, home, flow="story"), other

    never, newest, other = kept(database, agreed)

    assert (never, newest, other) == (None, 2, None)
    rows = database.read_now(lambda c: c.exec_driver_sql("SELECT version FROM consents").all())
    assert [version for (version,) in rows] == [2, 1]
