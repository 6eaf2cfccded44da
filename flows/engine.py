"""An interview running: one inbound in, one `Turn` out. Nothing is done here, only said."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from flows import answers
from flows.asking import PART, SAME_WORDS, SKIP, Asker
from flows.conversation import (
    Agreed,
    Answer,
    AskAgain,
    Conversation,
    EvidenceGiven,
    How,
    Status,
    Turn,
)
from flows.definition import ANSWER, Choice, Deed, Kind, StepDefinition
from flows.errors import UnknownChoice
from flows.messages import (
    MAX_WORDS,
    Attached,
    Chose,
    Commanded,
    Edited,
    Inbound,
    Noted,
    Prompted,
    Reply,
    Said,
)
from flows.probes import Rules, gaps_in, meaning_of
from flows.record import record
from flows.story import Story

COMMANDS = ("back", "skip", "pause", "resume", "cancel", "tell", "start")
"""Commands that move the interview. All others leave it where it is."""

CHECK_BACKS = {"planned", "early"}
"""Entries by which a story that was sent is taken up again."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One definition, in one language, for one person. Cheap to make: one for each turn."""

    ask: Asker
    rules: Rules

    def start(
        self, conversation: Conversation, *, entry: str, consented: bool, now: datetime
    ) -> Turn:
        """The first question; consent comes before it where this person has not agreed yet."""
        definition = self.ask.definition
        place = definition.entries[entry] if consented else definition.consent
        return self._asked(replace(conversation.turned(now), place=place))

    def advance(self, conversation: Conversation, inbound: Inbound, now: datetime) -> Turn:
        """What `inbound` changes. Every input has an answer; none raises for what a person did."""
        turned = conversation.turned(now)
        match inbound.payload:
            case Said(text):
                return self._said(turned, text, inbound, now)
            case Chose() as chose:
                return self._tapped(turned, chose, inbound, now)
            case Edited(message_id, text):
                return self._edited(turned, message_id, text, now)
            case Attached() as file:
                return self._attached(turned, file, inbound, now)
            case Commanded(name):
                return self._commanded(turned, name, now)
            case Prompted() as prompted:
                return self._prompted(turned, prompted)
            case _:
                assert_never(inbound.payload)

    def again(self, conversation: Conversation, *before: Reply) -> Turn:
        """`before`, and then the open question once more."""
        return self._asked(conversation, *before)

    # ---- said ----

    def _said(self, conversation: Conversation, text: str, inbound: Inbound, now: datetime) -> Turn:
        trouble = unkeepable(text)
        if trouble is not None:
            return self._asked(conversation, self.ask.say(trouble, limit=MAX_WORDS))
        earlier = self._written_before_question(conversation, inbound)
        if earlier is not None:
            return Turn(
                conversation=answers.append(
                    conversation, earlier, text=text, now=now, message_id=inbound.message_id
                )
            )
        choice = None if text[0] == " " else self._typed_choice(conversation, text)
        if choice is not None:
            return self._chose(conversation, choice, inbound, now)
        step = self.ask.definition.step(conversation.step)
        if conversation.aside is not None or step.kind not in (Kind.QUESTION, Kind.REWORD):
            return self._asked(conversation, self.ask.say(self._not_taken(conversation, step)))
        if step.kind is Kind.REWORD:
            return self._reworded(conversation, text, inbound, now)
        return self._answered(conversation, text, inbound, now)

    def _not_taken(self, conversation: Conversation, step: StepDefinition) -> str:
        """Why these words are not kept, as a text key."""
        if conversation.aside is None and step.kind is Kind.CONSENT:
            return "agree-first"
        if conversation.aside is None and step.kind is Kind.CLOSING:
            return "after-sent"
        return "choose-first"

    def _written_before_question(
        self, conversation: Conversation, inbound: Inbound
    ) -> Answer | None:
        """The answer that a message belongs to which was written before the question came."""
        delivered = conversation.delivered_at
        if conversation.aside is not None or (
            delivered is not None and inbound.said_at > delivered
        ):
            return None
        if not conversation.trail:
            return None
        before = conversation.trail[-1]
        there = [a for a in conversation.live if a.place == before and a.text is not None]
        return there[-1] if there else None

    def _typed_choice(self, conversation: Conversation, text: str) -> str | None:
        """The button that a typed line stands for: its number, its label, or a refusal."""
        said = " ".join(text.split())
        options = self.ask.options(conversation)
        if said.isascii() and said.isdigit() and 1 <= int(said[:4]) <= len(options):
            return options[int(said[:4]) - 1].name
        for option in options:
            if said.casefold() == option.label.casefold():
                return option.name
        meanings = meaning_of(text, self.rules)
        if SKIP in meanings and conversation.aside is None:
            return SKIP
        names = {option.name for option in options}
        if conversation.detail is not None and names == {SKIP}:
            return SKIP if meanings else None
        for choice in self._choices(conversation):
            if choice.name in names and set(choice.typed) & set(meanings):
                return choice.name
        return None

    def _choices(self, conversation: Conversation) -> tuple[Choice, ...]:
        definition = self.ask.definition
        if conversation.aside is not None:
            return definition.asides[conversation.aside].choices
        return definition.step(conversation.step).choices

    def _answered(
        self, conversation: Conversation, text: str, inbound: Inbound, now: datetime
    ) -> Turn:
        given = self._give(conversation, now, text=text, message_id=inbound.message_id)
        return self._asked(self._moved_on(given))

    def _give(
        self,
        conversation: Conversation,
        now: datetime,
        *,
        text: str | None = None,
        choice: str | None = None,
        message_id: str | None = None,
    ) -> Conversation:
        how = How.EXAMPLE if conversation.shown_example else How.NO
        return answers.give(
            conversation,
            step=conversation.step,
            asked=self.ask.asked(conversation),
            now=now,
            text=text,
            choice=choice,
            how=How.PROBE if conversation.detail is not None else how,
            message_id=message_id,
        )

    def _moved_on(self, conversation: Conversation) -> Conversation:
        """After an answer in words: to the follow-up that it calls for, or to the next step."""
        gap = self._next_gap(conversation)
        if gap is not None:
            return _to(conversation, f"{conversation.step}/{gap}")
        return _to(conversation, self.ask.interview.machine.next(conversation.step, ANSWER))

    def _next_gap(self, conversation: Conversation) -> str | None:
        definition = self.ask.definition
        step = definition.step(conversation.step)
        asked = [
            place
            for place in (*conversation.trail, conversation.place)
            if "/" in place and definition.step(place.partition("/")[0]).kind is Kind.QUESTION
        ]
        here = [place for place in asked if place.startswith(f"{step.name}/")]
        if len(here) >= definition.probes_per_question:
            return None
        if len(asked) >= definition.probes_per_story:
            return None
        words = conversation.told(step.name)
        return next(iter(gaps_in(words, step.probes, self.rules)), None)

    def _reworded(
        self, conversation: Conversation, text: str, inbound: Inbound, now: datetime
    ) -> Turn:
        part = conversation.detail or ""
        anew = answers.reword(conversation, part, text=text, now=now, message_id=inbound.message_id)
        return self._asked(_to(anew, self.ask.definition.review))

    # ---- chosen ----

    def _tapped(
        self, conversation: Conversation, chose: Chose, inbound: Inbound, now: datetime
    ) -> Turn:
        if self._is_stale(conversation, chose):
            return self._asked(conversation, self.ask.say("stale"))
        names = {option.name for option in self.ask.options(conversation)}
        if chose.choice not in names:
            return self._asked(conversation, self.ask.say("stale"))
        return self._chose(conversation, chose.choice, inbound, now)

    def _is_stale(self, conversation: Conversation, chose: Chose) -> bool:
        """Whether a button stood under another question than the open one.

        A review must be the very last one shown: only what was seen is sent.
        """
        if chose.step is None:
            return False
        open_now = f"{conversation.aside}!" if conversation.aside else conversation.place
        if chose.step != open_now:
            return True
        kind = self.ask.definition.step(conversation.step).kind
        strict = kind in (Kind.REVIEW, Kind.AUDIENCE, Kind.CONFIRM) and not conversation.aside
        return strict and chose.revision != conversation.revision - 1

    def _chose(
        self, conversation: Conversation, name: str, inbound: Inbound, now: datetime
    ) -> Turn:
        if conversation.aside is not None:
            aside = self.ask.definition.asides[conversation.aside]
            return self._aside_chosen(conversation, aside.choice(name))
        step = self.ask.definition.step(conversation.step)
        if name == SAME_WORDS:
            return self._asked(self._moved_on(answers.take_up(conversation)))
        if name.startswith(PART) and step.kind is Kind.CHANGE:
            part = name.removeprefix(PART)
            rewording = self.ask.interview.machine.next(step.name, ANSWER)
            return self._asked(_to(conversation, f"{rewording}/{part}"))
        choice = step.choice(name)
        if choice is None or (name == SKIP and conversation.detail is not None):
            return self._skipped(conversation, now)
        if choice.does is not None:
            return self._done(conversation, choice, now)
        if choice.shows is not None:
            return self._shown(conversation, choice)
        return self._led_on(conversation, step, choice, now)

    def _led_on(
        self, conversation: Conversation, step: StepDefinition, choice: Choice, now: datetime
    ) -> Turn:
        to = self.ask.interview.machine.next(step.name, choice.name)
        returns = to == self.ask.definition.review and to in conversation.trail
        if step.kind is Kind.QUESTION and not returns:
            conversation = self._give(conversation, now, choice=choice.name)
        if returns:
            return self._asked(_back_to(conversation, to))
        return self._asked(_to(conversation, to))

    def _shown(self, conversation: Conversation, choice: Choice) -> Turn:
        keys = self.ask.definition.keys(conversation.step, choice.shows or "")
        shown = replace(
            conversation, shown_example=conversation.shown_example or choice.shows == "example"
        )
        return self._asked(shown, self.ask.say(*keys))

    def _done(self, conversation: Conversation, choice: Choice, now: datetime) -> Turn:
        """A choice that does something beside leading on."""
        match choice.does:
            case Deed.AGREE:
                return self._agreed(conversation, choice, now)
            case Deed.DECLINE:
                declined = replace(conversation, status=Status.DECLINED)
                return self._asked(self._through(declined, choice))
            case Deed.NAME:
                attribution = choice.attribution or conversation.attribution
                return self._asked(replace(conversation, attribution=attribution))
            case Deed.TICK:
                ticked = conversation.audience ^ set(choice.audience)
                return self._asked(replace(conversation, audience=ticked))
            case Deed.SEND:
                return self._sent(conversation, choice, now)
            case Deed.PARK:
                return self._parked(conversation)
            case Deed.DELETE:
                return self._deleted(conversation)
            case Deed.WORTH:
                turn = self._closed(self._through(conversation, choice))
                return replace(turn, worth=choice.worth)
            case Deed.REMIND:
                turn = self._closed(self._through(conversation, choice))
                entry = self._asks_later(conversation, now)
                again = AskAgain(entry, now + timedelta(days=choice.days or 0)) if entry else None
                return replace(turn, ask_again=again)
            case Deed.STOP_ASKING:
                turn = self._closed(self._through(conversation, choice))
                return replace(turn, stops_asking=True)
            case Deed.RESUME | Deed.RESTART | None:
                raise UnknownChoice(conversation.step, choice.name)
            case _:
                assert_never(choice.does)

    def _agreed(self, conversation: Conversation, choice: Choice, now: datetime) -> Turn:
        first = replace(self._through(conversation, choice), trail=())
        agreed = Agreed(self.ask.definition.consent_version, self.ask.wording.language, now)
        return replace(self._asked(first), agreed=agreed)

    def _sent(self, conversation: Conversation, choice: Choice, now: datetime) -> Turn:
        audience = frozenset(choice.audience) or conversation.audience
        sending = replace(conversation, audience=audience)
        story = self._record(sending, now)
        later = story.stop in self.ask.interview.asks_later
        to = self.ask.interview.machine.next(conversation.step, choice.name, later=later)
        sent = replace(sending, place=to, trail=(), submitted_at=now)
        return replace(self._asked(sent), story=story)

    def _record(self, conversation: Conversation, now: datetime) -> Story:
        interview = self.ask.interview
        return record(conversation, interview.definition, interview.framework, self.rules, now)

    def _asks_later(self, conversation: Conversation, now: datetime) -> str | None:
        stop = self._record(conversation, now).stop
        return self.ask.interview.asks_later.get(stop or "")

    def _parked(self, conversation: Conversation) -> Turn:
        if conversation.submitted_at is not None:
            return self._left_as_it_was(conversation)
        parked = replace(conversation, status=Status.PARKED, aside=None)
        return Turn(conversation=parked, replies=(self.ask.say("parked"),))

    def _deleted(self, conversation: Conversation) -> Turn:
        if conversation.submitted_at is not None:
            return self._left_as_it_was(conversation)
        deleted = replace(
            conversation,
            status=Status.DELETED,
            place=self.ask.definition.end_of(Deed.DELETE),
            trail=(),
            aside=None,
            answers=(),
            evidence=(),
            anchor=None,
        )
        return self._asked(deleted)

    def _left_as_it_was(self, conversation: Conversation) -> Turn:
        """A story that was sent stays as it was sent."""
        left = replace(conversation, status=Status.SENT, aside=None, trail=())
        return Turn(
            conversation=left, replies=(self.ask.say("left-as-it-was", ref=conversation.ref),)
        )

    def _closed(self, conversation: Conversation) -> Turn:
        return self._asked(replace(conversation, status=Status.SENT, trail=()))

    def _through(self, conversation: Conversation, choice: Choice) -> Conversation:
        to = self.ask.interview.machine.next(conversation.step, choice.name)
        return _to(conversation, to)

    def _aside_chosen(self, conversation: Conversation, choice: Choice | None) -> Turn:
        resumed = replace(conversation, aside=None)
        match choice.does if choice is not None else None:
            case Deed.PARK:
                return self._parked(resumed)
            case Deed.DELETE:
                return self._deleted(resumed)
            case Deed.RESTART:
                parked = replace(resumed, status=Status.PARKED)
                return Turn(conversation=parked, restarts=True)
            case _:
                return self._asked(resumed)

    # ---- edited, attached ----

    def _edited(
        self, conversation: Conversation, message_id: str, text: str, now: datetime
    ) -> Turn:
        trouble = unkeepable(text)
        if trouble is not None:
            return self._asked(conversation, self.ask.say(trouble, limit=MAX_WORDS))
        if conversation.submitted_at is not None:
            return Turn(conversation=conversation)
        changed = answers.edit(conversation, message_id, text=text, now=now)
        if changed is conversation:
            return Turn(conversation=conversation)
        noted = Noted(self.ask.word("edited"))
        if changed.aside is None and changed.place == self.ask.definition.review:
            return self._asked(changed, noted)
        return Turn(conversation=changed, replies=(noted,))

    def _attached(
        self, conversation: Conversation, file: Attached, inbound: Inbound, now: datetime
    ) -> Turn:
        step = self.ask.definition.step(conversation.step)
        if conversation.aside is not None or step.kind is not Kind.QUESTION:
            return self._asked(conversation, self.ask.say("file-not-now"))
        given = EvidenceGiven(step=step.name, file=file, message_id=inbound.message_id)
        kept = replace(conversation, evidence=(*conversation.evidence, given))
        if file.caption:
            return self._said(kept, file.caption, inbound, now)
        key = "voice-kept" if file.kind == "voice" else "file-kept"
        return self._asked(kept, self.ask.say(key))

    # ---- commands and prompts ----

    def _commanded(self, conversation: Conversation, name: str, now: datetime) -> Turn:
        match name:
            case "back":
                return self._went_back(conversation)
            case "skip":
                return self._skip(conversation, now)
            case "pause":
                return self._parked(conversation)
            case "cancel":
                return self._cancel(conversation)
            case "tell":
                return self._tell(conversation, "again")
            case "start":
                return self._tell(conversation, "away")
            case _:
                active = replace(conversation, status=Status.ACTIVE, aside=None)
                return self._asked(active)

    def _tell(self, conversation: Conversation, aside: str) -> Turn:
        """A story is wanted while one is open: it is offered first, if anything was told."""
        if conversation.submitted_at is not None:
            closed = replace(conversation, status=Status.SENT, aside=None, trail=())
            return Turn(conversation=closed, restarts=True)
        if not conversation.has_begun:
            return self._asked(replace(conversation, aside=None))
        return self._asked(replace(conversation, aside=aside))

    def _cancel(self, conversation: Conversation) -> Turn:
        if conversation.submitted_at is not None:
            return self._left_as_it_was(conversation)
        if not conversation.has_begun:
            return self._deleted(conversation)
        return self._asked(replace(conversation, aside="cancel"))

    def _went_back(self, conversation: Conversation) -> Turn:
        if conversation.aside is not None:
            return self._asked(replace(conversation, aside=None))
        if not conversation.trail:
            return self._asked(conversation, self.ask.say("at-the-start"))
        *behind, before = conversation.trail
        said_anew = self.ask.definition.step(before.partition("/")[0]).kind is Kind.REWORD
        undone = answers.undo(conversation, before, said_anew=said_anew)
        return self._asked(replace(undone, place=before, trail=tuple(behind), shown_example=False))

    def _skip(self, conversation: Conversation, now: datetime) -> Turn:
        step = self.ask.definition.step(conversation.step)
        if conversation.aside is not None or step.kind is not Kind.QUESTION:
            return self._asked(conversation, self.ask.say("nothing-to-skip"))
        return self._skipped(conversation, now)

    def _skipped(self, conversation: Conversation, now: datetime) -> Turn:
        """On without an answer: by the button that "skip" stands for, else as after words."""
        step = self.ask.definition.step(conversation.step)
        if conversation.detail is None:
            for choice in step.choices:
                if SKIP in choice.typed:
                    return self._led_on(conversation, step, choice, now)
        to = self.ask.interview.machine.next(step.name, ANSWER)
        return self._asked(_to(conversation, to))

    def _prompted(self, conversation: Conversation, prompted: Prompted) -> Turn:
        if prompted.about in CHECK_BACKS:
            place = self.ask.definition.entries[prompted.about]
            again = replace(conversation, status=Status.ACTIVE, place=place, trail=(), aside=None)
            return self._asked(again)
        return self._tell(conversation, "away")

    def _asked(self, conversation: Conversation, *before: Reply) -> Turn:
        """The turn that ends with the open question of `conversation`."""
        asking = replace(conversation, delivered_at=None)
        return Turn(conversation=asking, replies=(*before, *self.ask.question(asking)))


def unkeepable(text: str) -> str | None:
    """Why a text can't be kept, as a text key; None where it can."""
    rules: tuple[tuple[str, Callable[[str], bool]], ...] = (
        ("said-nothing", lambda t: not t.strip()),
        ("said-too-long", lambda t: len(t) > MAX_WORDS),
        ("said-unkeepable", lambda t: "\0" in t or any("\ud800" <= c <= "\udfff" for c in t)),
    )
    return next((key for key, applies in rules if applies(text)), None)


def _to(conversation: Conversation, place: str) -> Conversation:
    """The conversation at its next place, the present one behind it."""
    return replace(
        conversation,
        place=place,
        trail=(*conversation.trail, conversation.place),
        shown_example=False,
    )


def _back_to(conversation: Conversation, place: str) -> Conversation:
    """The conversation at a place it has come from, with nothing changed on the way."""
    last = max(i for i, behind in enumerate(conversation.trail) if behind == place)
    return replace(conversation, place=place, trail=conversation.trail[:last], shown_example=False)
