from collections.abc import Iterator
from dataclasses import replace
from datetime import time

from bot.commands.command import Call, Command, Ends, Outcome
from flows.clocks import day_at, local_moment
from flows.dates import CadenceFault, NotUnderstood, read_until
from flows.messages import Say


def _snooze(call: Call) -> Iterator[Outcome]:
    """Nobody is asked before the day they name; `off` ends that, and what `/stop` began."""
    zone = call.member.timezone or call.community.timezone
    wishes = call.work.prompting.of(call.member.id)
    rest = call.rest.casefold()
    if rest in ("off", "end", "stop"):
        call.work.prompting.change(call.member.id, snoozed_until=None, stopped_at=None)
        yield call.say("snooze-off")
        return
    if not rest:
        if wishes.stopped_at is not None:
            yield call.say("snooze-stopped")
        elif wishes.snoozed_until is not None and wishes.snoozed_until > call.now:
            until = day_at(wishes.snoozed_until, zone)
            yield call.say("snooze-now", date=until)
        else:
            yield call.say("snooze-how")
        return
    day = read_until(call.rest, today=day_at(call.now, zone))
    if isinstance(day, NotUnderstood):
        fault = day.fault if day.fault in (CadenceFault.PAST, CadenceFault.FAR) else "unknown"
        yield call.say(f"snooze-{fault}")
        return
    call.work.prompting.change(call.member.id, snoozed_until=local_moment(day, time(), zone))
    yield from no_prompt(call, call.say("snooze-until", date=day))


def no_prompt(call: Call, said: Say) -> Iterator[Outcome]:
    """Who does not want to be asked is not asked once more what is open now."""
    if call.conversation is not None and call.conversation.is_asked_for:
        yield Ends(puts_aside=True)
        said = replace(said, ends=True)
    yield said


SNOOZE = Command(name="snooze", run=_snooze, takes=True, anywhere=True)
