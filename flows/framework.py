"""The value-creation framework as data: cycles, their rings, and the words that tag a story."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

Cycle = NewType("Cycle", str)
"""The name of a value cycle, as framework.yaml spells it: `immediate`, `applied`, …"""


class Ring(StrEnum):
    """Inner cycles follow one another in a story; outer ones say what surrounds it."""

    INNER = "inner"
    OUTER = "outer"


class Dimension(StrEnum):
    INTERNAL = "internal"
    EXTERNAL = "external"


class Actor(StrEnum):
    """Whose action a step tells."""

    SELF = "self"
    OTHER = "other"


class StepStatus(StrEnum):
    HAPPENED = "happened"
    EXPECTED = "expected"
    BLOCKED = "blocked"


class Audience(StrEnum):
    """One group that a teller may open a story to. A story holds a set of them, not a level."""

    ORGANIZERS = "organizers"
    COMMUNITY = "community"
    ORGANIZATION = "organization"
    FUNDERS = "funders"
    PUBLIC = "public"


class Attribution(StrEnum):
    NAMED = "named"
    PSEUDONYM = "pseudonym"
    UNNAMED = "unnamed"


class Valence(StrEnum):
    """Whether it was worth the teller's time, as the teller says."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    CANNOT_SAY = "cannot-say"


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleDefinition:
    """A cycle of the framework. `needs` is the cycle without which it is not called by its name."""

    name: Cycle
    ring: Ring
    needs: Cycle | None = None
    dimensions: tuple[Dimension, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    name: str
    version: int
    cycles: Mapping[Cycle, CycleDefinition]

    @property
    def inner(self) -> tuple[Cycle, ...]:
        """The inner cycles in the framework's order, the first one first."""
        return tuple(c.name for c in self.cycles.values() if c.ring is Ring.INNER)
