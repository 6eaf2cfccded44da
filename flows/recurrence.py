"""Recurrence rules of RFC 5545 for whole days: which ones we take, and their days by dateutil.

dateutil walks from the first day on, and compares only a day that it has found with UNTIL: where
there is none, it walks to the year 9999, for seconds. So ask `ever_falls` before `rule_days`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from flows.dates import CadenceFault, NotUnderstood, months_on

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

HORIZON = 20
"""Years that days are told ahead: of each fifth year's 29 February, one at least."""

LATE_YEAR = 9968
"""A leap year, so that it has each day. With the 31 to 9999 it has each kind of year there is."""

OFTEN = frozenset(("HOURLY", "MINUTELY", "SECONDLY"))
TIMES = frozenset(("BYHOUR", "BYMINUTE", "BYSECOND"))
NUMBERS = {  # key: field, greatest number, whether it may count from the end
    "BYMONTH": ("months", 12, False),
    "BYWEEKNO": ("weeks", 51, True),  # at the turn of the year dateutil errs about week 52 and 53
    "BYYEARDAY": ("year_days", 366, True),
    "BYMONTHDAY": ("month_days", 31, True),
    "BYSETPOS": ("positions", 366, True),
}
NUMBER = re.compile(r"[+-]?[0-9]{1,3}")
WEEKDAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
AMOUNT = re.compile(r"[0-9]+")
UNTIL = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})"  # a day,
    r"(?:T([0-9]{2}):?([0-9]{2}):?([0-9]{2})(Z?))?"  # and perhaps a time, by UTC or by the zone
)
KEY = re.compile(r"[A-Z-]*")


class Frequency(StrEnum):
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


