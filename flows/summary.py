"""What counted rows mean: how far stories go, why they stop, and what they leave unsaid."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from flows.framework import Cycle, Framework, Valence


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Who was asked and what came of it.

    `begun` stories are `sent`, `withdrawn`, `deleted` or `unsent`: never anything else.
    `hidden` is how many of the sent ones are not open to the reader.
    """

    members: int
    asked: int
    begun: int
    sent: int
    withdrawn: int
    deleted: int
    tellers: int
    hidden: int

    @property
    def unsent(self) -> int:
        return self.begun - self.sent - self.withdrawn - self.deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """Stories that reached `reach` and go no further, for one `reason`.

    `refs` are those of them that the reader may see: `count` may be greater.
    """

    reach: Cycle
    reason: str
    count: int
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A number of stories, with those of them that the reader may see."""

    count: int
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    ref: str
    text: str


@dataclass(frozen=True, slots=True)
class Minutes:
    """Minutes that tellers spent: the middle one, and the range of the middle half.

    Of `stories` that carry a name: how long an unnamed one took is told to nobody.
    """

    stories: int
    median: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Reached:
    """How many stories go at least as far as `cycle`; `untold` went on without telling it."""

    cycle: Cycle
    count: int
    untold: Told


@dataclass(frozen=True, slots=True)
class Drop:
    """Between two cycles: from `before` stories to `after`, and why."""

    before: int
    after: int
    reasons: tuple[Stopped, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What is counted in the database for a summary."""

    counts: Counts
    reached: Mapping[Cycle, int]  # the furthest cycle -> stories
    stopped: Sequence[Stopped]
    untold: Mapping[Cycle, Told]
    worse: Told
    returned: int
    worth: Mapping[Valence, int]
    minutes: Minutes | None
    gaps: Mapping[str, int]
    changes: Sequence[Quote]
    hurdles: Sequence[Quote]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    counts: Counts
    minutes: Minutes | None
    ladder: tuple[Reached, ...]
    drops: tuple[Drop, ...]
    worse: Told
    returned: int  # of the stories in which something was done, how many were brought back
    done: int
    worth: Mapping[Valence, int]
    worth_unknown: int
    gaps: tuple[tuple[str, int], ...]
    changes: tuple[Quote, ...]
    hurdles: tuple[Quote, ...]


def summarize(rows: Rows, framework: Framework) -> Summary:
    """The summary of what was counted. Every drop from a cycle to the next has its reasons."""
    inner = framework.inner
    ladder = tuple(
        Reached(
            cycle,
            sum(rows.reached.get(later, 0) for later in inner[place:]),
            rows.untold.get(cycle, Told(0)),
        )
        for place, cycle in enumerate(inner)
    )
    drops = tuple(
        Drop(here.count, beyond.count, _reasons(rows.stopped, here.cycle))
        for here, beyond in pairwise(ladder)
        if here.count > beyond.count
    )
    return Summary(
        counts=rows.counts,
        minutes=rows.minutes,
        ladder=ladder,
        drops=drops,
        worse=rows.worse,
        returned=rows.returned,
        done=ladder[-2].count if len(ladder) > 1 else 0,
        worth=rows.worth,
        worth_unknown=rows.counts.sent - sum(rows.worth.values()),
        gaps=tuple(sorted(rows.gaps.items(), key=lambda item: (-item[1], item[0]))),
        changes=tuple(rows.changes),
        hurdles=tuple(rows.hurdles),
    )


def _reasons(stopped: Iterable[Stopped], reach: Cycle) -> tuple[Stopped, ...]:
    here = [s for s in stopped if s.reach == reach]
    return tuple(sorted(here, key=lambda s: (-s.count, s.reason)))
