"""The story as a record: steps, the links between them, and what they leave open.

The names are those of the JSON that `storytrail export` prints.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flows.framework import (
    Actor,
    Attribution,
    Audience,
    Cycle,
    Dimension,
    StepStatus,
    Valence,
)
from flows.messages import Anchor, Attached


class StoryKind(StrEnum):
    """The form of the story. One of no value is as whole as any other."""

    SPECIFIC = "specific"
    ASPIRATIONAL = "aspirational"
    LACK_OF_VALUE = "lack-of-value"


class CycleFrom(StrEnum):
    """Who gave a step its cycle."""

    QUESTION = "question"
    TELLER = "teller"
    ANALYST = "analyst"


class LinkKind(StrEnum):
    LEADS_TO = "leads_to"
    RETURNS_TO = "returns_to"
    RELAY = "relay"


@dataclass(frozen=True, kw_only=True)  # without slots, which make `replace` dear
class Step:
    """One thing told. `text` is exactly what the teller wrote, empty where a button said it all.

    `part` names the question, `choice` the button. `cycle` is None where the framework has none for
    it: the starting problem, or a change that nobody's action was told for.
    """

    order: int
    part: str
    cycle: Cycle | None
    asked: str
    prompted: str
    text: str
    dimension: Dimension | None = None
    cycle_from: CycleFrom = CycleFrom.QUESTION
    actor: Actor = Actor.SELF
    status: StepStatus = StepStatus.HAPPENED
    choice: str | None = None
    would_help: str | None = None
    date: str | None = None
    evidence: tuple[Attached, ...] = ()
    revisions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An arrow from step `origin` to step `target`, by their order.

    `origin` is None where a change came from outside all that was told; `target` is None where an
    experience was brought back and the story does not tell where it began.
    """

    origin: int | None
    target: int | None
    kind: LinkKind = LinkKind.LEADS_TO
    because: str | None = None
    other_causes: str | None = None
    counterfactual: str | None = None
    counterfactual_text: str | None = None
    contribution: str | None = None
    contribution_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One story as its teller saw and sent it.

    `reach` is the furthest inner cycle that something happened in; `stop` the reason why it goes
    no further, None where it goes all the way. `gaps` are the things it does not say.
    """

    ref: str
    flow: str
    version: int
    kind: StoryKind
    origin: str
    anchor: Anchor | None
    title: str
    audience: frozenset[Audience]
    attribution: Attribution
    started_at: datetime
    submitted_at: datetime
    duration_seconds: int
    reach: Cycle
    stop: str | None
    steps: tuple[Step, ...]
    links: tuple[Link, ...]
    gaps: tuple[str, ...]
    worth_it: Valence | None = None
    pseudonym: str | None = None
