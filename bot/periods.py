"""How people write a stretch of time: `2026-03`, `month`, `2026-03-01..2026-05-31`."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from dateutil.relativedelta import relativedelta

SPANS = {
    "week": relativedelta(weeks=1),
    "month": relativedelta(months=1),
    "quarter": relativedelta(months=3),
    "year": relativedelta(years=1),
}
"""Up to today, and back by this much."""

YEAR, MONTH = re.compile(r"\d{4}"), re.compile(r"\d{4}-\d{2}")


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last one, both included; None is open."""

    first: date | None = None
    last: date | None = None

    @property
    def since(self) -> datetime | None:
        return datetime.combine(self.first, time(), UTC) if self.first else None

    @property
    def until(self) -> datetime | None:
        """The moment after the last day."""
        if self.last is None or self.last == date.max:
            return None
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)


class UnknownPeriod(ValueError):
    """A text that names no stretch of time."""


def period_of(text: str, *, today: date) -> Period:
    """The period that `text` names; all time where it is empty or `all`. Raises UnknownPeriod."""
    text = text.strip().casefold()
    if text in ("", "all"):
        return Period()
    if text in SPANS:
        return Period(today - SPANS[text], today)
    first, dots, last = text.partition("..")
    try:
        if not dots:
            return Period(_day(first), _last_day(first))
        period = Period(_day(first) if first else None, _last_day(last) if last else None)
    except ValueError:
        raise UnknownPeriod(text) from None
    if period.first and period.last and period.first > period.last:
        raise UnknownPeriod(text)
    return period


def _day(text: str) -> date:
    if YEAR.fullmatch(text):
        return date(int(text), 1, 1)
    if MONTH.fullmatch(text):
        return date.fromisoformat(f"{text}-01")
    return date.fromisoformat(text)


def _last_day(text: str) -> date:
    if YEAR.fullmatch(text):
        return date(int(text), 12, 31)
    if MONTH.fullmatch(text):
        return _day(text) + relativedelta(months=1, days=-1)
    return date.fromisoformat(text)
