"""People: found by any of their addresses, and what they agreed to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from sqlalchemy import Connection, bindparam, delete, func, insert, select, tuple_, update

from flows.conversation import Agreed
from flows.messages import Address
from storage.communities import Community, CommunityId
from storage.dialects import among, insert_or_keep
from storage.prepared import Prepared
from storage.tables import addresses, consents, members, memberships

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
    id: MemberId
    name: str
    language: str
    role: Role


_MEMBERS = (
    select(
        members.c.id,
        members.c.name,
        members.c.language,
        memberships.c.role,
        addresses.c.platform,
        addresses.c.user,
    )
    .select_from(addresses)
    .join(members, members.c.id == addresses.c.member_id)
    .outerjoin(
        memberships,
        (memberships.c.member_id == members.c.id)
        & (memberships.c.community_id == bindparam("community")),
    )
)
_AT = _MEMBERS.where(
    addresses.c.platform == bindparam("platform"), addresses.c.user == bindparam("user_name")
)
_FIND = Prepared(_AT)
_FIND_ALL = Prepared(
    _MEMBERS.where(tuple_(addresses.c.platform, addresses.c.user).in_(among("at", "$[0]", "$[1]")))
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
        self._known: dict[Address, Member] = {}

    def preload(self, at: Sequence[Address], *, community: Community) -> list[Member]:
        """Those that were seen before, all at once. Whoever does holds the write lock."""
        values = {"community": community.id, "at": [(a.platform, a.user) for a in at]}
        for row in _FIND_ALL.rows(self._connection, values):
            if row.role is not None:
                self._known[Address(row.platform, row.user)] = _member_of(row)
        return list(self._known.values())

    def upsert(
        self, address: Address, *, name: str | None, community: Community, now: datetime
    ) -> Member:
        """The person behind an address, a member of `community` from now on.

        Their row is locked until the transaction ends: one turn of a person at a time.
        """
        if address in self._known:
            return self._known[address]
        values = _find_values(address, community)
        row = _LOCK.row(self._connection, values)
        if row is None:
            self._add(address, name=name, community=community, now=now)
            row = _LOCK.row(self._connection, values)
        if row.role is None:
            self._join(row.id, community.id, now)
        return _member_of(row)

    def known(self, address: Address, *, community: Community) -> Member:
        """The person behind an address that was seen before."""
        return _member_of(_FIND.row(self._connection, _find_values(address, community)))

    def set_role(self, member: MemberId, community: CommunityId, role: Role) -> None:
        self._connection.execute(
            update(memberships)
            .where(memberships.c.member_id == member, memberships.c.community_id == community)
            .values(role=role)
        )

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

    def _add(
        self, address: Address, *, name: str | None, community: Community, now: datetime
    ) -> None:
        """A newcomer; where two of their first messages race, the first one's row stays."""
        member = self._connection.execute(
            insert(members)
            .values(name=name or address.user, language=community.language, created_at=now)
            .returning(members.c.id)
        ).scalar_one()
        values = {"member_id": member, "platform": address.platform, "user": address.user}
        added = self._connection.execute(_ADD_ADDRESS[self._connection.dialect.name], values)
        if added.rowcount == 0:
            self._connection.execute(delete(members).where(members.c.id == member))

    def _join(self, member: int, community: CommunityId, now: datetime) -> None:
        values = {"member_id": member, "community_id": community, "role": Role.MEMBER}
        self._connection.execute(_JOIN[self._connection.dialect.name], {**values, "joined_at": now})


def _find_values(address: Address, community: Community) -> dict[str, object]:
    return {"platform": address.platform, "user_name": address.user, "community": community.id}


def _member_of(row: Any) -> Member:
    return Member(MemberId(row.id), row.name, row.language, Role(row.role or Role.MEMBER))
