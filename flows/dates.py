"""Days and times of day as people write them in English, and what is wrong with one."""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, date, time, timedelta
from enum import StrEnum

FAR_YEARS = 5
"""Nobody plans prompts, or their end, for a time further off than this."""

LONGEST_WORD = 40  # characters of a word that is said again in a sentence
LEAP = 8  # years, the longest time from one 29 February to the next


class CadenceFault(StrEnum):
    """Why a text about days or times is not taken."""

    UNKNOWN = "unknown"
    """It has a word that means nothing here, or something is missing."""
    TOO_OFTEN = "too-often"
    """More than once a day."""
    NEVER = "never"
    """There is no such day: 31 February."""
    PAST = "past"
    FAR = "far"
    """More than FAR_YEARS away, or apart."""
    TIME = "time"
    """Not a time of day."""
    ZONE = "zone"
    """Not a time zone."""


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A fault, and the part of the text that it lies in, empty where that is no single part."""

    fault: CadenceFault
    word: str = ""

    @classmethod
    def of(cls, fault: CadenceFault, words: Sequence[str] | str = "") -> "NotUnderstood":
        said = words if isinstance(words, str) else " ".join(words)
        return cls(fault, said if len(said) <= LONGEST_WORD else said[: LONGEST_WORD - 1] + "…")


MONTHS = {
    name: number
    for number, full in enumerate(
        (
            *("january", "february", "march", "april", "may", "june"),
            *("july", "august", "september", "october", "november", "december"),
        ),
        start=1,
    )
    for name in (full, full[:3])
} | {"sept": 9}

WEEKDAYS = {
    name: number
    for number, full in enumerate(
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    )
    for name in (full, f"{full}s", full[:3])
} | {"tues": 1, "weds": 2, "thur": 3, "thurs": 3}
"""0 is Monday."""

GROUPS = {
    **dict.fromkeys(("weekday", "weekdays", "workday", "workdays"), frozenset(range(5))),
    **dict.fromkeys(("weekend", "weekends"), frozenset((5, 6))),
}

COUNTED = (
    *("one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}

DIGITS = re.compile(r"[0-9]+")
DAY_NUMBER = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?")
ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
YEAR = re.compile(r"[0-9]{4}")
TIME = re.compile(r"([0-9]{1,2})(?:[:.]([0-9]{2}))? ?(?:([ap])\.?m\.?)?(?: ?(?:h|o['’]?clock))?")
NAMED_TIMES = {"noon": time(12), "midday": time(12), "midnight": time(0)}


def read_time(text: str) -> time | NotUnderstood:
    """`10`, `10:00`, `9.30`, `5:30 pm`, `noon`; the fault is TIME."""
    text = text.strip().casefold()
    if text in NAMED_TIMES:
        return NAMED_TIMES[text]
    found = TIME.fullmatch(text)
    if found is not None:
        hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
        if half and 1 <= hour <= 12:
            hour, half = hour % 12 + (12 if half == "p" else 0), None
        if half is None and hour < 24 and minute < 60:
            return time(hour, minute)
    return NotUnderstood.of(CadenceFault.TIME, text)


def read_date(words: Sequence[str], *, today: date) -> date | NotUnderstood:
    """The day that words in lower case name: `2027-01-07`, `7 may 2027`, `may 1st`, `next monday`.

    A day without a year is the first such day from today on, a weekday the first after today.
    """
    said = [word for word in words if word not in ("the", "of", "on")]
    match said:
        case ["today"]:
            return today
        case ["tomorrow"]:
            return today + timedelta(days=1)
        case [weekday] | ["next" | "this" | "coming", weekday] if weekday in WEEKDAYS:
            return today + timedelta(days=(WEEKDAYS[weekday] - today.weekday() - 1) % 7 + 1)
        case [text] if iso := ISO.fullmatch(text):
            return _existing(int(iso[1]), int(iso[2]), int(iso[3]), said)
        case [month, day, *year] if month in MONTHS:
            return _named(day, month, year, said, today)
        case [day, month, *year] if month in MONTHS:
            return _named(day, month, year, said, today)
    return NotUnderstood.of(CadenceFault.UNKNOWN, said)


def read_until(text: str, *, today: date) -> date | NotUnderstood:
    """The day after today that ends a wait: `until 1 May`, `2 weeks`, `a month`, `next monday`.

    `next week` ends on its Monday, `next month` and `next year` on their first day.
    """
    words = words_of(text)
    while words and words[0] in ("until", "till", "for", "in"):
        del words[0]
    found = _end_of_wait(words, today)
    if isinstance(found, NotUnderstood):
        return found
    if found <= today:
        return NotUnderstood.of(CadenceFault.PAST, words)
    return NotUnderstood.of(CadenceFault.FAR, words) if is_far(found, today) else found


def is_far(day: date, today: date) -> bool:
    """Whether a day lies further away than FAR_YEARS, ahead or back."""
    return not months_on(today, -12 * FAR_YEARS) <= day <= months_on(today, 12 * FAR_YEARS)


def months_on(day: date, months: int) -> date:
    """The same day so many months later, or the month's last day; the calendar's ends hold."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year < 1:
        return date.min
    if year > MAXYEAR:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def words_of(text: str) -> list[str]:
    """In lower case, without the marks between them."""
    words = (word.strip(".,;!") for word in text.casefold().replace(",", " ").split())
    return [word for word in words if word]


def number_in(word: str) -> int | None:
    """`12`, `twelve`."""
    if word in COUNTED:
        return COUNTED.index(word) + 1
    # Longer ones are far too great for all that is counted here.
    return int(word[:12]) if DIGITS.fullmatch(word) else None


def day_number(word: str) -> int | None:
    """`1`, `1st`, `first`, `last` (-1)."""
    found = DAY_NUMBER.fullmatch(word)
    return int(found[1]) if found else ORDINALS.get(word)


def _end_of_wait(words: list[str], today: date) -> date | NotUnderstood:
    match words:
        case ["next", "week"]:
            return today + timedelta(days=7 - today.weekday())
        case ["next", "month"]:
            return months_on(today.replace(day=1), 1)
        case ["next", "year"]:
            return date(today.year + 1, 1, 1)
        case [amount, unit]:
            number = 1 if amount in ("a", "an") else number_in(amount)
            many = {"day": 1, "week": 7, "month": 1, "year": 12}.get(unit.removesuffix("s"))
            if number is not None and many is not None:
                if number > FAR_YEARS * 366:  # more than the longest wait has days
                    return NotUnderstood.of(CadenceFault.FAR, words)
                if unit.startswith(("day", "week")):
                    return today + timedelta(days=number * many)
                return months_on(today, number * many)
    return read_date(words, today=today)


def _named(
    day: str, month: str, year: list[str], said: list[str], today: date
) -> date | NotUnderstood:
    number = day_number(day)
    if number is None or number < 0 or len(year) > 1 or not all(map(YEAR.fullmatch, year)):
        return NotUnderstood.of(CadenceFault.UNKNOWN, said)
    if year:
        return _existing(int(year[0]), MONTHS[month], number, said)
    for some in range(today.year, today.year + LEAP + 1):
        found = _existing(some, MONTHS[month], number, said)
        if isinstance(found, date) and found >= today:
            return found
    return NotUnderstood.of(CadenceFault.NEVER, said)


def _existing(year: int, month: int, day: int, said: list[str]) -> date | NotUnderstood:
    try:
        return date(year, month, day)
    except ValueError:
        return NotUnderstood.of(CadenceFault.NEVER, said)
