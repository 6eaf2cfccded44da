"""From answers to a story record. It arranges what the teller said, and never rewrites it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, pairwise

from flows.conversation import Answer, Conversation, How, Standing
from flows.definition import FlowDefinition, Keep, Kind, StepDefinition
from flows.framework import Actor, Attribution, Cycle, Framework, StepStatus
from flows.probes import WHEN, Rules, gaps_in
from flows.story import Link, LinkKind, Step, Story, StoryKind
from flows.values import replace

TITLE_LENGTH = 60  # characters: a title stands on one line of a telephone

NOT_SAID = "not-said"

FILE_ALONE = "file-alone"
"""The choice that an answer without words has, where a file answers the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that now answers one question; `asked_for` are the gaps that a follow-up has closed."""

    step: StepDefinition
    text: str
    choice: str | None
    asked: str
    how: How
    revisions: int
    follow_up: str | None = None
    asked_for: frozenset[str] = frozenset()


def told(conversation: Conversation, definition: FlowDefinition) -> tuple[Told, ...]:
    """What was answered, question by question, in the order of telling."""
    by_step: dict[str, list[Answer]] = {}
    for answer in conversation.live:
        by_step.setdefault(answer.step, []).append(answer)
    return tuple(
        _told(definition.step(step), rows, conversation.answers) for step, rows in by_step.items()
    )


def _told(step: StepDefinition, rows: list[Answer], history: Iterable[Answer]) -> Told:
    prompted = [row.how for row in rows if row.how is not How.NO]
    probed = [row for row in rows if row.how is How.PROBE and row.text is not None]
    follow_up = None
    if step.keep is Keep.BECAUSE:
        rows = [row for row in rows if row not in probed] or rows
        follow_up = "\n".join(row.text for row in probed if row.text is not None) or None
    counted = (a for a in history if a.standing is not Standing.PROPOSED)
    revisions = max((a.revision for a in counted if a.step == step.name), default=0)
    return Told(
        step=step,
        text="\n".join(row.text for row in rows if row.text is not None),
        choice=next((row.choice for row in rows if row.choice is not None), None),
        asked=rows[0].asked,
        how=prompted[0] if prompted else How.NO,
        revisions=revisions,
        follow_up=follow_up,
        asked_for=frozenset(row.place.partition("/")[2] for row in probed),
    )


def record(
    conversation: Conversation,
    definition: FlowDefinition,
    framework: Framework,
    rules: Rules,
    now: datetime,
) -> Story:
    """The story as it now stands, submitted at `now`."""
    answers = told(conversation, definition)
    found = steps(answers, framework)
    links = _links(answers, found, framework)
    stop = _stop(answers, found, framework)
    return Story(
        ref=conversation.ref,
        flow=definition.name,
        version=definition.version,
        kind=_kind(found, links, stop, framework),
        origin=conversation.origin,
        anchor=conversation.anchor,
        title=title(found, framework),
        audience=conversation.audience,
        attribution=conversation.attribution,
        pseudonym=(
            conversation.pseudonym if conversation.attribution is Attribution.PSEUDONYM else None
        ),
        started_at=conversation.started_at,
        submitted_at=now,
        duration_seconds=conversation.active_seconds,
        reach=_reach(found, framework),
        stop=stop,
        steps=found,
        links=links,
        gaps=_gaps(answers, rules, is_dated=bool(conversation.anchor and conversation.anchor.date)),
    )


# ---- steps ----


def steps(answers: Iterable[Told], framework: Framework) -> tuple[Step, ...]:
    """The steps of the story so far, in the order of telling; the starting problem comes first."""
    found: list[Step] = []
    for answer in answers:
        match answer.step.keep:
            case Keep.PROBLEM if answer.text:
                found.insert(0, _in_words(answer))
            case Keep.LOOP if answer.text:
                # Whether they know cannot be read from words, so that nothing is claimed of it.
                found.append(_in_words(answer))
            case Keep.STEP if answer.step.follows and _is_waiting(found, answer.step.cycle):
                found[-1] = _completed(found[-1], answer)
            case Keep.STEP if answer.text:
                found.append(_in_words(answer))
            case Keep.STEP:
                found.extend(_by_button(answer))
            case Keep.WOULD_HELP if found and answer.text:
                found[-1] = replace(found[-1], would_help=answer.text)
            case _:
                pass
    acted = {s.cycle for s in found if s.status is StepStatus.HAPPENED}
    return tuple(
        replace(
            step,
            order=order,
            cycle=_earned(step.cycle, acted, framework),
        )
        for order, step in enumerate(found, 1)
    )


def _in_words(answer: Told) -> Step:
    return Step(
        order=0,
        part=answer.step.name,
        cycle=answer.step.cycle,
        dimension=answer.step.dimension,
        asked=answer.asked,
        prompted=answer.how,
        text=answer.text,
        revisions=answer.revisions,
    )


def _by_button(answer: Told) -> list[Step]:
    """A step for a button that says how it stands; its words may follow in the next answer."""
    if answer.choice == FILE_ALONE:
        return [_in_words(answer)]
    choice = answer.step.choice(answer.choice or "")
    if choice is None or (choice.status is None and choice.actor is Actor.SELF):
        return []
    status = choice.status or StepStatus.HAPPENED
    return [replace(_in_words(answer), status=status, actor=choice.actor, choice=choice.name)]


def _is_waiting(steps: list[Step], cycle: Cycle | None) -> bool:
    """Whether the last step has a button and no words yet; those of another cycle are not its."""
    last = steps[-1] if steps else None
    return last is not None and last.choice is not None and not last.text and last.cycle == cycle


def _completed(step: Step, answer: Told) -> Step:
    if not answer.text:
        return step
    return replace(
        step,
        asked=answer.asked,
        text=answer.text,
        prompted=answer.how,
        revisions=max(step.revisions, answer.revisions),
    )


def _earned(cycle: Cycle | None, acted: set[Cycle | None], framework: Framework) -> Cycle | None:
    """The cycle, or None where the framework asks for another one first that was not told."""
    needs = framework.cycles[cycle].needs if cycle is not None else None
    return cycle if needs is None or needs in acted else None


# ---- links ----


def _links(
    answers: tuple[Told, ...], steps: tuple[Step, ...], framework: Framework
) -> tuple[Link, ...]:
    chain = sorted(
        (step for step in steps if step.cycle in framework.inner),
        key=lambda step: (framework.inner.index(step.cycle), step.order),
    )
    links = [Link(origin=a.order, target=b.order) for a, b in pairwise(chain)]
    change = _change(answers, steps, framework)
    if change is not None:
        links = _explained(links, change, answers, chain)
    return (*links, *_returns(answers, steps, chain))


def _change(
    answers: tuple[Told, ...], steps: tuple[Step, ...], framework: Framework
) -> Step | None:
    """What was different in the end: the last happening that was told as the last inner cycle."""
    parts = {a.step.name for a in answers if a.step.cycle == framework.inner[-1]}
    happened = [s for s in steps if s.part in parts and s.status is StepStatus.HAPPENED]
    return happened[-1] if happened else None


def _explained(
    links: list[Link], change: Step, answers: tuple[Told, ...], chain: list[Step]
) -> list[Link]:
    """The links, with the teller's explanation on the one that leads to the change."""
    because = _kept(answers, Keep.BECAUSE)
    counter = _kept(answers, Keep.COUNTERFACTUAL)
    part = _kept(answers, Keep.CONTRIBUTION)
    into = next((link for link in links if link.target == change.order), None)
    if into is None:
        if because is None and part is None:
            return links
        before = [s.order for s in chain if s.status is StepStatus.HAPPENED]
        played_none = part is not None and part.choice in ("no", "unknown")
        into = Link(origin=None if played_none or not before else before[-1], target=change.order)
        links = [*links, into]
    explained = replace(
        into,
        because=_words(because),
        other_causes=because.follow_up if because else None,
        counterfactual=counter.choice if counter else None,
        counterfactual_text=_words(counter),
        contribution=part.choice if part else None,
        contribution_text=_words(part),
    )
    return [explained if link is into else link for link in links]


