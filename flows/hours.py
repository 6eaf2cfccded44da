"""When somebody is left alone, by their own clock."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flows.clocks import day_at, local_moment
from flows.dates import GROUPS, WEEKDAYS, CadenceFault, NotUnderstood, read_time, words_of

NONE = frozenset(("off", "none", "no", "never", "nothing"))
DASH = re.compile(r"\s*(?:[-–—]|\bto\b|\band\b|\buntil\b)\s*")
RANGE = re.compile(r"\s*[-–—]\s*")
LEAD = re.compile(r"(?:from|between)\s+")

LONGEST = 2_000  # characters, more than any such text needs
STEPS = 100
"""Ends of quiet times that are looked at: seven weeks of them, two a day."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Quiet hours, from one time of day until before the other, and days off.

    Both times or neither; two equal ones are none. From 20:00 to 08:00 spans midnight. 0 is Monday.
    """

    quiet_from: time | None = None
    quiet_to: time | None = None
    days_off: frozenset[int] = frozenset()


def next_allowed(moment: datetime, hours: Hours, zone: str) -> datetime | None:
    """The moment itself, or the first after it that is neither quiet nor on a day off, in UTC.

    None where every day is off. What the clock of the IANA zone shows is what counts. Quiet hours
    that end in a time that daylight saving skips end with the gap; those that end in one that it
    repeats end at its first showing, and at its second for a moment in between.
    """
    clock = ZoneInfo(zone)
    moment = moment.astimezone(UTC)
    for _ in range(STEPS):
        local = moment.astimezone(clock)
        end = _end_of_rest(local, hours)
        if end is None:
            return moment
        moment = _showing(end, clock, after=moment)
    return None


def next_monday(moment: datetime, zone: str) -> datetime:
    """The next time that a clock of the IANA zone shows nine on a Monday morning, in UTC."""
    day = day_at(moment, zone)
    day += timedelta(days=-day.weekday())
    found = local_moment(day, time(9), zone)
    return found if found > moment else local_moment(day + timedelta(days=7), time(9), zone)


def read_hours(text: str, hours: Hours) -> Hours | NotUnderstood:
    """`hours` with other quiet hours: `20:00-8:00`, `22-7`, `from 10 pm to 7 am`, `off`."""
    said = " ".join(text[:LONGEST].casefold().split())
    if said in NONE:
        return replace(hours, quiet_from=None, quiet_to=None)
    first, *second = DASH.split(LEAD.sub("", said, count=1), maxsplit=1)
    if not second:
        return NotUnderstood.of(CadenceFault.TIME, said)
    start, end = read_time(first), read_time(second[0])
    if isinstance(start, NotUnderstood):
        return start
    if isinstance(end, NotUnderstood):
        return end
    if start == end:  # all day long, or not at all?
        return NotUnderstood.of(CadenceFault.TIME, said)
    return replace(hours, quiet_from=start, quiet_to=end)


def read_days(text: str, hours: Hours) -> Hours | NotUnderstood:
    """`hours` with other days off: `sat sun`, `saturday and sunday`, `fri-sun`, `none`."""
    words = words_of(RANGE.sub("-", text[:LONGEST].replace("&", " ")))
    if len(words) == 1 and words[0] in NONE:
        return replace(hours, days_off=frozenset())
    days: set[int] = set()
    for word in words:
        if word in ("and", "on", "every"):
            continue
        found = _days_in(word)
        if found is None:
            return NotUnderstood.of(CadenceFault.UNKNOWN, word)
        days |= found
    if not days:
        return NotUnderstood.of(CadenceFault.UNKNOWN, words)
    return replace(hours, days_off=frozenset(days))


def _days_in(word: str) -> frozenset[int] | None:
    if word in GROUPS:
        return GROUPS[word]
    first, dash, last = word.partition("-")
    if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
        return None
    start = WEEKDAYS[first]
    length = (WEEKDAYS[last] - start) % 7 if dash else 0
    return frozenset((start + step) % 7 for step in range(length + 1))


def _end_of_rest(local: datetime, hours: Hours) -> datetime | None:
    """What the clock shows, without a zone, when the rest is over; None where there is none."""
    day, now = local.date(), local.time()
    if day.weekday() in hours.days_off:
        return _on(day + timedelta(days=1), time())
    start, end = hours.quiet_from, hours.quiet_to
    if start is None or end is None:
        return None
    if start <= now < end:
        return _on(day, end)
    if end < start and now >= start:
        return _on(day + timedelta(days=1), end)
    return _on(day, end) if end < start and now < end else None


def _on(day: date, at: time) -> datetime:
    return datetime.combine(day, at)


def _showing(wall: datetime, clock: ZoneInfo, *, after: datetime) -> datetime:
    moment = local_moment(wall.date(), wall.time(), clock.key)
    if moment > after:
        return moment
    return wall.replace(tzinfo=clock, fold=1).astimezone(UTC)  # the clock was turned back meanwhile
