"""Where the app is installed: once a workspace, with tokens that one at a time renews."""

from datetime import timedelta

from sqlalchemy import select

from storage.database import Database
from storage.installations import Installation
from storage.tables import oauth_states
from storage.unit_of_work import Work
from tests.builders import NOON, kept

LATER = NOON + timedelta(hours=1)
MINUTE = timedelta(minutes=1)
HERE = ("slack", "T0001")


def install(
    database: Database, workspace: str = "T0001", *, sealed: str = "sealed1", at=NOON
) -> None:
    kept(
        database,
        lambda w: w.installations.put("slack", workspace, name="First", sealed=sealed, now=at),
    )


def end(database: Database, *, because: str = "app_uninstalled", at=LATER) -> bool:
    return kept(database, lambda w: w.installations.end(*HERE, because=because, now=LATER, at=at))


def found(database: Database) -> Installation:
    here = database.read_now(lambda c: Work(c).installations.find(*HERE))
    assert here is not None
    return here


def test_an_installation_is_found_and_listed_and_shows_none_of_its_tokens(database):
    install(database, "T0002")
    install(database)

    listed = database.read_now(lambda c: Work(c).installations.open("slack"))

    assert [each.workspace for each in listed] == ["T0001", "T0002"]
    assert listed[0] == found(database)
    assert (listed[0].sealed, listed[0].installed_at, listed[0].is_open) == ("sealed1", NOON, True)
    assert "sealed1" not in repr(listed[0])
    assert database.read_now(lambda c: Work(c).installations.open("telegram")) == []


def test_an_installation_ends_once_and_its_tokens_go(database):
    install(database)

    ends = [end(database), end(database, because="tokens_revoked")]

    assert ends == [True, False]
    ended = found(database)
    assert (ended.is_open, ended.ended_because, ended.sealed) == (False, "app_uninstalled", None)
    assert database.read_now(lambda c: Work(c).installations.open("slack")) == []


def test_what_was_never_installed_does_not_end(database):
    assert not end(database)


def test_a_new_installation_opens_it_again(database):
    install(database)
    end(database)

    install(database, sealed="two", at=LATER)

    assert (found(database).is_open, found(database).sealed) == (True, "two")
    assert end(database)


def test_news_of_an_end_that_comes_after_the_next_installation_does_not_end_that_one(database):
    install(database)
    install(database, sealed="two", at=LATER)

    ended = end(database, at=LATER - MINUTE)

    assert not ended
    assert found(database).is_open


def test_a_workspace_whose_token_is_kept_elsewhere_is_known_and_ends_once(database):
    def know(work: Work) -> None:
        work.installations.know(*HERE, name="First", now=NOON)

    kept(database, know)
    kept(database, know)
    ends = [end(database), end(database)]
    kept(database, know)

    assert ends == [True, False]
    assert (found(database).is_open, found(database).sealed) == (True, None)


def test_what_is_installed_keeps_its_own_tokens_where_another_is_kept_elsewhere(database):
    install(database)

    kept(database, lambda w: w.installations.know(*HERE, name="First", now=LATER))

    assert found(database).sealed == "sealed1"


# ---- renewing ----


def claim(database: Database, sealed: str = "sealed1", *, at=NOON) -> bool:
    return kept(
        database,
        lambda w: w.installations.claim(*HERE, sealed=sealed, now=at, until=at + MINUTE),
    )


def renew(database: Database, was: str, sealed: str) -> bool:
    return kept(database, lambda w: w.installations.renew(*HERE, was=was, sealed=sealed))


def test_one_at_a_time_renews_tokens_and_the_next_one_sees_the_new_ones(database):
    install(database)

    claims = [claim(database), claim(database)]
    renewed = renew(database, "sealed1", "two")

    assert claims == [True, False]
    assert renewed
    assert found(database).sealed == "two"
    assert not claim(database, "sealed1")
    assert claim(database, "two")


def test_whoever_never_comes_back_holds_the_others_up_for_a_while_only(database):
    install(database)
    claim(database)

    at_once, later = claim(database, at=NOON + MINUTE / 2), claim(database, at=NOON + MINUTE)

    assert (at_once, later) == (False, True)


def test_tokens_that_were_renewed_while_the_app_was_installed_anew_are_dropped(database):
    install(database)
    claim(database)
    install(database, sealed="anew", at=LATER)

    assert not renew(database, "sealed1", "two")
    assert found(database).sealed == "anew"


def test_tokens_that_were_renewed_while_the_installation_ended_are_dropped(database):
    install(database)
    claim(database)
    end(database)

    assert not renew(database, "sealed1", "two")
    assert found(database).sealed is None


# ---- states ----


def issue(database: Database, state: str, at=NOON) -> None:
    kept(database, lambda w: w.installations.issue(state, now=at, until=at + 10 * MINUTE))


def use(database: Database, state: str, at=NOON) -> bool:
    return kept(database, lambda w: w.installations.use(state, now=at))


def test_a_state_works_once(database):
    issue(database, "a-state")

    assert not use(database, "another")
    assert not use(database, "\ud800")
    assert use(database, "a-state")
    assert not use(database, "a-state")


def test_a_state_expires_and_goes_when_the_next_one_is_issued(database):
    issue(database, "a-state")

    late = use(database, "a-state", at=NOON + 10 * MINUTE)
    issue(database, "another", at=NOON + 10 * MINUTE)

    assert not late
    rows = database.read_now(lambda c: c.execute(select(oauth_states)).all())
    assert len(rows) == 1
    assert "another" not in repr(rows)
