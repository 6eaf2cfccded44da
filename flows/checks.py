"""What makes an interview unusable or misleading, found before anybody is in it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from flows.asking import SAME_WORDS, SKIP
from flows.definition import ANSWER, Choice, Deed, FlowDefinition, Keep, Kind, StepDefinition
from flows.framework import Framework
from flows.probes import Rules
from flows.record import NOT_SAID

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
    "file-alone",
    "file-go-on",
    "file-kept",
    "file-not-now",
    "form-open",
    "left-as-it-was",
    "nothing-to-skip",
    "nothing-told-yet",
    "parked",
    "said-nothing",
    "pseudonym-too-long",
    "said-too-long",
    "unread",
    "said-unkeepable",
    "stale",
    "voice-kept",
)
"""Texts that every interview says, whatever its steps."""

UNSAID = (f"stop-{NOT_SAID}", "gap-because", "gap-loop")
"""Texts for what a story does not say, which no step names."""

ASIDES = ("away", "again", "cancel")
"""The asides that the engine itself asks."""

OWN = "own"
"""The entry of whoever begins by themselves."""

ASIDE_DEEDS = (Deed.RESUME, Deed.RESTART, Deed.PARK, Deed.DELETE)

CLOSES = (Deed.DECLINE, Deed.DELETE, Deed.WORTH, Deed.REMIND, Deed.STOP_ASKING)
"""What ends a conversation. An end that is come to otherwise leaves it open for ever."""

LEADS_ON = (Deed.AGREE, Deed.DECLINE, Deed.SEND, Deed.WORTH, Deed.REMIND, Deed.STOP_ASKING)
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

STAYS = (Deed.TICK, Deed.NAME, Deed.PARK)
"""Deeds that lead nowhere, whatever their choice says."""


@dataclass(frozen=True, slots=True)
class Issue:
    """A fault of a flow. `line` counts from 1, 0 where no line is to blame; `key` is a step, a
    choice of it (`applied.choices.plan`), a key at the top of the file, or a text that is needed.
    """

    line: int
    key: str
    message: str


Needed = tuple[int, str, tuple[str, ...]]
"""The line and the step that ask for a text, and the keys of which any will do."""


def find_issues(
    definition: FlowDefinition,
    framework: Framework,
    *,
    keys: Mapping[str, frozenset[str]],
    rules: Mapping[str, Rules],
) -> tuple[Issue, ...]:
    """All that is wrong with a flow, by line. `keys` are the texts there are, by language."""
    known = _Known.of(definition, framework, rules)
    found = [
        *_top(known),
        *(issue for step in definition.steps.values() for issue in _step(step, known)),
        *(issue for aside in definition.asides.values() for issue in _aside(aside, known)),
        *_ways(definition),
        *_texts(known, keys),
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda issue: issue.line or MAX_LINE))


def needed_keys(
    definition: FlowDefinition, *, gaps: frozenset[str] | None = None
) -> tuple[Needed, ...]:
    """The texts that the steps of a flow ask for, without the general ones.

    Of follow-ups those about these `gaps`; all of them where none are given.
    """
    asked = (*definition.steps.values(), *definition.asides.values())
    found = [
        (step.line, step.name, alternatives)
        for step in asked
        for alternatives in _needed(definition, step, gaps)
    ]
    return (*dict.fromkeys(found), *((0, key, (key,)) for key in UNSAID))


MAX_LINE = 10**9  # what has no line comes last


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a flow may refer to."""

    definition: FlowDefinition
    framework: Framework
    gaps: frozenset[str]
    refusals: frozenset[str]

    @classmethod
    def of(
        cls, definition: FlowDefinition, framework: Framework, rules: Mapping[str, Rules]
    ) -> "_Known":
        return cls(
            definition=definition,
            framework=framework,
            gaps=frozenset(gap for each in rules.values() for gap in each.gaps),
            # `/skip` means the same as a typed "skip", in a language without rules too.
            refusals=frozenset(
                {SKIP, *(typed for each in rules.values() for typed in each.refusals)}
            ),
        )

    def kind(self, step: str | None) -> Kind | None:
        """None where there is no such step."""
        found = self.definition.steps.get(step or "")
        return found.kind if found else None


