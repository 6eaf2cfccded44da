"""What a person sees at a place of the interview: the question, its buttons, its number."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from flows import answers
from flows.conversation import Conversation, Wish
from flows.definition import Choice, Deed, FlowDefinition, Keep, Kind, StepDefinition
from flows.framework import Framework, StepStatus
from flows.machine import StepMachine
from flows.messages import Ask, Noted, Option, Part, Reply, Review, Say, Wording
from flows.record import FILE_ALONE, Told, parts, quotation, steps, title, title_words, told
from flows.story import Step

SAME_WORDS = "same-words"
"""The button that takes up words gone back on; every question has it where there are such words."""

WORDS = (Kind.QUESTION, Kind.REWORD, Kind.PSEUDONYM)
"""The kinds of steps that are answered in words."""

SKIP = "skip"
"""The way out of a follow-up question, and the meaning of `/skip`."""

FILES = {"file": "file-kept", "voice": "voice-kept"}
"""What stands behind a step's name once a file came without words, and what is said to it then."""

PART = "part-"
"""What the name of a button begins with that stands for one part of the story."""

QUOTE_LENGTH = 120  # characters of an earlier answer shown again, so that it stays a glance


class Interview:
    """A definition with what is worked out from it once, shared by all its conversations."""

    def __init__(self, definition: FlowDefinition, framework: Framework) -> None:
        self.definition = definition
        self.framework = framework
        self.machine = StepMachine(definition)
        self.keys = cache(definition.keys)
        self.choice_keys = cache(definition.choice_keys)
        self.counted = {s.name for s in definition.steps.values() if definition.is_counted(s)}
        self.buttons: dict[tuple[Wording, str], tuple[Option, ...] | None] = {}
        self._ahead: dict[str, int] = {}

    def ahead(self, step: str) -> int:
        """How many numbered questions can still come after `step` before the review, at most."""
        if step not in self._ahead:
            self._ahead[step] = 0  # a way that comes round again adds nothing
            exits = [
                self.definition.step(s) for s in self.definition.exits(self.definition.step(step))
            ]
            self._ahead[step] = max(
                (
                    self.ahead(s.name) + self.definition.is_counted(s)
                    for s in exits
                    if s.kind is Kind.QUESTION
                ),
                default=0,
            )
        return self._ahead[step]


@dataclass(frozen=True, slots=True)
class Names:
    """How the bot calls the community and the person in a text."""

    community: str
    member: str


