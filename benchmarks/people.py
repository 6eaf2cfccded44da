"""People who write to a bot over a platform's double, and how long they wait for its answers.

What they do is the same on every platform; `Person` is what a double must offer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import quantiles
from time import perf_counter
from typing import Protocol, TypeVar

PATIENCE = 60  # seconds for what everybody does once; without a reply it would never end


class Person(Protocol):
    async def says(self, text: str) -> float:
        """Seconds until the bot's answer came, from when the bot could fetch what was said."""


P = TypeVar("P", bound=Person)


@dataclass(frozen=True, slots=True)
class Waited:
    """Turns a second, and milliseconds from message to reply."""

    rate: float
    p50: float
    p99: float

    @property
    def figures(self) -> tuple[float, float, float]:
        return self.rate, self.p50, self.p99


async def interviewed(
    people: Sequence[Person],
    answers: Sequence[str],
    *,
    at_once: int,
    settled: Callable[[], Awaitable[float]],
) -> Waited:
    """Every person gives every answer; `at_once` of them wait for a reply at any time.

    Everybody has given one before the next is asked for, and the bot has done by then all that it
    does beside its answers. `settled` waits for that, and returns when it was (`perf_counter`): it
    counts for the rate. Without it an answer could be there before the bot has noted that its
    question was delivered. Such a one belongs to the question before, and gets no reply.
    """
    waited: list[float] = []
    seconds = 0.0
    await settled()
    for answer in answers:

        async def give(person: Person, answer: str = answer) -> None:
            waited.append(await person.says(answer))

        began = perf_counter()
        await everybody(people, give, at_once=at_once)
        seconds += await settled() - began
    cuts = quantiles(waited, n=100)
    return Waited(len(waited) / seconds, cuts[49] * 1e3, cuts[98] * 1e3)


async def everybody(
    people: Sequence[P], do: Callable[[P], Awaitable[object]], *, at_once: int
) -> None:
    """Each does it once, `at_once` of them side by side."""
    waiting = iter(people)

    async def work() -> None:
        for person in waiting:
            await do(person)

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        for _ in range(at_once):
            tasks.create_task(work())