# ---- the top of the file ----


def _top(known: _Known) -> Iterator[Issue]:
    definition = known.definition

    def issue(key: str, message: str) -> Issue:
        return Issue(_line(definition, key), key, message)

    if definition.framework != known.framework.name:
        message = f'is "{definition.framework}"; the framework loaded is "{known.framework.name}"'
        yield issue("framework", message)
    named = (
        ("consent", definition.consent, Kind.CONSENT),
        ("review", definition.review, Kind.REVIEW),
    )
    for key, name, kind in named:
        if name not in definition.steps:
            yield issue(key, _no_step(name))
        elif known.kind(name) is not kind:
            yield issue(key, f'the step "{name}" must be of kind {kind}')
    for entry, name in definition.entries.items():
        if name not in definition.steps:
            yield issue(f"entries.{entry}", _no_step(name))
    if OWN not in definition.entries:
        yield issue("entries", f'must have "{OWN}", for whoever begins by themselves')
    for name in ASIDES:
        if name not in definition.asides:
            yield issue(f"asides.{name}", "is missing; the bot asks this one by itself")
    choices = [c for step in definition.steps.values() for c in step.choices]
    if not any(c.does is Deed.DELETE and c.to for c in choices):
        yield issue("steps", "no choice does `delete` and says where `to`; /cancel needs one")


def _line(definition: FlowDefinition, key: str) -> int:
    """Where a key at the top of the file stands, as far as its source tells."""
    top = key.partition(".")[0]
    lines = enumerate(definition.source.splitlines(), 1)
    return next((number for number, line in lines if line.startswith(f"{top}:")), 0)


# ---- steps ----


def _step(step: StepDefinition, known: _Known) -> Iterator[Issue]:
    def issue(message: str) -> Issue:
        return Issue(step.line, step.name, message)

    yield from map(issue, _references(step, known))
    if step.kind is Kind.QUESTION:
        yield from map(issue, _question(step))
    if step.kind is not Kind.END and not step.choices:
        yield issue("has no choice; there must be a way out as easy as the way on")
    for deed in OFFERS.get(step.kind, ()):
        if not any(choice.does is deed for choice in step.choices):
            yield issue(f"has no choice that does `{deed}`")
    if step.kind is Kind.PSEUDONYM and step.to is None:
        yield issue("does not say where it leads `to`")
    if step.kind is Kind.CHANGE and known.kind(step.to) is not Kind.REWORD:
        yield issue("must lead `to` a step of kind reword")
    if known.kind(step.to) is Kind.END:
        yield issue(_left_open(step.to))
    yield from _names(step)
    for choice in step.choices:
        for message in (*_choice(step, choice, known), *_typed(choice, known)):
            yield _of_choice(step, choice, message)


def _references(step: StepDefinition, known: _Known) -> Iterator[str]:
    for name in filter(None, (step.to, step.follows)):
        if name not in known.definition.steps:
            yield _no_step(name)
    cycle = known.framework.cycles.get(step.cycle) if step.cycle else None
    if step.cycle and cycle is None:
        yield f'unknown cycle "{step.cycle}"'
    if step.dimension and (cycle is None or step.dimension not in cycle.dimensions):
        yield f'the cycle "{step.cycle}" has no dimension "{step.dimension}"'
    for gap in (*step.probes, *step.gaps):
        if gap not in known.gaps:
            yield f'unknown gap "{gap}"; the rules of no language have it'


def _question(step: StepDefinition) -> Iterator[str]:
    if step.to is None:
        yield "does not say where an answer leads `to`"
    if step.keep is None:
        yield "does not say what its answer is kept as: `keep`"
    if step.keep is Keep.STEP and step.cycle is None:
        yield "keeps a step of no cycle: `cycle`"


