"""Giving and taking roles, in chat and from the program's own commands."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from flows.messages import Address
from flows.understanding import unkeepable
from storage.audit import Action, Entry
from storage.communities import Community
from storage.members import Member, MemberId, Role
from storage.unit_of_work import Work


class Refusal(StrEnum):
    """Why a role was not given or taken."""

    UNKNOWN = "unknown"  # the address is nobody's here
    SAME = "same"  # they have that role already
    LAST = "last"  # the last organizer would take their own role


def grant(
    work: Work,
    community: Community,
    address: Address,
    role: Role,
    *,
    by: MemberId | None,
    now: datetime,
) -> Member | Refusal:
    """Give somebody `role`, in place of the one they have; who it was.

    `by` is who does so, None for the program's own commands. It is audited.
    """
    met = work.members.known(address)
    was = work.members.role(met.member.id, community.id) if met is not None else None
    if met is None or (was is None and met.member.id != by):
        return Refusal.UNKNOWN
    if was is role:
        return Refusal.SAME
    person = met.member
    if was is Role.ORGANIZER and person.id == by and _is_last(work, community):
        return Refusal.LAST
    if was is None:  # an owner who was no member yet
        work.members.join(person.id, community.id, now=now)
    work.members.set_role(person.id, community.id, role)
    higher = was is None or role.may(was)
    entry = Entry(
        action=Action.ROLE_GRANTED if higher else Action.ROLE_REVOKED,
        community=community.id,
        by=by,
        to=person.id,
        details={"role": role, "was": was},
    )
    work.audit.add(entry, now=now)
    return person


def deactivate(work: Work, address: Address, *, now: datetime) -> None:
    """A platform says that an account is gone: its owner's roles go at once, and it is audited."""
    met = work.members.known(address)
    for lost in work.members.deactivate(address, now=now):
        entry = Entry(
            action=Action.ROLE_REVOKED,
            community=lost.community.id,
            to=met.member.id if met is not None else None,
            details={"role": Role.MEMBER, "was": lost.role},
        )
        work.audit.add(entry, now=now)


def address_of(text: str) -> Address | None:
    """`telegram:1001` as an address; None where it is none."""
    platform, found, user = text.strip().partition(":")
    if not (platform and found and user.strip()) or unkeepable(text) is not None:
        return None
    return Address(platform.lower(), user.strip())


def _is_last(work: Work, community: Community) -> bool:
    return len(work.members.of(community.id, least=Role.ORGANIZER)) == 1


def lines(work: Work, community: Community) -> Iterator[str]:
    """Who has a role, one a line, with their addresses."""
    for person in work.members.of(community.id, least=Role.COORDINATOR):
        at = ", ".join(f"{address}" for address in person.addresses)
        yield f"{person.name} ({at}): {person.role}"
