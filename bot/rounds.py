"""Rounds of prompts, a piece at a time: begun, planned, put into the outbox, ended."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.house import House
from bot.pausing import HELD, Pause
from bot.prompts import BUSY, Opening, ask_for_story, is_busy, remind, scene_unasked
from flows.cadence import days
from flows.clocks import day_at, earliest, latest, local_moment
from flows.hours import next_allowed
from flows.prompting import Asking, LeftOut, Whom, why_left_out
from storage.candidates import Candidate
from storage.deliveries import Asked, Delivery, DeliveryStatus, Planned
from storage.members import MemberId
from storage.rounds import Round
from storage.schedules import Schedule
from storage.unit_of_work import Work

PIECE = 500
"""Members that are planned in one transaction."""

FEW = 8
"""Prompts that are put into the outbox in one transaction: somebody's reply waits for no more."""

FULL = 2.0  # seconds that nothing more is put where enough waits to be sent

STANDS = timedelta(minutes=1)
"""So long a prompt waits in the outbox at most where prompts are being sent."""

NUDGE = timedelta(days=1)
"""How long a reminder may wait to be sent."""

LOST = timedelta(hours=1)
"""So long after its window closed, what waits in the outbox has nobody who sends it."""


def wait(house: House, work: Work, now: datetime) -> bool:
    """Whether a round is to begin, to be planned or to be sent."""
    return (
        work.schedules.is_due(now)
        or work.rounds.planning() is not None
        or work.deliveries.is_due(now)
    )


def go_on(house: House, work: Work, now: datetime) -> Pause:
    """What comes first: so a round that begins is sent without waiting for the next tick."""
    if work.schedules.is_due(now):
        return begin(house, work, now)
    if work.rounds.planning() is not None:
        return plan(house, work, now)
    return put(house, work, now)


# ---- beginning ----


def begin(house: House, work: Work, now: datetime) -> Pause:
    """The next round of one schedule. One that nobody could be sent any more is marked missed."""
    schedule = work.schedules.due(now)
    if schedule is None or schedule.next_day is None:  # another process has it
        return None
    cadence, day = schedule.cadence, schedule.next_day
    closes = latest(day, cadence.at) + timedelta(hours=schedule.asks.window_hours)
    work.rounds.begin(schedule, day, missed=closes <= now, now=now)
    following = next(days(cadence, after=day), None)
    opens_at = earliest(following, cadence.at) if following is not None else None
    work.schedules.move_on(schedule, following, opens_at)
    return 0


# ---- planning ----


def plan(house: House, work: Work, now: datetime) -> Pause:
    """Some of a round's members: the hour at which each is asked, or why they are not."""
    of = work.rounds.planning(lock=True)
    if of is None:  # another process has it
        return None
    found = work.candidates.of(
        of.community, of.asks.whom, house.reach, after=of.planned_to, most=PIECE
    )
    work.deliveries.plan(of.id, [planned_for(of, each, now=now) for each in found])
    work.rounds.planned_to(of, found[-1].member if len(found) == PIECE else None)
    return 0


def planned_for(of: Round, who: Candidate, *, now: datetime) -> Planned:
    """When this member is asked, by their own clock and outside their quiet hours; or why not."""
    hour = local_moment(of.day, of.at, who.zone) if of.at is not None else of.made_at
    until = hour + timedelta(hours=of.asks.window_hours)
    due = next_allowed(max(hour, min(now, until)), who.hours, who.zone)
    if due is None or (due >= until and now < until):
        return Planned(member=who.member, reason=LeftOut.ALONE)
    reason = why_left_out(who.asking, at=due, day=day_at(due, who.zone))
    if reason is not None:
        return Planned(member=who.member, reason=reason)
    status = DeliveryStatus.MISSED if until <= now else DeliveryStatus.PLANNED
    return Planned(member=who.member, due_at=due, until=until, status=status)


# ---- sending ----


def put(house: House, work: Work, now: datetime) -> Pause:
    """Some of what is due, into the outbox, where not too much waits there already."""
    if not work.deliveries.is_due(now):
        return None
    queue = work.deliveries.queue()
    room = house.backlog - queue.length
    if room <= 0:  # where nothing is sent for so long, the next tick looks again
        return FULL if queue.since is not None and now - queue.since < STANDS else None
    # Of two rounds that ask one member, the second is looked at once the first has asked.
    found = work.deliveries.due(now, most=min(FEW, room))
    if not found:
        return HELD
    due = list({each.member: each for each in reversed(found)}.values())[::-1]
    rounds = {number: work.rounds.find(number) for number in {each.round for each in due}}
    who: dict[MemberId, Candidate] = {}
    for of in rounds.values():
        if of is not None:
            who |= _known(house, work, of, [each.member for each in due if each.round == of.id])
    for delivery in due:
        of = rounds[delivery.round]
        if of is not None:
            _put(house, work, of, delivery, who.get(delivery.member), now)
    return 0


def _known(
    house: House, work: Work, of: Round, members: Collection[MemberId]
) -> dict[MemberId, Candidate]:
    """What is known by now of these members of a round, those who have left left out."""
    found = work.candidates.of(of.community, Whom(), house.reach, only=members)
    return {each.member: each for each in found}


