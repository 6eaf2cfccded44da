"""Secrets that people hand on: invites into a community, and codes that link two addresses.

What is kept is only what a secret makes (SHA-256), so that whoever reads the database can use none.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from flows.messages import Address
from storage.communities import CommunityId
from storage.members import MemberId
from storage.tables import guesses, invites, link_codes

LINK_LIVES = timedelta(minutes=10)

LINK_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is taken for another
LINK_LENGTH = 8  # typed by hand on another device; about 40 bits

GUESS_SPAN = timedelta(hours=1)
MOST_GUESSES = 5  # wrong ones of an address in that span; then no right one works for as long


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """An invite as its community lists it. `number` names it; `most_uses` None is no limit."""

    number: int
    made_at: datetime
    expires_at: datetime
    uses: int
    most_uses: int | None


class Codes:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # ---- invites ----

    def invite(
        self,
        community: CommunityId,
        *,
        by: MemberId | None,
        now: datetime,
        lasts: timedelta,
        most_uses: int | None = None,
    ) -> str:
        """A new invite's token, which is told this once and never again."""
        token = secrets.token_urlsafe(16)
        self._connection.execute(
            insert(invites).values(
                community_id=community,
                digest=_digest(token),
                made_by=by,
                made_at=now,
                expires_at=now + lasts,
                most_uses=most_uses,
                uses=0,
            )
        )
        return token

    def use_invite(self, token: str, *, now: datetime) -> CommunityId | None:
        """The community that a token invites into; None where it is none, or none any more.

        It is not counted before `count_use`: whoever belongs there already uses nothing up.
        """
        row = self._connection.execute(
            select(invites.c.community_id)
            .where(invites.c.digest == _digest(token), *_usable(now))
            .with_for_update()
        ).one_or_none()
        return CommunityId(row.community_id) if row is not None else None

    def invited_to(self, token: str) -> CommunityId | None:
        """The community that a token was ever made for, whether or not it can be used."""
        found = select(invites.c.community_id).where(invites.c.digest == _digest(token))
        row = self._connection.execute(found).scalar_one_or_none()
        return CommunityId(row) if row is not None else None

    def count_use(self, token: str) -> None:
        self._connection.execute(
            update(invites)
            .where(invites.c.digest == _digest(token))
            .values(uses=invites.c.uses + 1)
        )

    def invites(self, community: CommunityId, *, now: datetime) -> list[Invite]:
        """Those that can be used, the oldest first."""
        rows = self._connection.execute(
            select(invites)
            .where(invites.c.community_id == community, *_usable(now))
            .order_by(invites.c.id)
        )
        return [
            Invite(
                number=row.id,
                made_at=row.made_at,
                expires_at=row.expires_at,
                uses=row.uses,
                most_uses=row.most_uses,
            )
            for row in rows
        ]

    def revoke_invite(self, community: CommunityId, number: int, *, now: datetime) -> bool:
        """False where the community has no such invite that can be used."""
        which = (invites.c.community_id == community, invites.c.id == number, *_usable(now))
        revoke = update(invites).where(*which).values(revoked_at=now)
        return self._connection.execute(revoke).rowcount > 0

    # ---- links ----

    def link(self, member: MemberId, *, now: datetime) -> str:
        """A code that makes another address this member's; it takes the place of earlier ones."""
        self._connection.execute(
            delete(link_codes).where(
                or_(link_codes.c.member_id == member, link_codes.c.expires_at <= now)
            )
        )
        code = "".join(secrets.choice(LINK_LETTERS) for _ in range(LINK_LENGTH))
        values = {"digest": _digest(code), "member_id": member, "expires_at": now + LINK_LIVES}
        self._connection.execute(insert(link_codes).values(values))
        return code

    def use_link(self, code: str, *, by: MemberId, now: datetime) -> MemberId | None:
        """Whose code it is; used up by that, but by whoever made it. None where it is none, or
        none any more."""
        this = (link_codes.c.digest == _digest(code.upper()), link_codes.c.expires_at > now)
        whose = select(link_codes.c.member_id).where(*this).with_for_update()
        row = self._connection.execute(whose).scalar_one_or_none()
        if row is not None and row != by:
            self._connection.execute(delete(link_codes).where(*this))
        return MemberId(row) if row is not None else None

    # ---- guessing ----

    def is_guessing(self, address: Address, *, now: datetime) -> bool:
        """Whether too many wrong codes of any kind came from here, the last of them of late."""
        latest = (
            self._connection.execute(
                select(guesses.c.at)
                .where(guesses.c.platform == address.platform, guesses.c.user == address.user)
                .order_by(guesses.c.at.desc())
                .limit(MOST_GUESSES)
            )
            .scalars()
            .all()
        )
        if len(latest) < MOST_GUESSES:
            return False
        return bool(latest[0] > now - GUESS_SPAN and latest[-1] > latest[0] - GUESS_SPAN)

    def guessed(self, address: Address, *, now: datetime) -> None:
        """Count a wrong one."""
        values = {"platform": address.platform, "user": address.user, "at": now}
        self._connection.execute(insert(guesses).values(values))


def _usable(now: datetime) -> tuple[Any, ...]:
    return (
        invites.c.revoked_at.is_(None),
        invites.c.expires_at > now,
        or_(invites.c.most_uses.is_(None), invites.c.uses < invites.c.most_uses),
    )


def _digest(secret: str) -> str:
    # A platform may hand over half of a character: no secret has one.
    return sha256(secret.strip().encode(errors="surrogatepass")).hexdigest()
