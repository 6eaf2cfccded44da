"""Stories that were begun and left alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, literal_column, select, update

from flows.conversation import ConversationId, Status
from flows.hours import Hours
from storage.communities import CommunityId
from storage.members import MemberId
from storage.prompting import LEFT_ALONE, left_alone_of
from storage.tables import communities, conversations, members, memberships, prompting


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """An open draft. `zone` and the `hours` in which its teller is left alone are theirs, or else
    those of the community; `wants_none`: they stopped the bot."""

    conversation: ConversationId
    member: MemberId
    community: CommunityId
    zone: str
    hours: Hours
    wants_none: bool
    snoozed_until: datetime | None


class Reminders:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def idle(self, *, since: datetime, until: datetime) -> list[Idle]:
        """Open drafts that were last gone on with in that time, and that nobody was reminded of.
        Not those that the bot has offered itself, nor those of whoever has left."""
        rows = self._connection.execute(
            select(
                conversations.c.id,
                conversations.c.member_id,
                conversations.c.community_id,
                *LEFT_ALONE,
                prompting.c.stopped_at,
                prompting.c.snoozed_until,
            )
            .join(members, members.c.id == conversations.c.member_id)
            .join(communities, communities.c.id == conversations.c.community_id)
            .join(
                memberships,
                (memberships.c.member_id == conversations.c.member_id)
                & (memberships.c.community_id == conversations.c.community_id),
            )
            .outerjoin(prompting, prompting.c.member_id == members.c.id)
            .where(
                # As it is written, so that SQLite finds the index of those that are open.
                conversations.c.status == literal_column(f"'{Status.ACTIVE}'"),
                conversations.c.has_begun,
                conversations.c.submitted_at.is_(None),
                conversations.c.reminded_at.is_(None),
                ~conversations.c.prompted,
                conversations.c.turned_at > since,
                conversations.c.turned_at <= until,
            )
            .order_by(conversations.c.member_id)
        )
        return [_idle_of(row) for row in rows]

    def reminded(self, conversation: ConversationId, *, now: datetime) -> None:
        """It was decided about a reminder; there is no other."""
        self._connection.execute(
            update(conversations).where(conversations.c.id == conversation).values(reminded_at=now)
        )


def _idle_of(row: Any) -> Idle:
    zone, hours = left_alone_of(row)
    return Idle(
        conversation=ConversationId(row.id),
        member=MemberId(row.member_id),
        community=CommunityId(row.community_id),
        zone=zone,
        hours=hours,
        wants_none=row.stopped_at is not None,
        snoozed_until=row.snoozed_until,
    )
