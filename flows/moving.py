"""From place to place: on after an answer, on without one, and back."""

from dataclasses import dataclass
from datetime import datetime

from flows import answers
from flows.asking import FILES, SKIP, Asker
from flows.conversation import Conversation, How
from flows.definition import ANSWER, Choice, Kind
from flows.probes import WHEN, Rules, gaps_in
from flows.record import FILE_ALONE
from flows.values import replace


@dataclass(frozen=True, slots=True)
class Mover:
    ask: Asker
    rules: Rules

    def answered(
        self, conversation: Conversation, text: str, *, now: datetime, message_id: str | None
    ) -> Conversation:
        """The words kept as the answer to the open question, and on."""
        given = self._give(conversation, now, text=text, message_id=message_id)
        return self.on(given)

    def on(self, conversation: Conversation) -> Conversation:
        """After an answer in words: to the follow-up that it calls for, or to the next step."""
        gap = self._next_gap(conversation)
        if gap is not None:
            return to(conversation, f"{conversation.step}/{gap}")
        return to(conversation, self.ask.interview.machine.next(conversation.step, ANSWER))

    def chosen(self, conversation: Conversation, choice: Choice, *, now: datetime) -> Conversation:
        """Where a choice leads. It is an answer too, unless it goes back to the review."""
        leads_to = self.ask.interview.machine.next(conversation.step, choice.name)
        if leads_to == self.ask.definition.review and leads_to in conversation.trail:
            return _returned(conversation, leads_to)
        step = self.ask.definition.step(conversation.step)
        if step.kind is Kind.QUESTION:
            conversation = self._give(conversation, now, choice=choice.name)
        return to(conversation, leads_to)

    def skipped(self, conversation: Conversation, *, now: datetime) -> Conversation:
        """On without an answer: by the button that "skip" stands for, else as after words."""
        step = self.ask.definition.step(conversation.step)
        if conversation.detail in FILES and not conversation.told(step.name):
            conversation = self._give(conversation, now, choice=FILE_ALONE)
        if conversation.detail is None:
            for choice in step.choices:
                if SKIP in choice.typed:
                    return self.chosen(conversation, choice, now=now)
        return to(conversation, self.ask.interview.machine.next(step.name, ANSWER))

    def back(self, conversation: Conversation) -> Conversation:
        """One place back, with what was answered there taken back; there must be a trail."""
        *behind, before = conversation.trail
        said_anew = self.ask.definition.step(before.partition("/")[0]).kind is Kind.REWORD
        undone = answers.undo(conversation, before, said_anew=said_anew)
        return replace(undone, place=before, trail=tuple(behind), shown_example=False)

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
            how=how if conversation.detail in (None, *FILES) else How.PROBE,
            message_id=message_id,
        )

    def _next_gap(self, conversation: Conversation) -> str | None:
        """The gap to ask about, as long as neither question nor story had their follow-ups."""
        definition = self.ask.definition
        step = definition.step(conversation.step)
        # Also those of the time before, where a story is asked about again.
        live = conversation.live
        places = {*conversation.trail, conversation.place, *[a.place for a in live]}
        asked = [
            place
            for place in places
            if "/" in place
            and place.partition("/")[2] not in FILES
            and definition.step(place.partition("/")[0]).kind is Kind.QUESTION
        ]
        here = [place for place in asked if place.startswith(f"{step.name}/")]
        if len(here) >= definition.probes_per_question or len(asked) >= definition.probes_per_story:
            return None
        words = conversation.told(step.name)
        known = {WHEN} if conversation.anchor is not None and conversation.anchor.date else set()
        found = gaps_in(words, step.probes, self.rules)
        return next((gap for gap in found if gap not in known), None)


def to(conversation: Conversation, place: str) -> Conversation:
    """The conversation at its next place, the present one behind it."""
    return replace(
        conversation,
        place=place,
        trail=(*conversation.trail, conversation.place),
        shown_example=False,
    )


def _returned(conversation: Conversation, place: str) -> Conversation:
    """The conversation at a place it has come from, with nothing changed on the way."""
    last = max(i for i, behind in enumerate(conversation.trail) if behind == place)
    return replace(conversation, place=place, trail=conversation.trail[:last], shown_example=False)
