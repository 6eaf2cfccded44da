"""What one inbound brings about, within one transaction: a command, or a turn of the interview."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot import talking
from bot.commands import find
from bot.commands.command import Asks, Command, Outcome, Then
from bot.commands.community import COMMUNITY
from bot.commands.wording import WORDING, values_of
from bot.house import NOWHERE, House
from bot.outcomes import Asked, Outcomes, ask_what_waits, open_question
from bot.placing import Elsewhere, community_linked, deep_link, invited, linked, placed
from bot.scene import Scene, scene_in, scene_of, scene_read, words_for
from flows.messages import (
    MAX_WORDS,
    Attached,
    Chose,
    Commanded,
    Edited,
    Inbound,
    Payload,
    Said,
    Say,
)
from flows.understanding import typed_option, unkeepable
from storage.batch import MustRunSingly
from storage.inbox import InboxStatus
from storage.questions import Question
from storage.unit_of_work import Work

NUMBER_LENGTH = 18
"""Digits: a longer number is no row's."""


@dataclass(frozen=True, slots=True)
class _Answered:
    """A command's question and the button chosen under it.

    `question` is None where there is none that this person was asked, `asked` where it has nothing
    to ask any more; `choice` where words were typed that are none of its buttons.
    """

    question: Question | None
    asked: Asked | None
    choice: str | None


