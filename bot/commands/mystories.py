from collections.abc import Iterator

from bot.commands.command import Call, Command
from flows.asking import QUOTE_LENGTH
from flows.conversation import Conversation
from flows.messages import Reply
from flows.record import quotation
from storage.stories import Listed, StoryStatus


def _mystories(call: Call) -> Iterator[Reply]:
    sent = call.work.stories.of(call.member.id, call.community.id)
    parked = call.work.conversations.parked(call.member.id, call.community.id)
    lines = [_sent(call, story) for story in sent]
    lines += [_draft(call, draft, "mystories-draft") for draft in parked]
    if call.conversation is not None and call.conversation.is_draft:
        lines.append(_draft(call, call.conversation, "mystories-draft-open"))
    if not lines:
        yield call.say("mystories-none")
        return
    yield call.say("lines", lines="\n".join([call.word("mystories-intro"), *lines]))


def _sent(call: Call, story: Listed) -> str:
    if story.status is StoryStatus.WITHDRAWN:
        return call.word("mystories-withdrawn", ref=story.ref)
    title = story.title or call.word("mystories-untitled")
    return call.word("mystories-sent", ref=story.ref, date=story.submitted_at.date(), title=title)


def _draft(call: Call, draft: Conversation, key: str) -> str:
    words = next((answer.text for answer in draft.live if answer.text), "")
    about = quotation(words, QUOTE_LENGTH) or call.word("mystories-untitled")
    return call.word(key, about=about)


MYSTORIES = Command(name="mystories", run=_mystories)
