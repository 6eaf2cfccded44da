"""Recurrence rules as people say them in English."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from flows.dates import (
    GROUPS,
    MONTHS,
    ORDINALS,
    WEEKDAYS,
    CadenceFault,
    NotUnderstood,
    day_number,
    number_in,
)
from flows.recurrence import Frequency, Rule

UNKNOWN, TOO_OFTEN = CadenceFault.UNKNOWN, CadenceFault.TOO_OFTEN
DAILY, WEEKLY = Frequency.DAILY, Frequency.WEEKLY
MONTHLY, YEARLY = Frequency.MONTHLY, Frequency.YEARLY

UNITS = {
    "day": (DAILY, 1),
    "week": (WEEKLY, 1),
    "fortnight": (WEEKLY, 2),
    "month": (MONTHLY, 1),
    "quarter": (MONTHLY, 3),
    "year": (YEARLY, 1),
}
UNITS |= {f"{unit}s": meant for unit, meant in UNITS.items()}
ADVERBS = {
    "daily": (DAILY, 1),
    "weekly": (WEEKLY, 1),
    "fortnightly": (WEEKLY, 2),
    "monthly": (MONTHLY, 1),
    "quarterly": (MONTHLY, 3),
    "yearly": (YEARLY, 1),
    "annually": (YEARLY, 1),
}
OFTEN = frozenset(
    f"{unit}{end}" for unit in ("hour", "minute", "second") for end in ("", "s", "ly")
)
NOISE = frozenset(("on", "the", "of", "in", "and", "&", "once"))


def rule_in_words(words: Sequence[str]) -> Rule | NotUnderstood:
    """The rule that words in lower case mean: `every 2 weeks on thursday`, without a time."""
    words = [word for word in words if word not in NOISE]
    if "every" in words:  # "the last friday of every month", "every week, every thursday"
        place = words.index("every")
        words = ["every", *(word for word in words[place:] + words[:place] if word != "every")]
    match words:
        case []:
            return NotUnderstood(UNKNOWN)
        case [adverb, *rest] if adverb in ADVERBS:
            return _rule(*ADVERBS[adverb], rest)
        case [word, *_] if word in OFTEN and word != "second":
            return NotUnderstood.of(TOO_OFTEN, word)
        case ["every", *rest] if rest:
            return _every(rest)
        case [plural, *_] if plural in WEEKDAYS and plural.endswith("days"):
            return _rule(WEEKLY, 1, words)
        case [group, *_] if group in GROUPS and group.endswith("s"):
            return _rule(WEEKLY, 1, words)
    return NotUnderstood.of(UNKNOWN, words[0])


def _every(words: list[str]) -> Rule | NotUnderstood:
    """What stands behind "every"."""
    first, second = words[0], words[1] if len(words) > 1 else ""
    interval = 2 if first == "other" else number_in(first)
    if second in MONTHS:  # "every 12 march": a day, and no number of them
        interval = None
    elif second in UNITS and ORDINALS.get(first, 0) > 0:  # "every third week"
        interval = ORDINALS[first]
    if interval == 0:
        return NotUnderstood.of(UNKNOWN, first)
    rest = words if interval is None else words[1:]
    if not rest:
        return NotUnderstood.of(UNKNOWN, first)
    word = rest[0]
    if word in UNITS:
        frequency, many = UNITS[word]
        return _rule(frequency, many * (interval or 1), rest[1:])
    if word in OFTEN and (word != "second" or len(rest) == 1):
        return NotUnderstood.of(TOO_OFTEN, word)
    if word in WEEKDAYS or word in GROUPS:
        return _rule(WEEKLY, interval or 1, rest)
    if interval is not None:
        return NotUnderstood.of(UNKNOWN, word)
    if any(part in MONTHS for part in rest):
        return _rule(YEARLY, 1, rest)
    if ORDINALS.get(word, 0) > 1 and second in WEEKDAYS and "month" not in rest:
        # "every second friday": of the month, or every other one? Ask.
        return NotUnderstood.of(UNKNOWN, word)
    if day_number(word) is not None:
        return _rule(MONTHLY, 1, rest)
    return NotUnderstood.of(UNKNOWN, word)


def _rule(frequency: Frequency, interval: int, words: list[str]) -> Rule | NotUnderstood:
    """The rule with the days that the rest of the words name."""
    rule = Rule(frequency=frequency, interval=interval)
    match frequency:
        case Frequency.DAILY:
            return NotUnderstood.of(UNKNOWN, words[0]) if words else rule
        case Frequency.WEEKLY:
            return _weekly(rule, words)
        case Frequency.MONTHLY:
            named = _named_days([word for word in words if word != "month"])
            return named if isinstance(named, NotUnderstood) else named.into(rule)
        case Frequency.YEARLY:
            return _yearly(rule, words)


def _weekly(rule: Rule, words: list[str]) -> Rule | NotUnderstood:
    named: set[int] = set()
    for word in words:
        if word in GROUPS:
            named |= GROUPS[word]
        elif word in WEEKDAYS:
            named.add(WEEKDAYS[word])
        else:
            return NotUnderstood.of(UNKNOWN, word)
    return replace(rule, weekdays=frozenset((0, day) for day in named))


def _yearly(rule: Rule, words: list[str]) -> Rule | NotUnderstood:
    months = frozenset(MONTHS[word] for word in words if word in MONTHS)
    rest = [word for word in words if word not in MONTHS and word != "year"]
    named = _named_days(rest)
    if isinstance(named, NotUnderstood):
        return named
    # Two days in two months would be four days of a year, and not the two that were meant.
    if (rest and not months) or (len(months) > 1 and len(named.numbers) + len(named.weekdays) > 1):
        return NotUnderstood.of(UNKNOWN, rest)
    if months and not rest:
        named = named._replace(numbers=frozenset((1,)))
    return replace(named.into(rule), months=months)


class _NamedDays(NamedTuple):
    """Days of a month: by number, as its nth weekday, or as its nth working day."""

    numbers: frozenset[int]
    weekdays: frozenset[tuple[int, int]]
    positions: frozenset[int]

    def into(self, rule: Rule) -> Rule:
        numbers, weekdays, positions = self
        return replace(rule, month_days=numbers, weekdays=weekdays, positions=positions)


def _named_days(words: list[str]) -> _NamedDays | NotUnderstood:
    """`1st 15th`, `last friday`, `first third monday`, `last day`, `first weekday`."""
    numbers: set[int] = set()
    weekdays: set[tuple[int, int]] = set()
    positions: set[int] = set()
    pending: list[int] = []  # until we know what is counted
    word = ""
    for word in words:
        number = day_number(word)
        if number is not None:
            pending.append(number)
        elif not pending:
            return NotUnderstood.of(UNKNOWN, word)
        else:
            if word in ("day", "days"):
                numbers.update(pending)
            elif word in WEEKDAYS:
                weekdays.update((nth, WEEKDAYS[word]) for nth in pending)
            elif word in GROUPS:
                weekdays.update((0, day) for day in GROUPS[word])
                positions.update(pending)
            else:
                return NotUnderstood.of(UNKNOWN, word)
            pending = []
    if word in ORDINALS:  # the last what?
        return NotUnderstood.of(UNKNOWN, word)
    numbers.update(pending)
    # One rule has to hold all of them, and its parts narrow each other down.
    if (numbers and weekdays) or (positions and not all(nth == 0 for nth, _ in weekdays)):
        return NotUnderstood.of(UNKNOWN, words)
    return _NamedDays(frozenset(numbers), frozenset(weekdays), frozenset(positions))
