from datetime import UTC, date, datetime

import pytest

from bot.periods import Period, UnknownPeriod, period_of

TODAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("", None, None),
        ("all", None, None),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-03-14", date(2026, 3, 14), date(2026, 3, 14)),
        ("2026-03-01..2026-05-31", date(2026, 3, 1), date(2026, 5, 31)),
        ("2026-03..2026-05", date(2026, 3, 1), date(2026, 5, 31)),
        ("2025..2026-02", date(2025, 1, 1), date(2026, 2, 28)),
        ("2026-03..", date(2026, 3, 1), None),
        ("..2026-03", None, date(2026, 3, 31)),
        ("week", date(2026, 3, 24), TODAY),
        ("month", date(2026, 2, 28), TODAY),
        ("quarter", date(2025, 12, 31), TODAY),
        ("year", date(2025, 3, 31), TODAY),
        ("  Month ", date(2026, 2, 28), TODAY),
        ("9999", date(9999, 1, 1), date(9999, 12, 31)),
    ],
)
def test_a_stretch_of_time_is_read_from_its_first_day_to_its_last(text, first, last):
    assert period_of(text, today=TODAY) == Period(first, last)


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2026-13",
        "2026-02-30",
        "2026-3",
        "0000",
        "12",
        "2026-05..2026-03",
        "2026-03...2026-04",
        "2026-03-01 2026-04-01",
        "'; DROP TABLE stories; --",
        "\x1b[31m",
        "9" * 10_000,
    ],
)
def test_what_names_no_stretch_of_time_is_refused(text):
    with pytest.raises(UnknownPeriod):
        period_of(text, today=TODAY)


def test_the_last_day_of_a_period_belongs_to_it():
    period = period_of("2026-03", today=TODAY)

    assert period.since == datetime(2026, 3, 1, tzinfo=UTC)
    assert period.until == datetime(2026, 4, 1, tzinfo=UTC)


def test_a_period_up_to_the_end_of_time_is_open():
    assert period_of("9999", today=TODAY).until is None
