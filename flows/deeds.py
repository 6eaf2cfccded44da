"""What choices do beside leading on: agreeing, sending, keeping for later, deleting."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from flows import answers
from flows.asking import Asker
from flows.conversation import Agreed, AskAgain, Conversation, Status, Turn, Wish
from flows.definition import Choice, Deed
from flows.errors import UnknownChoice
from flows.messages import Reply
from flows.moving import to
from flows.probes import Rules
from flows.record import asked_later, record, told
from flows.story import Story
from flows.values import replace


@dataclass(frozen=True, slots=True)
class Doer:
    ask: Asker
    rules: Rules

    def done(self, conversation: Conversation, choice: Choice, *, now: datetime) -> Turn:
        """The turn of a choice under a question of the interview."""
        match choice.does:
            case Deed.AGREE:
                return self._agreed(conversation, choice, now)
            case Deed.DECLINE:
                declined = replace(conversation, status=Status.DECLINED)
                return self.asked(self._through(declined, choice))
            case Deed.NAME:
                attribution = choice.attribution or conversation.attribution
                return self.asked(replace(conversation, attribution=attribution))
            case Deed.TICK:
                ticked = conversation.audience ^ set(choice.audience)
                return self.asked(replace(conversation, audience=ticked))
            case Deed.SEND:
                return self._sent(conversation, choice, now)
            case Deed.PARK:
                return self.parked(conversation)
            case Deed.DELETE:
                return self.deleted(conversation)
            case Deed.WORTH:
                return replace(self._closed(conversation, choice), worth=choice.worth)
            case Deed.REMIND:
                again = self._ask_again(conversation, choice, now)
                return replace(self._closed(conversation, choice), ask_again=again)
            case Deed.STOP_ASKING:
                return replace(self._closed(conversation, choice), stops_asking=True)
            case Deed.RESUME | Deed.RESTART | None:
                raise UnknownChoice(conversation.step, choice.name)
            case _:
                assert_never(choice.does)

    def done_aside(self, conversation: Conversation, choice: Choice) -> Turn:
        """The turn of a choice under a question that stands aside of the interview."""
        resumed = replace(conversation, aside=None)
        match choice.does:
            case Deed.PARK:
                return self.parked(resumed)
            case Deed.DELETE:
                return self.deleted(resumed)
            case Deed.RESTART if conversation.submitted_at is not None:
                return replace(self.left(resumed), restarts=True)
            case Deed.RESTART:
                return Turn(conversation=replace(resumed, status=Status.PARKED), restarts=True)
            case _:
                return self.asked(resumed)

    def parked(self, conversation: Conversation) -> Turn:
        if conversation.submitted_at is not None:
            return self.left_as_it_was(conversation)
        parked = replace(conversation, status=Status.PARKED, aside=None)
        return Turn(conversation=parked, replies=(self.ask.say("parked"),))

    def wished(self, conversation: Conversation, wish: Wish) -> Turn:
        """Not now, whatever comes of that: what was told is kept for later."""
        if conversation.has_begun:
            aside = replace(conversation, status=Status.PARKED, aside=None, prompted=False)
        else:
            aside = replace(self.deleted(conversation).conversation, prompted=False)
        return Turn(conversation=aside, wish=wish)

    def dropped(self, conversation: Conversation) -> Turn:
        """An interview in which nothing was told yet."""
        gone = self.deleted(conversation).conversation
        return Turn(conversation=gone, replies=(self.ask.say("nothing-told-yet"),))

    def deleted(self, conversation: Conversation) -> Turn:
        """Every word goes; that a story was begun stays counted."""
        if conversation.submitted_at is not None:
            return self.left_as_it_was(conversation)
        return self.asked(
            replace(
                conversation,
                status=Status.DELETED,
                place=self.ask.definition.end_of(Deed.DELETE),
                trail=(),
                aside=None,
                answers=(),
                evidence=(),
                anchor=None,
                pseudonym=None,
            )
        )

    def left_as_it_was(self, conversation: Conversation) -> Turn:
        """A story that was sent stays as it was sent."""
        return self.left(conversation, self.ask.say("left-as-it-was", ref=conversation.ref))

    def left(self, conversation: Conversation, *before: Reply) -> Turn:
        """Closed; what was told since it was sent, and not sent, counts no more."""
        if conversation.submitted_at is not None:
            conversation = answers.undo_since(conversation, conversation.submitted_at)
        closed = replace(conversation, status=Status.SENT, aside=None, trail=())
        return Turn(conversation=closed, replies=before)

    def anew(self, conversation: Conversation, *, now: datetime) -> Turn:
        """A story that was sent, as it reads now."""
        return Turn(conversation=conversation, story=self._record(conversation, now))

    def asked(self, conversation: Conversation, *before: Reply) -> Turn:
        """`before`, and then the open question."""
        asking = replace(conversation, delivered_at=None)
        question = self.ask.question(asking, repeated=bool(before))
        return Turn(conversation=asking, replies=(*before, *question))

    def _agreed(self, conversation: Conversation, choice: Choice, now: datetime) -> Turn:
        first = replace(self._through(conversation, choice), trail=())
        agreed = Agreed(self.ask.definition.consent_version, self.ask.wording.language, now)
        return replace(self.asked(first), agreed=agreed)

    def _sent(self, conversation: Conversation, choice: Choice, now: datetime) -> Turn:
        audience = frozenset(choice.audience) or conversation.audience
        sending = replace(conversation, audience=audience)
        story = self._record(sending, now)
        later = self._asked_later(sending, story) is not None
        place = self.ask.interview.machine.next(conversation.step, choice.name, later=later)
        sent = replace(sending, place=place, trail=(), submitted_at=now)
        return replace(self.asked(sent), story=story)

    def _closed(self, conversation: Conversation, choice: Choice) -> Turn:
        through = self._through(conversation, choice)
        return self.asked(replace(through, status=Status.SENT, trail=()))

    def _ask_again(
        self, conversation: Conversation, choice: Choice, now: datetime
    ) -> AskAgain | None:
        entry = self._asked_later(conversation, self._record(conversation, now))
        return AskAgain(entry, now + timedelta(days=choice.days or 0)) if entry else None

    def _asked_later(self, conversation: Conversation, story: Story) -> str | None:
        return asked_later(told(conversation, self.ask.definition), story.stop)

    def _record(self, conversation: Conversation, now: datetime) -> Story:
        interview = self.ask.interview
        return record(conversation, interview.definition, interview.framework, self.rules, now)

    def _through(self, conversation: Conversation, choice: Choice) -> Conversation:
        return to(conversation, self.ask.interview.machine.next(conversation.step, choice.name))
