"""Faults on demand, and a log of every call."""

import random
from dataclasses import dataclass, field
from enum import StrEnum

from tests.doubles.slack_wire import Wire


class Fault(StrEnum):
    """What goes wrong with an answer, and whether the call was carried out nevertheless."""

    ERROR = "500"
    HTML = "502 as HTML, from the proxy in front"
    TOO_MANY = "429 with Retry-After"
    REFUSED = "ok: false, with the error that was named"
    CUT_BEFORE = "connection closed, nothing done"
    CUT_AFTER = "connection closed, but done"
    CUT_MIDDLE = "connection closed in the middle of the answer, done"
    LATE = "done at once, answered late"


DONE = frozenset({Fault.CUT_AFTER, Fault.CUT_MIDDLE, Fault.LATE})
UNHARMED = frozenset({"apps.connections.open", "auth.test"})  # unless they are named


@dataclass(slots=True)
class Planned:
    fault: Fault
    method: str | None
    channel: str | None
    times: int | None
    share: float | None
    seconds: float
    error: str
    done: bool


@dataclass(slots=True)
class Faults:
    """What is planned to go wrong; the same seed and calls, the same faults."""

    seed: int = 0
    planned: list[Planned] = field(default_factory=list)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def add(
        self,
        fault: Fault,
        method: str | None = None,
        *,
        channel: str | None = None,
        times: int | None = None,
        share: float | None = None,
        seconds: float = 1,
        error: str = "internal_error",
        done: bool | None = None,
    ) -> None:
        """One (or `times`, or a `share` of all) calls of a method fail; without a method, of any
        but apps.connections.open and auth.test.

        `seconds` is how late an answer is, or the Retry-After; `error` the one to refuse with.
        `done` says whether the call takes effect, where the fault does not say so itself.
        """
        if times is None and share is None:
            times = 1
        effect = fault in DONE if done is None else done
        plan = Planned(fault, method, channel, times, share, seconds, error, effect)
        self.planned.append(plan)

    def pick(self, method: str, channel: str | None) -> Planned | None:
        for plan in self.planned:
            if plan.method is None and method in UNHARMED:
                continue
            if plan.method not in {None, method} or plan.channel not in {None, channel}:
                continue
            if plan.share is not None and self._chance.random() >= plan.share:
                continue
            if plan.times is not None:
                plan.times -= 1
                if not plan.times:
                    self.planned.remove(plan)
            return plan
        return None

    def clear(self) -> None:
        self.planned.clear()


@dataclass(frozen=True, slots=True)
class Call:
    """One call by the bot, as the server saw it."""

    method: str
    workspace: str
    """Its id; empty where the token told none."""
    channel: str | None
    at: float
    """When it arrived, on the monotonic clock."""
    args: Wire
    status: int
    """The status that was decided on; 0 if the connection was cut before that."""
    error: str
    """Why it was refused, or what went wrong on purpose; empty if it took effect."""
    fault: Fault | None = None
    result: Wire | None = None

    @property
    def ok(self) -> bool:
        """Whether it took effect, whatever the bot got to know of it."""
        return not self.error
