"""Days, times of day and ends of a wait as people write them."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.dates import CadenceFault, NotUnderstood, read_date, read_time, read_until

TODAY = date(2026, 11, 22)  # a Sunday

UNKNOWN, NEVER = CadenceFault.UNKNOWN, CadenceFault.NEVER
PAST, FAR, TIME = CadenceFault.PAST, CadenceFault.FAR, CadenceFault.TIME

WORDS = """
until for the a an 0 1 2 12 99999999999999 first last 1st 31st days week months years next monday
tue february 29 of may 2027 0000 9999 0001-01-01 9999-12-31 2027-13-41 tomorrow today am pm : . -
"""


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("10", time(10)),
        ("0:00", time(0)),
        ("9.30", time(9, 30)),
        ("23:59", time(23, 59)),
        ("10am", time(10)),
        ("12 am", time(0)),
        ("12:30 PM", time(12, 30)),
        ("5 p.m.", time(17)),
        ("10 o'clock", time(10)),
        ("noon", time(12)),
        ("midnight", time(0)),
    ],
)
def test_a_time_of_day_is_understood(text, at):
    assert read_time(text) == at


@pytest.mark.parametrize("text", ["", "24:00", "10:60", "10:5", "0 am", "13 pm", "noonish", "١٠"])
def test_what_is_no_time_of_day_is_a_fault(text):
    assert read_time(text) == NotUnderstood(TIME, text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("until 1 May", date(2027, 5, 1)),
        ("1 may 2027", date(2027, 5, 1)),
        ("May 1st, 2027", date(2027, 5, 1)),
        ("the 1st of May", date(2027, 5, 1)),
        ("2027-01-07", date(2027, 1, 7)),
        ("29 february", date(2028, 2, 29)),
        ("2 weeks", date(2026, 12, 6)),
        ("for ten days", date(2026, 12, 2)),
        ("a month", date(2026, 12, 22)),
        ("1 year", date(2027, 11, 22)),
        ("5 years", date(2031, 11, 22)),
        ("tomorrow", date(2026, 11, 23)),
        ("monday", date(2026, 11, 23)),
        ("next sunday", date(2026, 11, 29)),
        ("next week", date(2026, 11, 23)),
        ("next month", date(2026, 12, 1)),
        ("next year", date(2027, 1, 1)),
    ],
)
def test_the_end_of_a_wait_is_understood(text, day):
    assert read_until(text, today=TODAY) == day


def test_a_month_from_a_long_months_last_day_is_a_short_ones():
    assert read_until("a month", today=date(2027, 1, 31)) == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", UNKNOWN),
        ("soon", UNKNOWN),
        ("5 parsecs", UNKNOWN),
        ("last may", UNKNOWN),
        ("1 may 27", UNKNOWN),
        ("31 february", NEVER),
        ("2027-02-29", NEVER),
        ("today", PAST),
        ("0 days", PAST),
        ("2026-11-22", PAST),
        ("61 months", FAR),
        ("9999-12-31", FAR),
        (f"{2_000 * '9'} years", FAR),
    ],
)
def test_an_end_of_a_wait_that_is_not_taken_says_why(text, fault):
    refused = read_until(text, today=TODAY)

    assert isinstance(refused, NotUnderstood)
    assert refused.fault is fault


@given(st.text(max_size=2_000) | st.lists(st.sampled_from(WORDS.split())).map(" ".join))
def test_any_text_gives_a_day_or_a_fault_and_a_time_or_a_fault(text):
    assert isinstance(read_until(text, today=TODAY), date | NotUnderstood)
    assert isinstance(read_date(text.split(), today=TODAY), date | NotUnderstood)
    assert isinstance(read_time(text), time | NotUnderstood)
