"""`storytrail run` with duties made up for a test: they count in a table of their own."""

import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from bot import background, duties, logs
from bot.app import opened
from bot.duties import Duty
from bot.house import House
from bot.pausing import Pause
from bot.running import run
from config.settings import load_settings
from storage.unit_of_work import Work

MARKS = "CREATE TABLE marks (duty TEXT, n INTEGER, pid INTEGER, PRIMARY KEY (duty, n))"

MARKER = "quillwort"
"""A word that somebody said, and that must be in no log."""

DAY = timedelta(days=1)
"""Whoever is looked at only so often is not begun a second time within a test."""


def count_of(name: str) -> str:
    return f"SELECT count(*) FROM marks WHERE duty = '{name}'"  # names of this file


def _counting(name: str, *, total: int, pause: Pause, every: timedelta = DAY) -> Duty:
    """Counts up to `total`, one in a piece, and says by which process."""

    def waits(house: House, work: Work, now: datetime) -> bool:
        return _count(work, name) < total

    def piece(house: House, work: Work, now: datetime) -> Pause:
        n = _count(work, name)
        if n >= total:
            return None
        mark = text("INSERT INTO marks VALUES (:duty, :n, :pid)")
        _do(work).execute(mark, {"duty": name, "n": n, "pid": os.getpid()})
        return pause

    return Duty(name=name, waits=waits, piece=piece, every=every)


def _do(work: Work) -> Connection:
    return work._connection


def _count(work: Work, name: str) -> int:
    return int(_do(work).execute(text(count_of(name))).scalar_one())


def _broken(house: House, work: Work, now: datetime) -> Pause:
    mark = text("INSERT INTO marks VALUES ('broken', :n, 0)")
    _do(work).execute(mark, {"n": _count(work, "broken")})
    raise ValueError(MARKER)


def _confused(house: House, work: Work, now: datetime) -> bool:
    raise KeyError(MARKER)


MADE = {
    each.name: each
    for each in (
        _counting("many", total=40, pause=0.05),
        _counting("few", total=3, pause=0),
        _counting("endless", total=10**9, pause=0),
        _counting("resting", total=10**9, pause=3600),
        Duty(name="broken", waits=lambda *_: True, piece=_broken, every=DAY),
        Duty(name="confused", waits=_confused, piece=_broken, every=DAY),
    )
}


def main(names: Sequence[str]) -> None:
    background.MOST, background.MISSED = 7, 1
    duties.DUTIES = tuple(MADE[name] for name in names)
    settings = load_settings()
    logs.set_up(settings)
    with opened(settings) as app:
        asyncio.run(run(app))


if __name__ == "__main__":
    main(sys.argv[1:])
