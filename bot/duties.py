"""What is done unasked, a piece at a time. The engine says when, a duty says what."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import checking_back, digest, reminding, rounds, watching
from bot.house import House
from bot.pausing import Pause
from bot.purging import purge
from storage.unit_of_work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """`waits` says whether anything is due, and reads only. `piece` does as much of it as one
    transaction should hold; done twice at once, or again, it does nothing twice. It is looked at
    `every` so often; without that, at each tick."""

    name: str
    waits: Callable[[House, Work, datetime], bool]
    piece: Callable[[House, Work, datetime], Pause]
    every: timedelta = timedelta(0)


def _always(house: House, work: Work, now: datetime) -> bool:
    return True


def _purge(house: House, work: Work, now: datetime) -> Pause:
    purge(house, work, now=now)
    return None


DUTIES: tuple[Duty, ...] = (
    Duty(name="rounds", waits=rounds.wait, piece=rounds.go_on),
    Duty(name="nudge", waits=rounds.is_to_nudge, piece=rounds.nudge),
    Duty(name="check-back", waits=checking_back.are_due, piece=checking_back.ask),
    Duty(
        name="remind",
        waits=reminding.are_due,
        piece=reminding.remind,
        every=timedelta(minutes=10),
    ),
    Duty(name="digest", waits=digest.is_due, piece=digest.send, every=timedelta(minutes=10)),
    Duty(name="watch", waits=watching.has_changed, piece=watching.show),
    Duty(name="end", waits=rounds.is_ending, piece=rounds.end),
    Duty(
        name="set-back", waits=rounds.is_ahead, piece=rounds.set_back, every=timedelta(minutes=10)
    ),
    Duty(name="purge", waits=_always, piece=_purge, every=timedelta(hours=6)),
)
