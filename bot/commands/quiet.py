from collections.abc import Iterator

from bot.commands.command import Call, Command, Outcome
from flows.dates import NotUnderstood
from flows.hours import Hours, read_days, read_hours
from flows.messages import Wording
from storage.mapping import hours_values

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _quiet(call: Call) -> Iterator[Outcome]:
    """The hours and days on which somebody is not written to unasked: `21:00-8:00`, `sat sun`."""
    own = call.work.prompting.of(call.member.id).hours
    now = own or call.work.communities.asked(call.community.id).hours if call.community.id else own
    if not call.rest:
        yield call.say("quiet-now", hours=told(call.wording, now or Hours()))
        return
    found = hours_named(call.rest, now or Hours())
    if isinstance(found, NotUnderstood):
        yield call.say("quiet-how")
        return
    call.work.prompting.change(call.member.id, **hours_values(found))
    yield call.say("quiet-set", hours=told(call.wording, found))


def hours_named(text: str, hours: Hours) -> Hours | NotUnderstood:
    """Hours, days, or `off`, which is neither."""
    if text.strip().casefold() == "off":
        return Hours()
    found = read_hours(text, hours)
    return read_days(text, hours) if isinstance(found, NotUnderstood) else found


def told(wording: Wording, hours: Hours) -> str:
    """In words."""
    parts: list[str] = []
    if hours.quiet_from is not None and hours.quiet_to is not None:
        start, end = (each.isoformat("minutes") for each in (hours.quiet_from, hours.quiet_to))
        parts.append(f"{start}–{end}")
    parts += [wording(f"day-{DAYS[day]}") for day in sorted(hours.days_off)]
    return ", ".join(parts) or wording("quiet-never")


QUIET = Command(name="quiet", run=_quiet, takes=True, anywhere=True)
