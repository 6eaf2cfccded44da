"""The workspaces of Slack, and the tokens they are reached with.

Whatever calls Slack, because of an event or by itself, gets its token here: so each is one that
works, and a refresh token is used once.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError, SlackClientError, SlackTokenRotationError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.platform import Broken, NotAllowed, PlatformError, RetryLater
from bot.platforms.slack_stores import SLACK, InstallationStore, Now, StateStore
from bot.seal import Seal
from config.settings import Settings, route_to
from storage.database import Database
from storage.errors import StorageError
from storage.installations import Installation as Row
from storage.unit_of_work import Work

EARLY = timedelta(hours=2)  # before a token expires (after 12 h) it is renewed, as Bolt does
CLAIM = timedelta(minutes=2)  # for one renewal, and between two of which the first one failed
ALWAYS = 366 * 24 * 60  # minutes: we have found out by our own clock that it is time

PAUSES = (0.1, 1, 5)  # seconds before new tokens are tried to be kept once more

NOT_INSTALLED = "not_installed"

REVOKED = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "not_authed",
        "token_expired",
        "token_revoked",
        # of a refresh token
        "invalid_grant",
        "invalid_refresh_token",
    }
)
"""What Slack says of a token that works no more."""

WRONG_CLIENT = frozenset({"bad_client_secret", "invalid_client", "invalid_client_id"})

T = TypeVar("T")

log = structlog.get_logger()


class WorkspaceGone(PlatformError):
    """The app is not installed there, or is no longer."""

    def __init__(self, team: str, because: str = NOT_INSTALLED) -> None:
        super().__init__(f"{team}: {because}")
        self.team = team
        self.because = because


@dataclass(frozen=True, slots=True)
class Own:
    """What the bot itself is in a workspace."""

    team: str
    name: str
    bot_user: str
    bot_id: str


@dataclass(frozen=True, slots=True)
class _Way:
    """How a workspace is reached now."""

    own: Own
    token: str = field(repr=False)


class Workspaces:
    """The workspace of the token in the settings, and all those in which the app was installed.

    Where there are both for one, its installation counts. Use `opened` to have its connections
    closed again. StorageError is raised by all that reads or writes, SettingsError where Slack
    cannot be reached as the environment says.
    """

    def __init__(self, settings: Settings, database: Database, seal: Seal, now: Now) -> None:
        self._database = database
        self._now = now
        self._base_url = f"{settings.slack_api_url.rstrip('/')}/api/"
        # Its files and websockets too: NO_PROXY covers what ends like a name in it.
        self._route = route_to(settings.slack_api_url)
        self._patience = settings.slack_patience
        self._bot_token = settings.slack_bot_token
        self._own: Own | None = None  # in the workspace of that token
        self._own_ended = ""
        self._client_id = settings.slack_client_id
        self._client_secret = settings.slack_client_secret
        self._session: ClientSession | None = None
        self._under_way: dict[str, asyncio.Task[Any]] = {}
        self.installations = InstallationStore(database, seal, now)
        self.states = StateStore(database, now)

    @property
    def are_many(self) -> bool:
        """Whether the app can be installed anywhere, and is not only in one workspace."""
        return bool(self._client_id and self._client_secret)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Workspaces"]:
        """Connections for as long as it is needed. Nothing is asked of Slack yet."""
        # slack_sdk's own timeout counts only for sessions that it opens itself.
        self._session = ClientSession(
            timeout=ClientTimeout(total=self._patience),
            connector=TCPConnector(ssl=self._route.trust or True),
            proxy=self._route.proxy,
        )
        try:
            yield self
        finally:
            # A token that is being renewed is kept before we go.
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)
            await self._session.close()

    @property
    def session(self) -> ClientSession:
        """For what no method of slack_sdk asks: files, and answers to commands."""
        if self._session is None:
            raise RuntimeError("used outside of `opened`")
        return self._session

    # ---- tokens ----

    async def token(self, team: str) -> str:
        """One that works there. Raises WorkspaceGone, and other PlatformErrors."""
        return (await self._way(team)).token

    async def own(self, team: str) -> Own:
        """Raises as `token` does."""
        return (await self._way(team)).own

    async def teams(self) -> list[str]:
        """The ids of all workspaces in which the app is installed. Raises PlatformError."""
        found: set[str] = set()
        if self.are_many:
            rows = await self._database.read(lambda c: Work(c).installations.open(SLACK))
            found |= {row.workspace for row in rows if row.sealed is not None}
        own = await self._introduced()
        if own is not None:
            found.add(own.team)
        return sorted(found)

    async def end(self, team: str, because: str, *, at: datetime | None = None) -> bool:
        """The app is in this workspace no more; True the first time that this is told.

        `at` is when that was so: the time of the event, or when the call was begun that failed. An
        installation that was made since does not end.
        """
        now = self._now()

        def end(work: Work) -> tuple[bool, Row | None]:
            ended = work.installations.end(SLACK, team, because=because, now=now, at=at or now)
            return ended, work.installations.find(SLACK, team)

        ended, row = await self._database.write(lambda c: end(Work(c)))
        if self._own is not None and self._own.team == team and row is not None:
            self._own_ended = row.ended_because or ""
        return ended

    # ---- for slack_sdk and Bolt ----

    async def client(self, team: str, *, retries: bool = False) -> AsyncWebClient:
        """A client with the token of that workspace. Raises as `token` does."""
        return self.client_with(await self.token(team), retries=retries)

    def client_with(self, token: str | None = None, *, retries: bool = False) -> AsyncWebClient:
        """A client with any token or none.

        Without `retries` a call is made once: a post whose answer was lost would go out twice, and
        who is asked to wait must not hold up others. With them slack_sdk waits and tries again.
        """
        tries_again = [
            AsyncConnectionErrorRetryHandler(),
            AsyncServerErrorRetryHandler(),
            AsyncRateLimitErrorRetryHandler(),
        ]
        client = AsyncWebClient(
            token=token,
            base_url=self._base_url,
            timeout=math.ceil(self._patience),
            session=self._session,
            ssl=self._route.trust,
            retry_handlers=[*tries_again] if retries else [],
        )
        client.proxy = self._route.proxy  # what it found by itself passes NO_PROXY over
        return client

    @property
    def authorize(self) -> Callable[..., Awaitable[AuthorizeResult | None]]:
        """For `AsyncApp(authorize=…)`: None where the app is not installed.

        Raises PlatformError where that cannot be told now: the event is to come again.
        """

        # No method: Bolt hands in whatever is named, `self` too.
        async def authorize(
            enterprise_id: str | None, team_id: str | None, user_id: str | None
        ) -> AuthorizeResult | None:
            if team_id is None:
                return None
            try:
                way = await self._way(team_id)
            except WorkspaceGone:
                return None
            return AuthorizeResult(
                enterprise_id=enterprise_id,
                team_id=team_id,
                team=way.own.name,
                bot_user_id=way.own.bot_user,
                bot_id=way.own.bot_id,
                bot_token=way.token,
                user_id=user_id,
            )

        return authorize

    # ---- finding ----

    async def _way(self, team: str) -> _Way:
        row = None
        if self.are_many:
            # Read each time: another process may have renewed it, or the app is installed anew.
            # Those who ask while it is being read share that.
            row = await self._once(f"find {team}", lambda: self._row(team))
        if row is not None and row.sealed is not None:
            return _way(await self._fresh(team, row.sealed))
        own = await self._introduced()
        if own is not None and own.team == team and self._bot_token is not None:
            return _Way(own, self._bot_token)
        ended = row.ended_because if row is not None else None
        raise WorkspaceGone(team, ended or self._own_ended or NOT_INSTALLED)

    async def _row(self, team: str) -> Row | None:
        return await self._database.read(lambda c: Work(c).installations.find(SLACK, team))

    # ---- the token of the settings ----

    async def _introduced(self) -> Own | None:
        """Where that token belongs; None where there is none, or it has ended."""
        if self._bot_token is None or self._own_ended:
            return None
        if self._own is None:
            self._own = await self._once("own", self._introduce)
        return self._own

    async def _introduce(self) -> Own:
        with told_apart():
            said = await self.client_with(self._bot_token).auth_test()
            own = Own(said["team_id"], said["team"], said["user_id"], said["bot_id"])
        now = self._now()
        await self._database.write(
            lambda c: Work(c).installations.know(SLACK, own.team, name=own.name, now=now)
        )
        return own

    # ---- tokens that are renewed ----

    async def _fresh(self, team: str, sealed: str) -> Installation:
        found = self.installations.read(team, sealed)
        if not self._expires_within(found, EARLY):
            return found
        renewed: Installation = await self._once(
            f"renew {team}", lambda: self._renew(team, sealed, found)
        )
        return renewed

    async def _renew(self, team: str, sealed: str, old: Installation) -> Installation:
        """With new tokens, which are committed; as it is, where it works still and there are none
        to be had."""
        now = self._now()
        is_ours = await self._database.write(
            lambda c: Work(c).installations.claim(
                SLACK, team, sealed=sealed, now=now, until=now + CLAIM
            )
        )
        try:
            # Otherwise another process does it, has done it, or failed a moment ago.
            return await self._rotate(team, sealed, old) if is_ours else await self._theirs(team)
        except PlatformError as error:
            if self._expires_within(old, timedelta(0)) or not await self._is_still(team, sealed):
                raise
            if is_ours:
                log.warning("slack.renewal", workspace=team, fault=type(error).__name__)
            return old

    async def _rotate(self, team: str, sealed: str, old: Installation) -> Installation:
        rotator = AsyncTokenRotator(
            client_id=self._client_id or "",
            client_secret=self._client_secret or "",
            client=self.client_with(),
        )
        with told_apart(team):
            bot = await rotator.perform_bot_token_rotation(
                bot=old.to_bot(), minutes_before_expiration=ALWAYS
            )
        if bot is None:
            raise Broken("the answer holds no token of a bot")
        new = Installation(**old.to_dict_for_copying())
        new.bot_token = bot.bot_token
        new.bot_refresh_token = bot.bot_refresh_token
        new.bot_token_expires_at = bot.bot_token_expires_at
        resealed = self.installations.sealed(new)
        if await self._kept(
            lambda work: work.installations.renew(SLACK, team, was=sealed, sealed=resealed)
        ):
            return new
        return await self._theirs(team)  # it was installed anew meanwhile, or has ended

    async def _theirs(self, team: str) -> Installation:
        row = await self._row(team)
        if row is None or row.sealed is None:
            raise WorkspaceGone(team, (row and row.ended_because) or NOT_INSTALLED)
        found = self.installations.read(team, row.sealed)
        if self._expires_within(found, timedelta(0)):
            raise Broken("its token is being renewed")
        return found

    async def _is_still(self, team: str, sealed: str) -> bool:
        row = await self._row(team)
        return row is not None and row.sealed == sealed

    async def _kept(self, work: Callable[[Work], T]) -> T:
        """New tokens are worth some patience: the old refresh token is used up."""
        for pause in PAUSES:
            try:
                return await self._database.write(lambda c: work(Work(c)))
            except StorageError as error:
                log.warning("slack.keeping", fault=type(error).__name__)
                await asyncio.sleep(pause)
        return await self._database.write(lambda c: work(Work(c)))

    def _expires_within(self, found: Installation, span: timedelta) -> bool:
        at = found.bot_token_expires_at
        return at is not None and at <= (self._now() + span).timestamp()

    async def _once(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `work` gives; several who want it at one time share it. It goes on to its end,
        whoever is cancelled."""
        task = self._under_way.get(name)
        if task is None:
            task = self._under_way[name] = asyncio.create_task(work())
            task.add_done_callback(lambda done: self._forget(name, done))
        result: T = await asyncio.shield(task)
        return result

    def _forget(self, name: str, done: "asyncio.Task[Any]") -> None:
        del self._under_way[name]
        if not done.cancelled():
            done.exception()  # whoever waited has it; nobody may wait any more


