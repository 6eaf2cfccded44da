"""One reminder of a story that was begun and left alone."""

from datetime import datetime, time, timedelta

from bot.house import House
from bot.pausing import Pause
from bot.prompts import offer_draft, scene_unasked
from flows.clocks import shown_at
from flows.hours import next_allowed
from storage.reminders import Idle
from storage.unit_of_work import Work

FEW = 20
"""Reminders that are put into the outbox in one transaction."""

ALONE = timedelta(days=1)
"""A story that nobody went on with for so long was left alone."""

TOO_LATE = timedelta(days=8)
"""Nobody is reminded of a story that they left alone for longer."""

MORNING = time(9), time(12)
"""By the clock of whoever told it."""


def are_due(house: House, work: Work, now: datetime) -> bool:
    return any(_may_come(each, now) for each in _idle(work, now))


def remind(house: House, work: Work, now: datetime) -> Pause:
    """Some of those whose morning it is, once each."""
    due = [each for each in _idle(work, now) if _may_come(each, now)]
    for idle in due[:FEW]:
        _remind(house, work, idle, now)
        # After the member's row was locked: a turn takes the two in this order.
        work.reminders.reminded(idle.conversation, now=now)
    return 0 if len(due) > FEW else None


def _idle(work: Work, now: datetime) -> list[Idle]:
    return work.reminders.idle(since=now - TOO_LATE, until=now - ALONE)


def _may_come(idle: Idle, now: datetime) -> bool:
    start, end = MORNING
    is_morning = start <= shown_at(now, idle.zone).time() < end
    return is_morning and next_allowed(now, idle.hours, idle.zone) == now


def _remind(house: House, work: Work, idle: Idle, now: datetime) -> None:
    is_snoozed = idle.snoozed_until is not None and idle.snoozed_until > now
    if idle.wants_none or is_snoozed:
        return
    scene = scene_unasked(house, work, idle.member, idle.community, now=now)
    if scene is None or scene.conversation is None or scene.conversation.id != idle.conversation:
        return
    open_now = work.conversations.active_of(idle.member)
    if any(now - each.turned_at < ALONE for each in open_now):
        return  # they tell another story, in another community
    offer_draft(scene, scene.conversation)
