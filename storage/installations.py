"""The workspaces that the app is installed in, and installations that were begun.

Tokens come here encrypted. Of a state only what it makes (SHA-256) is kept, so that whoever reads
the database can use none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, or_, select, update

from storage.dialects import insert_or_keep
from storage.tables import installations, oauth_states


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """`sealed` is None where the token is a setting, and once it has ended."""

    platform: str
    workspace: str
    name: str
    sealed: str | None = field(repr=False)
    installed_at: datetime
    ended_at: datetime | None = None
    ended_because: str | None = None

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


_ADD = insert_or_keep(installations)


class Installations:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, platform: str, workspace: str, *, name: str, sealed: str, now: datetime) -> None:
        """It is installed there now, whatever was before."""
        values = {"name": name, "sealed": sealed, **_opened(now)}
        if not self._added(platform, workspace, values):
            self._change(values, _this(platform, workspace))

    def know(self, platform: str, workspace: str, *, name: str, now: datetime) -> None:
        """There is a token for it that is kept elsewhere: it is open, with its own tokens if it
        has some."""
        values = {"name": name, "sealed": None, **_opened(now)}
        if not self._added(platform, workspace, values):
            self._change(values, _this(platform, workspace), installations.c.ended_at.is_not(None))

    def find(self, platform: str, workspace: str) -> Installation | None:
        """Whether or not it has ended."""
        found = select(installations).where(_this(platform, workspace))
        row = self._connection.execute(found).one_or_none()
        return _installation(row) if row is not None else None

    def open(self, platform: str) -> list[Installation]:
        """Those that have not ended, in the order of their ids."""
        found = (
            select(installations)
            .where(installations.c.platform == platform, installations.c.ended_at.is_(None))
            .order_by(installations.c.workspace)
        )
        return [_installation(row) for row in self._connection.execute(found)]

    def end(
        self, platform: str, workspace: str, *, because: str, now: datetime, at: datetime
    ) -> bool:
        """It ended at that time, and its tokens go. False where it had ended before, was installed
        anew since, or never was."""
        return self._change(
            {
                "sealed": None,
                "ended_at": now,
                "ended_because": because[:64],
                "renewing_until": None,
            },
            _this(platform, workspace),
            installations.c.ended_at.is_(None),
            installations.c.installed_at <= at,
        )

    # ---- renewing tokens ----

    def claim(
        self, platform: str, workspace: str, *, sealed: str, now: datetime, until: datetime
    ) -> bool:
        """Whether it is the caller who renews these very tokens, until that time and no other."""
        return self._change(
            {"renewing_until": until},
            _this(platform, workspace),
            installations.c.sealed == sealed,
            or_(
                installations.c.renewing_until.is_(None),
                installations.c.renewing_until <= now,
            ),
        )

    def renew(self, platform: str, workspace: str, *, was: str, sealed: str) -> bool:
        """New tokens in the place of these; False where they are others by now."""
        return self._change(
            {"sealed": sealed, "renewing_until": None},
            _this(platform, workspace),
            installations.c.sealed == was,
        )

    # ---- installations that were begun ----

    def issue(self, state: str, *, now: datetime, until: datetime) -> None:
        """Somebody begins one, and comes back with this state."""
        self._connection.execute(delete(oauth_states).where(oauth_states.c.expires_at <= now))
        values = {"digest": _digest(state), "expires_at": until}
        self._connection.execute(insert(oauth_states).values(values))

    def use(self, state: str, *, now: datetime) -> bool:
        """Whether it was issued; used up by that. False where it has expired."""
        this = (oauth_states.c.digest == _digest(state), oauth_states.c.expires_at > now)
        return self._connection.execute(delete(oauth_states).where(*this)).rowcount > 0

    # ---- parts ----

    def _added(self, platform: str, workspace: str, values: Mapping[str, Any]) -> bool:
        row = {"platform": platform, "workspace": workspace, **values}
        return self._connection.execute(_ADD[self._connection.dialect.name], row).rowcount > 0

    def _change(self, values: Mapping[str, Any], *which: ColumnElement[bool]) -> bool:
        change = update(installations).where(*which).values(values)
        return self._connection.execute(change).rowcount > 0


def _opened(now: datetime) -> dict[str, Any]:
    return {
        "installed_at": now,
        "ended_at": None,
        "ended_because": None,
        "renewing_until": None,
    }


def _this(platform: str, workspace: str) -> ColumnElement[bool]:
    return (installations.c.platform == platform) & (installations.c.workspace == workspace)


def _installation(row: Row[Any]) -> Installation:
    return Installation(
        platform=row.platform,
        workspace=row.workspace,
        name=row.name,
        sealed=row.sealed,
        installed_at=row.installed_at,
        ended_at=row.ended_at,
        ended_because=row.ended_because,
    )


def _digest(state: str) -> str:
    # A browser may hand over half of a character: no state has one.
    return sha256(state.encode(errors="surrogatepass")).hexdigest()
