from collections.abc import Iterator

from bot.commands.command import Call, Command
from flows.asking import QUOTE_LENGTH
from flows.conversation import Conversation
from flows.messages import Reply
from flows.record import quotation
from storage.stories import Listed, StoryStatus


def _mystories(call: Call) -> Iterator[Reply]:
    """One's own stories in every community, and what was begun in this one."""
    sent = call.work.stories.of(call.member.id)
    parked = call.work.conversations.parked(call.member.id)
    several = len({story.community for story in sent} | {call.community.id}) > 1
    lines = [_sent(call, story, names_community=several) for story in sent]
    lines += [_draft(call, draft, "mystories-draft") for draft in parked]
    if call.conversation is not None and call.conversation.is_draft:
        lines.append(_draft(call, call.conversation, "mystories-draft-open"))
    if not lines:
        yield call.say("mystories-none")
        return
    yield call.lines([call.word("mystories-intro"), *lines])


def _sent(call: Call, story: Listed, *, names_community: bool) -> str:
    line = _story(call, story)
    if names_community:
        return call.word("mystories-in", line=line, community=story.community_name)
    return line


def _story(call: Call, story: Listed) -> str:
    if story.is_erased:
        return call.word("mystories-erased", ref=story.ref)
    if story.status is StoryStatus.WITHDRAWN:
        return call.word("mystories-withdrawn", ref=story.ref)
    title = story.title or call.word("mystories-untitled")
    key = "mystories-hidden" if story.is_hidden else "mystories-sent"
    return call.word(key, ref=story.ref, date=story.submitted_at.date(), title=title)


def _draft(call: Call, draft: Conversation, key: str) -> str:
    words = next((answer.text for answer in draft.live if answer.text), "")
    about = quotation(words, QUOTE_LENGTH) or call.word("mystories-untitled")
    return call.word(key, about=about)


MYSTORIES = Command(name="mystories", run=_mystories, anywhere=True)
