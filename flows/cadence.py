"""When prompts come: how organizers write it, and the days and instants that follow from it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flows.clocks import day_at, is_zone, local_moment
from flows.dates import FAR_YEARS, CadenceFault, NotUnderstood, is_far, read_date, read_time
from flows.recurrence import Frequency, ever_falls, read_rule, rule_days
from flows.rule_words import ADVERBS, rule_in_words

DEFAULT_TIME = time(10)
MAX_TEXT = 2_000  # characters, more than any rule needs

IN_A_YEAR = {
    Frequency.DAILY: 366,
    Frequency.WEEKLY: 52,
    Frequency.MONTHLY: 12,
    Frequency.YEARLY: 1,
}
CLAUSES = {
    "at": "at",
    "@": "at",
    "starting": "starting",
    "beginning": "starting",
    "from": "starting",
    "until": "until",
    "till": "until",
}
CLOCK = re.compile(r"[0-9]{1,2}[:.][0-9]{2}(?:[ap]\.?m)?|[0-9]{1,2}[ap]\.?m")
HALF_APART = re.compile(r"(?<=[0-9]) (?=[ap]\.?m\b)")


@dataclass(frozen=True, slots=True)
class Cadence:
    """A schedule's rule: on the days of `rule`, at `at` by the clock of `zone`.

    `rule` is an RFC 5545 RRULE of whole days without `RRULE:` and DTSTART, `zone` an IANA name.
    Intervals count from `since`.
    """

    rule: str
    at: time
    zone: str
    since: date


def days(cadence: Cadence, *, after: date) -> Iterator[date]:
    """The local dates on which it falls, strictly after `after`, in order.

    They end where the rule does, or after twenty years. Raises ValueError for a rule that
    `read_cadence` does not give.
    """
    rule = read_rule(cadence.rule, at=cadence.at, zone=ZoneInfo(cadence.zone))
    if isinstance(rule, NotUnderstood):
        raise ValueError(f"not a rule: {rule.word}")
    return rule_days(rule, since=cadence.since, first=after + timedelta(days=1))


def occurrences(cadence: Cadence, *, after: datetime) -> Iterator[datetime]:
    """The instants in UTC at which it falls, strictly after `after` and strictly increasing.

    Of a local time that daylight saving repeats it is the first, for one that it skips the end of
    the gap. Two that thereby become one instant are one occurrence: at midnight every day, the one
    of a day that a zone has left out is that of the day after.
    """
    # A whole day that is left out moves to the next one: look from some days before.
    before = day_at(after, cadence.zone) - timedelta(days=3)
    last = after
    for day in days(cadence, after=before):
        moment = local_moment(day, cadence.at, cadence.zone)
        if moment > last:
            yield moment
            last = moment


def next_due(cadence: Cadence, *, after: datetime) -> datetime | None:
    """The first occurrence strictly after `after`, in UTC; None where there is no further one."""
    return next(occurrences(cadence, after=after), None)


def read_cadence(text: str, *, zone: str, today: date) -> Cadence | NotUnderstood:
    """The cadence that a text means: `every 2 weeks on thursday at 10:00`, or an RRULE.

    `at`, `starting` and `until` may stand behind both. Without a time it is DEFAULT_TIME. `since`
    becomes the first day that fits, from today or the day of `starting` on: who says "every 2 weeks
    on thursday" on a Friday means the next Thursday, whatever week that is in.
    """
    if not is_zone(zone):
        return NotUnderstood.of(CadenceFault.ZONE, zone)
    if len(text) > MAX_TEXT:
        return NotUnderstood.of(CadenceFault.UNKNOWN, text)
    clauses = _clauses(text)
    if isinstance(clauses, NotUnderstood):
        return clauses
    at = read_time(" ".join(clauses.at)) if clauses.at is not None else DEFAULT_TIME
    if isinstance(at, NotUnderstood):
        return at
    start = _start(clauses.starting, today)
    if isinstance(start, NotUnderstood):
        return start
    raw = clauses.rule[0] if len(clauses.rule) == 1 and "=" in clauses.rule[0] else None
    rule = read_rule(raw, at=at, zone=ZoneInfo(zone)) if raw else rule_in_words(clauses.rule)
    if isinstance(rule, NotUnderstood):
        return rule
    if rule.interval > FAR_YEARS * IN_A_YEAR[rule.frequency]:
        return NotUnderstood.of(CadenceFault.FAR, clauses.rule)
    if clauses.until is not None:
        until = read_date(clauses.until, today=today)
        if isinstance(until, NotUnderstood):
            return until
        rule = replace(rule, until=min(until, rule.until or until))
    if rule.until is not None and rule.until < today:
        return NotUnderstood.of(CadenceFault.PAST, rule.until.isoformat())
    if not ever_falls(rule, since=start):
        return NotUnderstood.of(CadenceFault.NEVER, clauses.rule)
    since = next(rule_days(replace(rule, interval=1), since=start, first=start), None)
    if since is None:
        return NotUnderstood.of(CadenceFault.NEVER, clauses.rule)
    if next(rule_days(rule, since=since, first=today), None) is None:
        return NotUnderstood.of(CadenceFault.PAST)
    return Cadence(str(rule), at, zone, since)


@dataclass(slots=True)
class _Clauses:
    """The words of each part; None where there is no such part."""

    rule: list[str] = field(default_factory=list)
    at: list[str] | None = None
    starting: list[str] | None = None
    until: list[str] | None = None


def _clauses(text: str) -> _Clauses | NotUnderstood:
    clauses = _Clauses()
    into = clauses.rule
    text = " ".join(text.casefold().split())
    raw = "freq=" in text or text.startswith(("rrule:", "dtstart"))
    words = HALF_APART.sub("", text if raw else text.replace(",", " ")).split()
    for said in words:
        word = said if raw and into is clauses.rule else said.strip(".,;!")
        if clause := CLAUSES.get(word):
            if getattr(clauses, clause) is not None:
                return NotUnderstood.of(CadenceFault.UNKNOWN, word)
            into = []
            setattr(clauses, clause, into)
        elif not raw and CLOCK.fullmatch(word) and into is clauses.rule and clauses.at is None:
            into = clauses.at = [word]
        elif not raw and (
            word in ("every", "each") or word in ADVERBS or (word == "on" and into is clauses.at)
        ):
            into = clauses.rule
            into.append("every" if word == "each" else word)
        elif word:
            into.append(word)
    if raw:
        clauses.rule = ["".join(clauses.rule).removeprefix("rrule:")]
    return clauses


def _start(words: list[str] | None, today: date) -> date | NotUnderstood:
    if words is None:
        return today
    start = read_date(words, today=today)
    if isinstance(start, date) and is_far(start, today):
        return NotUnderstood.of(CadenceFault.FAR, words)
    return start
