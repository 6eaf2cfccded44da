"""Interviews, the framework and the rules of languages, read from YAML.

Reading is strict: what is not understood is a fault with its file, line and key. What a flow means
as a whole (a step that leads nowhere, a missing text) is for `flows/checks.py`.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from config.errors import ConfigError, DefinitionError, first_of
from config.files import PLACES, SHIPPED, find, read, shown, unread
from config.yaml import Shape, Written
from flows.definition import Choice, FlowDefinition, Keep, Kind, StepDefinition
from flows.framework import Cycle, CycleDefinition, Dimension, Framework
from flows.probes import GapRule, Rules

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """All that is defined: flows by name, rules by language, and the file of each flow."""

    framework: Framework
    flows: Mapping[str, FlowDefinition]
    rules: Mapping[str, Rules]
    paths: Mapping[str, str]


def load(folder_over: Path | None = None) -> Definitions:
    """The shipped definitions, with those of `folder_over` in place of them or beside them.

    Raises DefinitionError; its `faults` are those of all files.
    """
    faults: list[ConfigError] = [*_misplaced(folder_over)]

    def readings(
        pattern: str, shape: Shape[S], made: Callable[[Written[S]], T]
    ) -> list[tuple[Written[S], T]]:
        found = []
        for path in find(pattern, folder_over):
            try:
                file = Written(read(path, DefinitionError), shown(path), shape)
                found.append((file, made(file)))
            except DefinitionError as fault:
                faults.extend(fault.faults)
        return found

    frameworks = readings("framework.yaml", _FRAMEWORK, _framework)
    flows = readings("flows/*.yaml", _FLOW, _flow)
    rules = readings("rules/*.yaml", _RULES, _rules)
    faults += _repeated("flow", [(file, flow.name) for file, flow in flows])
    faults += _repeated("language", [(file, each.language) for file, each in rules])
    if not (frameworks or faults):
        missing = shown(SHIPPED / "framework.yaml")
        faults.append(DefinitionError(missing, 0, "", "is missing; install Storytrail again"))
    if faults:
        raise first_of(faults)
    return Definitions(
        framework=frameworks[0][1],
        flows={flow.name: flow for _, flow in flows},
        rules={each.language: each for _, each in rules},
        paths={flow.name: file.path for file, flow in flows},
    )


def read_flow(source: str, *, path: str) -> FlowDefinition:
    """An interview from its YAML. Raises DefinitionError, in which `path` stands for the file."""
    return _flow(Written(source, path, _FLOW))


# ---- as written: most things have their names as the keys above them ----


@dataclass(frozen=True, slots=True, kw_only=True)
class _WrittenChoice(Choice):
    name: str = field(init=False, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class _WrittenStep:
    kind: Kind | None = None
    to: str | None = None
    keep: Keep | None = None
    cycle: Cycle | None = None
    dimension: Dimension | None = None
    follows: str | None = None
    like: str | None = None
    probes: tuple[str, ...] | None = None
    gaps: tuple[str, ...] | None = None
    choices: dict[str, _WrittenChoice] = field(default_factory=dict)


COPIED = ("kind", "keep", "cycle", "dimension", "follows", "probes", "gaps")
"""What a step that is `like` another one takes from it, unless it states its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _WrittenAside:
    choices: dict[str, _WrittenChoice]


@dataclass(frozen=True, slots=True, kw_only=True)
class _WrittenConsent:
    step: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _WrittenProbes:
    per_question: int
    per_story: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _WrittenFlow:
    flow: str
    version: int
    framework: str
    consent: _WrittenConsent
    entries: dict[str, str]
    review: str
    probes: _WrittenProbes
    steps: dict[str, _WrittenStep]
    asides: dict[str, _WrittenAside] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _WrittenCycle(CycleDefinition):
    name: Cycle = field(init=False, default=Cycle(""))


@dataclass(frozen=True, slots=True, kw_only=True)
class _WrittenFramework:
    framework: str
    version: int
    cycles: dict[Cycle, _WrittenCycle]


_FLOW = Shape(_WrittenFlow)
_FRAMEWORK = Shape(_WrittenFramework)
_RULES = Shape(Rules)


# ---- from what is written to what it means ----


