"""Slack, through slack_sdk's client: what is sent, shown and asked for there."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.platform import (
    Broken,
    NotAllowed,
    PlatformError,
    Refused,
    RetryLater,
    Unreachable,
)
from bot.platforms.slack_inbound import SLACK, moment
from bot.platforms.slack_renderer import (
    Block,
    Message,
    answered,
    escape,
    messages,
    told_plainly,
)
from bot.platforms.slack_workspaces import WorkspaceGone, Workspaces, code_of
from bot.recent import Recent
from flows.messages import Address, Reply, Say, Send
from storage.outbox import ASIDE, Sent

REMEMBERED = 10_000
"""Questions whose blocks are remembered until they are answered; others are asked for again."""

BEHIND = ":"  # between the message that is shared and its details in the thread

GONE = {
    "account_inactive",
    "app_missing_action_url",
    "invalid_auth",
    "not_authed",
    "org_login_required",
    "team_access_not_granted",
    "token_expired",
    "token_revoked",
}
"""The app is let in no more."""

UNREACHABLE = {
    "cannot_dm_bot",
    "channel_not_found",
    "is_archived",
    "messages_tab_disabled",
    "user_disabled",
    "user_not_found",
    "user_not_visible",
    "users_not_found",
}
"""The person is gone, or cannot be written to."""

PASSING = {
    "fatal_error",
    "internal_error",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
}
"""Slack has trouble of its own."""

WAIT = 1.0  # seconds, where Slack asks to wait and does not say how long


@dataclass(frozen=True, slots=True)
class Profile:
    """What Slack tells of somebody; `is_there` is False once they left the workspace."""

    name: str
    timezone: str | None
    language: str | None
    is_there: bool


class Slack:
    """One app, in one workspace or many."""

    name = SLACK

    def __init__(self, workspaces: Workspaces, *, key: bytes, now: Callable[[], datetime]) -> None:
        """`key` signs buttons."""
        self._workspaces = workspaces
        self._key = key
        self._now = now
        self.when_gone: Callable[[str, str], Awaitable[None]] | None = None
        """Told of a workspace that lets the app in no more, and why."""
        self._chats: dict[str, str] = {}  # of each person, the channel with the bot
        self._asked: Recent[tuple[str, str], Sequence[Block]] = Recent(REMEMBERED)
        # The action_id of the button that was tapped below it.
        self._chosen: Recent[tuple[str, str], str] = Recent(REMEMBERED)

    # ---- what leaves ----

    async def send(self, to: Address, reply: Reply, *, place: str | None = None) -> Sent:
        async with self._calling(to) as client:
            if place is not None and place.startswith(ASIDE):
                said = await self._say_aside(to, reply, place.removeprefix(ASIDE))
                if said is not None:
                    return said
                place = None  # that way is closed after half an hour; this one is always open
            channel, thread = _place(place) if place else (await self._chat(client, to), "")
            if isinstance(reply, Send):
                return await self._send_file(client, channel, reply)
            if isinstance(reply, Say) and place is not None:
                return await self._share(client, channel, thread, to, reply)
            shown = messages(reply, user=to.user, key=self._key)
            sent = [await self._post(client, channel, each, thread) for each in shown]
            if not sent:
                raise Refused("there is nothing to send")
            self._remember(to, sent[-1], shown[-1].blocks)
            return Sent(sent[-1], moment(sent[-1]), messages=len(sent))

    async def edit(self, to: Address, message_id: str, reply: Reply) -> None:
        shown = messages(reply, user=to.user, key=self._key)
        if len(shown) != 1:
            raise Refused("it spans several messages")
        async with self._calling(to) as client:
            await self._update(client, await self._chat(client, to), message_id, shown[0])
        self._remember(to, message_id, shown[0].blocks)

    async def update_shared(self, to: Address, message_id: str, reply: Say, place: str) -> None:
        """What was shared in a channel, as it reads now. Raises PlatformError."""
        shown = list(_shared(to, reply, self._key))
        known = message_id.split(BEHIND)
        if len(shown) != len(known):
            raise Refused("it spans another number of messages")
        async with self._calling(to) as client:
            for message, ts in zip(shown, known, strict=True):
                await self._update(client, _place(place)[0], ts, message)

    async def close(self, to: Address, message_id: str) -> None:
        """The question stays, with the choice that was made; its buttons go."""
        async with self._calling(to) as client:
            channel = await self._chat(client, to)
            blocks = self._asked.pop((to.user, message_id), None)
            if blocks is None:  # since a restart: Slack knows
                found = await client.conversations_history(
                    channel=channel, latest=message_id, oldest=message_id, inclusive=True, limit=1
                )
                there: list[dict[str, Any]] = found.get("messages") or []
                if not there:
                    raise Refused("it is gone")
                blocks = told_plainly(there[0].get("blocks") or [])
            left = answered(blocks, self._chosen.pop((to.user, message_id), None))
            await self._update(client, channel, message_id, Message(_first(left), tuple(left)))

    async def fetch(self, file_id: str) -> bytes:
        """A file that somebody shared: `T0001/F0001`."""
        team, _, number = file_id.partition("/")
        async with self._calling(Address(SLACK, f"{team}/")) as client:
            found = await client.files_info(file=number)
            return await self._downloaded(client, str(found["file"]["url_private_download"]))

    # ---- people ----

    async def chat(self, to: Address) -> str:
        """The channel in which the bot and a person talk."""
        async with self._calling(to) as client:
            return await self._chat(client, to)

    def meet(self, whom: Address, channel: str) -> None:
        """The channel in which the bot and a person talk, as Slack tells it."""
        self._chats[whom.user] = channel

    async def profile(self, of: Address) -> Profile:
        async with self._calling(of, patiently=True) as client:
            found = await client.users_info(user=_user(of), include_locale=True)
        user: dict[str, Any] = found["user"]
        shown = user.get("profile") or {}
        name = shown.get("display_name") or shown.get("real_name") or user.get("real_name")
        return Profile(
            name=str(name or user.get("name") or ""),
            timezone=user.get("tz"),
            language=user.get("locale"),
            is_there=not user.get("deleted"),
        )

    async def link_to(self, of: Address, channel: str, message_id: str) -> str | None:
        """The address of a message; None where Slack gives none."""
        try:
            async with self._calling(of) as client:
                found = await client.chat_getPermalink(channel=channel, message_ts=message_id)
        except PlatformError:
            return None
        return str(found["permalink"])

    def tapped(
        self, to: Address, message_id: str, button: str, blocks: Sequence[Block] = ()
    ) -> None:
        """What was chosen below a question, to be shown once its buttons go."""
        if (to.user, message_id) not in self._asked:
            self._remember(to, message_id, told_plainly(blocks))
        self._chosen[to.user, message_id] = button

    def tapped_elsewhere(self, to: Address, what: str) -> None:
        """As `tapped`, of a tap that another process heard: the message's id, and the button."""
        message_id, _, button = what.partition(" ")
        self.tapped(to, message_id, button)

    # ---- views ----

    async def show_home(self, to: Address, blocks: Sequence[Block]) -> None:
        async with self._calling(to) as client:
            view = {"type": "home", "blocks": list(blocks)}
            await client.views_publish(user_id=_user(to), view=view)

    async def open_modal(self, to: Address, trigger: str, view: Mapping[str, Any]) -> None:
        """Show a form. `trigger` is that of a tap of the last three seconds."""
        async with self._calling(to) as client:
            await client.views_open(trigger_id=trigger, view=dict(view))

    # ---- parts ----

    @asynccontextmanager
    async def _calling(
        self, to: Address, *, patiently: bool = False
    ) -> AsyncIterator[AsyncWebClient]:
        """The client of somebody's workspace. What fails is told as the port tells it.

        Where many workspaces are served, one that lets the app in no more ends by itself.
        """
        began = self._now()
        try:
            client = await self._workspaces.client(to.workspace, retries=patiently)
            with _told_apart():
                yield client
        except WorkspaceGone:
            raise Unreachable from None
        except NotAllowed as error:
            if not self._workspaces.are_many:  # its token was set here, and may be set anew
                raise
            is_first = await self._workspaces.end(to.workspace, str(error), at=began)
            if is_first and self.when_gone is not None:
                await self.when_gone(to.workspace, str(error))
            raise Unreachable from None

    async def _chat(self, client: AsyncWebClient, to: Address) -> str:
        if to.user not in self._chats:
            found = await client.conversations_open(users=_user(to))
            self._chats[to.user] = str(found["channel"]["id"])
        return self._chats[to.user]

    async def _post(
        self, client: AsyncWebClient, channel: str, message: Message, thread: str = ""
    ) -> str:
        sent = await client.chat_postMessage(
            channel=channel,
            text=message.text,
            blocks=list(message.blocks),
            thread_ts=thread or None,
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(sent["ts"])

    async def _update(
        self, client: AsyncWebClient, channel: str, ts: str, message: Message
    ) -> None:
        await client.chat_update(
            channel=channel, ts=ts, text=message.text, blocks=list(message.blocks)
        )

    async def _share(
        self, client: AsyncWebClient, channel: str, thread: str, to: Address, reply: Say
    ) -> Sent:
        """In a channel: one message, and what is longer in its thread."""
        sent: list[str] = []
        for message in _shared(to, reply, self._key):
            sent.append(await self._post(client, channel, message, thread or "".join(sent[:1])))
        if not sent:
            raise Refused("there is nothing to send")
        return Sent(BEHIND.join(sent), moment(sent[0]), messages=len(sent))

    async def _say_aside(self, to: Address, reply: Reply, url: str) -> Sent | None:
        """Where a command was typed, seen by that person alone; None where that is over."""
        if not isinstance(reply, Say):
            return None
        for message in messages(reply, user=to.user, key=self._key):
            answer = {
                "response_type": "ephemeral",
                "text": message.text,
                "blocks": list(message.blocks),
            }
            async with self._workspaces.session.post(url, json=answer) as done:
                if done.status >= 500:
                    raise Broken(f"HTTP {done.status}")
                if done.status != 200:
                    return None
        return Sent(None, self._now())

    async def _send_file(self, client: AsyncWebClient, channel: str, file: Send) -> Sent:
        await client.files_upload_v2(
            channel=channel,
            content=file.data,
            filename=file.name,
            title=file.name,
            initial_comment=escape(file.text),
        )
        return Sent(None, self._now())

    async def _downloaded(self, client: AsyncWebClient, url: str) -> bytes:
        allowed = {"Authorization": f"Bearer {client.token}"}
        async with self._workspaces.session.get(url, headers=allowed) as found:
            if found.status != 200 or found.content_type == "text/html":  # a page to sign in at
                raise Refused("Slack does not hand it out")
            return await found.read()

    def _remember(self, to: Address, message_id: str, blocks: Sequence[Block]) -> None:
        if any(block["type"] == "actions" for block in blocks):
            self._asked[to.user, message_id] = blocks


def _shared(to: Address, reply: Say, key: bytes) -> Iterator[Message]:
    """A message for all, and more of it for whoever opens its thread."""
    if reply.brief:
        yield from messages(Say(reply.brief), user=to.user, key=key)
    yield from messages(Say(reply.text), user=to.user, key=key)


def _first(blocks: Sequence[Block]) -> str:
    """What a notification would show of an answered question."""
    found = next((b["text"]["text"] for b in blocks if b["type"] == "section"), "…")
    return escape(str(found)[:150])


def _place(place: str) -> tuple[str, str]:
    """`T0001/C0001#1712.3`: the channel, and the thread in it."""
    channel, _, thread = place.partition("/")[2].partition("#")
    return channel, thread


def _user(of: Address) -> str:
    return of.user.partition("/")[2]


@contextmanager
def _told_apart() -> Iterator[None]:
    """The client's errors as the port's. Of an answer nothing is kept but Slack's own word."""
    try:
        yield
    except SlackApiError as error:
        raise _told(error) from None
    except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
        raise Broken(type(error).__name__) from None


def _told(error: SlackApiError) -> PlatformError:
    answer = error.response
    status = getattr(answer, "status_code", 200)
    headers = getattr(answer, "headers", None) or {}
    fault = code_of(error)
    if status == 429 or fault in ("ratelimited", "rate_limited"):
        return RetryLater(_seconds(headers), is_for_all=True)
    if status >= 500 or fault in PASSING or not fault:
        return Broken(fault or f"HTTP {status}")
    if fault in GONE:
        return NotAllowed(fault)
    if fault in UNREACHABLE:
        return Unreachable(fault)
    if fault == "missing_scope":
        return Refused(f"missing_scope: the app needs {_word(answer.get('needed'))}")
    return Refused(_word(fault))


def _seconds(headers: Mapping[str, str]) -> float:
    found = next((v for k, v in headers.items() if k.casefold() == "retry-after"), "")
    return float(found) if re.fullmatch(r"\d{1,6}", found) else WAIT


def _word(fault: object) -> str:
    """Slack's word for it; nothing else, as it might quote."""
    return re.sub(r"[^a-z0-9_:,.]", "", str(fault))[:100] or "refused"
