"""Whom a round asks, what it asks about, and who is left alone."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flows.messages import Anchor

MONTH = 28  # days: a month of four whole weeks, so that a weekday stays one

FEWER, FEWEST = 2, 4
"""Unanswered prompts in a row after which somebody is asked half as often, and not any more."""

WINDOW = 48  # hours after the member's own hour in which a prompt may still come

LATER = 3  # days that “Ask me in 3 days” puts a prompt off

MOST_DAYS = 448  # the rarest that somebody is asked; “Less often” goes no further


class Who(StrEnum):
    """The members that a round is meant for."""

    ALL = "all"
    WITHOUT_STORY = "without-story"  # since a date
    PLANNED = "planned"  # whose story stopped at a plan, or was told too early
    NAMED = "named"


@dataclass(frozen=True, slots=True)
class Whom:
    """`since` is of those without a story, `named` the rows of members."""

    who: Who = Who.ALL
    since: date | None = None
    named: tuple[int, ...] = ()

    def values(self) -> dict[str, Any]:
        """As JSON."""
        since = self.since.isoformat() if self.since else None
        return {"who": self.who, "since": since, "named": list(self.named)}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Whom":
        since = date.fromisoformat(values["since"]) if values["since"] else None
        return cls(Who(values["who"]), since, tuple(values["named"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """What a round asks: whom, about what, and whether it may ask once more.

    `nudge_days`: after so many days without an answer there is one reminder; None: there is none.
    `window_hours`: how long after somebody's hour it may still come.
    """

    whom: Whom = field(default_factory=Whom)
    anchor: Anchor | None = None
    nudge_days: int | None = None
    window_hours: int = WINDOW


class LeftOut(StrEnum):
    """Why a member of a round's audience is not asked."""

    NO_CONSENT = "no-consent"
    UNREACHABLE = "unreachable"
    ALONE = "snoozed"  # wants to be left alone, for a time or for good
    SILENT = "silent"  # answered none of the last prompts
    OVER_CAP = "over-cap"  # was asked too lately


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What is known of one member when it is decided whether to ask them.

    `every` days at most they are asked once; `unanswered` prompts in a row they did not answer.
    `asked_on` is the day they were last asked, by their own clock.
    """

    consents: bool
    is_reachable: bool
    wants_none: bool
    snoozed_until: datetime | None
    every: int
    unanswered: int
    asked_on: date | None


def why_left_out(asking: Asking, *, at: datetime, day: date) -> LeftOut | None:
    """Why this member is not to be asked at a time, which is on that day where they are."""
    snoozed = asking.snoozed_until is not None and asking.snoozed_until > at
    if not asking.consents:
        return LeftOut.NO_CONSENT
    if not asking.is_reachable:
        return LeftOut.UNREACHABLE
    if asking.wants_none or snoozed:
        return LeftOut.ALONE
    if asking.unanswered >= FEWEST:
        return LeftOut.SILENT
    if asking.asked_on is not None and (day - asking.asked_on).days < gap_of(asking):
        return LeftOut.OVER_CAP
    return None


def gap_of(asking: Asking) -> int:
    """Days that lie between two prompts to this member."""
    return asking.every * (2 if asking.unanswered >= FEWER else 1)


def less_often(every: int) -> int:
    """Days between two prompts for somebody who wants fewer."""
    return max(every, min(MOST_DAYS, every * 2))


@dataclass(frozen=True, slots=True)
class Foreseen:
    """How many a round would reach, and why others are left out."""

    reached: int
    left_out: Mapping[LeftOut, int]


def foresee(askings: Iterable[Asking], rounds: Sequence[tuple[datetime, date]]) -> list[Foreseen]:
    """What rounds at these times, on these days, would come to: whoever is reached by one is not
    asked again before their time."""
    known = list(askings)
    found: list[Foreseen] = []
    for at, day in rounds:
        reasons = [why_left_out(each, at=at, day=day) for each in known]
        known = [
            each if reason is not None else replace(each, asked_on=day)
            for each, reason in zip(known, reasons, strict=True)
        ]
        left = Counter(reason for reason in reasons if reason is not None)
        found.append(Foreseen(reasons.count(None), left))
    return found