def _returns(
    answers: tuple[Told, ...], steps: tuple[Step, ...], chain: list[Step]
) -> tuple[Link, ...]:
    """The way back: the experience was brought to the circle again."""
    loop = _kept(answers, Keep.LOOP)
    if loop is None or loop.choice != "yes":
        return ()
    brought = _kept(answers, Keep.RETURN)
    happened = [s for s in chain if s.status is StepStatus.HAPPENED]
    origin = happened[-1].order if happened else steps[-1].order if steps else None
    began = happened[0].order if happened and happened[0].order != origin else None
    return (
        Link(
            origin=origin,
            target=began,
            kind=LinkKind.RETURNS_TO,
            because=_words(brought),
        ),
    )


def _kept(answers: tuple[Told, ...], keep: Keep) -> Told | None:
    found = [answer for answer in answers if answer.step.keep is keep]
    return found[-1] if found else None


def _words(answer: Told | None) -> str | None:
    return (answer.text or None) if answer else None


# ---- what it comes to ----


def _reach(steps: tuple[Step, ...], framework: Framework) -> Cycle:
    """The furthest inner cycle that something happened in; a story begins in the first."""
    happened = {s.cycle for s in steps if s.status is StepStatus.HAPPENED}
    return next((c for c in reversed(framework.inner) if c in happened), framework.inner[0])


