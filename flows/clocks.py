"""From a day and a time on somebody's wall to an instant, with what daylight saving does to it."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

FIRST_ZONE = timezone(timedelta(hours=14))  # Kiritimati: nowhere does a day begin earlier
LAST_ZONE = timezone(timedelta(hours=-12))  # Baker Island, and ships: nowhere does it end later


def local_moment(day: date, at: time, zone: str) -> datetime:
    """The first instant at which the clocks of an IANA zone show `at` of `day` or later, in UTC.

    So of a time that is repeated it is the first one, and for a time that is skipped the end of the
    gap. That is on the next day where the gap reaches to midnight, or is a whole day: 30 December
    2011 of Pacific/Apia began and ended as the 31st began. Raises what ZoneInfo raises for a zone
    that there is not, and OverflowError at either end of the calendar.
    """
    clock = ZoneInfo(zone)
    wall = datetime.combine(day, at.replace(tzinfo=None, fold=0))
    moment = wall.replace(tzinfo=clock).astimezone(UTC)
    if _shown(moment, clock) == wall:
        return moment
    # In a gap. Read with the offset from after it, the time lies before the gap, and the other way
    # round. zoneinfo does not tell its transitions, so we look for this one between the two.
    before = wall.replace(tzinfo=clock, fold=1).astimezone(UTC)
    seconds = range(int(before.timestamp()), int(moment.timestamp()) + 1)
    end = bisect_left(
        seconds, True, key=lambda second: _shown(datetime.fromtimestamp(second, UTC), clock) > wall
    )
    return datetime.fromtimestamp(seconds[end], UTC)


def day_at(moment: datetime, zone: str) -> date:
    """The day that a clock of an IANA zone shows at a moment."""
    return moment.astimezone(ZoneInfo(zone)).date()


def shown_at(moment: datetime, zone: str) -> datetime:
    """What such a clock shows then, without a zone."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def earliest(day: date, at: time) -> datetime:
    """The first instant at which it is `at` of `day` anywhere on earth (UTC+14)."""
    return datetime.combine(day, at, FIRST_ZONE).astimezone(UTC)


def latest(day: date, at: time) -> datetime:
    """The last instant at which it is `at` of `day` anywhere on earth (UTC-12)."""
    return datetime.combine(day, at, LAST_ZONE).astimezone(UTC)


def is_zone(name: str) -> bool:
    """Whether there is an IANA zone of this name."""
    try:
        ZoneInfo(name)
    except (LookupError, OSError, ValueError):  # unknown; a folder such as "America"; no such path
        return False
    return True


def _shown(moment: datetime, clock: ZoneInfo) -> datetime:
    return moment.astimezone(clock).replace(tzinfo=None, fold=0)
