"""Communities: the social learning spaces that stories are told in."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from sqlalchemy import Connection, literal_column, select, update

from storage.dialects import insert_or_keep
from storage.prepared import Prepared
from storage.tables import communities

CommunityId = NewType("CommunityId", int)


@dataclass(frozen=True, slots=True)
class Community:
    id: CommunityId
    slug: str
    name: str
    language: str
    timezone: str


_COLUMNS = (
    communities.c.id,
    communities.c.slug,
    communities.c.name,
    communities.c.language,
    communities.c.timezone,
)
_HOME = Prepared(select(*_COLUMNS).order_by(communities.c.id).limit(literal_column("1")))


# Two programs may start on a new database at once.
_ADD = insert_or_keep(communities)


class Communities:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._home: Community | None = None

    def home(self) -> Community:
        """The community where none is named: the first."""
        if self._home is None:
            row = _HOME.row(self._connection, {})
            self._home = Community(
                CommunityId(row.id), row.slug, row.name, row.language, row.timezone
            )
        return self._home

    def find(self, slug: str) -> Community | None:
        row = self._connection.execute(
            select(*_COLUMNS).where(communities.c.slug == slug)
        ).one_or_none()
        if row is None:
            return None
        return Community(CommunityId(row.id), row.slug, row.name, row.language, row.timezone)

    def ensure(self, slug: str, name: str, *, language: str, now: datetime) -> None:
        """That the community exists, and is called `name`."""
        known = self.find(slug)
        if known is None:
            values = {"slug": slug, "name": name, "language": language}
            add = _ADD[self._connection.dialect.name]
            self._connection.execute(add, {**values, "timezone": "UTC", "created_at": now})
        elif known.name != name:
            self._connection.execute(
                update(communities).where(communities.c.id == known.id).values(name=name)
            )
