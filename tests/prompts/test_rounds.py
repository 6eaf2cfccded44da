"""Rounds: who is asked, once, and at which hour of their own."""

from datetime import UTC, datetime, timedelta

import pytest

from bot import rounds
from storage.database import Database
from storage.unit_of_work import Work
from tests.builders import closing, opened, tried
from tests.prompts.conftest import asked, labels, words


async def test_a_round_asks_every_member_the_first_question_and_says_who_asks(circle):
    circle.joins("ana", "bo")

    await circle.begins("cora", "/prompt now")

    seen = circle.sees("ana")
    assert circle.ledger() == {"Cora": "queued", "Ana": "sent", "Bo": "queued"}
    assert words(seen).startswith("Cora asks, for the Onboarding Circle:\n\nThink of one time")
    assert labels(seen[0])[-4:] == ["Ask me in 3 days", "Not this time", "Less often", "Stop"]
    assert len(seen) == 1


async def test_more_members_than_a_piece_holds_are_all_asked_once(circle, monkeypatch):
    monkeypatch.setattr(rounds, "PIECE", 3)
    monkeypatch.setattr(rounds, "FEW", 2)
    names = [f"m{number}" for number in range(9)]
    circle.joins(*names)

    await circle.begins("cora", "/prompt now")

    assert set(circle.ledger().values()) == {"queued"}
    assert len(circle.ledger()) == 10
    for name in names:
        assert asked(circle.sees(name))


async def test_a_piece_that_is_rolled_back_is_planned_again(circle):
    circle.joins("ana", "bo")
    await circle.says("cora", "/prompt now")
    await circle.taps("cora", "Ask them")

    tried(circle.stage.database, lambda work: rounds.plan(circle.house, work, circle.now))
    circle.works()
    circle.works()

    assert circle.ledger() == {"Cora": "queued", "Ana": "queued", "Bo": "queued"}
    assert len(circle.sees("ana")) == 1


# On SQLite one writes at a time.
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_two_processes_that_plan_and_send_at_once_ask_everybody_once(circle, url):
    circle.joins("ana", "bo")
    await circle.says("cora", "/prompt now")
    await circle.taps("cora", "Ask them")

    for piece in (rounds.plan, rounds.plan, rounds.put, rounds.put):
        with closing(opened(url)) as other:
            at_once(circle, circle.stage.database, other, piece)

    assert set(circle.ledger().values()) == {"queued"}
    assert len(circle.ledger()) == 3
    assert len(circle.sees("ana")) == len(circle.sees("bo")) == 1


def at_once(circle, one: Database, other: Database, piece) -> None:
    """The second does its piece while the first has not committed."""

    def first(connection):
        work = Work(connection)
        piece(circle.house, work, circle.now)
        work.flush()
        other.write_now(second)

    def second(connection):
        work = Work(connection)
        piece(circle.house, work, circle.now)
        work.flush()

    one.write_now(first)


async def test_a_round_of_a_schedule_that_is_begun_twice_is_one_round(circle):
    circle.joins("ana")
    await circle.schedules("every day at 10:00")
    schedule = circle.stage.read(lambda work: work.schedules.of(circle.home))[0]

    def begin(work):
        return work.rounds.begin(schedule, schedule.next_day, missed=False, now=circle.now)

    assert [circle.stage.write(begin), circle.stage.write(begin)] == [True, False]
    circle.passes(timedelta(hours=30))
    assert len(circle.stage.rows("SELECT day FROM rounds WHERE day = '2026-03-02'")) == 1
    assert asked(circle.sees("ana"))


# ---- hours ----


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("UTC", datetime(2026, 3, 5, 10, tzinfo=UTC)),
        ("Europe/Ljubljana", datetime(2026, 3, 5, 9, tzinfo=UTC)),
        ("America/Los_Angeles", datetime(2026, 3, 5, 18, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2026, 3, 4, 20, tzinfo=UTC)),
        ("Pacific/Pago_Pago", datetime(2026, 3, 5, 21, tzinfo=UTC)),
    ],
)
async def test_everybody_is_asked_at_the_hour_of_their_own_clock(circle, zone, at):
    circle.joins("ana")
    circle.lives_in(zone, "ana")
    await circle.schedules("every thursday at 10:00")

    circle.at(at - timedelta(minutes=1))
    circle.works()
    before = circle.sees("ana")
    circle.at(at)
    circle.works()

    assert before == []
    assert asked(circle.sees("ana"))


async def test_the_hour_stays_the_same_when_clocks_are_put_forward(circle):
    circle.joins("ana")
    circle.lives_in("Europe/Ljubljana", "ana")
    await circle.schedules("every sunday at 10:00 for Ana starting 2026-03-22")

    circle.at(datetime(2026, 3, 22, 9, tzinfo=UTC))
    circle.works()
    first = circle.sees("ana")
    await circle.taps("ana", "Not this time")
    circle.at(datetime(2026, 4, 19, 7, 59, tzinfo=UTC))
    circle.works()
    early = circle.sees("ana")
    circle.at(datetime(2026, 4, 19, 8, tzinfo=UTC))
    circle.works()

    assert asked(first)
    assert early == []
    assert asked(circle.sees("ana"))


async def test_nobody_is_asked_in_quiet_hours_or_on_days_off(circle):
    circle.joins("ana", "bo", "cy")
    await circle.says("ana", "/quiet 20:00-9:30")
    await circle.says("bo", "/quiet thu")
    await circle.says("cy", "/quiet off")
    await circle.schedules("every thursday at 7:00")

    def asked_by(moment: datetime) -> list[str]:
        circle.at(moment)
        circle.works()
        return [name for name in ("ana", "bo", "cy") if asked(circle.sees(name))]

    thursday = datetime(2026, 3, 5, tzinfo=UTC)
    assert asked_by(thursday + timedelta(hours=6, minutes=59)) == []
    assert asked_by(thursday + timedelta(hours=7)) == ["cy"]
    assert asked_by(thursday + timedelta(hours=9)) == []
    assert asked_by(thursday + timedelta(hours=9, minutes=30)) == ["ana"]
    assert asked_by(thursday + timedelta(hours=23)) == []
    assert asked_by(thursday + timedelta(days=1, hours=7)) == []  # her community's night
    assert asked_by(thursday + timedelta(days=1, hours=8)) == ["bo"]


async def test_who_is_left_alone_for_the_whole_window_is_not_asked(circle):
    circle.joins("ana", "bo")
    await circle.says("ana", "/quiet mon-sun")
    await circle.says("bo", "/quiet mon tue")

    await circle.begins("cora", "/prompt now within 5 hours")

    assert circle.ledger() == {"Cora": "queued", "Ana": "snoozed", "Bo": "snoozed"}


async def test_members_of_other_communities_are_not_asked(circle):
    circle.joins("ana", "bo")
    other = circle.elsewhere("other")
    circle.joins_too(other, "bo")
    await circle.says("ana", "/leave")
    await circle.taps("ana", "Leave")

    await circle.begins("cora", "/prompt now")

    assert circle.ledger() == {"Cora": "queued", "Bo": "queued"}