class Responder:
    def __init__(self, house: House) -> None:
        self._house = house

    def preload(self, work: Work, inbounds: Sequence[Inbound]) -> None:
        """Read what most of their turns need, all at once.

        Raises MustRunSingly where one of them may change what another one reads.
        """
        if any(_touches_others(inbound) for inbound in inbounds):
            raise MustRunSingly
        work.inbox.preload([inbound.key for inbound in inbounds])
        met = work.members.preload([i.address for i in inbounds])
        if any(m.question is not None for m in met):  # a typed answer may be one to a command
            raise MustRunSingly
        speaking = {m.member.id: m.community.id for m in met if m.community is not None}
        if len({m.member.id for m in met}) < len(met):  # two addresses of one person
            raise MustRunSingly
        work.conversations.preload(speaking)

    def respond(self, work: Work, inbound: Inbound, *, now: datetime) -> Inbound | None:
        """Save what `inbound` changes and what is said to it.

        What comes back is a command that still has to read, beside the writer: `read`, and then
        `answer`. It is `inbound`, or what that led to.
        """
        scene = scene_of(self._house, work, inbound, now=now)
        if inbound.is_public:
            return self._in_public(scene)
        question = self._question(scene)
        return self._take(scene) if question is None else self._answered(scene, question)

    def read(self, work: Work, inbound: Inbound, *, now: datetime) -> list[Outcome]:
        """What a command that reads much has to say. Writes nothing."""
        scene = scene_read(self._house, work, inbound, now=now)
        payload = inbound.payload
        if scene is None or not isinstance(payload, Commanded):
            return []
        command = find(payload.name)
        if command is None or command.run is None or not _may(scene, command):
            return []
        return list(command.run(scene.call(payload.rest)))

    def answer(
        self, work: Work, inbound: Inbound, outcomes: Iterable[Outcome], *, now: datetime
    ) -> None:
        """Carry out what was read, and ask the open question once more."""
        payload = inbound.payload
        command = find(payload.name) if isinstance(payload, Commanded) else None
        if command is None:
            return
        scene = scene_of(self._house, work, inbound, now=now)
        if inbound.is_public:  # no question of anybody's follows there
            scene = replace(scene, conversation=None, question=None)
            outcomes = [each for each in outcomes if not isinstance(each, Asks)]
        self._carry_out(scene, command, outcomes)

    def apologize(self, work: Work, inbound: Inbound, *, now: datetime) -> None:
        """Say that an input failed and is kept."""
        wording = words_for(self._house, work, inbound.address)
        work.outbox.put(inbound.address, [Say(wording("failed-turn"))], conversation=None, now=now)

    # ---- what it is for ----

    def _in_public(self, scene: Scene) -> Inbound | None:
        """In a group: what is meant for all is said there, everything else in private."""
        payload = scene.inbound.payload
        command = find(payload.name) if isinstance(payload, Commanded) else None
        if command is not None and command.in_public and scene.community is not NOWHERE:
            if _may(scene, command):
                scene.work.inbox.keep(scene.inbound, InboxStatus.WAITING)
                return scene.inbound
            talking.put(scene, [scene.not_for_them(command.role)])
        else:
            label = scene.wording("in-private-button")
            start = "" if command is not None and command.run else deep_link(scene)
            talking.put(scene, [replace(scene.say("in-private"), private=label, start=start)])
        return None

    def _take(self, scene: Scene) -> Inbound | None:
        """A command, or something for the interview."""
        payload = scene.inbound.payload
        if isinstance(payload, Commanded):
            return self._command(scene, payload)
        if isinstance(payload, Edited):
            self._edit(scene, payload)
            return None
        meant = scene.inbound.otherwise
        if meant is not None and scene.conversation is None and _is_command(meant):
            return self._command(scene.hearing(meant), meant)
        if scene.community is NOWHERE:
            return self._place_and_take(scene, placed(scene), payload)
        self._when_closed(scene, talking.talk(scene))
        return None

    def _edit(self, scene: Scene, edited: Edited) -> None:
        proposal = talking.edit(scene, edited)
        if proposal is None:
            return
        scene.work.flush()  # the question is about what is kept by now
        conversation, wording = proposal
        there = scene.work.communities.known(scene.work.conversations.community(conversation.id))
        if there is not None:
            role = scene.work.members.role(scene.member.id, there.id)
            asks = Asks(values_of(conversation.id, wording))
            self._carry_out(scene_in(scene, there, role), WORDING, [asks])

    def _when_closed(self, scene: Scene, nothing_is_open: bool) -> None:
        """What waited until nothing else was open is asked."""
        if nothing_is_open:
            ask_what_waits(replace(scene, conversation=None, question=None))

    def _command(self, scene: Scene, payload: Commanded) -> Inbound | None:
        command = find(payload.name)
        if command is None:
            key = "command-unknown-asked" if _takes_words(scene) else "command-unknown"
            talking.answer(scene, [scene.say(key, name=payload.name)])
        elif payload.rest and (trouble := unkeepable(payload.rest)) is not None:
            talking.answer(scene, [scene.say(trouble, limit=MAX_WORDS)])
        elif command.name == "start" and payload.rest:
            there = community_linked(scene, payload.rest)
            if there is not None:
                return self._place_and_take(scene, linked(scene, there), Commanded("tell"))
            return self._place_and_take(scene, invited(scene, payload.rest), Commanded("start"))
        elif scene.community is NOWHERE and not command.anywhere:
            as_owner = command.owners and scene.is_owner
            return self._place_and_take(scene, placed(scene, as_owner=as_owner), payload)
        else:
            return self._run(scene, command, payload)
        return None

    def _run(self, scene: Scene, command: Command, payload: Commanded) -> Inbound | None:
        if not _may(scene, command):
            talking.answer(scene, [scene.not_for_them(command.role)])
            return None
        scene.work.prompting.answered(scene.member.id, now=scene.now)
        if command.run is None:
            self._when_closed(scene, talking.move(scene, command))
        elif command.reads_beside(payload.rest):
            scene.work.inbox.keep(scene.inbound, InboxStatus.WAITING)
            return scene.inbound
        else:
            return self._carry_out(scene, command, command.run(scene.call(payload.rest)))
        return None

    def _place_and_take(
        self, scene: Scene, found: Scene | Elsewhere, then: Payload
    ) -> Inbound | None:
        if isinstance(found, Scene):
            return self._take(found.hearing(then))
        return self._carry_out(scene, COMMUNITY, found.outcomes)

    # ---- what a command asked ----

    def _question(self, scene: Scene) -> _Answered | None:
        """The command's question that this answers; None where it is for nothing of the kind."""
        match scene.inbound.payload:
            case Chose(choice=choice, step=str(step)) if step.startswith("?"):
                number = step.removeprefix("?")
                found = int(number) if number.isdecimal() and len(number) < NUMBER_LENGTH else 0
                question = scene.work.questions.find(scene.member.id, found)
                asked = open_question(scene, question) if question is not None else None
                return _Answered(question, asked, choice)
            case Commanded("start", "") if scene.question is not None and not scene.conversation:
                return self._typed(scene, scene.question)
            case Commanded() if scene.question is not None:
                scene.work.questions.put_in_front(scene.member.id, None)
                return None
            case Said() | Attached() | Chose(step=None) if scene.question is not None:
                return self._typed(scene, scene.question)
            case _:
                return None

    def _typed(self, scene: Scene, number: int) -> _Answered | None:
        """What was typed, as a button of the question in front."""
        question = scene.work.questions.find(scene.member.id, number)
        asked = open_question(scene, question) if question is not None else None
        if question is None or asked is None:
            scene.work.questions.put_in_front(scene.member.id, None)
            return None
        choice = _choice(scene, asked)
        is_back = isinstance(scene.inbound.payload, Commanded)
        if choice is None and not (asked.put.lasts if is_back else asked.put.insists):
            scene.work.questions.put_in_front(scene.member.id, None)
            return None
        return _Answered(question, asked, choice)

    def _answered(self, scene: Scene, answered: _Answered) -> Inbound | None:
        question, asked, choice = answered.question, answered.asked, answered.choice
        if question is None or asked is None:
            if question is not None:
                scene.work.questions.close(question)
            talking.answer(scene, [scene.say("question-closed")])
        elif not _may_answer(asked):
            scene.work.questions.put_in_front(scene.member.id, None)
            talking.answer(scene, [scene.not_for_them(asked.put.role)])
        elif choice is None:
            is_back = isinstance(scene.inbound.payload, Commanded)
            before = [] if is_back else [scene.say("choose-first")]
            talking.put(scene, [*before, asked.reply(question)])
        elif choice not in {option.name for option in asked.options}:
            talking.answer(scene, [scene.say("stale")])
        else:
            scene.work.questions.close(question)
            outcomes = asked.put.chosen(asked.scene.call(), question.values, choice)
            return self._carry_out(asked.scene, asked.command, outcomes)
        return None

    # ---- carrying out ----

    def _carry_out(
        self, scene: Scene, command: Command, outcomes: Iterable[Outcome]
    ) -> Inbound | None:
        done = Outcomes(scene, command)
        done.carry_out(outcomes)
        scene = talking.as_it_stands(scene)
        if done.asked or done.ended:
            talking.put(scene, done.replies)
        elif done.reopened is not None:
            talking.reopen(scene, done.reopened, done.replies)
        elif done.then is not None:
            talking.put(scene, done.replies)
            return self._go_on(scene, done.then)
        else:
            talking.answer(scene, done.replies)
            self._when_closed(scene, scene.conversation is None)
        return None

    def _go_on(self, scene: Scene, then: Then) -> Inbound | None:
        about = then.community.id if then.community is not None else None
        inbound = replace(scene.inbound, payload=then.payload, about=about)
        return self._take(scene_of(self._house, scene.work, inbound, now=scene.now))


