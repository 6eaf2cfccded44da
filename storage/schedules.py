"""When a community's members are asked for stories."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, NewType

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from flows.cadence import Cadence
from flows.prompting import Asks, Whom
from storage.communities import CommunityId
from storage.mapping import anchor_of, anchor_values, zone_of
from storage.members import MemberId
from storage.tables import schedules

ScheduleId = NewType("ScheduleId", int)


class ScheduleStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """`phrase` is as its coordinator wrote it. Its next round is that of `next_day`, and begins at
    `opens_at`, when it is that hour somewhere; both None where there is none any more."""

    id: ScheduleId
    community: CommunityId
    made_by: MemberId | None
    phrase: str
    cadence: Cadence
    asks: Asks
    status: ScheduleStatus
    revision: int
    next_day: date | None
    opens_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A schedule as it is to be."""

    phrase: str
    cadence: Cadence
    asks: Asks
    next_day: date
    opens_at: datetime


class Schedules:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self, community: CommunityId, plan: Plan, *, made_by: MemberId, now: datetime
    ) -> ScheduleId:
        values = {
            "community_id": community,
            "made_by": made_by,
            "made_at": now,
            **_values(plan),
            "status": ScheduleStatus.ACTIVE,
            "revision": 1,
        }
        added = self._connection.execute(insert(schedules).values(values).returning(schedules.c.id))
        return ScheduleId(added.scalar_one())

    def change(self, schedule: Schedule, plan: Plan) -> bool:
        """False where somebody else changed it since it was read."""
        return self._set(schedule, **_values(plan))

    def set_status(self, schedule: Schedule, status: ScheduleStatus) -> bool:
        """False where somebody else changed it since it was read."""
        return self._set(schedule, status=status)

    def move_on(self, schedule: Schedule, next_day: date | None, opens_at: datetime | None) -> None:
        """Its next round, after one has begun; one that has no more has ended."""
        values: dict[str, Any] = {"next_day": _text(next_day), "opens_at": opens_at}
        if next_day is None:
            values["status"] = ScheduleStatus.ENDED
        self._connection.execute(
            update(schedules).where(schedules.c.id == schedule.id).values(values)
        )

    def of(self, community: CommunityId) -> list[Schedule]:
        """Those that go on or may, in the order they were made."""
        found = select(schedules).where(
            schedules.c.community_id == community, schedules.c.status != ScheduleStatus.ENDED
        )
        return [_schedule_of(r) for r in self._connection.execute(found.order_by(schedules.c.id))]

    def find(self, community: CommunityId, number: int) -> Schedule | None:
        """One of a community's that has not ended, by its number."""
        found = select(schedules).where(
            schedules.c.id == number,
            schedules.c.community_id == community,
            schedules.c.status != ScheduleStatus.ENDED,
        )
        row = self._connection.execute(found).one_or_none()
        return _schedule_of(row) if row is not None else None

    def due(self, now: datetime) -> Schedule | None:
        """One whose next round is to begin by now, locked."""
        found = (
            select(schedules)
            .where(*_due(now))
            .order_by(schedules.c.opens_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = self._connection.execute(found).one_or_none()
        return _schedule_of(row) if row is not None else None

    def is_due(self, now: datetime) -> bool:
        found = select(schedules.c.id).where(*_due(now))
        return self._connection.execute(found.limit(1)).first() is not None

    def ahead(self, now: datetime) -> list[Schedule]:
        """Those that go on, and whose next round has not begun."""
        found = select(schedules).where(
            schedules.c.status == ScheduleStatus.ACTIVE, schedules.c.opens_at > now
        )
        return [_schedule_of(r) for r in self._connection.execute(found.order_by(schedules.c.id))]

    def _set(self, schedule: Schedule, **values: Any) -> bool:
        same = (schedules.c.id == schedule.id) & (schedules.c.revision == schedule.revision)
        changed = self._connection.execute(
            update(schedules).where(same).values(**values, revision=schedule.revision + 1)
        )
        return changed.rowcount > 0


def asks_values(asks: Asks) -> dict[str, Any]:
    """The columns of what is asked, of a schedule and of a round."""
    return {
        "audience": asks.whom.values(),
        **anchor_values(asks.anchor),
        "nudge_days": asks.nudge_days,
        "window_hours": asks.window_hours,
    }


def asks_of(row: Any) -> Asks:
    return Asks(
        whom=Whom.of(row.audience),
        anchor=anchor_of(row),
        nudge_days=row.nudge_days,
        window_hours=row.window_hours,
    )


def day_of(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return schedules.c.status == ScheduleStatus.ACTIVE, schedules.c.opens_at <= now


def _text(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _values(plan: Plan) -> dict[str, Any]:
    return {
        "phrase": plan.phrase,
        "rule": plan.cadence.rule,
        "at": plan.cadence.at.isoformat("minutes"),
        "zone": plan.cadence.zone,
        "since": plan.cadence.since.isoformat(),
        **asks_values(plan.asks),
        "next_day": plan.next_day.isoformat(),
        "opens_at": plan.opens_at,
    }


def _schedule_of(row: Row[Any]) -> Schedule:
    since = date.fromisoformat(row.since)
    return Schedule(
        id=ScheduleId(row.id),
        community=CommunityId(row.community_id),
        made_by=MemberId(row.made_by) if row.made_by is not None else None,
        phrase=row.phrase,
        cadence=Cadence(row.rule, time.fromisoformat(row.at), zone_of(row.zone), since),
        asks=asks_of(row),
        status=ScheduleStatus(row.status),
        revision=row.revision,
        next_day=day_of(row.next_day),
        opens_at=row.opens_at,
    )