def _put(
    house: House, work: Work, of: Round, delivery: Delivery, who: Candidate | None, now: datetime
) -> None:
    """One prompt, unless its window has closed, or its member is left alone by now."""
    if delivery.until <= now:
        work.deliveries.miss(delivery)
        return
    if who is None:  # they left
        work.deliveries.leave_out(delivery, LeftOut.NO_CONSENT)
        return
    allowed = next_allowed(now, who.hours, who.zone)
    if allowed is None or allowed > now:
        _put_off(work, delivery, allowed)
        return
    reason = _why_not(who, delivery, now)
    if reason is not None:
        work.deliveries.leave_out(delivery, reason)
        return
    scene = scene_unasked(house, work, who.member, of.community, now=now)
    if scene is None:
        work.deliveries.leave_out(delivery, LeftOut.UNREACHABLE)
    elif is_busy(scene):
        _put_off(work, delivery, now + BUSY)
    else:
        asker = work.members.named(of.asked_by) if of.asked_by not in (None, who.member) else ""
        opening = Opening(delivery=delivery.id, until=delivery.until)
        opened = ask_for_story(scene, opening, anchor=of.asks.anchor, asker=asker)
        work.deliveries.queued(delivery, opened.id)


def _why_not(who: Candidate, delivery: Delivery, now: datetime) -> LeftOut | None:
    asking = who.asking
    if delivery.is_again:  # they said when
        asking = replace(asking, asked_on=None, unanswered=0)
    return why_left_out(asking, at=now, day=day_at(now, who.zone))


def _put_off(work: Work, delivery: Delivery, until: datetime | None) -> None:
    if until is None or until >= delivery.until:
        work.deliveries.miss(delivery)
    else:
        work.deliveries.put_off(delivery, until)


# ---- one reminder ----


def is_to_nudge(house: House, work: Work, now: datetime) -> bool:
    return next(_to_nudge(work, now, lock=False), None) is not None


def nudge(house: House, work: Work, now: datetime) -> Pause:
    """Some of those who did nothing with a prompt, once each, in rounds that allow it."""
    found = next(_to_nudge(work, now, lock=True), None)
    if found is None:
        return None
    of, due = found
    who = _known(house, work, of, [each.member for each in due])
    for asked in due:
        _nudge(house, work, of, asked, who.get(asked.member), now)
    return 0


def _to_nudge(work: Work, now: datetime, *, lock: bool) -> Iterator[tuple[Round, list[Asked]]]:
    for of in work.rounds.running():
        if of.asks.nudge_days is not None:
            sent_until = now - timedelta(days=of.asks.nudge_days)
            due = work.deliveries.to_nudge(
                of.id, sent_until=sent_until, now=now, most=FEW, lock=lock
            )
            if due:
                yield of, due


def _nudge(
    house: House, work: Work, of: Round, asked: Asked, who: Candidate | None, now: datetime
) -> None:
    allowed = next_allowed(now, who.hours, who.zone) if who is not None else None
    if allowed is not None and allowed > now:
        work.deliveries.nudge_later(asked.delivery, allowed)
        return
    scene = scene_unasked(house, work, asked.member, of.community, now=now)
    if scene is not None and is_busy(scene):
        work.deliveries.nudge_later(asked.delivery, now + BUSY)
        return
    work.deliveries.nudged(asked.delivery, now=now)
    if who is None or scene is None or allowed is None or _is_left_alone(who.asking, now):
        return
    open_now = scene.conversation
    if open_now is not None and open_now.id == asked.conversation:
        remind(scene, open_now, until=now + NUDGE)


def _is_left_alone(asking: Asking, now: datetime) -> bool:
    never_asked = replace(asking, asked_on=None, unanswered=0)
    return why_left_out(never_asked, at=now, day=now.date()) is not None


# ---- ending ----


def is_ending(house: House, work: Work, now: datetime) -> bool:
    return any(of.over_at <= now for of in work.rounds.running())


def end(house: House, work: Work, now: datetime) -> Pause:
    """Rounds whose time is over. What nobody sent is marked missed."""
    work.outbox.lost(now - LOST, at=now)
    work.deliveries.lost(now - LOST)
    for of in work.rounds.running():
        if of.over_at <= now and not work.deliveries.are_waiting(of.id):
            work.rounds.end(of)
    return None


# ---- a clock that jumped ----


def is_ahead(house: House, work: Work, now: datetime) -> bool:
    return any(_next_of(schedule, now) is not None for schedule in work.schedules.ahead(now))


def set_back(house: House, work: Work, now: datetime) -> Pause:
    """A schedule that went too far while the clock was ahead goes on from now. Its rounds of days
    that are yet to come can come on them."""
    for schedule in work.schedules.ahead(now):
        day = _next_of(schedule, now)
        if day is not None:
            work.rounds.set_back(schedule, day)
            work.deliveries.set_back(now)
            work.schedules.move_on(schedule, day, earliest(day, schedule.cadence.at))
    return None


def _next_of(schedule: Schedule, now: datetime) -> date | None:
    """The day of its next round, where that is sooner than is known of it."""
    cadence = schedule.cadence
    for day in days(cadence, after=(now - timedelta(days=2)).date()):
        if schedule.next_day is None or day >= schedule.next_day:
            return None
        if earliest(day, cadence.at) > now:
            return day
    return None
