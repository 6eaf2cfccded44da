import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from bot.commands.command import Asks as AsksThem
from bot.commands.command import Call, Command, Outcome, Question, Values
from bot.commands.prompt import foreseen, left_out, today
from bot.commands.wanted import read_wanted
from flows.cadence import occurrences, read_cadence
from flows.clocks import day_at, earliest, shown_at
from flows.dates import NotUnderstood
from flows.messages import Option, Say
from flows.prompting import Foreseen, LeftOut
from storage.audit import Action
from storage.members import Role
from storage.schedules import Plan, Schedule, ScheduleStatus

SHOWN = 5
"""The next rounds that a coordinator sees before a schedule is saved."""

MOST = 20
"""Schedules of one community."""

ONE = re.compile(r"(pause|resume|end|change)\s+#?(\d{1,15})(?:\s+(.+))?", re.I | re.S)


@dataclass(frozen=True, slots=True)
class _Meant:
    """A schedule as it is to be, and the times and days of its next rounds."""

    plan: Plan
    times: list[datetime]
    days: list[date]


def _schedule(call: Call) -> Iterator[Outcome]:
    """Those there are; a new one; or one paused, resumed, changed or ended, by its number."""
    one = ONE.fullmatch(call.rest)
    if not call.rest:
        yield call.lines(_listed(call))
    elif one is not None and one[1].casefold() != "change":
        yield from _set(call, one[1].casefold(), int(one[2]))
    elif one is not None and not one[3]:
        yield call.say("schedule-how")
    elif one is not None:
        yield from _proposed(call, one[3], int(one[2]))
    elif len(call.work.schedules.of(call.community.id)) >= MOST:
        yield call.say("schedule-too-many", most=MOST)
    else:
        yield from _proposed(call, call.rest, None)


def _proposed(call: Call, text: str, number: int | None) -> Iterator[Outcome]:
    """What it would come to, and whether to save it."""
    old = _known(call, number)
    if number is not None and old is None:
        yield call.say("schedule-unknown", number=number)
        return
    meant = _meant(call, text)
    if isinstance(meant, Say):
        yield meant
        return
    phrase = meant.plan.phrase
    heading = call.word("schedule-new", phrase=phrase)
    if old is not None:
        heading = call.word("schedule-changes", number=old.id, before=old.phrase, phrase=phrase)
    yield AsksThem(
        {
            "text": text,
            "number": number,
            "revision": old.revision if old is not None else 0,
            # Counted here, beside the writer, and shown as it was counted.
            "shown": "\n".join([heading, *_preview(call, meant)]),
        }
    )


def _ask(call: Call, values: Values) -> tuple[str, tuple[Option, ...]] | None:
    return values["shown"], (
        call.option("save", "schedule-choice-save"),
        call.option("leave", "schedule-choice-leave"),
    )


def _preview(call: Call, meant: _Meant) -> Iterator[str]:
    """The next rounds by the community's clock, how many each would reach, and why not others."""
    plan = meant.plan
    found = foreseen(call, plan.asks.whom, list(zip(meant.times, meant.days, strict=True)))
    for at, each in zip(meant.times, found, strict=True):
        yield call.word(
            "schedule-round",
            date=shown_at(at, plan.cadence.zone),
            reached=each.reached,
            lately=each.left_out.get(LeftOut.OVER_CAP, 0),
        )
    yield call.word("schedule-zone", zone=plan.cadence.zone)
    if not any(each.reached for each in found):
        yield call.word("schedule-nobody")
    others = Counter(found[0].left_out)
    del others[LeftOut.OVER_CAP]  # told of each round
    yield from left_out(call, Foreseen(found[0].reached, others))


