"""Rounds of prompts: one occurrence of a schedule, or one asked for now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from flows.clocks import latest
from flows.prompting import Asks, LeftOut
from storage.communities import CommunityId
from storage.deliveries import DeliveryStatus, RoundId
from storage.dialects import insert_or_keep
from storage.members import MemberId
from storage.schedules import Schedule, ScheduleId, asks_of, asks_values
from storage.tables import deliveries, rounds

AFTER = timedelta(days=1)
"""So long a round goes on after the last of its members could be asked."""


class RoundStatus(StrEnum):
    PLANNING = "planning"
    RUNNING = "running"
    ENDED = "ended"
    MISSED = "missed"  # the bot was not running while it could have been sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """`at` is by the clock of whoever is asked; None is as soon as each may be written to."""

    id: RoundId
    community: CommunityId
    schedule: ScheduleId | None
    asked_by: MemberId | None
    day: date
    at: time | None
    zone: str
    asks: Asks
    status: RoundStatus
    planned_to: int
    made_at: datetime

    @property
    def over_at(self) -> datetime:
        """When nobody of it is asked any more, nor reminded."""
        hour = latest(self.day, self.at) if self.at is not None else self.made_at
        days = timedelta(days=self.asks.nudge_days or 0) + AFTER
        return hour + timedelta(hours=self.asks.window_hours) + days


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What became of a round, in members. `waiting` are those it is yet to be sent to; `repeated`
    those to whom it was perhaps sent twice."""

    planned: int = 0
    waiting: int = 0
    sent: int = 0
    opened: int = 0
    started: int = 0
    finished: int = 0
    snoozed: int = 0
    unreachable: int = 0
    missed: int = 0
    failed: int = 0
    repeated: int = 0
    left_out: Mapping[LeftOut, int]


_OPEN = insert_or_keep(rounds, unless=["schedule_id", "day"])
_COUNTED = (
    "sent_at",
    "opened_at",
    "started_at",
    "finished_at",
    "snoozed_at",
    "repeated_at",
)


class Rounds:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # ---- rounds ----

    def begin(self, schedule: Schedule, day: date, *, missed: bool, now: datetime) -> bool:
        """The round of a schedule on a day; False where there is one already."""
        add = _OPEN[self._connection.dialect.name]
        added = self._connection.execute(
            add,
            {
                "community_id": schedule.community,
                "schedule_id": schedule.id,
                "asked_by": schedule.made_by,
                "day": day.isoformat(),
                "at": schedule.cadence.at.isoformat("minutes"),
                "zone": schedule.cadence.zone,
                **asks_values(schedule.asks),
                "status": RoundStatus.MISSED if missed else RoundStatus.PLANNING,
                "made_at": now,
            },
        )
        return added.rowcount > 0

    def begin_now(
        self,
        community: CommunityId,
        asks: Asks,
        *,
        asked_by: MemberId | None,
        day: date,
        zone: str,
        now: datetime,
    ) -> RoundId:
        """A round of its own, to be sent as soon as each may be written to."""
        added = self._connection.execute(
            insert(rounds)
            .values(
                community_id=community,
                asked_by=asked_by,
                day=day.isoformat(),
                zone=zone,
                **asks_values(asks),
                status=RoundStatus.PLANNING,
                made_at=now,
            )
            .returning(rounds.c.id)
        )
        return RoundId(added.scalar_one())

    def planning(self, *, lock: bool = False) -> Round | None:
        """The oldest round that is not planned to its end."""
        found = select(rounds).where(rounds.c.status == RoundStatus.PLANNING)
        found = found.order_by(rounds.c.id).limit(1)
        return self._one(found.with_for_update(skip_locked=True) if lock else found)

    def find(self, number: RoundId) -> Round | None:
        return self._one(select(rounds).where(rounds.c.id == number))

    def of(self, community: CommunityId, *, most: int) -> list[Round]:
        """Those that began last, the newest first."""
        found = select(rounds).where(rounds.c.community_id == community)
        rows = self._connection.execute(found.order_by(rounds.c.id.desc()).limit(most))
        return [_round_of(row) for row in rows]

    def numbers(self, number: RoundId) -> Numbers:
        counted = [func.count(deliveries.c[name]).label(name) for name in _COUNTED]
        rows = self._connection.execute(
            select(deliveries.c.status, deliveries.c.reason, func.count().label("all"), *counted)
            .where(deliveries.c.round_id == number)
            .group_by(deliveries.c.status, deliveries.c.reason)
        ).all()

        def many(*which: DeliveryStatus) -> int:
            return sum(row.all for row in rows if row.status in which)

        def ever(name: str) -> int:
            return sum(row._mapping[name] for row in rows)

        left = [row for row in rows if row.status == DeliveryStatus.LEFT_OUT]
        return Numbers(
            planned=sum(row.all for row in rows) - sum(row.all for row in left),
            waiting=many(DeliveryStatus.PLANNED, DeliveryStatus.QUEUED),
            sent=ever("sent_at"),
            opened=ever("opened_at"),
            started=ever("started_at"),
            finished=ever("finished_at"),
            snoozed=ever("snoozed_at"),
            unreachable=many(DeliveryStatus.UNREACHABLE),
            missed=many(DeliveryStatus.MISSED),
            failed=many(DeliveryStatus.FAILED),
            repeated=ever("repeated_at"),
            left_out={LeftOut(row.reason): row.all for row in left},
        )

    def planned_to(self, of: Round, member: MemberId | None) -> None:
        """Looked at up to this member; None: at all of them."""
        values: dict[str, Any] = {"status": RoundStatus.RUNNING}
        if member is not None:
            values = {"planned_to": member}
        self._connection.execute(update(rounds).where(rounds.c.id == of.id).values(values))

    def running(self) -> list[Round]:
        """Those that are planned and have not ended."""
        found = select(rounds).where(rounds.c.status == RoundStatus.RUNNING)
        return [_round_of(row) for row in self._connection.execute(found.order_by(rounds.c.id))]

    def end(self, of: Round) -> None:
        self._connection.execute(
            update(rounds).where(rounds.c.id == of.id).values(status=RoundStatus.ENDED)
        )

    def set_back(self, schedule: Schedule, day: date) -> None:
        """Rounds of a schedule from that day on were begun by a clock that was ahead: they end, and
        are no rounds of those days."""
        early = (rounds.c.schedule_id == schedule.id, rounds.c.day >= day.isoformat())
        self._connection.execute(
            delete(rounds).where(*early, rounds.c.status == RoundStatus.MISSED)
        )
        waits = deliveries.c.status == DeliveryStatus.PLANNED
        self._connection.execute(
            update(deliveries)
            .where(waits, deliveries.c.round_id.in_(select(rounds.c.id).where(*early)))
            .values(status=DeliveryStatus.MISSED)
        )
        self._connection.execute(
            update(rounds).where(*early).values(schedule_id=None, status=RoundStatus.ENDED)
        )

    def _one(self, found: Select[Any]) -> Round | None:
        row = self._connection.execute(found).one_or_none()
        return _round_of(row) if row is not None else None


def _round_of(row: Row[Any]) -> Round:
    return Round(
        id=RoundId(row.id),
        community=CommunityId(row.community_id),
        schedule=ScheduleId(row.schedule_id) if row.schedule_id is not None else None,
        asked_by=MemberId(row.asked_by) if row.asked_by is not None else None,
        day=date.fromisoformat(row.day),
        at=time.fromisoformat(row.at) if row.at is not None else None,
        zone=row.zone,
        asks=asks_of(row),
        status=RoundStatus(row.status),
        planned_to=row.planned_to or 0,
        made_at=row.made_at,
    )
