"""Who gets numbers once a week, and when next."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from flows.hours import Hours
from storage.communities import CommunityId
from storage.mapping import hours_of, zone_of
from storage.members import MemberId, Role
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
                func.coalesce(members.c.timezone, communities.c.timezone).label("zone"),
                func.coalesce(prompting.c.quiet, communities.c.quiet).label("quiet"),
                func.coalesce(prompting.c.days_off, communities.c.days_off, "").label("days_off"),
            )
            .join(members, members.c.id == memberships.c.member_id)
            .join(communities, communities.c.id == memberships.c.community_id)
            .outerjoin(prompting, prompting.c.member_id == memberships.c.member_id)
            .where(memberships.c.digest_at <= now, memberships.c.role == Role.ORGANIZER)
            .order_by(memberships.c.member_id, memberships.c.community_id)
        )
        return [
            Digest(
                member=MemberId(row.member_id),
                community=CommunityId(row.community_id),
                due_at=row.digest_at,
                zone=zone_of(row.zone),
                hours=hours_of(row.quiet, row.days_off),
            )
            for row in rows
        ]

    def next_at(self, member: MemberId, community: CommunityId, at: datetime | None) -> None:
        """When the next one is due; None: there is none any more."""
        theirs = (memberships.c.member_id == member) & (memberships.c.community_id == community)
        self._connection.execute(update(memberships).where(theirs).values(digest_at=at))
