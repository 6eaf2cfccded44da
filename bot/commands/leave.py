from collections.abc import Iterator

from bot.commands.command import Asks, Call, Command, Ends, Outcome, Question, Values
from flows.messages import Option
from storage.audit import Action
from storage.members import Role
from storage.stories import StoryStatus


def _leave(call: Call) -> Iterator[Outcome]:
    """Leave the community; the stories that were sent stay, or are taken back."""
    yield Asks()


def _ask(call: Call, values: Values) -> tuple[str, tuple[Option, ...]] | None:
    if call.work.members.role(call.member.id, call.community.id) is None:
        return None
    sent = len(_sent(call))
    lines = [call.word("leave-ask", sent=sent)]
    organizers = call.work.members.of(call.community.id, least=Role.ORGANIZER)
    if [person.id for person in organizers] == [call.member.id]:
        lines.append(call.word("leave-last"))
    options = [call.option("stay", "leave-choice-stay"), call.option("leave", "leave-choice-leave")]
    if sent:
        options.append(call.option("withdraw", "leave-choice-withdraw"))
    return "\n".join(lines), tuple(options)


def _chosen(call: Call, values: Values, choice: str) -> Iterator[Outcome]:
    if choice == "stay":
        yield call.say("leave-stayed")
        return
    if choice == "withdraw":
        for ref in _sent(call):
            own = call.work.stories.own(call.member.id, ref)
            if own is not None:
                call.work.stories.withdraw(own, now=call.now)
                yield call.told(Action.STORY_WITHDRAWN, ref)
    call.work.members.leave(call.member.id, call.community.id)
    yield call.did(Action.LEFT)
    yield Ends(puts_aside=True)
    yield call.say("leave-done")


def _sent(call: Call) -> list[str]:
    found = call.work.stories.of(call.member.id)
    return [
        story.ref
        for story in found
        if story.status is StoryStatus.SENT and story.community == call.community.id
    ]


LEAVE = Command(name="leave", run=_leave, question=Question(ask=_ask, chosen=_chosen))
