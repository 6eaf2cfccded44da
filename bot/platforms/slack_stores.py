"""What slack_sdk keeps of installations and of those that were begun, in our own tables.

Its own stores open transactions beside our one writer, and keep tokens in plain text.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from logging import Logger, getLogger
from typing import Any

from slack_bolt.error import BoltError
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from bot.platforms.platform import NotAllowed
from bot.seal import Seal, SealBroken
from storage.database import Database
from storage.unit_of_work import Work

SLACK = "slack"

STATE_LIVES = timedelta(minutes=10)

Now = Callable[[], datetime]

SILENT = getLogger("storytrail.slack.oauth")
SILENT.disabled = True
"""For slack_sdk and Bolt, who log the codes that installations are made with."""


class OrgWide(BoltError):
    """It was installed in an organization, and in no workspace of it."""


class InstallationStore(AsyncInstallationStore):
    """Raises StorageError, as all that reads and writes."""

    def __init__(self, database: Database, seal: Seal, now: Now) -> None:
        self._database = database
        self._seal = seal
        self._now = now

    @property
    def logger(self) -> Logger:
        return SILENT

    # ---- for our own ----

    def sealed(self, installation: Installation) -> str:
        """The installation without the person who made it: nothing of it is a member's."""
        values: dict[str, Any] = installation.to_dict_for_copying()
        values |= {name: None for name in values if name.startswith("user_")}
        values["user_id"] = ""
        for name, value in values.items():
            if isinstance(value, datetime):
                values[name] = value.timestamp()
        return self._seal.close(values)

    def read(self, team: str, sealed: str) -> Installation:
        """Raises NotAllowed where the secret key is another one by now."""
        try:
            values = self._seal.open(sealed)
        except SealBroken:
            values = {}
        if values.get("team_id") != team:
            raise NotAllowed("the tokens were encrypted with another STORYTRAIL_SECRET_KEY")
        expires_at = values.pop("bot_token_expires_at")
        installation = Installation(**values)
        if expires_at is not None:  # the library takes whole seconds only
            installation.bot_token_expires_at = int(expires_at)
        return installation

    # ---- for slack_sdk and Bolt ----

    async def async_save(self, installation: Installation) -> None:
        """Raises OrgWide."""
        team = installation.team_id
        if team is None or installation.is_enterprise_install:
            raise OrgWide
        name, sealed, now = installation.team_name or team, self.sealed(installation), self._now()
        await self._database.write(
            lambda c: Work(c).installations.put(SLACK, team, name=name, sealed=sealed, now=now)
        )

    async def async_save_bot(self, bot: Bot) -> None:
        await self.async_save(Installation(**bot.to_dict_for_copying(), user_id=""))

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        if team_id is None or is_enterprise_install:
            return None
        team = team_id
        found = await self._database.read(lambda c: Work(c).installations.find(SLACK, team))
        return self.read(team, found.sealed) if found is not None and found.sealed else None

    async def async_find_bot(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = False,
    ) -> Bot | None:
        found = await self.async_find_installation(
            enterprise_id=enterprise_id,
            team_id=team_id,
            is_enterprise_install=is_enterprise_install,
        )
        return found.to_bot() if found is not None else None

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        if team_id is None:
            return
        team, now = team_id, self._now()
        await self._database.write(
            lambda c: Work(c).installations.end(SLACK, team, because="deleted", now=now, at=now)
        )

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """There is one a workspace, of the bot: the person who made it is not kept."""
        if user_id is None:
            await self.async_delete_bot(enterprise_id=enterprise_id, team_id=team_id)


class StateStore(AsyncOAuthStateStore):
    def __init__(self, database: Database, now: Now) -> None:
        self._database = database
        self._now = now

    @property
    def logger(self) -> Logger:
        return SILENT

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:
        state, now = secrets.token_urlsafe(32), self._now()
        await self._database.write(
            lambda c: Work(c).installations.issue(state, now=now, until=now + STATE_LIVES)
        )
        return state

    async def async_consume(self, state: str) -> bool:
        now = self._now()
        return await self._database.write(lambda c: Work(c).installations.use(state, now=now))
