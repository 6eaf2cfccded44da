from collections.abc import Iterator
from datetime import timedelta

from bot.commands.command import Call, Command
from flows.cadence import occurrences
from flows.clocks import shown_at
from flows.messages import Reply
from storage.communities import Community
from storage.members import Role
from storage.schedules import ScheduleStatus
from storage.stories import StoryStatus

LATELY = timedelta(days=7)
"""Failures of this time are shown."""

SOON = timedelta(minutes=5)
"""What takes longer than this is stuck."""


def _status(call: Call) -> Iterator[Reply]:
    """Whether a story is open and how much of it is told; what was sent, what waits. Below that,
    for those who ask for stories or run the bot, how things stand."""
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
    if not call.is_public and _may_see(call):
        lines += ["", *_how_things_stand(call)]
    yield call.lines(lines)


def _may_see(call: Call) -> bool:
    return call.is_owner or (bool(call.community.id) and call.member.role.may(Role.COORDINATOR))


def _how_things_stand(call: Call) -> Iterator[str]:
    """Of the community they speak in; for an owner who belongs to none, of all of them."""
    here = [call.community] if call.community.id else call.work.communities.all()
    of = [call.community.id] if call.community.id else None
    rounds = [line for community in here for line in _rounds(call, community)]
    yield from rounds or [call.word("status-round-none")]
    queue = call.work.standing.queue(of)
    yield call.word("status-queue", prompts=queue.prompts, replies=queue.replies)
    failed = call.work.standing.failed(of, since=call.now - LATELY)
    stuck = call.work.standing.stuck(of, since=call.now - LATELY, before=call.now - SOON)
    counted = {
        "status-failed-inputs": failed.inputs,
        "status-failed-messages": failed.messages,
        "status-missed-rounds": failed.rounds,
        "status-stuck-questions": stuck.questions,
        "status-stuck-inputs": stuck.inputs,
    }
    yield from (call.word(key, count=count) for key, count in counted.items() if count)


def _rounds(call: Call, community: Community) -> Iterator[str]:
    """The next round of each schedule that goes on, by the community's clock."""
    for schedule in call.work.schedules.of(community.id):
        at = next(occurrences(schedule.cadence, after=call.now), None)
        if at is not None and schedule.status is ScheduleStatus.ACTIVE:
            local = shown_at(at, community.timezone)
            yield call.word("status-round", date=local, phrase=schedule.phrase)


STATUS = Command(name="status", run=_status, anywhere=True)
