"""What a command brings about, done within its turn."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

from bot import talking
from bot.commands import asking
from bot.commands.command import Asks, Command, Ends, Outcome, Reopens, Takes, Tells, Then
from bot.commands.command import Question as CommandQuestion
from bot.scene import Scene, scene_in, scene_with
from flows.conversation import Conversation
from flows.messages import Ask, Noted, Option, Reply, Review, Say, Send
from storage.audit import Entry
from storage.members import MemberId
from storage.questions import Question, QuestionStatus

QUIET = timedelta(hours=1)
"""Whoever has not gone on with an open story for so long may be asked something else."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command's question as it stands now, in the community it is about."""

    scene: Scene
    command: Command
    put: CommandQuestion
    text: str
    options: tuple[Option, ...]

    def reply(self, question: Question) -> Ask:
        return Ask(
            text=self.text,
            options=self.options,
            step=question.step,
            revision=0,
            conversation=0,
            takes_words=False,
        )


def open_question(scene: Scene, question: Question) -> Asked | None:
    """None where there is nothing to ask any more."""
    command = asking(question.command)
    if command is None or command.question is None:
        return None
    there = scene
    if question.community is not None and question.community != scene.community.id:
        community = scene.work.communities.known(question.community)
        if community is None:
            return None
        role = scene.work.members.role(scene.member.id, community.id)
        there = scene_in(scene, community, role)
    found = command.question.ask(there.call(), question.values)
    return Asked(there, command, command.question, *found) if found is not None else None


class Outcomes:
    """`replies` are for whoever called; `asked` whether one of them is a question to them."""

    def __init__(self, scene: Scene, command: Command) -> None:
        self._scene = scene
        self._command = command
        self.replies: list[Reply] = []
        self.asked = False
        self.ended = False
        self.then: Then | None = None
        self.reopened: Conversation | None = None

    def carry_out(self, outcomes: Iterable[Outcome]) -> None:
        scene = self._scene
        for outcome in outcomes:
            match outcome:
                case Say() | Noted() | Ask() | Review() | Send():
                    self.replies.append(outcome)
                case Entry():
                    scene.work.audit.add(outcome, now=scene.now)
                case Tells(to, key, values):
                    talking.tell(scene, to, key, **values)
                case Asks(values, to, command) if to is not None:
                    self._ask_other(to, command or self._command.name, dict(values))
                case Asks(values):
                    self._ask(dict(values))
                case Then():
                    self.then = outcome
                case Takes(conversation, wording):
                    talking.take(scene, conversation, wording)
                case Ends(puts_aside):
                    self.ended = True
                    if puts_aside and scene.conversation is not None:
                        talking.put_aside(scene, scene.conversation)
                case Reopens(conversation):
                    self.reopened = scene.work.conversations.load(conversation)
                case _:
                    assert_never(outcome)

    def _ask(self, values: dict[str, object]) -> None:
        scene = self._scene
        question = scene.work.questions.ask(
            scene.member.id,
            scene.community.id or None,
            self._command.name,
            values,
            now=scene.now,
        )
        asked = open_question(scene, question)
        if asked is None:
            scene.work.questions.close(question)
        else:
            self.replies.append(asked.reply(question))
            self.asked = True

    def _ask_other(self, to: MemberId, command: str, values: dict[str, object]) -> None:
        scene = self._scene
        scene.work.questions.ask(
            to,
            scene.community.id or None,
            command,
            values,
            now=scene.now,
            status=QuestionStatus.WAITING,
        )
        theirs = scene_with(scene.house, scene.work, to, now=scene.now)
        if theirs is not None:
            ask_what_waits(theirs)


def ask_what_waits(scene: Scene) -> None:
    """Put the question that has waited longest, if nothing else is open with this person."""
    if scene.question is not None or _is_busy(scene):
        return
    while (question := scene.work.questions.waiting(scene.member.id)) is not None:
        asked = open_question(scene, question)
        if asked is not None:
            scene.work.questions.asked(question, now=scene.now)
            talking.put(scene, [asked.reply(question)])
            return
        scene.work.questions.close(question)


def _is_busy(scene: Scene) -> bool:
    open_now = scene.conversation
    return open_now is not None and scene.now - open_now.turned_at < QUIET
