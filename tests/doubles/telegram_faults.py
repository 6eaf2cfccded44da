"""Faults on demand, and a log of every call."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """What goes wrong with an answer, and whether the call was carried out nevertheless."""

    ERROR = "500 as JSON"
    HTML = "502 as HTML, from the proxy in front"
    TOO_MANY = "429 with retry_after"
    CUT_BEFORE = "connection closed, nothing done"
    CUT_AFTER = "connection closed, but done"
    CUT_MIDDLE = "connection closed in the middle of the answer, done"
    LATE = "done at once, answered late"


DONE = frozenset({Fault.CUT_AFTER, Fault.CUT_MIDDLE, Fault.LATE})


@dataclass(slots=True)
class Planned:
    fault: Fault
    method: str | None
    chat: int | None
    times: int | None
    share: float | None
    seconds: float
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
        chat: int | None = None,
        times: int | None = None,
        share: float | None = None,
        seconds: float = 1,
        done: bool | None = None,
    ) -> None:
        """One (or `times`, or a `share` of all) calls of a method, or of any but getUpdates, fail.

        `seconds` is how late an answer is, or the retry_after. `done` says whether the call takes
        effect, where the fault does not say so itself.
        """
        if times is None and share is None:
            times = 1
        effect = fault in DONE if done is None else done
        self.planned.append(Planned(fault, method, chat, times, share, seconds, effect))

    def mix(
        self,
        faults: Sequence[Fault],
        method: str | None = None,
        *,
        share: float,
        seconds: float = 1,
    ) -> None:
        """A `share` of all calls of a method, or of any but getUpdates, fail: by each of these
        faults about as often."""
        each = share / len(faults)
        for number, fault in enumerate(faults):
            # Of what the ones before it let pass.
            rest = each / (1 - number * each)
            self.add(fault, method, share=rest, seconds=seconds)

    def pick(self, method: str, chat: int | None) -> Planned | None:
        for plan in self.planned:
            if plan.method is None and method == "getUpdates":
                continue
            if plan.method not in {None, method} or plan.chat not in {None, chat}:
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
    chat: int | None
    at: float
    """When it arrived, on the monotonic clock."""
    args: dict[str, Any]
    code: int
    """The status that was decided on; 0 if the connection was cut before that."""
    description: str
    fault: Fault | None = None
    result: Any = None

    @property
    def ok(self) -> bool:
        """Whether it took effect, whatever the bot got to know of it."""
        return self.code == 200
