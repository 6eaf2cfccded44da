"""Bolt: what Slack tells, by Socket Mode or by HTTP, acknowledged once it is done."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.slack_workspaces import Workspaces, code_of
from storage.errors import StorageError

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0  # seconds

DENIED = {
    "account_inactive",
    "invalid_auth",
    "not_allowed_token_type",
    "not_authed",
    "token_revoked",
}
"""What Slack says of an app token that it does not take."""

FAILURES = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError)

Body = dict[str, Any]
Issue = Callable[[], Coroutine[Any, Any, str]]
Take = Callable[[Body], Awaitable[Body | None]]
"""Does what Slack tells, and returns once that is committed, with what Slack is to be answered.

Raises StorageError where it could not be kept: Slack then tells it again.
"""

log = structlog.get_logger()


class SlackApp:
    def __init__(
        self,
        workspaces: Workspaces,
        take: Take,
        *,
        signing_secret: str | None,
        longest: float = LONGEST_PAUSE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._take = take
        self._longest = longest
        self._sleep = sleep
        self._going: set[asyncio.Task[None]] = set()
        self.is_allowed = True
        """False once Slack refused the app's token; it goes on asking, slowly."""
        quiet = logging.getLogger("slack")
        quiet.setLevel(logging.CRITICAL + 1)  # it logs bodies: what people wrote stands there
        self._bolt = AsyncApp(
            name="storytrail",  # else it looks through all files of the stack for one
            logger=quiet,
            signing_secret=signing_secret,
            authorize=workspaces.authorize,  # type: ignore[arg-type] # None is understood
            process_before_response=True,
            request_verification_enabled=signing_secret is not None,
        )
        self._bolt.middleware(self._everything)

    async def answer(
        self, body: str, headers: Mapping[str, str], query: Mapping[str, str]
    ) -> tuple[int, str, Mapping[str, str]]:
        """What a request of Slack's is answered: status, body, headers.

        Raises ValueError for a body that is none of Slack's.
        """
        try:
            request = AsyncBoltRequest(body=body, query=dict(query), headers=dict(headers))
        except (AttributeError, TypeError):  # Bolt looks into JSON that is no object
            raise ValueError("no object") from None
        response = await self._bolt.async_dispatch(request)
        return response.status, response.body, response.first_headers_without_set_cookie()

    async def listen(self, app_token: str, client: AsyncWebClient, ends: asyncio.Event) -> None:
        """Socket Mode, until it `ends`; what was told by then is finished."""
        handler = AsyncSocketModeHandler(self._bolt, app_token, web_client=client)
        socket = handler.client
        socket.proxy = client.proxy  # not the one that it found by itself

        async def beside(_: AsyncBaseSocketModeClient, told: SocketModeRequest) -> None:
            # The client handles one envelope after the other: a slow one would hold up everybody.
            task = asyncio.create_task(handler.handle(socket, told))
            self._going.add(task)
            task.add_done_callback(self._going.discard)

        socket.socket_mode_request_listeners[:] = [beside]
        socket.issue_new_wss_url = self._noting(socket.issue_new_wss_url)  # type: ignore[method-assign]
        try:
            await self._connect(socket, ends)
            await ends.wait()
            if self._going:
                await asyncio.wait(self._going)
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]

    async def _connect(self, socket: AsyncBaseSocketModeClient, ends: asyncio.Event) -> None:
        """As often as it takes; afterwards the client itself keeps the connection."""
        pause = min(FIRST_PAUSE, self._longest)
        while not ends.is_set():
            try:
                # Asked for here: the client itself tries again for ever, and says nothing of it.
                socket.wss_uri = await socket.issue_new_wss_url()
            except FAILURES:
                await self._sleep(pause)
                pause = min(pause * 2, self._longest)
            else:
                await socket.connect()  # type: ignore[no-untyped-call]
                return

    def _noting(self, issue: Issue) -> Issue:
        """`issue` gives the address of a websocket; whether Slack lets us in is seen by that."""

        async def issued() -> str:
            try:
                found = await issue()
            except FAILURES as error:
                self._note(error)
                raise
            self.is_allowed = True
            return found

        return issued

    def _note(self, error: Exception) -> None:
        fault = type(error).__name__
        if isinstance(error, SlackApiError):
            fault = code_of(error) or fault
        if fault in DENIED and self.is_allowed:
            self.is_allowed = False
            log.error("slack.not-allowed", fault=fault)
        elif fault not in DENIED:
            log.warning("slack.socket", fault=fault)

    async def _everything(self, body: Body) -> BoltResponse:
        """One door for all that Slack tells: what the bot does not know is acknowledged too."""
        try:
            answer = await self._take(body)
        except StorageError as error:
            log.warning("slack.unkept", fault=type(error).__name__)
            return BoltResponse(status=503)
        return BoltResponse(status=200, body=answer if answer is not None else "")
