"""Communities: the social learning spaces that stories are told in."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from sqlalchemy import Connection, delete, insert, or_, select, update

from flows.framework import Cycle
from flows.hours import Hours
from storage.dialects import insert_or_keep
from storage.mapping import hours_of, zone_of
from storage.tables import communities, places

CommunityId = NewType("CommunityId", int)


MOST_NAME = 100  # characters of a community's name, which stands in many a sentence
MOST_PLATFORM, MOST_PLACE = 32, 255  # characters that the columns of a place hold


class Access(StrEnum):
    """Who may join: whoever writes to the bot, or whoever was given an invite."""

    OPEN = "open"
    INVITE = "invite"


@dataclass(frozen=True, slots=True)
class Community:
    id: CommunityId
    slug: str
    name: str
    language: str
    timezone: str
    access: Access


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """What a community cares about: the difference it wants to make, what it is unsure of, and the
    cycles that matter to it; all of them where none is named."""

    difference: str | None = None
    uncertainties: str | None = None
    cycles: tuple[Cycle, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """How members are asked where they say nothing else: at most once in `every` days, and not in
    these `hours`."""

    every: int
    hours: Hours


@dataclass(frozen=True, slots=True)
class Place:
    """A group, a channel or a workspace on a platform: `telegram:-1001`, `slack:T1`."""

    platform: str
    name: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.name}"


_COLUMNS = (
    communities.c.id,
    communities.c.slug,
    communities.c.name,
    communities.c.language,
    communities.c.timezone,
    communities.c.access,
)

# Two programs may start on a new database at once.
_ADD = insert_or_keep(communities)


class Communities:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def home(self) -> Community:
        """The community where none is named: the first."""
        return self.all()[0]

    def all(self) -> list[Community]:
        """All of them, in the order they were added."""
        rows = self._connection.execute(select(*_COLUMNS).order_by(communities.c.id))
        return [community_of(row) for row in rows]

    def find(self, slug: str) -> Community | None:
        # No database can be asked for half a character.
        return self._one(communities.c.slug == slug) if slug.isascii() else None

    def known(self, community: CommunityId) -> Community | None:
        return self._one(communities.c.id == community)

    def add(
        self,
        slug: str,
        name: str,
        *,
        language: str,
        now: datetime,
        timezone: str = "UTC",
        access: Access = Access.OPEN,
    ) -> bool:
        """False where there is one of that slug already, which stays as it is."""
        values = {"slug": slug, "name": name, "language": language, "timezone": timezone}
        add = _ADD[self._connection.dialect.name]
        added = self._connection.execute(add, {**values, "access": access, "created_at": now})
        return added.rowcount > 0

    def change(self, community: CommunityId, **values: Any) -> None:
        """Set columns by their names."""
        self._connection.execute(
            update(communities).where(communities.c.id == community).values(**values)
        )

    def framing(self, community: CommunityId) -> Framing:
        row = self._connection.execute(
            select(
                communities.c.difference, communities.c.uncertainties, communities.c.cycles
            ).where(communities.c.id == community)
        ).one()
        cycles = tuple(Cycle(name) for name in row.cycles or ())
        return Framing(difference=row.difference, uncertainties=row.uncertainties, cycles=cycles)

    def asked(self, community: CommunityId) -> Asked:
        row = self._connection.execute(
            select(communities.c.prompts_every, communities.c.quiet, communities.c.days_off).where(
                communities.c.id == community
            )
        ).one()
        return Asked(row.prompts_every, hours_of(row.quiet, row.days_off or ""))

    # ---- places ----

    def at(self, place: Place) -> Community | None:
        """The community that meets there; a channel without one belongs to its workspace's.

        `-1001/5` is a topic of a group, `T0001/C0001` a channel of a workspace; a thread of that
        stands behind a `#`.
        """
        name = place.name.partition("#")[0]
        whole = name.partition("/")[0]
        found = self._connection.execute(
            select(places.c.community_id, places.c.place).where(
                places.c.platform == place.platform,
                or_(places.c.place == name, places.c.place == whole),
            )
        ).all()
        by_name = {row.place: row.community_id for row in found}
        community = by_name.get(name, by_name.get(whole))
        return self.known(community) if community is not None else None

    def places(self, community: CommunityId) -> list[Place]:
        rows = self._connection.execute(
            select(places.c.platform, places.c.place)
            .where(places.c.community_id == community)
            .order_by(places.c.id)
        )
        return [Place(row.platform, row.place) for row in rows]

    def put_place(self, community: CommunityId, place: Place) -> None:
        """From now on it meets there, and whoever met there before does not."""
        self.drop_place(place)
        self._connection.execute(
            insert(places).values(community_id=community, platform=place.platform, place=place.name)
        )

    def move_place(self, old: Place, new: Place) -> None:
        """It has another name from now on."""
        there = (places.c.platform == old.platform) & (places.c.place == old.name)
        self._connection.execute(update(places).where(there).values(place=new.name))

    def drop_place(self, place: Place) -> bool:
        """False where no community met there."""
        there = (places.c.platform == place.platform) & (places.c.place == place.name)
        return self._connection.execute(delete(places).where(there)).rowcount > 0

    def _one(self, which: Any) -> Community | None:
        row = self._connection.execute(select(*_COLUMNS).where(which)).one_or_none()
        return community_of(row) if row is not None else None


def community_of(row: Any) -> Community:
    return Community(
        CommunityId(row.id),
        row.slug,
        row.name,
        row.language,
        zone_of(row.timezone),
        Access(row.access),
    )
