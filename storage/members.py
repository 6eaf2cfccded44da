"""People: found by any of their addresses, where they belong, and what they agreed to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from sqlalchemy import Connection, bindparam, delete, func, insert, select, tuple_, update

from flows.clocks import is_zone
from flows.conversation import Agreed
from flows.messages import Address
from storage.communities import Access, Community, CommunityId, community_of
from storage.dialects import among, insert_or_keep
from storage.mapping import zone_of
from storage.prepared import Prepared
from storage.tables import addresses, audit, communities, consents, members, memberships

MemberId = NewType("MemberId", int)


class Role(StrEnum):
    """What a person may do in a community; each role may do what the ones before it may."""

    MEMBER = "member"
    COORDINATOR = "coordinator"
    ORGANIZER = "organizer"

    def may(self, needed: "Role") -> bool:
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)


@dataclass(frozen=True, slots=True)
class Member:
    """A person. `role` is theirs in the community they are met in; `language` is empty where they
    speak that of the community, `timezone` None where its clock is theirs."""

    id: MemberId
    name: str
    language: str
    role: Role
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Met:
    """Whose address it is, and in which community they speak now; None where in none yet.

    `question` is the row of what a command asked them last.
    """

    member: Member
    community: Community | None
    question: int | None = None


@dataclass(frozen=True, slots=True)
class Belonging:
    """A community that somebody belongs to, and what they are in it."""

    community: Community
    role: Role


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody in the list of a community's members."""

    id: MemberId
    name: str
    role: Role
    addresses: tuple[Address, ...]
    language: str  # empty: that of the community


_MET = (
    select(
        members.c.id,
        members.c.name,
        members.c.language,
        members.c.timezone,
        members.c.question_id,
        memberships.c.role,
        communities.c.id.label("community_id"),
        communities.c.slug,
        communities.c.name.label("community_name"),
        communities.c.language.label("community_language"),
        communities.c.timezone.label("community_timezone"),
        communities.c.access,
        addresses.c.platform,
        addresses.c.user,
        addresses.c.deactivated_at,
        addresses.c.unreachable_at,
    )
    .select_from(addresses)
    .join(members, members.c.id == addresses.c.member_id)
    .outerjoin(
        memberships,
        (memberships.c.member_id == members.c.id)
        & (memberships.c.community_id == members.c.community_id),
    )
    .outerjoin(communities, communities.c.id == memberships.c.community_id)
)
_AT = _MET.where(
    addresses.c.platform == bindparam("platform"), addresses.c.user == bindparam("user_name")
)
_FIND = Prepared(_AT)
_FIND_ALL = Prepared(
    _MET.where(tuple_(addresses.c.platform, addresses.c.user).in_(among("at", "$[0]", "$[1]")))
)
_LOCK = Prepared(_AT.with_for_update(of=members))  # SQLite has locked the whole file by now
_ADD_ADDRESS = insert_or_keep(addresses)
_JOIN = insert_or_keep(memberships)
_CONSENTED = (
    select(func.max(consents.c.version))
    .where(consents.c.member_id == bindparam("member"))
    .where(consents.c.community_id == bindparam("community"))
    .where(consents.c.flow == bindparam("flow_name"))
)