def _chosen(call: Call, values: Values, choice: str) -> Iterator[Outcome]:
    meant = _meant(call, values["text"])
    if choice == "leave" or isinstance(meant, Say):
        yield call.say("schedule-left")
        return
    schedules, number = call.work.schedules, values["number"]
    if number is None and len(schedules.of(call.community.id)) >= MOST:
        yield call.say("schedule-too-many", most=MOST)
        return
    if number is None:
        made = schedules.add(call.community.id, meant.plan, made_by=call.member.id, now=call.now)
        yield call.did(Action.SCHEDULE_MADE, number=made)
        yield call.say("schedule-saved", number=made)
        return
    old = _known(call, number)
    if old is None:
        yield call.say("schedule-unknown", number=number)
    elif old.revision != values["revision"] or not schedules.change(old, meant.plan):
        yield call.say("schedule-changed-meanwhile", number=number, phrase=old.phrase)
    else:
        yield call.did(Action.SCHEDULE_CHANGED, number=number)
        yield call.say("schedule-saved", number=number)


def _set(call: Call, what: str, number: int) -> Iterator[Outcome]:
    old = _known(call, number)
    if old is None:
        yield call.say("schedule-unknown", number=number)
        return
    status = {
        "pause": ScheduleStatus.PAUSED,
        "resume": ScheduleStatus.ACTIVE,
        "end": ScheduleStatus.ENDED,
    }[what]
    if status is old.status:
        yield call.say(f"schedule-{what}-already", number=number)
        return
    if status is ScheduleStatus.ACTIVE and not _goes_on(call, old):
        yield call.say("schedule-over", number=number)
        return
    if not call.work.schedules.set_status(old, status):
        yield call.say("schedule-changed-meanwhile", number=number, phrase=old.phrase)
        return
    yield call.did(Action.SCHEDULE_CHANGED, number=number, status=status)
    yield call.say(f"schedule-{what}-done", number=number)


def _goes_on(call: Call, old: Schedule) -> bool:
    """Rounds whose time came while it was paused are not made up for."""
    times = list(islice(occurrences(old.cadence, after=call.now), 1))
    if not times:
        return False
    day = day_at(times[0], old.cadence.zone)
    call.work.schedules.move_on(old, day, earliest(day, old.cadence.at))
    return True


# ---- what is meant ----


def _meant(call: Call, text: str) -> _Meant | Say:
    wanted = read_wanted(call, text)
    if isinstance(wanted, Say):
        return wanted
    zone = call.community.timezone
    cadence = read_cadence(wanted.rest, zone=zone, today=today(call))
    if isinstance(cadence, NotUnderstood):
        return call.say(f"cadence-{cadence.fault}", word=cadence.word)
    times = list(islice(occurrences(cadence, after=call.now), SHOWN))
    if not times:
        return call.say("cadence-past", word=wanted.rest)
    days = [day_at(at, zone) for at in times]
    plan = Plan(
        phrase=" ".join(text.split()),
        cadence=cadence,
        asks=wanted.asks,
        next_day=days[0],
        opens_at=earliest(days[0], cadence.at),
    )
    return _Meant(plan, times, days)


def _known(call: Call, number: int | None) -> Schedule | None:
    return call.work.schedules.find(call.community.id, number) if number is not None else None


def _listed(call: Call) -> Iterable[str]:
    found = call.work.schedules.of(call.community.id)
    yield call.word("schedule-list" if found else "schedule-none")
    for each in found:
        paused = "yes" if each.status is ScheduleStatus.PAUSED else "no"
        yield call.word("schedule-line", number=each.id, phrase=each.phrase, paused=paused)
        at = next(occurrences(each.cadence, after=call.now), None)
        if at is not None and each.status is ScheduleStatus.ACTIVE:
            local = shown_at(at, each.cadence.zone)
            yield call.word("schedule-next", date=local, zone=each.cadence.zone)
    yield call.word("schedule-outro" if found else "schedule-how")


def _is_preview(rest: str) -> bool:
    one = ONE.fullmatch(rest)
    return bool(rest) and (one is None or one[1].casefold() == "change")


SCHEDULE = Command(
    name="schedule",
    run=_schedule,
    question=Question(ask=_ask, chosen=_chosen, role=Role.COORDINATOR),
    role=Role.COORDINATOR,
    owners=True,
    takes=True,
    reads_much=_is_preview,
)
