"""When somebody is left alone, as they write it and as their clock shows it."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.dates import CadenceFault, NotUnderstood
from flows.hours import Hours, next_allowed, read_days, read_hours

BERLIN = "Europe/Berlin"
NIGHT = Hours(time(20), time(8))
ZONE_NAMES = """
UTC Europe/Berlin America/New_York America/Sao_Paulo America/Havana America/St_Johns Asia/Beirut
Asia/Kathmandu Africa/Cairo Australia/Lord_Howe Pacific/Apia Antarctica/Troll
"""


def berlin(text: str) -> datetime:
    """A moment by Berlin's clock, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "moment", "allowed"),
    [
        (Hours(), "2026-11-22 23:00", "2026-11-22 23:00"),
        (NIGHT, "2026-11-22 19:59", "2026-11-22 19:59"),
        (NIGHT, "2026-11-22 20:00", "2026-11-23 08:00"),
        (NIGHT, "2026-11-23 07:59", "2026-11-23 08:00"),
        (NIGHT, "2026-11-23 08:00", "2026-11-23 08:00"),
        (Hours(time(12), time(14)), "2026-11-23 13:00", "2026-11-23 14:00"),
        (Hours(time(12), time(14)), "2026-11-23 11:59", "2026-11-23 11:59"),
        (Hours(time(9), time(9)), "2026-11-23 09:00", "2026-11-23 09:00"),
        (Hours(days_off=frozenset((5, 6))), "2026-11-20 23:59", "2026-11-20 23:59"),
        (Hours(days_off=frozenset((5, 6))), "2026-11-21 00:00", "2026-11-23 00:00"),
        (Hours(time(20), time(8), frozenset((5, 6))), "2026-11-20 20:30", "2026-11-23 08:00"),
        (Hours(days_off=frozenset(range(1, 7))), "2026-11-24 10:00", "2026-11-30 00:00"),
        (Hours(time(22), time(2, 30)), "2027-03-27 23:00", "2027-03-28 03:00"),  # 2:30 is skipped
        (Hours(time(22), time(2, 30)), "2027-10-30 23:00", "2027-10-31 02:30"),  # and here repeated
    ],
)
def test_what_is_sent_waits_for_the_end_of_quiet_hours_and_days_off(hours, moment, allowed):
    assert next_allowed(berlin(moment), hours, BERLIN) == berlin(allowed)


def test_quiet_hours_that_the_clock_shows_again_are_quiet_again():
    again = berlin("2027-10-31 02:10").replace(hour=1)  # in UTC: 2:10 for the second time

    allowed = next_allowed(again, Hours(time(22), time(2, 30)), BERLIN)

    assert allowed == again + timedelta(minutes=20)


def test_nothing_is_allowed_where_every_day_is_off():
    never = Hours(days_off=frozenset(range(7)))

    assert next_allowed(berlin("2026-11-22 10:00"), never, BERLIN) is None


def test_a_moment_by_another_clock_comes_back_in_utc():
    moment = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("Asia/Tokyo"))

    allowed = next_allowed(moment, Hours(), BERLIN)

    assert allowed == moment
    assert allowed.tzinfo is UTC


QUARTER = timedelta(minutes=15)
quarters = st.integers(0, 95).map(lambda number: time(number // 4, number % 4 * 15))
moments = st.integers(0, 20 * 365 * 96).map(
    lambda number: datetime(2008, 1, 1, tzinfo=UTC) + number * QUARTER
)


def rests(moment: datetime, hours: Hours, zone: str) -> bool:
    """Whether a moment is quiet or off, counted in minutes around the clock."""
    local = moment.astimezone(ZoneInfo(zone))
    if local.weekday() in hours.days_off:
        return True
    if hours.quiet_from is None or hours.quiet_to is None:
        return False
    minute = local.hour * 60 + local.minute
    start = hours.quiet_from.hour * 60 + hours.quiet_from.minute
    end = hours.quiet_to.hour * 60 + hours.quiet_to.minute
    return (minute - start) % 1_440 < (end - start) % 1_440


@settings(max_examples=300, deadline=None)
@given(
    moments,
    st.tuples(quarters, quarters),
    st.frozensets(st.integers(0, 6), max_size=5),
    st.sampled_from(ZONE_NAMES.split()),
)
def test_what_is_allowed_next_is_the_first_quarter_of_an_hour_outside(moment, quiet, off, zone):
    quiet_from, quiet_to = quiet
    hours = Hours(quiet_from, quiet_to, off)

    allowed = next_allowed(moment, hours, zone)

    assert allowed is not None
    assert not rests(allowed, hours, zone)
    clock = ZoneInfo(zone)
    walking = moment
    while walking < allowed:
        # Where the clock is turned back, a time before the quiet ones may be shown once more.
        turned_back = walking.astimezone(clock).fold
        assert rests(walking, hours, zone) or turned_back
        walking += QUARTER


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("20:00-8:00", time(20), time(8)),
        ("22-7", time(22), time(7)),
        ("22 – 7:30", time(22), time(7, 30)),
        ("10pm-7am", time(22), time(7)),
        ("from 10 pm to 7 am", time(22), time(7)),
        ("Between 22 and 7", time(22), time(7)),
        ("midnight to noon", time(0), time(12)),
        ("off", None, None),
    ],
)
def test_quiet_hours_are_understood_and_days_off_stay(text, start, end):
    before = Hours(time(1), time(2), frozenset((6,)))

    assert read_hours(text, before) == Hours(start, end, frozenset((6,)))


@pytest.mark.parametrize(
    ("text", "word"),
    [("", ""), ("22", "22"), ("25-7", "25"), ("22-7-9", "7-9"), ("8-8", "8-8"), ("night", "night")],
)
def test_quiet_hours_that_are_not_times_are_a_fault(text, word):
    assert read_hours(text, NIGHT) == NotUnderstood(CadenceFault.TIME, word)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("sat sun", {5, 6}),
        ("Saturday and Sunday", {5, 6}),
        ("on fridays, saturdays & sundays", {4, 5, 6}),
        ("fri-mon", {4, 5, 6, 0}),
        ("fri – sun", {4, 5, 6}),
        ("weekends", {5, 6}),
        ("none", set()),
    ],
)
def test_days_off_are_understood_and_quiet_hours_stay(text, days):
    before = Hours(time(20), time(8), frozenset((0,)))

    assert read_days(text, before) == Hours(time(20), time(8), frozenset(days))


@pytest.mark.parametrize(
    ("text", "word"),
    [("", ""), ("funday", "funday"), ("sat funday", "funday"), ("mon-", "mon-"), ("and", "and")],
)
def test_days_off_that_are_not_days_are_a_fault(text, word):
    assert read_days(text, NIGHT) == NotUnderstood(CadenceFault.UNKNOWN, word)


@settings(deadline=1_000)  # milliseconds
@given(st.text(max_size=2_000) | st.text("-– :,&0123456789amp to", max_size=2_000))
def test_any_text_gives_hours_or_a_fault(text):
    assert isinstance(read_hours(text, NIGHT), Hours | NotUnderstood)
    assert isinstance(read_days(text, NIGHT), Hours | NotUnderstood)