@dataclass(frozen=True, slots=True)
class SoFar:
    """What was told by now, worked out once for all that a turn says of it."""

    answers: tuple[Told, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One part of a story in a form: its step, its heading, and its words."""

    step: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Asker:
    """Puts a conversation's open question into words.

    `few_tellers`: so few people tell stories here that an unnamed one may be known by its words.
    """

    interview: Interview
    wording: Wording
    names: Names
    few_tellers: bool = False

    @property
    def definition(self) -> FlowDefinition:
        return self.interview.definition

    def say(self, *keys: str, **values: object) -> Say:
        return Say(self.word(*keys, **values))

    def word(self, *keys: str, **values: object) -> str:
        return self.wording(
            *keys, community=self.names.community, member=self.names.member, **values
        )

    def question(self, conversation: Conversation, *, repeated: bool = False) -> tuple[Reply, ...]:
        """The open question of a conversation, or the parting words where it has ended.

        A `repeated` question may be shorter: a step may have an `ask-again` text for it.
        """
        if conversation.aside is not None:
            return (self._aside(conversation),)
        step = self.definition.step(conversation.step)
        match step.kind:
            case Kind.END:
                keys = self.interview.keys(step.name, "say")
                text = self.word(*keys, ref=conversation.ref)
                made = Noted if conversation.submitted_at else Say
                return (made(text, ends=True),)
            case Kind.REVIEW:
                return (self._review(conversation, step),)
            case _:
                return (self._ask(conversation, step, repeated=repeated),)

    def options(self, conversation: Conversation) -> tuple[Option, ...]:
        """The buttons under the open question."""
        return self._options(
            conversation, self._so_far(conversation), again=bool(answers.set_aside(conversation))
        )

    def _options(
        self, conversation: Conversation, so_far: SoFar, *, again: bool
    ) -> tuple[Option, ...]:
        """`again`: there are words that were gone back on."""
        found = self._own_options(conversation, so_far, again=again)
        if not conversation.is_asked_for:
            return found
        return (*found, *(Option(wish, self.word(f"choice-{wish}")) for wish in Wish))

    def _own_options(
        self, conversation: Conversation, so_far: SoFar, *, again: bool
    ) -> tuple[Option, ...]:
        if conversation.aside is not None:
            aside = self.definition.asides[conversation.aside]
            return tuple(
                self._labelled(aside.name, choice.name)
                for choice in aside.choices
                if self._is_offered_aside(conversation, choice)
            )
        step = self.definition.step(conversation.step)
        found: list[Option] = []
        if again:
            found.append(Option(SAME_WORDS, self.word(f"choice-{SAME_WORDS}")))
        if step.kind is Kind.CHANGE:
            found += self._changeable(so_far)
        if step.kind is Kind.QUESTION and conversation.detail is not None:
            key = "file-go-on" if conversation.detail in FILES else f"choice-{SKIP}"
            return (*found, Option(SKIP, self.word(key)))
        fixed = self._fixed(step) if step.kind is Kind.QUESTION else None
        if fixed is not None:
            return (*found, *fixed)
        offered = (c for c in step.choices if self._is_offered(conversation, step, c, so_far))
        return (*found, *(self._option(conversation, step, choice) for choice in offered))

    def _is_offered_aside(self, conversation: Conversation, choice: Choice) -> bool:
        if choice.does is Deed.DELETE:
            return conversation.submitted_at is None
        # The buttons of a prompt say that better.
        return choice.does is not Deed.PARK or not conversation.is_asked_for

    def takes_words(self, conversation: Conversation) -> bool:
        """Whether the open question may be answered in words."""
        kind = self.definition.step(conversation.step).kind
        return conversation.aside is None and kind in WORDS

    def asked(self, conversation: Conversation, *, repeated: bool = False) -> str:
        """The exact words of the open question, as kept beside its answer."""
        step = self.definition.step(conversation.step)
        if step.kind is Kind.QUESTION and conversation.detail not in (None, *FILES):
            keys = self.definition.probe_keys(step.name, conversation.detail or "")
        elif conversation.anchor is not None:
            keys = (
                *self.interview.keys(step.name, "ask-anchored"),
                *self.interview.keys(step.name, "ask"),
            )
        else:
            keys = self.interview.keys(step.name, "ask")
        values = self._values(conversation)
        if values.get("quote") == "":
            keys = (*self.interview.keys(step.name, "ask-plain"), *keys)
        if repeated:
            keys = (*self.interview.keys(step.name, "ask-again"), *keys)
        return self.word(*keys, **values)

    def form(self, conversation: Conversation) -> tuple[Field, ...]:
        """What a form shows of a story: every part in words, or the one that is being reworded."""
        return tuple(
            Field(
                answer.step.name,
                self.word(*self.interview.keys(answer.step.name, "part")),
                conversation.told(answer.step.name),
            )
            for answer in parts(told(conversation, self.definition))
            if conversation.detail in (None, answer.step.name)
        )

    def about(self, conversation: Conversation) -> str:
        """What an unfinished story is about, to call it by: its anchor, or its first words."""
        if conversation.anchor is not None:
            return conversation.anchor.activity
        words = next((a.text for a in conversation.live if a.text), "")
        return quotation(words, QUOTE_LENGTH)

    # ---- the kinds of message ----

    def _ask(self, conversation: Conversation, step: StepDefinition, *, repeated: bool) -> Ask:
        if conversation.detail in FILES:
            text = self.word(FILES[conversation.detail])
        else:
            text = self.asked(conversation, repeated=repeated)
        before = answers.set_aside(conversation)
        again = "\n".join(a.text for a in before if a.text)
        if again:
            quote = quotation(again, QUOTE_LENGTH)
            text = f"{text}\n{self.word('asked-before', quote=quote)}"
        number, of = self.number(conversation)
        return Ask(
            text=text,
            options=self._options(conversation, self._so_far(conversation), again=bool(before)),
            step=conversation.place,
            revision=conversation.revision,
            conversation=conversation.id,
            number=number,
            of=of,
            takes_words=self.takes_words(conversation),
            form=self.word("form-open") if step.kind is Kind.REWORD else "",
        )

    def _aside(self, conversation: Conversation) -> Ask:
        name = conversation.aside or ""
        about = self.about(conversation)
        return Ask(
            text=self.word(
                *(() if about else self.interview.keys(name, "ask-plain")),
                *self.interview.keys(name, "ask"),
                about=about,
            ),
            options=self.options(conversation),
            step=f"{name}!",
            revision=conversation.revision,
            conversation=conversation.id,
            takes_words=False,
        )

    def _review(self, conversation: Conversation, step: StepDefinition) -> Review:
        so_far = self._so_far(conversation)
        again = bool(answers.set_aside(conversation))
        return Review(
            intro=self._intro(conversation, step) if so_far.steps else "",
            title=title(so_far.steps, self.interview.framework),
            parts=tuple(self._parts(so_far)),
            text=self.word(
                *self.interview.keys(step.name, "ask" if so_far.steps else "empty"),
                named=conversation.attribution,
                pseudonym=conversation.pseudonym or "",
                few="yes" if self.few_tellers else "no",
            ),
            options=self._options(conversation, so_far, again=again),
            step=conversation.place,
            revision=conversation.revision,
            conversation=conversation.id,
            form=self.word("form-open") if parts(so_far.answers) else "",
        )

    def _intro(self, conversation: Conversation, step: StepDefinition) -> str:
        """The first time with a word about the people in it who were not asked."""
        first = step.name not in conversation.trail and conversation.submitted_at is None
        return self.word(
            *(self.interview.keys(step.name, "intro-first") if first else ()),
            *self.interview.keys(step.name, "intro"),
        )

    def _parts(self, so_far: SoFar) -> Iterator[Part]:
        """Every answer, in the teller's words; a button by its label."""
        for answer in so_far.answers:
            step = answer.step
            choice = step.choice(answer.choice or "")
            heading = self.word(*self.interview.keys(step.name, "part"))
            if answer.text:
                text = "\n".join(filter(None, (answer.text, answer.follow_up)))
                yield Part(heading, text)
            elif answer.choice == FILE_ALONE:
                yield Part(heading, self.word("file-alone"))
            elif choice is not None and self._says_something(choice):
                yield Part(heading, self._labelled(step.name, choice.name).label)

    def _says_something(self, choice: Choice) -> bool:
        """Whether a tapped button is part of the story, and not just a way on."""
        return choice.name not in (SKIP, "leave", "change")

    # ---- buttons ----

    def _option(self, conversation: Conversation, step: StepDefinition, choice: Choice) -> Option:
        option = self._labelled(step.name, choice.name)
        if choice.does is Deed.PARK and conversation.submitted_at is not None:
            return Option(option.name, self._labelled(step.name, f"{choice.name}-sent").label)
        if choice.does is not Deed.TICK:
            return option
        return Option(option.name, option.label, set(choice.audience) <= conversation.audience)

    def _fixed(self, step: StepDefinition) -> tuple[Option, ...] | None:
        """The buttons of a question, made once; None where they depend on more than its step."""
        at = self.wording, step.name
        if at not in self.interview.buttons:
            self.interview.buttons[at] = self._made(step)
        return self.interview.buttons[at]

    def _made(self, step: StepDefinition) -> tuple[Option, ...] | None:
        found: list[Option] = []
        for choice in step.choices:
            label = self.wording.fixed(*self.interview.choice_keys(step.name, choice.name))
            if label is None or choice.does is not None:
                return None
            found.append(Option(choice.name, label))
        return tuple(found)

    def _labelled(self, step: str, choice: str) -> Option:
        return Option(choice, self.word(*self.interview.choice_keys(step, choice)))

    def _is_offered(
        self,
        conversation: Conversation,
        step: StepDefinition,
        choice: Choice,
        so_far: SoFar,
    ) -> bool:
        match choice.does:
            case Deed.NAME:
                differs = choice.attribution is not conversation.attribution
                return differs and bool(so_far.steps)
            case Deed.SEND if not choice.audience:
                return bool(conversation.audience)
            case Deed.SEND:
                return bool(so_far.steps)
            case _:
                pass
        if step.kind is Kind.ADD and choice.to != self.definition.review:
            return not conversation.told(choice.to or "")
        if step.kind is Kind.REVIEW and choice.to is not None:
            leads_to = self.definition.step(choice.to).kind
            if leads_to is Kind.CONFIRM:  # what was sent is taken back, not deleted
                return conversation.submitted_at is None
            if leads_to in (Kind.CHANGE, Kind.AUDIENCE, Kind.PSEUDONYM):
                return bool(parts(so_far.answers))
        return True

    def _changeable(self, so_far: SoFar) -> list[Option]:
        return [
            Option(
                PART + answer.step.name,
                self.word(
                    "change-part",
                    heading=self.word(*self.interview.keys(answer.step.name, "part")),
                    quote=quotation(answer.text, 30),
                ),
            )
            for answer in parts(so_far.answers)
        ]

    # ---- numbers and values ----

    def number(self, conversation: Conversation) -> tuple[int, int] | tuple[None, None]:
        """(which question this is, of how many at most); a follow-up has its question's number."""
        step = self.definition.step(conversation.step)
        places = {place.partition("/")[0] for place in conversation.trail}
        if step.kind is not Kind.QUESTION or self.definition.review in places:
            return None, None
        places.add(step.name)
        number = max(1, len(places & self.interview.counted))
        return number, number + self.interview.ahead(step.name)

    def _values(self, conversation: Conversation) -> dict[str, object]:
        values: dict[str, object] = {"ref": conversation.ref}
        if conversation.anchor is not None:
            values |= {"activity": conversation.anchor.activity}
        if conversation.submitted_at is not None:
            values |= {"date": conversation.submitted_at.date()}
            values["quote"] = self._quote(conversation)
        if conversation.detail is not None and conversation.step != conversation.detail:
            values["words"] = conversation.told(conversation.detail)
        return values

    def _quote(self, conversation: Conversation) -> str:
        """The words that a story which is asked about again stopped at; empty where it has none.

        What was expected in the cycle now asked about, or else the happening that it needs. Where
        it is asked who knows of it, what names the story.
        """
        asked = self.definition.step(conversation.step)
        so_far = steps(told(conversation, self.definition), self.interview.framework)
        if asked.keep is Keep.LOOP:
            return quotation(title_words(so_far, self.interview.framework), QUOTE_LENGTH)
        cycle = asked.cycle
        needs = self.interview.framework.cycles[cycle].needs if cycle is not None else None
        stopped_at = [
            step.text
            for step in so_far
            if step.text
            and (
                (step.cycle == cycle and step.status is StepStatus.EXPECTED)
                or (step.cycle == needs and step.status is StepStatus.HAPPENED)
            )
        ]
        return quotation(stopped_at[-1], QUOTE_LENGTH) if stopped_at else ""

    def _so_far(self, conversation: Conversation) -> SoFar:
        """Nothing but where it is looked back at."""
        kind = self.definition.step(conversation.step).kind
        if kind not in (Kind.REVIEW, Kind.CHANGE):
            return SoFar()
        answered = told(conversation, self.definition)
        if kind is Kind.CHANGE:
            return SoFar(answered)
        return SoFar(answered, steps(answered, self.interview.framework))
