from collections.abc import Iterator
from zoneinfo import available_timezones

from bot.commands.command import Call, Command, Outcome


def zone_named(text: str) -> str | None:
    """The IANA zone that somebody means: by its name, or by its city where that is plain."""
    wanted = text.strip().casefold().replace(" ", "_")
    zones = available_timezones()
    whole = next((zone for zone in zones if zone.casefold() == wanted), None)
    cities = [zone for zone in zones if zone.rpartition("/")[2].casefold() == wanted]
    return whole or (cities[0] if len(cities) == 1 else None)


def _timezone(call: Call) -> Iterator[Outcome]:
    """By which clock somebody is written to."""
    if not call.rest:
        zone = call.member.timezone or call.community.timezone
        yield call.say("timezone-now", zone=zone)
        return
    found = zone_named(call.rest)
    if found is None:
        yield call.say("timezone-unknown", zone=call.rest)
    else:
        call.work.members.change(call.member.id, timezone=found)
        yield call.say("timezone-set", zone=found)


TIMEZONE = Command(name="timezone", run=_timezone, takes=True, anywhere=True)
