"""Instants in forty zones through twenty years of daylight saving, against another calculation."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.cadence import Cadence, occurrences
from flows.clocks import earliest, latest, local_moment

ZONE_NAMES = """
UTC Europe/Berlin Europe/London Europe/Dublin Europe/Lisbon Europe/Moscow Europe/Istanbul
Europe/Chisinau Europe/Volgograd Atlantic/Azores America/New_York America/St_Johns America/Phoenix
America/Los_Angeles America/Sao_Paulo America/Santiago America/Asuncion America/Havana
America/Caracas America/Mexico_City America/Nuuk America/Scoresbysund Africa/Cairo Africa/Juba
Africa/Casablanca Asia/Beirut Asia/Gaza Asia/Amman Asia/Damascus Asia/Tehran Asia/Kolkata
Asia/Kathmandu Asia/Pyongyang Asia/Tokyo Australia/Sydney Australia/Lord_Howe Pacific/Apia
Pacific/Chatham Pacific/Auckland Antarctica/Troll
"""
ZONES = ZONE_NAMES.split()
assert len(ZONES) == 40

FIRST, LAST = date(2008, 1, 1), date(2027, 12, 31)
STEP = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time with one offset: from an instant on until before another, in UTC without a zone."""

    start: datetime
    end: datetime
    offset: timedelta


@cache
def stretches(zone: str) -> tuple[list[Stretch], list[datetime]]:
    """All of a zone's, found by walking along UTC; and their starts."""
    clock = ZoneInfo(zone)

    def offset(moment: datetime) -> timedelta:
        found = moment.replace(tzinfo=UTC).astimezone(clock).utcoffset()
        assert found is not None
        return found

    begin = datetime.combine(FIRST, time()) - timedelta(days=20)
    end = datetime.combine(LAST, time()) + timedelta(days=20)
    changes = [begin]
    moment, before = begin, offset(begin)
    while moment < end:
        following = moment + STEP
        now = offset(following)
        if now != before:
            low, high = moment, following
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                low, high = (middle, high) if offset(middle) == before else (low, middle)
            changes.append(high)
        moment, before = following, now
    changes.append(end)
    found = [Stretch(start, stop, offset(start)) for start, stop in pairwise(changes)]
    return found, [stretch.start for stretch in found]


def expected_moment(wall: datetime, zone: str) -> tuple[datetime, bool]:
    """The first instant at which clocks show this or later, and whether they show this."""
    found, starts = stretches(zone)
    near = bisect_right(starts, wall - timedelta(days=2)) - 1
    for stretch in found[near : near + 5]:
        moment = max(wall - stretch.offset, stretch.start)
        if moment < stretch.end:
            return moment, moment + stretch.offset == wall
    raise AssertionError(wall, zone)


@dataclass(frozen=True, slots=True)
class Kind:
    """A cadence, and by a naive look at one date whether it falls on that."""

    rule: str
    at: time
    since: date
    falls_on: Callable[[date], bool]


WEEK = timedelta(weeks=1)
KINDS = {
    "daily": Kind("FREQ=DAILY", time(), FIRST, lambda day: True),
    "third-days": Kind(
        "FREQ=DAILY;INTERVAL=3", time(2, 30), FIRST, lambda day: (day - FIRST).days % 3 == 0
    ),
    "sundays": Kind("FREQ=WEEKLY;BYDAY=SU", time(2), FIRST, lambda day: day.isoweekday() == 7),
    "other-thursdays": Kind(
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH",
        time(10),
        date(2008, 1, 3),
        lambda day: (day - date(2008, 1, 3)).days % 14 == 0,
    ),
    "fridays-and-saturdays": Kind(
        "FREQ=WEEKLY;BYDAY=FR,SA", time(0, 30), FIRST, lambda day: day.isoweekday() in (5, 6)
    ),
    "last-friday": Kind(
        "FREQ=MONTHLY;BYDAY=-1FR",
        time(23, 59),
        FIRST,
        lambda day: day.weekday() == 4 and (day + WEEK).month != day.month,
    ),
    "last-day": Kind(
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        time(3),
        FIRST,
        lambda day: (day + timedelta(days=1)).month != day.month,
    ),
    "quarterly-first-monday": Kind(
        "FREQ=MONTHLY;INTERVAL=3;BYDAY=1MO",
        time(10),
        FIRST,
        lambda day: day.month % 3 == 1 and day.weekday() == 0 and day.day <= 7,
    ),
    "yearly": Kind(
        "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=28",
        time(2, 15),
        FIRST,
        lambda day: (day.month, day.day) == (3, 28),
    ),
}


def dates() -> Iterator[date]:
    return (FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1))