def _way(found: Installation) -> _Way:
    own = Own(
        found.team_id or "",
        found.team_name or "",
        found.bot_user_id or "",
        found.bot_id or "",
    )
    return _Way(own, found.bot_token or "")


# ---- errors ----


@contextmanager
def told_apart(team: str | None = None) -> Iterator[None]:
    """slack_sdk's errors about tokens as the port's; of a token that works no more, as
    WorkspaceGone where the `team` is known. None of them quotes what Slack said but its code."""
    try:
        yield
    except SlackTokenRotationError as error:
        raise _fault(error.api_error, team) from None
    except SlackApiError as error:
        raise _fault(error, team) from None
    except (SlackClientError, ClientError, TimeoutError, OSError, TypeError) as error:
        # TypeError: slack_sdk looks into answers that lack what it looks for.
        raise Broken(type(error).__name__) from None


def _fault(error: SlackApiError, team: str | None) -> PlatformError:
    code = code_of(error)
    if code in REVOKED:
        return WorkspaceGone(team, code) if team is not None else NotAllowed(code)
    if code in WRONG_CLIENT:
        return NotAllowed(code)
    status = getattr(error.response, "status_code", None)
    if status == 429:
        return RetryLater(float(error.response.headers.get("Retry-After", 1)))
    return Broken(code or f"status {status}")


def code_of(error: SlackApiError) -> str:
    """What Slack calls it; empty where it said nothing."""
    data = getattr(error.response, "data", None)
    return str(data.get("error") or "") if isinstance(data, dict) else ""
