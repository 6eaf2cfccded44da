"""How each member wants to be asked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from flows.hours import Hours
from storage.deliveries import DeliveryStatus
from storage.dialects import insert_or_keep
from storage.mapping import hours_of, zone_of
from storage.members import MemberId
from storage.tables import communities, deliveries, members, prompting

LEFT_ALONE = (
    func.coalesce(members.c.timezone, communities.c.timezone).label("zone"),
    func.coalesce(prompting.c.quiet, communities.c.quiet).label("quiet"),
    func.coalesce(prompting.c.days_off, communities.c.days_off, "").label("days_off"),
)
"""By which clock and when nobody writes to a member: as they said, or else as their community."""

_ADD = insert_or_keep(prompting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """None where a member has said nothing, and is asked as everybody in the community is."""

    snoozed_until: datetime | None = None
    stopped_at: datetime | None = None
    every_days: int | None = None
    hours: Hours | None = None


class Prompting:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, member: MemberId) -> Wishes:
        found = select(prompting).where(prompting.c.member_id == member)
        row = self._connection.execute(found).one_or_none()
        if row is None:
            return Wishes()
        is_set = row.quiet is not None or row.days_off is not None
        return Wishes(
            snoozed_until=row.snoozed_until,
            stopped_at=row.stopped_at,
            every_days=row.every_days,
            hours=hours_of(row.quiet or "", row.days_off or "") if is_set else None,
        )

    def change(self, member: MemberId, **values: Any) -> None:
        """Set columns by their names."""
        add = _ADD[self._connection.dialect.name]
        added = self._connection.execute(add, {"member_id": member, **values})
        if added.rowcount == 0:
            self._connection.execute(
                update(prompting).where(prompting.c.member_id == member).values(**values)
            )

    def answered(self, member: MemberId, *, now: datetime) -> None:
        """They answered a prompt, or wrote of themselves: what they did not answer before does not
        count any more."""
        unanswered = select(deliveries.c.id).where(
            deliveries.c.member_id == member,
            deliveries.c.status == DeliveryStatus.SENT,
            deliveries.c.opened_at.is_(None),
        )
        if self._connection.execute(unanswered.limit(1)).first() is not None:
            self.change(member, answered_at=now)


def left_alone_of(row: Any) -> tuple[str, Hours]:
    """A row with `LEFT_ALONE`."""
    return zone_of(row.zone), hours_of(row.quiet, row.days_off)