def bare(moment: datetime) -> datetime:
    assert moment.tzinfo is UTC
    return moment.replace(tzinfo=None)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_through_daylight_saving_the_local_hour_holds_and_nothing_is_lost_or_doubled(kind):
    falls = [datetime.combine(day, kind.at) for day in dates() if kind.falls_on(day)]
    after = datetime.combine(FIRST - timedelta(days=2), time(), UTC)
    until = datetime.combine(LAST - timedelta(days=2), time(), UTC)
    for zone in ZONES:
        cadence = Cadence(kind.rule, kind.at, zone, kind.since)

        found = list(takewhile(lambda moment: moment < until, occurrences(cadence, after=after)))

        assert all(one < other for one, other in pairwise(found))
        expected = [expected_moment(wall, zone) for wall in falls]
        merged = sorted({moment for moment, _ in expected if moment < bare(until)})
        assert [bare(moment) for moment in found] == merged, zone
        held = {moment for moment, shown in expected if shown}
        clock = ZoneInfo(zone)
        for moment in found:
            assert moment.astimezone(clock).time() == kind.at or bare(moment) not in held


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(ZONES),
    st.dates(FIRST, LAST - timedelta(days=5)),
    st.times().map(lambda at: at.replace(microsecond=0)),
    st.timedeltas(timedelta(days=-3), timedelta(days=3)),
)
def test_what_comes_after_an_instant_is_what_comes_of_all_that_lies_after_it(zone, day, at, ago):
    cadence = Cadence("FREQ=DAILY", at, zone, FIRST - timedelta(days=30))
    after = datetime.combine(day, at, UTC) + ago

    found = next(occurrences(cadence, after=after))

    near = (day + timedelta(days=number) for number in range(-6, 9))
    all_of_them = (expected_moment(datetime.combine(one, at), zone)[0] for one in near)
    assert bare(found) == min(moment for moment in all_of_them if moment > bare(after))


@settings(deadline=None, max_examples=500)
@given(st.sampled_from(ZONES), st.integers(0, 60), st.integers(-90_000, 90_000))
def test_around_a_change_a_local_time_is_its_first_showing_or_the_end_of_the_gap(zone, change, by):
    found, _ = stretches(zone)
    stretch = found[change % len(found)]
    wall = stretch.start + stretch.offset + timedelta(seconds=by)
    wall = min(max(wall, datetime.combine(FIRST, time())), datetime.combine(LAST, time()))

    moment = local_moment(wall.date(), wall.time(), zone)

    assert bare(moment) == expected_moment(wall, zone)[0]


def at_utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "at", "moment"),
    [
        ("Europe/Berlin", date(2027, 3, 28), time(2, 30), at_utc(2027, 3, 28, 1)),
        ("America/Sao_Paulo", date(2018, 11, 4), time(), at_utc(2018, 11, 4, 3)),
        ("Asia/Beirut", date(2021, 3, 28), time(0, 15), at_utc(2021, 3, 27, 22)),
        ("Africa/Cairo", date(2023, 4, 28), time(0, 59, 59), at_utc(2023, 4, 27, 22)),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), at_utc(2026, 10, 3, 15, 30)),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 30), at_utc(2026, 10, 3, 15, 30)),
        ("Antarctica/Troll", date(2026, 3, 29), time(1, 30), at_utc(2026, 3, 29, 1)),
        ("Pacific/Apia", date(2011, 12, 30), time(10), at_utc(2011, 12, 30, 10)),
    ],
)
def test_a_time_that_is_skipped_comes_right_after_the_gap(zone, day, at, moment):
    assert local_moment(day, at, zone) == moment


@pytest.mark.parametrize(
    ("zone", "day", "at", "moment"),
    [
        ("Europe/Berlin", date(2027, 10, 31), time(2, 30), at_utc(2027, 10, 31, 0, 30)),
        ("Australia/Lord_Howe", date(2026, 4, 5), time(1, 45), at_utc(2026, 4, 4, 14, 45)),
        ("America/Havana", date(2026, 11, 1), time(0, 30), at_utc(2026, 11, 1, 4, 30)),
    ],
)
def test_a_time_that_is_repeated_is_the_first_of_the_two(zone, day, at, moment):
    assert local_moment(day, at, zone) == moment
    assert local_moment(day, at.replace(fold=1), zone) == moment


def test_a_day_that_a_zone_left_out_moves_to_the_next_one():
    mornings = Cadence("FREQ=DAILY", time(10), "Pacific/Apia", date(2011, 12, 1))
    midnights = Cadence("FREQ=DAILY", time(), "Pacific/Apia", date(2011, 12, 1))
    after, until = at_utc(2011, 12, 29, 12), at_utc(2011, 12, 31, 12)

    moved = list(takewhile(lambda moment: moment < until, occurrences(mornings, after=after)))
    merged = list(takewhile(lambda moment: moment < until, occurrences(midnights, after=after)))

    gap = at_utc(2011, 12, 30, 10)  # where the 29th ends and the 31st begins
    assert moved == [at_utc(2011, 12, 29, 20), gap, at_utc(2011, 12, 30, 20)]
    assert merged == [gap, at_utc(2011, 12, 31, 10)]
    assert next(occurrences(mornings, after=gap)) == at_utc(2011, 12, 30, 20)


def test_a_time_begins_on_kiritimati_and_ends_on_baker_island():
    day, at = date(2026, 11, 26), time(10)

    assert earliest(day, at) == at_utc(2026, 11, 25, 20)
    assert latest(day, at) == at_utc(2026, 11, 26, 22)
    assert earliest(day, at) == local_moment(day, at, "Pacific/Kiritimati")
    for zone in ZONES:
        assert earliest(day, at) <= local_moment(day, at, zone) <= latest(day, at)