def _stop(answers: tuple[Told, ...], steps: tuple[Step, ...], framework: Framework) -> str | None:
    """Why it goes no further: the last button that says so and that no later happening overtook."""
    if _reach(steps, framework) == framework.inner[-1]:
        return None
    stop = NOT_SAID
    for answer in answers:
        choice = answer.step.choice(answer.choice or "")
        if choice is not None and choice.stops is not None:
            stop = choice.stops
        elif answer.step.keep is Keep.STEP and answer.step.follows is None and answer.text:
            stop = NOT_SAID
    return stop


def asked_later(answers: Sequence[Told], stop: str | None) -> str | None:
    """The entry by which a story is asked about again; None where it is not.

    That of the button at which it stopped, or else of one that left something open, as long as
    that question was not answered in another way since.
    """
    last = {_question_of(answer): answer for answer in answers}
    buttons = [(answer, answer.step.choice(answer.choice or "")) for answer in answers]
    later = [(answer, choice) for answer, choice in buttons if choice and choice.asks_later]
    stopped = (c.asks_later for _, c in later if c.stops is not None and c.stops == stop)
    still_open = (c.asks_later for a, c in later if c.stops is None and last[_question_of(a)] is a)
    return next(chain(stopped, still_open), None)


def _question_of(answer: Told) -> str:
    """By which questions that are like each other are one."""
    return answer.step.like or answer.step.name


def _kind(
    steps: tuple[Step, ...], links: tuple[Link, ...], stop: str | None, framework: Framework
) -> StoryKind:
    inner = [s for s in steps if s.cycle in framework.inner]
    last = max(inner, key=lambda s: (framework.inner.index(s.cycle), s.order), default=None)
    if any(link.contribution == "no" for link in links):
        return StoryKind.LACK_OF_VALUE
    if last is not None and last.status is StepStatus.BLOCKED:
        return StoryKind.LACK_OF_VALUE
    if last is not None and last.status is StepStatus.EXPECTED and stop == last.choice == "plan":
        return StoryKind.ASPIRATIONAL
    return StoryKind.SPECIFIC


def _gaps(answers: tuple[Told, ...], rules: Rules, *, is_dated: bool) -> tuple[str, ...]:
    """What the story does not say: noted, never filled."""
    found: list[str] = []
    for answer in answers:
        if answer.text:
            wanted = (*answer.step.probes, *answer.step.gaps)
            words = "\n".join(filter(None, (answer.text, answer.follow_up)))
            found += (g for g in gaps_in(words, wanted, rules) if g not in answer.asked_for)
    because = _kept(answers, Keep.BECAUSE)
    if because is not None and not because.text:
        found.append("because")
    loop = _kept(answers, Keep.LOOP)
    if loop is not None and loop.choice not in ("yes", "no-need"):
        found.append("loop")
    return tuple(gap for gap in dict.fromkeys(found) if not (is_dated and gap == WHEN))


def title(steps: tuple[Step, ...], framework: Framework) -> str:
    """A quotation that names the story: the first sentence of the furthest thing that happened."""
    return quotation(title_words(steps, framework), TITLE_LENGTH)


def title_words(steps: tuple[Step, ...], framework: Framework) -> str:
    """The words of the furthest thing that happened, or else was told; empty without any."""
    worded = [s for s in steps if s.text]
    inner = framework.inner

    def far(step: Step) -> tuple[bool, int]:
        happened = step.status is StepStatus.HAPPENED
        return happened, inner.index(step.cycle) if step.cycle in inner else -1

    return max(worded, key=far).text if worded else ""


def quotation(text: str, length: int) -> str:
    """The beginning of `text`, exactly as written; a cut is shown by an ellipsis."""
    line = text.strip().splitlines()[0] if text.strip() else ""
    for end in (". ", "! ", "? ", "。"):
        head, found, _ = line.partition(end)
        line = head + found.strip() if found and len(head) >= 8 else line
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    return (cut.rsplit(" ", 1)[0] or cut) + "…"


def parts(answers: Iterable[Told]) -> tuple[Told, ...]:
    """The answers that have words: what the review shows and what can be changed."""
    return tuple(a for a in answers if a.text and a.step.kind is Kind.QUESTION)
