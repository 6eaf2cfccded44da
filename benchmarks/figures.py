"""A comparison of two sides, measured in turns."""

import gc
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

PAIRS = 5

BUILD = Path(__file__).parents[1] / "build"
"""Where results and temporary files go: beside the repository, so that syncs reach its disk."""

Bound = Literal["at least", "at most"]


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
    pairs = [(_measured(ours), _measured(peer)) for _ in range(PAIRS + 1)][1:]
    return Comparison(
        name=name,
        unit=unit,
        ours=median(a for a, _ in pairs),
        peer=median(b for _, b in pairs),
        ratio=median(a / b for a, b in pairs),
        bound=bound,
        target=target,
    )


def _measured(side: Callable[[], float]) -> float:
    gc.collect()  # neither side cleans up after the other
    return side()
