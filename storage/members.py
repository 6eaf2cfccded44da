"""People: found by any of their addresses, and what they agreed to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_keep

from flows.conversation import Agreed
from flows.messages import Address
from storage.communities import Community, CommunityId
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


_FIND = (
    select(members.c.id, members.c.name, members.c.language, memberships.c.role)
    .select_from(addresses)
    .join(members, members.c.id == addresses.c.member_id)
    .outerjoin(
        memberships,
        (memberships.c.member_id == members.c.id)
        & (memberships.c.community_id == bindparam("community")),
    )
    .where(
        addresses.c.platform == bindparam("platform"),
        addresses.c.user == bindparam("user_name"),
    )
)
_CONSENTED = (
    select(func.max(consents.c.version))
    .where(consents.c.member_id == bindparam("member"))
    .where(consents.c.community_id == bindparam("community"))
    .where(consents.c.flow == bindparam("flow_name"))
)


class Members:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def upsert(
        self, address: Address, *, name: str | None, community: Community, now: datetime
    ) -> Member:
        """The person behind an address, a member of `community` from now on."""
        values = _find_values(address, community)
        row = self._connection.execute(_FIND, values).one_or_none()
        if row is None:
            member = self._connection.execute(
                insert(members)
                .values(name=name or address.user, language=community.language, created_at=now)
                .returning(members.c.id)
            ).scalar_one()
            self._connection.execute(
                insert(addresses).values(
                    member_id=member, platform=address.platform, user=address.user
                )
            )
            row = self._connection.execute(_FIND, values).one()
        if row.role is None:
            self._join(row.id, community.id, now)
        return _member_of(row)

    def known(self, address: Address, *, community: Community) -> Member:
        """The person behind an address that was seen before."""
        return _member_of(self._connection.execute(_FIND, _find_values(address, community)).one())

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

    def _join(self, member: int, community: CommunityId, now: datetime) -> None:
        values = {"member_id": member, "community_id": community, "role": Role.MEMBER}
        self._connection.execute(
            insert_or_keep(memberships).values(**values, joined_at=now).on_conflict_do_nothing()
        )


def _find_values(address: Address, community: Community) -> dict[str, object]:
    return {"platform": address.platform, "user_name": address.user, "community": community.id}


def _member_of(row: Any) -> Member:
    return Member(MemberId(row.id), row.name, row.language, Role(row.role or Role.MEMBER))
