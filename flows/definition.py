"""An interview as written: steps, choices, and where each of them leads.

A definition is a value. config reads it from YAML, `flows/checks.py` finds its faults, and
`flows/machine.py` makes the state machine that an interview runs on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from flows.errors import UnknownStep
from flows.framework import Actor, Attribution, Audience, Cycle, Dimension, StepStatus, Valence


class Kind(StrEnum):
    """What a step is for."""

    CONSENT = "consent"
    QUESTION = "question"
    REVIEW = "review"
    AUDIENCE = "audience"  # more than one reader may be ticked
    CHANGE = "change"  # which part to change
    REWORD = "reword"  # that part, said anew
    ADD = "add"  # which further question to answer
    PSEUDONYM = "pseudonym"  # the name that the story carries instead
    CONFIRM = "confirm"
    CLOSING = "closing"  # one tap after the story was sent
    END = "end"


class Keep(StrEnum):
    """What an answer becomes in the story."""

    STEP = "step"
    PROBLEM = "problem"  # where it all began: a step outside the cycles
    WOULD_HELP = "would-help"  # on the blocked step before it
    BECAUSE = "because"  # these three: on the link that leads to the change
    COUNTERFACTUAL = "counterfactual"
    CONTRIBUTION = "contribution"
    LOOP = "loop"  # whether the experience was brought back
    RETURN = "return"  # on the link that returns to where it began


class Deed(StrEnum):
    """What a choice does beside leading on."""

    AGREE = "agree"
    DECLINE = "decline"
    SEND = "send"
    TICK = "tick"
    NAME = "name"
    PARK = "park"
    DELETE = "delete"
    REMIND = "remind"
    STOP_ASKING = "stop-asking"
    WORTH = "worth"
    # The four ways out of a question that stands aside of the interview:
    RESUME = "resume"
    RESTART = "restart"


ANSWER = "answer"
"""The trigger of an answer in words; the other triggers are the names of choices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button. Where `to` is None the question is asked again.

    `typed` names lists of typed refusals (`no`, `not-yet`, …) that count as this button.
    `stops` is the reason that a summary gives when a story goes no further; `asks_later` the entry
    by which a story that stopped there, or left that open, is asked about again, and `to_if_later`
    where it then leads.
    """

    name: str
    to: str | None = None
    to_if_later: str | None = None
    shows: str | None = None
    does: Deed | None = None
    typed: tuple[str, ...] = ()
    stops: str | None = None
    status: StepStatus | None = None
    actor: Actor = Actor.SELF
    audience: tuple[Audience, ...] = ()
    attribution: Attribution | None = None
    worth: Valence | None = None
    asks_later: str | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDefinition:
    """A place in the interview. `follows` names the question that this one completes.

    `like` names the step whose texts serve here too. `probes` are the gaps that are asked
    about, `gaps` those that are only noted.
    """

    name: str
    kind: Kind
    to: str | None = None
    keep: Keep | None = None
    cycle: Cycle | None = None
    dimension: Dimension | None = None
    follows: str | None = None
    like: str | None = None
    probes: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    line: int = 0

    def choice(self, name: str) -> Choice | None:
        return next((c for c in self.choices if c.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowDefinition:
    """A whole interview. `(name, version)` identifies it for ever; `digest` tells a change."""

    name: str
    version: int
    digest: str
    framework: str
    consent_version: int
    consent: str
    entries: Mapping[str, str]
    review: str
    probes_per_question: int
    probes_per_story: int
    steps: Mapping[str, StepDefinition]
    asides: Mapping[str, StepDefinition]
    source: str = ""

    def step(self, name: str) -> StepDefinition:
        try:
            return self.steps[name]
        except KeyError:
            raise UnknownStep(self.name, self.version, name) from None

    def exits(self, step: StepDefinition) -> tuple[str, ...]:
        """The steps that can come next after `step`, without repeats."""
        ways = [step.to]
        for choice in step.choices:
            ways += [choice.to, choice.to_if_later]
        return tuple(dict.fromkeys(way for way in ways if way is not None))

    def end_of(self, deed: "Deed") -> str:
        """The step that the choice which does `deed` leads to."""
        choices = (c for s in self.steps.values() for c in s.choices)
        return next(c.to for c in choices if c.does is deed and c.to is not None)

    def keeping(self, keep: Keep) -> str:
        """The first question whose answer is kept as `keep`."""
        return next(s.name for s in self.steps.values() if s.keep is keep)

    def is_counted(self, step: StepDefinition) -> bool:
        """Whether the question has its own number ("3 of 7"); a follow-up shares its parent's."""
        return step.kind is Kind.QUESTION and step.follows is None

    def keys(self, step: str, suffix: str) -> tuple[str, ...]:
        """Text keys for a part of a step, the most particular one first."""
        definition = self.steps.get(step) or self.asides[step]
        names = (step, *((definition.like,) if definition.like else ()))
        return tuple(f"{self.name}-{name}-{suffix}" for name in names)

    def choice_keys(self, step: str, choice: str) -> tuple[str, ...]:
        return (*self.keys(step, f"choice-{choice}"), f"choice-{choice}")

    def probe_keys(self, step: str, gap: str) -> tuple[str, ...]:
        return (*self.keys(step, f"probe-{gap}"), f"probe-{gap}")
