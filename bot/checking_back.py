"""Stories that are asked about again, when their tellers said that they may be."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.house import House
from bot.pausing import HELD, Pause
from bot.prompts import BUSY, ask_how_it_went, scene_unasked
from bot.scene import Scene
from flows.clocks import day_at
from flows.hours import next_allowed
from flows.prompting import Whom, why_left_out
from storage.candidates import Candidate
from storage.check_backs import CheckBack
from storage.unit_of_work import Work

FEW = 20
"""Questions that are put into the outbox in one transaction: somebody's reply waits for no more."""

LATER = timedelta(days=1)
"""Whoever is left alone now is looked at again after this."""


def are_due(house: House, work: Work, now: datetime) -> bool:
    return work.check_backs.are_due(now)


def ask(house: House, work: Work, now: datetime) -> Pause:
    """Some of those whose time has come. Who can't be asked now makes room for others."""
    if not work.check_backs.are_due(now):
        return None
    if work.deliveries.queue().length >= house.backlog:
        return None  # the next tick looks again
    due = work.check_backs.due(now, most=FEW)
    for row in due:
        held = _held_until(house, work, row, now)
        if held is not None:
            work.check_backs.put_off(row, held)
    return 0 if due else HELD


def _held_until(house: House, work: Work, row: CheckBack, now: datetime) -> datetime | None:
    """None where its teller is asked now."""
    # Read for each one anew: somebody may be asked about two stories at once.
    known = work.candidates.of(row.community, Whom(), house.reach, only=[row.member])
    if not known:
        return now + LATER
    allowed = next_allowed(now, known[0].hours, known[0].zone)
    if allowed != now:
        return allowed or now + LATER
    if _is_left_alone(known[0], now):
        return now + LATER
    scene = scene_unasked(house, work, row.member, row.community, now=now)
    if scene is None:
        return now + LATER
    busy = _busy_until(scene)
    if busy is None:
        ask_how_it_went(scene, row.conversation, row.entry)
        work.check_backs.asked(row.conversation, now=now)
        work.prompting.change(row.member, checked_at=now)
    return busy


def _is_left_alone(who: Candidate, now: datetime) -> bool:
    """They agreed to being asked when they told the story: that is consent enough."""
    asking = replace(who.asking, consents=True)
    return why_left_out(asking, at=now, day=day_at(now, who.zone)) is not None


def _busy_until(scene: Scene) -> datetime | None:
    """While they are in the middle of something, or have begun a story that is open here, or are
    changing one that was sent."""
    open_now = scene.work.conversations.active_of(scene.member.id)
    if any(scene.now - each.turned_at < BUSY and each.has_begun for each in open_now):
        return scene.now + BUSY
    here = scene.conversation
    is_under_way = here is not None and (here.is_draft or (here.submitted_at and here.trail))
    return scene.now + LATER if is_under_way else None
