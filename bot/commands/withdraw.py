from collections.abc import Iterator

from bot.commands.command import Asks, Call, Command, Ends, Outcome, Question, Values
from bot.commands.reference import reference
from flows.messages import Option
from storage.audit import Action
from storage.erasure import KEEPS_WITHDRAWN
from storage.stories import Kept, StoryStatus


def _withdraw(call: Call) -> Iterator[Outcome]:
    """Take one of one's own stories back: from then on no summary and no export has it."""
    if not call.rest:
        yield call.say("withdraw-which")
        return
    ref = reference(call.rest)
    own = call.work.stories.own(call.member.id, ref) if ref is not None else None
    if own is None:
        yield call.say("read-unknown", ref=ref or call.rest)
        return
    if own.status is StoryStatus.SENT:
        call.work.stories.withdraw(own, now=call.now)
        yield call.told(Action.STORY_WITHDRAWN, own.ref)
        yield call.say("withdraw-done", ref=own.ref)
    yield Asks({"ref": own.ref})


def _ask(call: Call, values: Values) -> tuple[str, tuple[Option, ...]] | None:
    own = _withdrawn(call, values)
    if own is None or own.withdrawn_at is None:
        return None
    until = (own.withdrawn_at + KEEPS_WITHDRAWN).date()
    return call.word("withdraw-ask", ref=own.ref, until=until), (
        call.option("erase", "withdraw-choice-erase"),
        call.option("restore", "withdraw-choice-restore"),
        call.option("leave", "withdraw-choice-leave"),
    )


def _chosen(call: Call, values: Values, choice: str) -> Iterator[Outcome]:
    own = _withdrawn(call, values)
    if own is None or choice == "leave":
        yield call.say("withdraw-left", ref=values["ref"])
    elif choice == "restore":
        call.work.stories.restore(own)
        yield call.told(Action.STORY_RESTORED, own.ref)
        yield call.say("withdraw-restored", ref=own.ref)
    else:
        call.work.erasure.erase_conversation(own.conversation, now=call.now)
        yield call.told(Action.STORY_ERASED, own.ref)
        if call.conversation is not None and call.conversation.id == own.conversation:
            yield Ends()  # it was open: to ask again would keep its words anew
        yield call.say("withdraw-erased", ref=own.ref)


def _withdrawn(call: Call, values: Values) -> Kept | None:
    own = call.work.stories.own(call.member.id, values["ref"])
    return own if own is not None and own.status is StoryStatus.WITHDRAWN else None


WITHDRAW = Command(
    name="withdraw",
    run=_withdraw,
    question=Question(ask=_ask, chosen=_chosen, insists=False),
    takes=True,
    anywhere=True,
)
