from collections.abc import Iterator

from bot.commands.command import Call, Command
from flows.messages import Reply
from storage.stories import StoryStatus


def _status(call: Call) -> Iterator[Reply]:
    """Whether a story is open and how much of it is told; what was sent, what waits."""
    open_now = call.conversation
    lines = [call.word("status-none")]
    if open_now is not None and open_now.submitted_at is not None:
        lines = [call.word("status-open-sent", ref=open_now.ref)]
    elif open_now is not None:
        answered = len({answer.step for answer in open_now.live})
        lines = [call.word("status-open", answered=answered, date=open_now.started_at.date())]
    sent = [
        story for story in call.work.stories.of(call.member.id) if story.status is StoryStatus.SENT
    ]
    parked = call.work.conversations.parked(call.member.id)
    if sent or parked:
        lines.append(call.word("status-sent", sent=len(sent), parked=len(parked)))
    yield call.lines(lines)


STATUS = Command(name="status", run=_status, anywhere=True)
