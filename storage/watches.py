"""Messages with numbers in them that are kept up to date."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from flows.messages import Address
from storage.communities import CommunityId
from storage.tables import watches


@dataclass(frozen=True, slots=True)
class Watch:
    """Where the numbers of a community's rounds are shown; `shown` is a digest of what is."""

    id: int
    community: CommunityId
    at: Address
    shown: str


class Watches:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, community: CommunityId, at: Address, *, shown: str, until: datetime) -> None:
        """From now on this message is the one that is kept up to date there."""
        self._connection.execute(
            delete(watches).where(
                watches.c.community_id == community,
                watches.c.platform == at.platform,
                watches.c.user == at.user,
            )
        )
        self._connection.execute(
            insert(watches).values(
                community_id=community,
                platform=at.platform,
                user=at.user,
                shown=shown,
                until=until,
            )
        )

    def all(self) -> list[Watch]:
        rows = self._connection.execute(select(watches).order_by(watches.c.id))
        return [
            Watch(row.id, CommunityId(row.community_id), Address(row.platform, row.user), row.shown)
            for row in rows
        ]

    def show(self, watch: Watch, shown: str) -> None:
        self._connection.execute(
            update(watches).where(watches.c.id == watch.id).values(shown=shown)
        )

    def drop(self, watch: Watch) -> None:
        self._connection.execute(delete(watches).where(watches.c.id == watch.id))

    def drop_old(self, now: datetime) -> None:
        self._connection.execute(delete(watches).where(watches.c.until <= now))
