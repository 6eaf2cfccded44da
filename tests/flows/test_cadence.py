"""What organizers write about when prompts come, and the days that follow from it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.cadence import MAX_TEXT, Cadence, days, next_due, occurrences, read_cadence
from flows.dates import CadenceFault, NotUnderstood

TODAY = date(2026, 11, 22)  # a Sunday
BERLIN = "Europe/Berlin"


def read(text: str) -> Cadence | NotUnderstood:
    return read_cadence(text, zone=BERLIN, today=TODAY)


def understood(text: str) -> Cadence:
    cadence = read(text)
    assert isinstance(cadence, Cadence), cadence
    return cadence


def first_days(cadence: Cadence, many: int) -> list[str]:
    found = islice(days(cadence, after=TODAY - timedelta(days=1)), many)
    return [day.isoformat() for day in found]


@pytest.mark.parametrize(
    ("text", "rule", "at"),
    [
        ("every 2 weeks on thursday at 10:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "10:00"),
        ("every thursday at 10", "FREQ=WEEKLY;BYDAY=TH", "10:00"),
        ("every thursday 10:30", "FREQ=WEEKLY;BYDAY=TH", "10:30"),
        ("Every Thursday at 10 o'clock.", "FREQ=WEEKLY;BYDAY=TH", "10:00"),
        ("every week on monday and thursday", "FREQ=WEEKLY;BYDAY=MO,TH", "10:00"),
        ("every other friday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "10:00"),
        ("every second week on fri", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "10:00"),
        ("fortnightly on fri", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "10:00"),
        ("weekly on tue", "FREQ=WEEKLY;BYDAY=TU", "10:00"),
        ("mondays and thursdays at 9", "FREQ=WEEKLY;BYDAY=MO,TH", "09:00"),
        ("at 9 on thursdays every two weeks", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "09:00"),
        ("each monday, every thursday", "FREQ=WEEKLY;BYDAY=MO,TH", "10:00"),
        ("every weekday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "10:00"),
        ("every day", "FREQ=DAILY", "10:00"),
        ("daily at noon", "FREQ=DAILY", "12:00"),
        ("every 3 days", "FREQ=DAILY;INTERVAL=3", "10:00"),
        ("every other day", "FREQ=DAILY;INTERVAL=2", "10:00"),
        ("monthly on the last friday", "FREQ=MONTHLY;BYDAY=-1FR", "10:00"),
        ("on the last friday of every month", "FREQ=MONTHLY;BYDAY=-1FR", "10:00"),
        ("every last friday", "FREQ=MONTHLY;BYDAY=-1FR", "10:00"),
        ("every second friday of the month", "FREQ=MONTHLY;BYDAY=2FR", "10:00"),
        ("monthly on the first and third monday", "FREQ=MONTHLY;BYDAY=1MO,3MO", "10:00"),
        ("monthly on the 1st", "FREQ=MONTHLY;BYMONTHDAY=1", "10:00"),
        ("every 15th", "FREQ=MONTHLY;BYMONTHDAY=15", "10:00"),
        ("every month on the 15th at 9:30", "FREQ=MONTHLY;BYMONTHDAY=15", "09:30"),
        ("monthly on the 1st and 15th", "FREQ=MONTHLY;BYMONTHDAY=1,15", "10:00"),
        ("every 3 months on the first monday", "FREQ=MONTHLY;INTERVAL=3;BYDAY=1MO", "10:00"),
        ("quarterly on the 5th", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=5", "10:00"),
        ("monthly on the last day", "FREQ=MONTHLY;BYMONTHDAY=-1", "10:00"),
        (
            "monthly on the last weekday",
            "FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO,TU,WE,TH,FR",
            "10:00",
        ),
        ("yearly on 12 march", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=12", "10:00"),
        ("every year on march 12", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=12", "10:00"),
        ("every 12 march at 5 p.m.", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=12", "17:00"),
        ("every march", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=1", "10:00"),
        (
            "every year on the last friday of november",
            "FREQ=YEARLY;BYMONTH=11;BYDAY=-1FR",
            "10:00",
        ),
        ("every thursday at 10am", "FREQ=WEEKLY;BYDAY=TH", "10:00"),
        ("every thursday at 5:30 pm", "FREQ=WEEKLY;BYDAY=TH", "17:30"),
        ("every thursday until 2027-06-30", "FREQ=WEEKLY;UNTIL=20270630;BYDAY=TH", "10:00"),
        ("RRULE:FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;BYDAY=-1FR", "10:00"),
        ("freq=weekly; byday=mo,th at 11", "FREQ=WEEKLY;BYDAY=MO,TH", "11:00"),
        ("FREQ=DAILY;COUNT=5 at 11 until 1 may", "FREQ=DAILY;COUNT=5;UNTIL=20270501", "11:00"),
    ],
)
def test_a_cadence_is_understood_as_people_write_it(text, rule, at):
    cadence = understood(text)

    assert (cadence.rule, cadence.at.isoformat("minutes"), cadence.zone) == (rule, at, BERLIN)


UNKNOWN, TOO_OFTEN, NEVER = CadenceFault.UNKNOWN, CadenceFault.TOO_OFTEN, CadenceFault.NEVER
PAST, FAR, TIME = CadenceFault.PAST, CadenceFault.FAR, CadenceFault.TIME


@pytest.mark.parametrize(
    ("text", "fault", "word"),
    [
        ("", UNKNOWN, ""),
        ("every", UNKNOWN, "every"),
        ("every 2", UNKNOWN, "2"),
        ("every 5 parsecs", UNKNOWN, "parsecs"),
        ("every 2 2", UNKNOWN, "2"),
        ("every 0 weeks", UNKNOWN, "0"),
        ("thursday", UNKNOWN, "thursday"),
        ("twice a week", UNKNOWN, "twice"),
        ("monthly on friday", UNKNOWN, "friday"),
        ("monthly on the last", UNKNOWN, "last"),
        ("monthly on the last friday and the 15th", UNKNOWN, "last friday 15th"),
        ("every second friday", UNKNOWN, "second"),  # of the month, or every other one?
        ("yearly on 12 march and 3 june", UNKNOWN, "12 3"),
        ("every day at 10 at 11", UNKNOWN, "at"),
        ("every day until doomsday", UNKNOWN, "doomsday"),
        ("every " + 50 * "x", UNKNOWN, 39 * "x" + "…"),
        ("every day" + MAX_TEXT * " ", UNKNOWN, "every day" + 30 * " " + "…"),
        ("DTSTART:20270101T100000\nRRULE:FREQ=DAILY", UNKNOWN, "DTSTART"),
        ("FREQ=DAILY;DTSTART=20270101", UNKNOWN, "DTSTART"),
        ("FREQ=DAILY;FREQ=DAILY", UNKNOWN, "FREQ"),
        ("FREQ=DAILY;BYMONTH=13", UNKNOWN, "BYMONTH=13"),
        ("FREQ=DAILY;INTERVAL=0", UNKNOWN, "INTERVAL=0"),
        ("FREQ=WEEKLY;BYDAY=1MO", UNKNOWN, "BYDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", UNKNOWN, "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYWEEKNO=1", UNKNOWN, "BYWEEKNO"),
        ("FREQ=MONTHLY;BYYEARDAY=1", UNKNOWN, "BYYEARDAY"),
        ("FREQ=MONTHLY;BYDAY=6MO", UNKNOWN, "BYDAY"),
        ("FREQ=YEARLY;BYMONTH=1;BYDAY=-53MO", UNKNOWN, "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=MO,1TU", UNKNOWN, "BYDAY"),  # dateutil: days that are both
        ("FREQ=YEARLY;BYWEEKNO=52", UNKNOWN, "BYWEEKNO=52"),
        ("FREQ=DAILY;UNTIL=20270231", UNKNOWN, "UNTIL=20270231"),
        ("RRULE:BYDAY=MO", UNKNOWN, "byday=mo"),
        ("every hour", TOO_OFTEN, "hour"),
        ("hourly", TOO_OFTEN, "hourly"),
        ("every 5 minutes", TOO_OFTEN, "minutes"),
        ("every second", TOO_OFTEN, "second"),
        ("FREQ=HOURLY", TOO_OFTEN, "HOURLY"),
        ("FREQ=MINUTELY;INTERVAL=5", TOO_OFTEN, "MINUTELY"),
        ("FREQ=SECONDLY", TOO_OFTEN, "SECONDLY"),
        ("FREQ=DAILY;BYHOUR=9,15", TOO_OFTEN, "BYHOUR"),
        ("FREQ=DAILY;BYMINUTE=0", TOO_OFTEN, "BYMINUTE"),
        ("FREQ=DAILY;BYSECOND=0", TOO_OFTEN, "BYSECOND"),
        ("yearly on 31 february", NEVER, "yearly on 31 february"),
        ("monthly on the 32nd", NEVER, "monthly on the 32nd"),
        ("every day starting 31 february 2027", NEVER, "31 february 2027"),
        ("every thursday until 2026-11-24", NEVER, "every thursday"),
        ("every thursday until 2026-11-20", PAST, "2026-11-20"),
        ("FREQ=DAILY;UNTIL=20261121", PAST, "2026-11-21"),
        ("FREQ=DAILY;COUNT=5 starting 2026-11-01", PAST, ""),
        ("every day starting 2040-01-01", FAR, "2040-01-01"),
        ("every day starting 1990-01-01", FAR, "1990-01-01"),
        ("every 6 years", FAR, "every 6 years"),
        ("FREQ=DAILY;INTERVAL=1831", FAR, "freq=daily;interval=1831"),
        ("every thursday at 25:00", TIME, "25:00"),
        ("every thursday at noonish", TIME, "noonish"),
        ("every thursday at 13 pm", TIME, "13pm"),
        ("every thursday at 10:61", TIME, "10:61"),
        ("every thursday at", TIME, ""),
    ],
)
def test_what_is_not_taken_says_why_and_where(text, fault, word):
    assert read(text) == NotUnderstood(fault, word)


@pytest.mark.parametrize(
    "zone", ["", "Nowhere/Land", "America", "../UTC", "a\0b", "\ud800", "x" * 500]
)
def test_a_zone_that_there_is_not_is_a_fault(zone):
    refused = read_cadence("every day", zone=zone, today=TODAY)

    assert isinstance(refused, NotUnderstood)
    assert refused.fault is CadenceFault.ZONE


@pytest.mark.timeout(20)  # seconds; dateutil's walk to the year 9999 takes some for each
def test_a_rule_without_a_day_is_found_quickly():
    rules = [
        f"FREQ={frequency};{part}"
        for frequency in ("DAILY", "MONTHLY", "YEARLY")
        for part in (
            "BYMONTH=2;BYMONTHDAY=31",
            "BYMONTH=4,6,9,11;BYMONTHDAY=31",
            "BYMONTHDAY=30,31;BYMONTH=2;BYDAY=MO,TU;WKST=SU",
            "BYSETPOS=366;BYDAY=MO",
            "BYSETPOS=-366;BYMONTH=1,2;COUNT=999999999",
        )
    ]

    rules += ["FREQ=WEEKLY;BYSETPOS=8", "FREQ=YEARLY;BYWEEKNO=30;BYMONTH=1"]

    faults = [read(rule) for rule in rules]

    assert {found.fault for found in faults if isinstance(found, NotUnderstood)} == {NEVER}
    assert not [found for found in faults if isinstance(found, Cadence)]


def test_intervals_count_from_the_first_day_that_fits():
    assert first_days(understood("every 2 weeks on thursday"), 3) == [
        *("2026-11-26", "2026-12-10", "2026-12-24"),
    ]
    assert first_days(understood("every 2 weeks on thu starting 1 january 2027"), 2) == [
        *("2027-01-07", "2027-01-21"),
    ]
    assert first_days(understood("every 2 weeks on thu starting 2026-11-12"), 2) == [
        *("2026-11-26", "2026-12-10"),
    ]
    assert first_days(understood("every 3 months on the first monday"), 2) == [
        *("2026-12-07", "2027-03-01"),
    ]
    assert first_days(understood("every 3 years on 29 february"), 2) == ["2028-02-29", "2040-02-29"]


def test_a_day_that_a_month_does_not_have_is_left_out():
    assert first_days(understood("monthly on the 31st"), 3) == [
        *("2026-12-31", "2027-01-31", "2027-03-31"),
    ]


def test_count_and_until_end_it():
    assert first_days(understood("FREQ=DAILY;COUNT=2"), 9) == ["2026-11-22", "2026-11-23"]
    assert first_days(understood("FREQ=DAILY;COUNT=3 starting 2026-11-21"), 9) == [
        *("2026-11-22", "2026-11-23"),
    ]
    assert first_days(understood("every day until 23 november"), 9) == ["2026-11-22", "2026-11-23"]


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20261124", "20261124"),
        ("20261124T100000", "20261124"),
        ("20261124T095959", "20261123"),
        ("20261124T090000Z", "20261124"),  # ten o'clock in Berlin
        ("20261124T085959Z", "20261123"),
    ],
)
def test_an_until_with_a_time_ends_with_the_last_occurrence_before_it(until, last):
    assert understood(f"FREQ=DAILY;UNTIL={until} at 10:00").rule == f"FREQ=DAILY;UNTIL={last}"


def test_what_is_due_next_is_strictly_after_and_ends():
    cadence = understood("every thursday at 10 until 3 december")

    first = next_due(cadence, after=datetime(2026, 11, 22, tzinfo=UTC))
    assert first == datetime(2026, 11, 26, 9, tzinfo=UTC)

    second = next_due(cadence, after=first)
    assert second == datetime(2026, 12, 3, 9, tzinfo=UTC)
    assert next_due(cadence, after=second - timedelta(seconds=1)) == second
    assert next_due(cadence, after=second) is None


def test_a_rule_that_was_not_read_is_a_broken_house():
    with pytest.raises(ValueError, match="not a rule: BYHOUR"):
        days(Cadence("FREQ=DAILY;BYHOUR=1", time(10), BERLIN, TODAY), after=TODAY)


WORDS = """
every each other 2 12 0 99999999999999 first second last 1st 31st 15 day days week weeks
month months year years hour monday tue fridays weekday weekend march february 29 30 at on the of
and 10 10:00 25:00 am pm noon starting until 2027-01-07 0001-01-01 9999-12-31 tomorrow next today
daily weekly monthly yearly , . - 1 may 2027 2026 RRULE:FREQ=DAILY FREQ=WEEKLY;COUNT=3
"""
KEYS = """
FREQ INTERVAL COUNT UNTIL BYMONTH BYWEEKNO BYYEARDAY BYMONTHDAY BYDAY BYSETPOS WKST BYHOUR
DTSTART X
"""
VALUES = """
DAILY WEEKLY MONTHLY YEARLY 1 2 -1 31 366 -366 53 0 999 999999999999 MO SU 1MO -5FR 5SA
MO,TU,WE,TH,FR,SA,SU 1,2,3 20270101 99991231T235959Z 00010101T000000Z 20261231T235960
"""

parts = st.builds("{}={}".format, st.sampled_from(KEYS.split()), st.sampled_from(VALUES.split()))
texts = st.one_of(
    st.text(max_size=MAX_TEXT),
    st.lists(st.sampled_from(WORDS.split()), max_size=12).map(" ".join),
    st.builds(
        "FREQ={};{}".format,
        st.sampled_from(("DAILY", "WEEKLY", "MONTHLY", "YEARLY")),
        st.lists(parts, max_size=5).map(";".join),
    ),
)


@settings(max_examples=500, deadline=1_000)  # milliseconds, on a machine with much else to do
@given(texts, st.sampled_from((BERLIN, "Pacific/Apia", "America/Los_Angeles")))
def test_any_text_gives_a_cadence_with_days_or_a_fault(text, zone):
    found = read_cadence(text, zone=zone, today=TODAY)

    if isinstance(found, NotUnderstood):
        assert len(found.word) <= 40
        return
    coming = list(islice(days(found, after=TODAY - timedelta(days=1)), 5))
    assert coming
    assert coming == sorted(set(coming))
    start = datetime(2026, 11, 20, tzinfo=UTC)
    assert len(list(islice(occurrences(found, after=start), len(coming)))) == len(coming)
    again = read_cadence(
        f"{found.rule} at {found.at:%H:%M} starting {found.since}", zone=zone, today=TODAY
    )
    assert again == found


SINCE = date(2024, 1, 3)  # a Wednesday


def weeks_on(day: date, *, first_weekday: int) -> int:
    """From the week of SINCE to that of a day."""
    ahead = timedelta(days=(SINCE.weekday() - first_weekday) % 7)
    return (day - (SINCE - ahead)).days // 7


def is_last_working_day(day: date) -> bool:
    ahead = [day + timedelta(days=number) for number in range(1, 4)]
    return day.weekday() < 5 and not [
        one for one in ahead if one.month == day.month and one.weekday() < 5
    ]


NAIVE: dict[str, Callable[[date], bool]] = {
    "FREQ=DAILY;INTERVAL=3": lambda day: (day - SINCE).days % 3 == 0,
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29": lambda day: (day.month, day.day) == (2, 29),
    "FREQ=DAILY;COUNT=400": lambda day: (day - SINCE).days < 400,
    "FREQ=WEEKLY;INTERVAL=2": lambda day: (day - SINCE).days % 14 == 0,
    "FREQ=WEEKLY;INTERVAL=2;BYSETPOS=1;BYDAY=MO,FR": lambda day: (
        day.weekday() == 0 and weeks_on(day, first_weekday=0) % 2 == 0
    ),
    "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,SU;WKST=SU": lambda day: (
        day.weekday() in (0, 6) and weeks_on(day, first_weekday=6) % 3 == 0
    ),
    "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=31": lambda day: day.day == 31 and day.month % 2 == 1,
    "FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO,TU,WE,TH,FR": is_last_working_day,
    "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR": lambda day: day.day == 13 and day.weekday() == 4,
    "FREQ=YEARLY;BYYEARDAY=-1,60": lambda day: (
        (day.month, day.day) == (12, 31) or day.timetuple().tm_yday == 60
    ),
    "FREQ=YEARLY;BYWEEKNO=1,20;BYDAY=SU": lambda day: (
        day.weekday() == 6 and day.isocalendar().week in (1, 20)
    ),
    "FREQ=YEARLY;BYDAY=20MO,-1MO": lambda day: (
        day.weekday() == 0
        and ((day.timetuple().tm_yday - 1) // 7 == 19 or day >= date(day.year, 12, 25))
    ),
}


@pytest.mark.parametrize("rule", NAIVE)
@settings(max_examples=20, deadline=None)
@given(st.integers(-9, 2_500))
def test_from_wherever_one_looks_the_days_are_those_of_a_naive_walk(rule, further):
    cadence = Cadence(rule, time(10), BERLIN, SINCE)
    after = SINCE + timedelta(days=further)
    last = max(after, SINCE) + timedelta(days=2_000)

    found = list(takewhile(lambda day: day <= last, days(cadence, after=after)))

    walked = (SINCE + timedelta(days=number) for number in range((last - SINCE).days + 1))
    assert found == [day for day in walked if day > after and NAIVE[rule](day)]


def test_days_are_told_for_twenty_years():
    yearly = Cadence("FREQ=YEARLY;INTERVAL=5", time(10), BERLIN, date(2024, 2, 29))

    assert list(days(yearly, after=yearly.since)) == [date(2044, 2, 29)]
    assert list(days(yearly, after=date(2044, 2, 29))) == [date(2064, 2, 29)]


def test_weeks_are_numbered_by_the_day_that_they_start_on():
    first_sunday = "FREQ=YEARLY;BYWEEKNO=1;BYDAY=SU"

    assert understood(f"{first_sunday} starting 2026-12-31").since == date(2027, 1, 10)
    assert understood(f"{first_sunday};WKST=SU starting 2026-12-31").since == date(2027, 1, 3)