def _is_command(meant: Commanded) -> bool:
    """Whether words are a command as a whole, and not a sentence that begins like one."""
    command = find(meant.name)
    return command is not None and (command.takes or not meant.rest)


def _may(scene: Scene, command: Command) -> bool:
    return command.may(scene.member.role, is_owner=command.owners and scene.is_owner)


def _may_answer(asked: Asked) -> bool:
    if asked.scene.member.role.may(asked.put.role):
        return True
    return asked.command.owners and asked.scene.is_owner


def _choice(scene: Scene, asked: Asked) -> str | None:
    payload = scene.inbound.payload
    if isinstance(payload, Chose):
        return payload.choice if payload.choice in {o.name for o in asked.options} else None
    if isinstance(payload, Said):
        rules = scene.house.interviews.rules(scene.wording.language)
        return typed_option(asked.options, payload.text, rules)
    return None


def _takes_words(scene: Scene) -> bool:
    open_now = scene.conversation
    return open_now is not None and scene.engine(open_now).ask.takes_words(open_now)


def _touches_others(inbound: Inbound) -> bool:
    """Whether a turn may change more than its own conversation."""
    match inbound.payload:
        case Commanded(name, rest):
            command = find(name)
            return command is not None and (command.run is not None or bool(rest))
        case Chose(step=str(step)):
            return step.startswith("?")
        case _:
            return False
