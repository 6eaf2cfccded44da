"""Who gets numbers once a week, and when next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from flows.hours import Hours
from storage.communities import CommunityId
from storage.members import MemberId, Role
from storage.prompting import LEFT_ALONE, left_alone_of
from storage.tables import communities, members, memberships, prompting


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """An organizer whose digest is due since `due_at`. `zone` and `hours` are theirs, or else
    those of the community."""

    member: MemberId
    community: CommunityId
    due_at: datetime
    zone: str
    hours: Hours


class Digests:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def due(self, now: datetime) -> list[Digest]:
        """Only those who are organizers still."""
        rows = self._connection.execute(
            select(
                memberships.c.member_id,
                memberships.c.community_id,
                memberships.c.digest_at,
                *LEFT_ALONE,
            )
            .join(members, members.c.id == memberships.c.member_id)
            .join(communities, communities.c.id == memberships.c.community_id)
            .outerjoin(prompting, prompting.c.member_id == memberships.c.member_id)
            .where(memberships.c.digest_at <= now, memberships.c.role == Role.ORGANIZER)
            .order_by(memberships.c.member_id, memberships.c.community_id)
        )
        return [_digest_of(row) for row in rows]

    def next_at(self, member: MemberId, community: CommunityId, at: datetime | None) -> None:
        """When the next one is due; None: there is none any more."""
        theirs = (memberships.c.member_id == member) & (memberships.c.community_id == community)
        self._connection.execute(update(memberships).where(theirs).values(digest_at=at))


def _digest_of(row: Any) -> Digest:
    zone, hours = left_alone_of(row)
    return Digest(
        member=MemberId(row.member_id),
        community=CommunityId(row.community_id),
        due_at=row.digest_at,
        zone=zone,
        hours=hours,
    )
