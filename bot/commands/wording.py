from collections.abc import Iterator

from bot.commands.command import Call, Command, Outcome, Question, Takes, Values
from flows.answers import proposed
from flows.asking import QUOTE_LENGTH
from flows.conversation import Answer, Conversation, ConversationId
from flows.messages import Option
from flows.record import quotation
from storage.stories import StoryStatus


def values_of(conversation: ConversationId, answer: Answer) -> Values:
    """Which wording it is; its words stay with the conversation's, and are erased with them."""
    return {
        "conversation": conversation,
        "step": answer.step,
        "part": answer.part,
        "revision": answer.revision,
    }


def _ask(call: Call, values: Values) -> tuple[str, tuple[Option, ...]] | None:
    found = _found(call, values)
    if found is None:
        return None
    conversation, answer = found
    quote = quotation(answer.text or "", QUOTE_LENGTH)
    options = (call.option("use", "wording-use"), call.option("leave", "wording-leave"))
    return call.word("wording-ask", ref=conversation.ref, quote=quote), options


def _chosen(call: Call, values: Values, choice: str) -> Iterator[Outcome]:
    found = _found(call, values)
    if found is None:
        return
    conversation, answer = found
    if choice == "leave":
        yield call.say("left-as-it-was", ref=conversation.ref)
        return
    yield Takes(conversation, answer)
    yield call.say("wording-used", ref=conversation.ref)


def _found(call: Call, values: Values) -> tuple[Conversation, Answer] | None:
    """The story and its proposed wording, as long as that can be taken."""
    number = ConversationId(values["conversation"])
    story = call.work.stories.of_conversation(number)
    if story is None or story.status is not StoryStatus.SENT:
        return None
    conversation = call.work.conversations.load(number)
    answer = proposed(conversation, values["step"], values["part"], values["revision"])
    return (conversation, answer) if answer is not None else None


WORDING = Command(name="wording", question=Question(ask=_ask, chosen=_chosen, insists=False))
"""Nobody calls it: it is asked where a message of a story that was sent is edited."""