def _names(step: StepDefinition) -> Iterator[Issue]:
    names = [choice.name for choice in step.choices]
    for choice in {c.name: c for c in step.choices}.values():
        if names.count(choice.name) > 1:
            yield _of_choice(step, choice, "stands here twice")
        if choice.name in (ANSWER, SAME_WORDS):
            yield _of_choice(step, choice, "has a name that the engine keeps for itself")


def _choice(step: StepDefinition, choice: Choice, known: _Known) -> Iterator[str]:
    for name in dict.fromkeys(filter(None, (choice.to, choice.to_if_later))):
        if name not in known.definition.steps:
            yield _no_step(name)
        elif known.kind(name) is Kind.END and choice.does not in CLOSES:
            yield _left_open(name)
        elif known.kind(name) is not Kind.END and choice.does in CLOSES:
            yield f'does `{choice.does}`, which is the last of a story, so "{name}" must be an end'
    if not (choice.to or choice.does or choice.shows):
        yield "does nothing: it needs `to`, `does` or `shows`"
    if choice.to and (choice.does in STAYS or (choice.shows and not choice.does)):
        yield f"does not lead on after `{choice.does or 'shows'}`; leave `to` out"
    if choice.to_if_later and choice.does is not Deed.SEND:
        yield "has `to_if_later`, which only a choice that does `send` follows"
    if SKIP in choice.typed and (choice.does or choice.shows):
        yield "is what /skip stands for, so it can lead `to` somewhere and do nothing else"
    if choice.does in (Deed.RESUME, Deed.RESTART):
        yield f"does `{choice.does}`, which only an aside can"
    if choice.does in LEADS_ON and not choice.to:
        yield f"does `{choice.does}` and does not say where `to`"
    if choice.does and choice.does in NEEDS:
        key, stated = NEEDS[choice.does]
        if not stated(choice):
            yield f"does `{choice.does}` and does not say which: `{key}`"
    if choice.asks_later is not None:
        yield from _asked_later(step, choice, known)


def _asked_later(step: StepDefinition, choice: Choice, known: _Known) -> Iterator[str]:
    entry = choice.asks_later
    asked = known.definition.steps.get(known.definition.entries.get(entry or "", ""))
    if step.kind is not Kind.QUESTION:
        yield "asks later, which only a button of a question can"
    elif entry == OWN:
        yield f'asks later by "{OWN}", which begins a story'
    elif entry not in known.definition.entries:
        yield f'asks later by "{entry}", which is no entry'
    elif choice.stops is None and asked is not None and not _is_like(step, asked):
        # Otherwise nothing that is answered there would ever end it.
        yield (
            f'asks later and does not say why the story stops: `stops`; then "{asked.name}", '
            "which is asked later, must be `like` this question"
        )


def _is_like(step: StepDefinition, other: StepDefinition) -> bool:
    return (step.like or step.name) == (other.like or other.name)


def _typed(choice: Choice, known: _Known) -> Iterator[str]:
    for typed in choice.typed:
        if typed not in known.refusals:
            yield f'unknown refusal "{typed}"; the rules of no language have it'


def _aside(aside: StepDefinition, known: _Known) -> Iterator[Issue]:
    if aside.name in known.definition.steps:
        yield Issue(aside.line, aside.name, "is the name of a step too, and both have its texts")
    if not aside.choices:
        yield Issue(aside.line, aside.name, "has no choice")
    for choice in aside.choices:
        if choice.does not in ASIDE_DEEDS:
            yield _of_choice(aside, choice, f"must do one of {', '.join(ASIDE_DEEDS)}")
        if choice.to or choice.shows:
            yield _of_choice(aside, choice, "leads nowhere in an aside; leave `to`, `shows` out")
        for message in _typed(choice, known):
            yield _of_choice(aside, choice, message)


def _of_choice(step: StepDefinition, choice: Choice, message: str) -> Issue:
    return Issue(step.line, f"{step.name}.choices.{choice.name}", message)