class Members:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[Address, Met] = {}

    def preload(self, at: Sequence[Address]) -> list[Met]:
        """Those that were seen before, all at once. Whoever does holds the write lock."""
        values = {"at": [(a.platform, a.user) for a in at]}
        rows = _FIND_ALL.rows(self._connection, values)
        found = [(row, _met(row)) for row in rows]
        for row, met in found:
            if not _is_away(row):  # whose turn changes nothing of their own row
                self._known[Address(row.platform, row.user)] = met
        return [met for _, met in found]

    def meet(
        self, address: Address, *, name: str | None, now: datetime, language: str | None = None
    ) -> Met:
        """The person behind an address, whoever they are; a newcomer is spoken to in `language`.

        Their row is locked until the transaction ends: one turn of a person at a time.
        """
        if address in self._known:
            return self._known[address]
        values = _find_values(address)
        row = _LOCK.row(self._connection, values)
        if row is None:
            self._add(address, name=name, language=language or "", now=now)
            return _met(_LOCK.row(self._connection, values))
        if _is_away(row):  # whoever writes is there again
            self._set(address, deactivated_at=None, unreachable_at=None)
        return _met(row)

    def known(self, address: Address) -> Met | None:
        """The person behind an address that was seen before."""
        row = _FIND.row(self._connection, _find_values(address))
        return _met(row) if row is not None else None

    def named(self, member: MemberId) -> str:
        """What somebody is called; empty for whoever was forgotten."""
        found = select(members.c.name).where(members.c.id == member)
        return str(self._connection.execute(found).scalar_one())

    def change(self, member: MemberId, **values: Any) -> None:
        """Set columns by their names."""
        self._connection.execute(update(members).where(members.c.id == member).values(**values))

    # ---- what their platform tells of them ----

    def knows_profile(self, address: Address, *, since: datetime) -> bool:
        """Whether the platform was asked about them since then."""
        found = select(addresses.c.profile_at).where(
            addresses.c.platform == address.platform, addresses.c.user == address.user
        )
        at = self._connection.execute(found).scalar()
        return at is not None and at > since

    def take_profile(
        self, address: Address, profile: Mapping[str, str | None], *, now: datetime
    ) -> None:
        """Name, time zone and language as their platform tells them: `name`, `timezone`,
        `language`. What somebody has set themselves stays."""
        row = self._connection.execute(
            select(members, addresses.c.profile.label("before"))
            .join(addresses, addresses.c.member_id == members.c.id)
            .where(addresses.c.platform == address.platform, addresses.c.user == address.user)
        ).one_or_none()
        if row is None:
            return
        before = row.before or {}
        unset = {"name": address.user, "timezone": None, "language": ""}
        changed = {
            column: told
            for column, nothing in unset.items()
            if (told := profile.get(column))
            and getattr(row, column) in (nothing, before.get(column))
        }
        if changed:
            self.change(MemberId(row.id), **changed)
        self._set(address, profile=dict(profile), profile_at=now)

    # ---- communities and roles ----

    def join(
        self, member: MemberId, community: CommunityId, *, now: datetime, role: Role = Role.MEMBER
    ) -> bool:
        """A member of `community`, in which they speak from now on.

        False where they were one before; then they keep their role.
        """
        values = {"member_id": member, "community_id": community, "role": role}
        added = self._connection.execute(
            _JOIN[self._connection.dialect.name], {**values, "joined_at": now}
        )
        self.change(member, community_id=community)
        return added.rowcount > 0

    def leave(self, member: MemberId, community: CommunityId) -> None:
        """Not a member any more, and without a role."""
        self._connection.execute(delete(memberships).where(_of(member, community)))
        self.change(member, community_id=None)

    def has_left(self, member: MemberId) -> bool:
        """Whether they ever left a community."""
        found = select(audit.c.id).where(audit.c.member_id == member, audit.c.action == "left")
        return self._connection.execute(found.limit(1)).first() is not None

    def belonging(self, member: MemberId) -> list[Belonging]:
        """Where somebody belongs, in the order that the communities were added."""
        rows = self._connection.execute(
            select(communities, memberships.c.role)
            .join(memberships, memberships.c.community_id == communities.c.id)
            .where(memberships.c.member_id == member)
            .order_by(communities.c.id)
        )
        return [Belonging(community_of(row), Role(row.role)) for row in rows]

    def role(self, member: MemberId, community: CommunityId) -> Role | None:
        """Somebody's role; None where they do not belong to the community."""
        found = select(memberships.c.role).where(_of(member, community))
        role = self._connection.execute(found).scalar()
        return Role(role) if role is not None else None

    def set_role(self, member: MemberId, community: CommunityId, role: Role) -> None:
        self._connection.execute(
            update(memberships).where(_of(member, community)).values(role=role)
        )

    def of(self, community: CommunityId, *, least: Role = Role.MEMBER) -> list[Listed]:
        """Those who have at least this role, in the order of their names."""
        roles = [role for role in Role if role.may(least)]
        rows = self._connection.execute(
            select(members.c.id, members.c.name, members.c.language, memberships.c.role)
            .join(memberships, memberships.c.member_id == members.c.id)
            .where(memberships.c.community_id == community, memberships.c.role.in_(roles))
            .order_by(func.lower(members.c.name), members.c.id)
        ).all()
        at = self.addresses([MemberId(row.id) for row in rows])
        return [
            Listed(
                MemberId(row.id),
                row.name,
                Role(row.role),
                at.get(MemberId(row.id), ()),
                row.language,
            )
            for row in rows
        ]

    def hearing_of_stories(self, community: CommunityId) -> list[MemberId]:
        """The organizers who asked to be told of each new story."""
        found = select(memberships.c.member_id).where(
            memberships.c.community_id == community,
            memberships.c.role == Role.ORGANIZER,
            memberships.c.hears_of_stories,
        )
        return [MemberId(member) for member in self._connection.execute(found).scalars()]

    def hear_of_stories(self, member: MemberId, community: CommunityId, hears: bool) -> None:
        self._connection.execute(
            update(memberships).where(_of(member, community)).values(hears_of_stories=hears)
        )

    # ---- addresses ----

    def addresses(self, of: Sequence[MemberId]) -> dict[MemberId, tuple[Address, ...]]:
        """The addresses of several people, each one's in the order they were first seen."""
        rows = self._connection.execute(
            select(addresses.c.member_id, addresses.c.platform, addresses.c.user)
            .where(addresses.c.member_id.in_(of))
            .order_by(addresses.c.id)
        )
        found: dict[MemberId, tuple[Address, ...]] = {}
        for row in rows:
            member = MemberId(row.member_id)
            found[member] = (*found.get(member, ()), Address(row.platform, row.user))
        return found

    def reach(
        self, member: MemberId, *, platforms: Collection[str] | None = None
    ) -> Address | None:
        """Where somebody is written to without having written: the newest of their addresses
        that anything arrives at, on these platforms where any are named."""
        served = [addresses.c.platform.in_(platforms)] if platforms is not None else []
        row = self._connection.execute(
            select(addresses.c.platform, addresses.c.user)
            .where(
                addresses.c.member_id == member,
                addresses.c.deactivated_at.is_(None),
                addresses.c.unreachable_at.is_(None),
                *served,
            )
            .order_by(addresses.c.id.desc())
            .limit(1)
        ).one_or_none()
        return Address(row.platform, row.user) if row is not None else None

    def set_unreachable(self, address: Address, at: datetime | None) -> None:
        """Nothing that is sent there arrives, since then; None: it does again."""
        self._set(address, unreachable_at=at)

    def deactivate(self, address: Address, *, now: datetime) -> list[Belonging]:
        """A platform says that this account is gone: every role of its owner is gone at once.

        The roles that were lost. They stay lost when the account comes back.
        """
        met = self.known(address)
        if met is None:
            return []
        self._set(address, deactivated_at=now)
        lost = [b for b in self.belonging(met.member.id) if b.role is not Role.MEMBER]
        for belonging in lost:
            self.set_role(met.member.id, belonging.community.id, Role.MEMBER)
        return lost

    # ---- consent ----

    def agree(self, member: MemberId, community: CommunityId, *, flow: str, agreed: Agreed) -> None:
        self._connection.execute(
            insert(consents).values(
                member_id=member,
                community_id=community,
                flow=flow,
                version=agreed.version,
                language=agreed.language,
                agreed_at=agreed.at,
            )
        )

    def agreed_to(self, member: MemberId, community: CommunityId, *, flow: str) -> int | None:
        """The newest version of the consent text that was agreed to; None before any."""
        values = {"member": member, "community": community, "flow_name": flow}
        found = self._connection.execute(_CONSENTED, values).scalar()
        return int(found) if found is not None else None

    def _add(self, address: Address, *, name: str | None, language: str, now: datetime) -> None:
        """A newcomer; where two of their first messages race, the first one's row stays."""
        member = self._connection.execute(
            insert(members)
            .values(name=name or address.user, language=language, created_at=now)
            .returning(members.c.id)
        ).scalar_one()
        values = {"member_id": member, "platform": address.platform, "user": address.user}
        added = self._connection.execute(_ADD_ADDRESS[self._connection.dialect.name], values)
        if added.rowcount == 0:
            self._connection.execute(delete(members).where(members.c.id == member))

    def _set(self, address: Address, **values: Any) -> None:
        there = (addresses.c.platform == address.platform) & (addresses.c.user == address.user)
        self._connection.execute(update(addresses).where(there).values(**values))


def _of(member: MemberId, community: CommunityId) -> Any:
    return (memberships.c.member_id == member) & (memberships.c.community_id == community)


def _is_away(row: Any) -> bool:
    """Whether this address was last known as gone, or as one that nothing arrives at."""
    return row.deactivated_at is not None or row.unreachable_at is not None


def _find_values(address: Address) -> dict[str, object]:
    return {"platform": address.platform, "user_name": address.user}


def _met(row: Any) -> Met:
    community = None
    if row.community_id is not None:
        community = Community(
            CommunityId(row.community_id),
            row.slug,
            row.community_name,
            row.community_language,
            zone_of(row.community_timezone),
            Access(row.access),
        )
    role = Role(row.role) if row.role is not None else Role.MEMBER
    timezone = row.timezone if row.timezone and is_zone(row.timezone) else None
    member = Member(MemberId(row.id), row.name, row.language, role, timezone)
    return Met(member, community, row.question_id)
