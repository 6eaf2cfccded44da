from collections.abc import Iterator

from bot.commands.command import Call, Command
from bot.commands.reference import reference
from flows.messages import Reply
from storage.stories import StoryStatus


def _withdraw(call: Call) -> Iterator[Reply]:
    """Take one of one's own stories back: from then on no summary and no export has it."""
    if not call.rest:
        yield call.say("withdraw-which")
        return
    ref = reference(call.rest) or call.rest
    was = call.work.stories.withdraw(call.member.id, ref, now=call.now)
    if was is None:
        yield call.say("read-unknown", ref=ref)
    elif was is StoryStatus.WITHDRAWN:
        yield call.say("withdraw-already", ref=ref)
    else:
        yield call.say("withdraw-done", ref=ref)


WITHDRAW = Command(name="withdraw", run=_withdraw, takes=True)