STEPS = {Frequency.DAILY: timedelta(days=1), Frequency.WEEKLY: timedelta(weeks=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An RRULE's parts. Months count from 1, weekdays from 0 (Monday), and -1 is the last one.

    `weekdays` are pairs: which one of the month or year, 0 for each, and the weekday.
    `until` is a local date, the last one that counts.
    """

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: date | None = None
    months: frozenset[int] = frozenset()
    weeks: frozenset[int] = frozenset()
    year_days: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    weekdays: frozenset[tuple[int, int]] = frozenset()
    positions: frozenset[int] = frozenset()
    week_start: int = 0

    def __str__(self) -> str:
        """As RFC 5545 writes it, without `RRULE:`."""
        parts = [f"FREQ={self.frequency}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={self.until.isoformat().replace('-', '')}")
        for key, (name, _, _) in NUMBERS.items():
            if numbers := getattr(self, name):
                parts.append(f"{key}={','.join(map(str, sorted(numbers)))}")
        if self.weekdays:
            named = (f"{nth or ''}{WEEKDAYS[day]}" for nth, day in sorted(self.weekdays))
            parts.append(f"BYDAY={','.join(named)}")
        if self.week_start:
            parts.append(f"WKST={WEEKDAYS[self.week_start]}")
        return ";".join(parts)


def read_rule(text: str, *, at: time, zone: ZoneInfo) -> Rule | NotUnderstood:
    """The rule that an RRULE without `RRULE:` writes down; anything else of a calendar is a fault.

    An UNTIL with a time becomes the last day on which `at` of the zone is not after it.
    """
    fields: dict[str, object] = {}
    for part in text.upper().split(";"):
        if not part:
            continue
        key, _, value = part.partition("=")
        found = _field(key, value, at, zone)
        if isinstance(found, NotUnderstood):
            return found
        name, read = found
        if name in fields:
            return NotUnderstood.of(CadenceFault.UNKNOWN, key)
        fields[name] = read
    if "frequency" not in fields:
        return NotUnderstood.of(CadenceFault.UNKNOWN, text)
    rule = Rule(**fields)  # type: ignore[arg-type]  # _field pairs each name with its type
    misplaced = _misplaced(rule)
    return NotUnderstood.of(CadenceFault.UNKNOWN, misplaced) if misplaced else rule


def rule_days(rule: Rule, *, since: date, first: date) -> Iterator[date]:
    """The days of a rule from `first` on, in order; intervals and COUNT begin with `since`.

    They end where the rule does, or HORIZON years after the later one of the two.
    """
    until = months_on(max(since, first), 12 * HORIZON)
    begin = since
    if rule.frequency is Frequency.WEEKLY and rule.weekdays:
        # dateutil would take BYSETPOS of what `since` leaves of its week.
        begin -= timedelta(days=(since.weekday() - rule.week_start) % 7)
    if rule.count is None and rule.frequency in STEPS:
        step = STEPS[rule.frequency] * rule.interval
        begin += max(0, (first - begin) // step) * step
    found = _walk(replace(rule, until=min(until, rule.until or until)), begin)
    counted = islice((day for day in found if day >= since), rule.count)
    return (day for day in counted if day >= first)


def ever_falls(rule: Rule, *, since: date) -> bool:
    """Whether a rule would have any day at all, whatever its interval and its end.

    This depends on kinds of years alone, not on which ones: those before 9999 are soon walked.
    """
    unending = replace(rule, interval=1, until=None)
    return any(True for _ in _walk(unending, since.replace(year=LATE_YEAR)))


def _walk(rule: Rule, begin: date) -> Iterator[date]:
    """The rule's days by dateutil from `begin` on, without COUNT, which bars UNTIL there."""
    start = datetime.combine(begin, time())
    return (moment.date() for moment in rrulestr(str(replace(rule, count=None)), dtstart=start))


def _field(key: str, value: str, at: time, zone: ZoneInfo) -> tuple[str, object] | NotUnderstood:
    if key in TIMES or (key == "FREQ" and value in OFTEN):
        return NotUnderstood.of(CadenceFault.TOO_OFTEN, key if key in TIMES else value)
    read: object = None
    name = key.lower()
    if key == "FREQ":
        name, read = "frequency", Frequency.__members__.get(value)
    elif key in ("INTERVAL", "COUNT"):
        read = (int(value[:12]) or None) if AMOUNT.fullmatch(value) else None
    elif key == "UNTIL":
        read = _until(value, at, zone)
    elif key == "WKST":
        name, read = "week_start", WEEKDAYS.index(value) if value in WEEKDAYS else None
    elif key == "BYDAY":
        name, read = "weekdays", _weekdays(value)
    elif key in NUMBERS:
        name, greatest, signed = NUMBERS[key]
        read = _numbers(value, greatest, signed=signed)
    else:
        return NotUnderstood.of(CadenceFault.UNKNOWN, KEY.findall(key)[0] or key)
    if read is None:
        return NotUnderstood.of(CadenceFault.UNKNOWN, f"{key}={value}")
    return name, read


def _numbers(value: str, greatest: int, *, signed: bool) -> frozenset[int] | None:
    parts = value.split(",")
    if not all(map(NUMBER.fullmatch, parts)):
        return None
    numbers = frozenset(map(int, parts))
    least = -greatest if signed else 1
    return numbers if all(n and least <= n <= greatest for n in numbers) else None


def _weekdays(value: str) -> frozenset[tuple[int, int]] | None:
    found = [WEEKDAY.fullmatch(part) for part in value.split(",")]
    named = {(int(one[1]) if one[1] else 0, WEEKDAYS.index(one[2]), one[1]) for one in found if one}
    if None in found or any(abs(nth) > 53 or (nth == 0 and said) for nth, _, said in named):
        return None
    return frozenset((nth, day) for nth, day, _ in named)


def _until(value: str, at: time, zone: ZoneInfo) -> date | None:
    found = UNTIL.fullmatch(value)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    try:
        if found[4] is None:
            return date(year, month, day)
        ending = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        local = ending.astimezone(zone) if found[7] else ending
        return local.date() - timedelta(days=local.time() < at)
    except (ValueError, OverflowError):
        return None


def _misplaced(rule: Rule) -> str:
    """A part that RFC 5545 forbids beside the others, or dateutil does not know there."""
    frequency = rule.frequency
    if rule.weeks and frequency is not Frequency.YEARLY:
        return "BYWEEKNO"
    if rule.year_days and frequency is not Frequency.YEARLY:
        return "BYYEARDAY"
    if rule.month_days and frequency is Frequency.WEEKLY:
        return "BYMONTHDAY"
    nths = {abs(nth) for nth, _ in rule.weekdays}
    if nths <= {0}:
        return ""
    # "Each Monday and the first Tuesday" dateutil takes for days that are both.
    if frequency in STEPS or rule.weeks or 0 in nths:
        return "BYDAY"
    in_month = frequency is Frequency.MONTHLY or rule.months
    return "BYDAY" if max(nths) > (5 if in_month else 53) else ""
