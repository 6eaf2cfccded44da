"""What is wrong with an interview before anybody is in it: all that makes it unusable or misleading."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from flows.asking import SAME_WORDS, SKIP
from flows.definition import ANSWER, Choice, Deed, FlowDefinition, Keep, Kind, StepDefinition
from flows.framework import Framework
from flows.probes import Rules

GENERAL_KEYS = (
    "after-sent",
    "agree-first",
    "asked-before",
    "at-the-start",
    "change-part",
    "choice-same-words",
    "choice-skip",
    "choose-first",
    "edited",
    "file-kept",
    "file-not-now",
    "left-as-it-was",
    "nothing-to-skip",
    "parked",
    "said-nothing",
    "said-too-long",
    "said-unkeepable",
    "stale",
    "voice-kept",
)
"""Texts that every interview says, whatever its steps."""

ASIDES = ("away", "again", "cancel")
"""The asides that the engine itself asks."""

OWN = "own"
"""The entry of whoever begins by themselves."""

UNSAID = "not-said"
"""The reason to stop of a story that gives none."""

ASIDE_DEEDS = (Deed.RESUME, Deed.RESTART, Deed.PARK, Deed.DELETE)

CLOSES = (Deed.DECLINE, Deed.DELETE, Deed.WORTH, Deed.REMIND, Deed.STOP_ASKING)
"""What ends a conversation. An end that is come to otherwise leaves it open for ever."""

ENDINGS = (Deed.WORTH, Deed.REMIND, Deed.STOP_ASKING)

LEADS_ON = (Deed.AGREE, Deed.DECLINE, Deed.SEND, *ENDINGS)
"""Deeds whose choice must say where to."""

NEEDS: Mapping[Deed, tuple[str, Callable[[Choice], object]]] = {
    Deed.TICK: ("audience", lambda choice: choice.audience),
    Deed.NAME: ("attribution", lambda choice: choice.attribution),
    Deed.WORTH: ("worth", lambda choice: choice.worth),
    Deed.REMIND: ("days", lambda choice: choice.days),
}
"""Deeds whose choice must say what."""

OFFERS: Mapping[Kind, tuple[Deed, ...]] = {
    Kind.CONSENT: (Deed.AGREE, Deed.DECLINE),
    Kind.REVIEW: (Deed.SEND,),
    Kind.AUDIENCE: (Deed.TICK, Deed.SEND),
}
"""What a step of a kind is there for."""
