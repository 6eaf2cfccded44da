"""A comparison of two sides, measured in turns."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

PAIRS = 5

BUILD = Path(__file__).parents[1] / "build"
"""Where results and temporary files go: beside the repository, so that syncs reach its disk."""

Bound = Literal["at least", "at most"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a measurement, and what it should be beside the peer's."""

    name: str
    unit: str
    bound: Bound = "at least"
    target: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Medians of the pairs; `ratio` is the median of what each pair's two figures make."""

    name: str
    unit: str
    ours: float
    peer: float
    ratio: float
    bound: Bound = "at least"
    target: float | None = None

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.ratio >= self.target if self.bound == "at least" else self.ratio <= self.target

    def values(self) -> dict[str, Any]:
        """As kept in `build/bench.json`."""
        return {**asdict(self), "met": self.met}


def compared(
    name: str,
    *,
    unit: str,
    ours: Callable[[], float],
    peer: Callable[[], float],
    bound: Bound = "at least",
    target: float | None = None,
) -> Comparison:
    """Both sides by turns: a pair to warm up that does not count, and then those that do."""
    [found] = compared_in(
        [Figure(name, unit, bound, target)], ours=lambda: (ours(),), peer=lambda: (peer(),)
    )
    return found


def compared_in(
    figures: Sequence[Figure],
    *,
    ours: Callable[[], Sequence[float]],
    peer: Callable[[], Sequence[float]],
    pairs: int = PAIRS,
) -> list[Comparison]:
    """As `compared`, where one measurement of a side has all of these figures."""
    measured = [(_measured(ours), _measured(peer)) for _ in range(pairs + 1)][1:]
    found = []
    for number, figure in enumerate(figures):
        sides = [(a[number], b[number]) for a, b in measured]
        found.append(
            Comparison(
                name=figure.name,
                unit=figure.unit,
                ours=median(a for a, _ in sides),
                peer=median(b for _, b in sides),
                ratio=median(a / b for a, b in sides),
                bound=figure.bound,
                target=figure.target,
            )
        )
    return found


def _measured(side: Callable[[], Sequence[float]]) -> Sequence[float]:
    gc.collect()  # neither side cleans up after the other
    return side()