def _flow(file: Written[_WrittenFlow]) -> FlowDefinition:
    flow = file.value
    faults = [fault for name in flow.steps for fault in _unlike(file, name)]
    if faults:
        raise first_of(faults)
    return FlowDefinition(
        name=flow.flow,
        version=flow.version,
        digest=hashlib.sha256(file.canonical.encode()).hexdigest(),
        framework=flow.framework,
        consent_version=flow.consent.version,
        consent=flow.consent.step,
        entries=flow.entries,
        review=flow.review,
        probes_per_question=flow.probes.per_question,
        probes_per_story=flow.probes.per_story,
        steps={name: _step(file, name) for name in flow.steps},
        asides={
            name: StepDefinition(
                name=name,
                kind=Kind.CONFIRM,
                choices=_choices(aside.choices),
                line=file.line("asides", name),
            )
            for name, aside in flow.asides.items()
        },
        source=file.source,
    )


def _unlike(file: Written[_WrittenFlow], name: str) -> list[DefinitionError]:
    """What is wrong with `like`, or missing without it."""
    steps = file.value.steps
    step = steps[name]
    if step.like is None:
        missing = file.fault("is missing", "steps", name, "kind")
        return [] if step.kind is not None else [missing]
    if step.like not in steps:
        return [file.fault(f'there is no step "{step.like}"', "steps", name, "like")]
    original = steps[step.like].like
    if original is not None:
        message = f'"{step.like}" is itself like "{original}"; name that one here'
        return [file.fault(message, "steps", name, "like")]
    return []


def _step(file: Written[_WrittenFlow], name: str) -> StepDefinition:
    steps = file.value.steps
    step = steps[name]
    original = steps[step.like] if step.like else step
    stated: dict[str, Any] = {key: getattr(step, key) for key in COPIED}
    copied = {key: getattr(original, key) for key in COPIED if stated[key] is None}
    meant = {key: value for key, value in {**stated, **copied}.items() if value is not None}
    return StepDefinition(
        name=name,
        to=step.to,
        like=step.like,
        choices=_choices(step.choices),
        line=file.line("steps", name),
        **meant,
    )


def _choices(written: Mapping[str, _WrittenChoice]) -> tuple[Choice, ...]:
    keys = [each.name for each in fields(Choice) if each.name != "name"]
    return tuple(
        Choice(name=name, **{key: getattr(choice, key) for key in keys})
        for name, choice in written.items()
    )


def _framework(file: Written[_WrittenFramework]) -> Framework:
    cycles = {
        name: CycleDefinition(
            name=name, ring=cycle.ring, needs=cycle.needs, dimensions=cycle.dimensions
        )
        for name, cycle in file.value.cycles.items()
    }
    framework = Framework(name=file.value.framework, version=file.value.version, cycles=cycles)
    faults = [
        file.fault(f'unknown cycle "{cycle.needs}"', "cycles", cycle.name, "needs")
        for cycle in cycles.values()
        if cycle.needs is not None and cycle.needs not in cycles
    ]
    if not framework.inner:
        faults.append(file.fault("a story needs a cycle with `ring: inner`", "cycles"))
    if faults:
        raise first_of(faults)
    return framework


def _rules(file: Written[Rules]) -> Rules:
    """The rules, their words in the form in which an answer's words are compared with them."""
    rules = file.value
    return replace(
        rules,
        common=_spoken(rules.common),
        refusals={meaning: _spoken(ways) for meaning, ways in rules.refusals.items()},
        gaps={name: _gap(rule) for name, rule in rules.gaps.items()},
    )


def _gap(rule: GapRule) -> GapRule:
    return replace(rule, told_by=_spoken(rule.told_by), vague=_spoken(rule.vague))


def _spoken(words: Iterable[str]) -> frozenset[str]:
    return frozenset(" ".join(word.casefold().replace("’", "'").split()) for word in words)


# ---- over several files ----


def _misplaced(folder: Path | None) -> list[DefinitionError]:
    if folder is None:
        return []
    if not folder.is_dir():
        return [DefinitionError(shown(folder), 0, "", "there is no such folder")]
    message = f"nothing reads this file; here {', '.join(PLACES)} are read"
    return [DefinitionError(shown(path), 0, "", message) for path in unread(folder)]


def _repeated(key: str, names: Iterable[tuple[Written[Any], str]]) -> list[DefinitionError]:
    faults: list[DefinitionError] = []
    first: dict[str, str] = {}
    for file, name in names:
        other = first.setdefault(name, file.path)
        if other != file.path:
            faults.append(file.fault(f'"{name}" stands in {other} already', key))
    return faults
