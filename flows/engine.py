"""An interview running: one inbound in, one `Turn` out. Nothing is done here, only said."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from flows import answers
from flows.asking import FILES, PART, SAME_WORDS, Asker
from flows.conversation import Answer, Conversation, EvidenceGiven, Status, Turn, Wish
from flows.deeds import Doer
from flows.definition import ANSWER, Choice, Kind
from flows.framework import Attribution
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
    Rewrote,
    Said,
    Unread,
)
from flows.moving import Mover, to
from flows.probes import Rules
from flows.understanding import not_taken, typed_choice, unkeepable, written_before_question
from flows.values import replace

MAX_PSEUDONYM = 60
"""Characters."""

OWN = "own"
"""The entry of a new story; the others take up one that was sent."""


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
        return self._doer.asked(replace(conversation.turned(now), place=place))

    def advance(self, conversation: Conversation, inbound: Inbound, now: datetime) -> Turn:
        """What `inbound` changes. Every input has an answer; none raises for what a person did."""
        turned = conversation.turned(now)
        match inbound.payload:
            case Said(text):
                return self._said(turned, text, inbound, now)
            case Chose() as chose:
                return self._tapped(turned, chose, now)
            case Edited() as edited if self.stands_as_sent(conversation):
                return self._proposed(conversation, edited, now)
            case Edited() as edited:
                return self._edited(turned, edited, now)
            case Attached() as file:
                return self._attached(turned, file, inbound, now)
            case Commanded(name):
                return self._commanded(turned, name, now)
            case Prompted() as prompted:
                # The bot's own opening takes none of its teller's time.
                unspent = replace(turned, active_seconds=conversation.active_seconds)
                return self._prompted(unspent, prompted)
            case Rewrote() as rewrote:
                return self._rewritten(turned, rewrote, now)
            case Unread():
                return self._refuse(turned, "unread")
            case _:
                assert_never(inbound.payload)

    def reopen(self, conversation: Conversation, now: datetime) -> Turn:
        """A story that was sent, to be looked at and changed: its review."""
        place = self.ask.definition.review
        turned = conversation.turned(now)
        opened = replace(turned, status=Status.ACTIVE, place=place, trail=(), aside=None)
        return self._doer.asked(opened)

    def take(self, conversation: Conversation, wording: Answer, now: datetime) -> Turn:
        """A story that was sent, with a proposed wording that its teller takes now."""
        moved = replace(conversation, revision=conversation.revision + 1)
        taken = answers.take(moved, wording)
        return self._doer.anew(replace(taken, submitted_at=now), now=now)

    def again(self, conversation: Conversation, *before: Reply) -> Turn:
        """`before`, and then the open question once more."""
        return self._doer.asked(conversation, *before)

    def leave(self, conversation: Conversation, *before: Reply) -> Turn:
        """`before`, and nothing more: a story that was sent is closed as it was sent."""
        return self._doer.left(conversation, *before)

    @property
    def _doer(self) -> Doer:
        return Doer(self.ask, self.rules)

    @property
    def _mover(self) -> Mover:
        return Mover(self.ask, self.rules)

    def _refuse(self, conversation: Conversation, key: str, **values: object) -> Turn:
        """One plain sentence, and the open question once more."""
        return self._doer.asked(conversation, self.ask.say(key, **values))

    # ---- said ----

    def _said(self, conversation: Conversation, text: str, inbound: Inbound, now: datetime) -> Turn:
        trouble = unkeepable(text)
        if trouble is not None:
            return self._refuse(conversation, trouble, limit=MAX_WORDS)
        if inbound.answers is not None:
            answered = self._answered_before(conversation, inbound.answers, text, inbound, now)
            if answered is not None:
                return answered
        earlier = written_before_question(conversation, inbound)
        if earlier is not None:
            appended = answers.append(
                conversation, earlier, text=text, now=now, message_id=inbound.message_id
            )
            return Turn(conversation=appended)
        choice = typed_choice(self.ask, self.rules, conversation, text)
        if choice is not None:
            return self._chose(conversation, choice, now)
        kind = self.ask.definition.step(conversation.step).kind
        if conversation.aside is None and kind is Kind.QUESTION:
            return self._doer.asked(
                self._mover.answered(conversation, text, now=now, message_id=inbound.message_id)
            )
        if conversation.aside is None and kind is Kind.REWORD:
            anew = answers.reword(
                conversation,
                conversation.detail or "",
                text=text,
                now=now,
                message_id=inbound.message_id,
            )
            return self._doer.asked(to(anew, self.ask.definition.review))
        if conversation.aside is None and kind is Kind.PSEUDONYM:
            return self._called(conversation, " ".join(text.split()))
        return self._refuse(conversation, not_taken(self.ask, conversation))

    def _answered_before(
        self, conversation: Conversation, place: str, text: str, inbound: Inbound, now: datetime
    ) -> Turn | None:
        """Words that answer an older question by name: that answer reads so from now on.

        None where that is the open question, or one that was not answered in words.
        """
        step = place.partition("/")[0]
        if step == conversation.step:
            return None
        anew = answers.reword(conversation, step, text=text, now=now, message_id=inbound.message_id)
        if anew is conversation:
            return None
        noted = Noted(self.ask.word("edited"))
        if anew.aside is None and anew.place == self.ask.definition.review:
            return self._doer.asked(anew, noted)
        return Turn(conversation=anew, replies=(noted,))

    def _called(self, conversation: Conversation, name: str) -> Turn:
        """The story carries another name than its teller's."""
        if len(name) > MAX_PSEUDONYM:
            return self._refuse(conversation, "pseudonym-too-long", limit=MAX_PSEUDONYM)
        called = replace(conversation, pseudonym=name, attribution=Attribution.PSEUDONYM)
        return self._doer.asked(to(called, self.ask.interview.machine.next(called.step, ANSWER)))

    # ---- chosen ----

    def _tapped(self, conversation: Conversation, chose: Chose, now: datetime) -> Turn:
        offered = {option.name for option in self.ask.options(conversation)}
        if chose.choice not in offered or self._is_stale(conversation, chose):
            return self._refuse(conversation, "stale")
        return self._chose(conversation, chose.choice, now)

    def _is_stale(self, conversation: Conversation, chose: Chose) -> bool:
        """Whether a button stood under another question than the open one.

        A review must be the very last one shown: only what was seen is sent.
        """
        if chose.conversation is not None and chose.conversation != conversation.id:
            return True
        if chose.step is None:
            return False
        if chose.step != conversation.asks:
            return True
        kind = self.ask.definition.step(conversation.step).kind
        strict = kind in (Kind.REVIEW, Kind.AUDIENCE, Kind.CONFIRM) and not conversation.aside
        return strict and chose.revision != conversation.revision - 1

    def _chose(self, conversation: Conversation, name: str, now: datetime) -> Turn:
        """A button that is offered, by its name."""
        if conversation.is_asked_for and name in set(Wish):
            return self._doer.wished(conversation, Wish(name))
        if conversation.aside is not None:
            choice = self.ask.definition.asides[conversation.aside].choice(name)
            resumed = replace(conversation, aside=None)
            return self._doer.done_aside(conversation, choice) if choice else self.again(resumed)
        step = self.ask.definition.step(conversation.step)
        if name == SAME_WORDS:
            return self._doer.asked(self._mover.on(answers.take_up(conversation)))
        if step.kind is Kind.CHANGE and name.startswith(PART):
            rewording = self.ask.interview.machine.next(step.name, ANSWER)
            place = f"{rewording}/{name.removeprefix(PART)}"
            return self._doer.asked(to(conversation, place))
        choice = step.choice(name)
        if choice is None or (conversation.detail is not None and step.kind is Kind.QUESTION):
            return self._skip(conversation, now)
        if choice.does is not None:
            return self._doer.done(conversation, choice, now=now)
        if choice.shows is not None:
            return self._shown(conversation, choice)
        return self._doer.asked(self._mover.chosen(conversation, choice, now=now))

    def _shown(self, conversation: Conversation, choice: Choice) -> Turn:
        is_example = choice.shows == "example"
        shown = replace(conversation, shown_example=conversation.shown_example or is_example)
        keys = self.ask.definition.keys(conversation.step, choice.shows or "")
        return self._doer.asked(shown, self.ask.say(*keys))

    # ---- edited, attached ----

    def _edited(self, conversation: Conversation, edited: Edited, now: datetime) -> Turn:
        """The answer that a message gave reads otherwise, also in a story kept for later."""
        is_open = conversation.status is Status.ACTIVE
        trouble = unkeepable(edited.text)
        if trouble is not None and is_open:
            return self._refuse(conversation, trouble, limit=MAX_WORDS)
        if trouble is not None:
            return self._only_said(conversation, trouble, limit=MAX_WORDS)
        changed = answers.edit(conversation, edited.message_id, text=edited.text, now=now)
        if changed is conversation:
            return Turn(conversation=conversation)
        noted = Noted(self.ask.word("edited"))
        is_shown = is_open and changed.aside is None
        if is_shown and changed.place == self.ask.definition.review:
            return self._doer.asked(changed, noted)
        return Turn(conversation=changed, replies=(noted,))

    def _rewritten(self, conversation: Conversation, rewrote: Rewrote, now: datetime) -> Turn:
        """Parts of the story said anew in a form; back to the review, if it was left for that."""
        if rewrote.conversation != conversation.id:
            return self._refuse(conversation, "stale")
        for _, text in rewrote.texts:
            trouble = unkeepable(text)
            if trouble is not None:
                return self._refuse(conversation, trouble, limit=MAX_WORDS)
        anew = conversation
        for step, text in rewrote.texts:
            if anew.told(step) != text:
                anew = answers.reword(anew, step, text=text, now=now, message_id=None)
        if self.ask.definition.step(anew.step).kind is Kind.REWORD:
            anew = to(anew, self.ask.definition.review)
        return self._doer.asked(anew, Noted(self.ask.word("edited")))

    def _proposed(self, conversation: Conversation, edited: Edited, now: datetime) -> Turn:
        """A story that was sent stays as it is until its teller takes the new wording."""
        trouble = unkeepable(edited.text)
        if trouble is not None:
            return self._only_said(conversation, trouble, limit=MAX_WORDS)
        found = answers.propose(conversation, edited.message_id, text=edited.text, now=now)
        if found is None:
            return Turn(conversation=conversation)
        return Turn(conversation=found[0], proposed=found[1])

    def stands_as_sent(self, conversation: Conversation) -> bool:
        """Whether it was sent, and is not being told on to be sent anew."""
        if conversation.submitted_at is None:
            return False
        kind = self.ask.definition.step(conversation.step).kind
        return conversation.status is not Status.ACTIVE or kind is Kind.CLOSING

    def _only_said(self, conversation: Conversation, key: str, **values: object) -> Turn:
        return Turn(conversation=conversation, replies=(self.ask.say(key, **values),))

    def _attached(
        self, conversation: Conversation, file: Attached, inbound: Inbound, now: datetime
    ) -> Turn:
        step = self.ask.definition.step(conversation.step)
        if conversation.aside is not None or step.kind is not Kind.QUESTION:
            return self._refuse(conversation, "file-not-now")
        kept_at = replace(file, platform=inbound.address.platform)
        given = EvidenceGiven(step=step.name, file=kept_at, message_id=inbound.message_id)
        kept = replace(conversation, evidence=(*conversation.evidence, given))
        if file.caption:
            return self._said(kept, file.caption, inbound, now)
        if conversation.detail not in FILES:
            kept = to(kept, conversation.place)
        detail = "voice" if file.kind == "voice" else "file"
        return self._doer.asked(replace(kept, place=f"{step.name}/{detail}"))

    # ---- commands and prompts ----

    def _commanded(self, conversation: Conversation, name: str, now: datetime) -> Turn:
        match name:
            case "back":
                return self._back(conversation)
            case "skip":
                return self._skip(conversation, now)
            case "pause" if conversation.submitted_at is None and not conversation.has_begun:
                return self._doer.dropped(conversation)
            case "pause":
                return self._doer.parked(conversation)
            case "cancel":
                return self._cancel(conversation)
            case "tell":
                return self._tell(conversation)
            case "start":
                return self._start(conversation)
            case _:
                return self.again(replace(conversation, status=Status.ACTIVE, aside=None))

    def _back(self, conversation: Conversation) -> Turn:
        if conversation.aside is not None:
            return self.again(replace(conversation, aside=None))
        if not conversation.trail:
            return self._refuse(conversation, "at-the-start")
        return self._doer.asked(self._mover.back(conversation))

    def _skip(self, conversation: Conversation, now: datetime) -> Turn:
        kind = self.ask.definition.step(conversation.step).kind
        if conversation.aside is not None or kind is not Kind.QUESTION:
            return self._refuse(conversation, "nothing-to-skip")
        return self._doer.asked(self._mover.skipped(conversation, now=now))

    def _cancel(self, conversation: Conversation) -> Turn:
        if conversation.submitted_at is not None:
            return self._doer.left_as_it_was(conversation)
        if not conversation.has_begun:
            return self._doer.dropped(conversation)
        return self._doer.asked(replace(conversation, aside="cancel"))

    def _tell(self, conversation: Conversation) -> Turn:
        """A new story is wanted while one is open: what is under way is offered first."""
        if self._is_under_way(conversation):
            return self.again(replace(conversation, aside="again"))
        if conversation.submitted_at is not None:
            return replace(self._doer.left(conversation), restarts=True)
        return self.again(replace(conversation, aside=None))

    def _start(self, conversation: Conversation) -> Turn:
        """Back again: whether to go on is asked where anything is under way."""
        aside = "away" if self._is_under_way(conversation) else None
        return self.again(replace(conversation, aside=aside))

    def _is_under_way(self, conversation: Conversation) -> bool:
        """Whether anything was told that is not sent yet."""
        if conversation.submitted_at is None:
            return conversation.has_begun
        closing = self.ask.definition.step(conversation.step).kind is Kind.CLOSING
        return bool(conversation.trail) and not closing

    def _prompted(self, conversation: Conversation, prompted: Prompted) -> Turn:
        entries = self.ask.definition.entries
        if prompted.about == OWN or prompted.about not in entries:
            return self._start(conversation)
        if conversation.submitted_at is None:
            return self.again(conversation)
        place = entries[prompted.about]
        taken_up = replace(conversation, status=Status.ACTIVE, place=place, trail=(), aside=None)
        return self._doer.asked(taken_up)