def _no_step(name: str) -> str:
    return f'there is no step "{name}"'


def _left_open(end: str | None) -> str:
    closing = ", ".join(CLOSES)
    return f'comes to the end "{end}" and leaves the story open; only {closing} close it'


# ---- ways through it ----


def _ways(definition: FlowDefinition) -> Iterator[Issue]:
    steps = definition.steps
    exits = {
        name: {to for to in definition.exits(step) if to in steps} for name, step in steps.items()
    }
    entered = {name for name in (definition.consent, *definition.entries.values()) if name in steps}
    reached = _reached(entered, exits)
    back: dict[str, set[str]] = {name: set() for name in steps}
    for name, ways in exits.items():
        for to in ways:
            back[to].add(name)
    ending = _reached({name for name, step in steps.items() if step.kind is Kind.END}, back)
    for name, step in steps.items():
        if name not in reached:
            yield Issue(step.line, name, "is a dead step: no way leads to it")
        elif name not in ending:
            yield Issue(step.line, name, "is a trap: from it no way leads to an end")
    yield from _loops(definition, _reached(entered, {**exits, definition.review: set()}), exits)


def _reached(begin: set[str], exits: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(begin)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += exits[name]
    return found


def _loops(
    definition: FlowDefinition, before_review: set[str], exits: Mapping[str, set[str]]
) -> Iterator[Issue]:
    """Questions that come round again: "3 of 7" would count them wrongly."""
    asked = {n for n in before_review if n in exits and definition.step(n).kind is Kind.QUESTION}
    try:
        TopologicalSorter({name: exits[name] & asked for name in sorted(asked)}).prepare()
    except CycleError as error:
        loop: list[str] = error.args[1][::-1]  # as it is walked
        first = min(loop, key=lambda name: definition.step(name).line)
        around = loop[:-1]  # its last is its first
        at = around.index(first)
        walked = [*around[at:], *around[:at], first]
        message = f"comes round again before the review: {' → '.join(walked)}"
        yield Issue(definition.step(first).line, first, message)


# ---- texts ----


def _texts(known: _Known, keys: Mapping[str, frozenset[str]]) -> Iterator[Issue]:
    needed: list[Needed] = [
        *needed_keys(known.definition, gaps=known.gaps),
        *((0, key, (key,)) for key in (*GENERAL_KEYS, *_of_cycles(known.framework))),
    ]
    for line, key, alternatives in needed:
        without = [
            name for name, there in sorted(keys.items()) if not there.intersection(alternatives)
        ]
        if without:
            wanted = " or ".join(alternatives)
            yield Issue(line, key, f"there is no text {wanted} in {', '.join(without)}")


def _of_cycles(framework: Framework) -> Iterator[str]:
    for name in framework.cycles:
        yield f"cycle-{name}"
        yield f"cycle-{name}-meaning"
    for name in framework.inner:
        yield f"reach-{name}"


def _needed(
    definition: FlowDefinition, step: StepDefinition, gaps: frozenset[str] | None
) -> Iterator[tuple[str, ...]]:
    yield definition.keys(step.name, "say" if step.kind is Kind.END else "ask")
    if step.kind is Kind.REVIEW:
        yield definition.keys(step.name, "intro")
        yield definition.keys(step.name, "empty")
    if step.kind is Kind.QUESTION:
        yield definition.keys(step.name, "part")
    for gap in (*step.probes, *step.gaps):
        if gaps is None or gap in gaps:
            yield (f"gap-{gap}",)
            if gap in step.probes:
                yield definition.probe_keys(step.name, gap)
    for choice in step.choices:
        yield definition.choice_keys(step.name, choice.name)
        if choice.does is Deed.PARK and step.kind is Kind.REVIEW:
            yield definition.choice_keys(step.name, f"{choice.name}-sent")
        if choice.shows is not None:
            yield definition.keys(step.name, choice.shows)
        if choice.stops is not None:
            yield (f"stop-{choice.stops}",)
