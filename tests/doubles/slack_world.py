"""What there is on the server: workspaces, messages, files, tokens, and the moment it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, RLock
from time import time
from typing import Any

from tests.doubles.slack_chats import Channel, Message, Team, User, View
from tests.doubles.slack_deliveries import EVENTS, Delivery
from tests.doubles.slack_faults import Call, Faults
from tests.doubles.slack_limits import Limits
from tests.doubles.slack_outbox import Outbox
from tests.doubles.slack_sockets import Sockets
from tests.doubles.slack_text import rich_text
from tests.doubles.slack_tokens import Token, Tokens
from tests.doubles.slack_wire import Refused, Wire

TRIGGER_SECONDS = 3
HISTORY = {"im": "im:history", "channel": "channels:history", "group": "groups:history"}
EVENT_NAMES = {"im": "message.im", "channel": "message.channels", "group": "message.groups"}
SCOPES = {
    "app_mention": "app_mentions:read",
    "member_joined_channel": "channels:read",
    "reaction_added": "reactions:read",
}
"""What an event needs to be granted, beside those of messages."""


@dataclass(eq=False)
class Trigger:
    user: User
    team: Team
    at: float
    used: bool = False


@dataclass(eq=False)
class ResponseUrl:
    user: User
    channel: Channel
    message: Message | None
    at: float
    uses: int = 0


@dataclass(eq=False)
class File:
    wire: Wire
    team: Team
    length: int
    content: bytes | None = None


@dataclass(eq=False)
class World:
    """The state of the double. `lock` guards all of it, `changed` tells when it changes."""

    limits: Limits
    faults: Faults
    signing_secret: str
    client_id: str
    client_secret: str
    app_id: str
    app_token: str
    verification: str
    subscribed: frozenset[str]
    patience: float
    rotation: float | None
    """Seconds that a bot token lives; None where tokens do not rotate."""
    clock: Callable[[], float] = time
    url: str = ""
    ahead: float = 0
    """Seconds by which the server's clock is ahead of that one."""
    teams: dict[str, Team] = field(default_factory=dict)
    tokens: Tokens = field(default_factory=Tokens)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    views: dict[str, tuple[View, User]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    lock: RLock = field(default_factory=RLock)
    changed: Condition = field(init=False)
    outbox: Outbox = field(init=False)
    sockets: Sockets = field(init=False)
    _count: int = 0
    _last: int = 0

    def __post_init__(self) -> None:
        self.changed = Condition(self.lock)
        self.outbox = Outbox(self.changed, self.now)
        self.sockets = Sockets(self.changed, self.app_id, self.patience, self.id)
        self.tokens.add(Token(self.app_token, "", frozenset({"connections:write"})))

    def now(self) -> float:
        return self.clock() + self.ahead

    def ts(self) -> str:
        """A moment as messages have it, later than all before."""
        with self.lock:
            self._last = max(int(self.now() * 1_000_000), self._last + 1)
            return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def id(self, prefix: str) -> str:
        """One that was not used before."""
        with self.lock:
            self._count += 1
            return f"{prefix}0{self._count:09X}"

    def until(self, met: Callable[[], Any], timeout: float) -> bool:
        """Waits until something holds, looking again after each change; whether it holds."""
        with self.changed:
            return bool(self.changed.wait_for(met, timeout))

    # Tokens

    def grants(self, team: Team) -> Token:
        """A new token for a workspace, in which the bot is installed from now on."""
        team.installed = True
        if self.rotation is None:
            text = f"xoxb-{team.id}-{self.id('K')}"
            return self.tokens.add(Token(text, team.id, team.scopes))
        text = f"xoxe.xoxb-1-{team.id}-{self.id('K')}"
        return self.tokens.add(Token(text, team.id, team.scopes, self.now() + self.rotation))

    # Events

    def tells(self, team: Team, event: Wire, name: str, scope: str = "") -> Delivery | None:
        """An event for the bot, if it subscribed to that and was granted what it takes."""
        needed = scope or SCOPES.get(name, "")
        if not team.installed or name not in self.subscribed:
            return None
        if needed and needed not in team.scopes:
            return None
        return self.sends(EVENTS, self.enveloped(team, event), str(event.get("channel", team.id)))

    def sends(
        self,
        kind: str,
        payload: Wire,
        lane: str,
        on_answer: Callable[[Any], None] | None = None,
    ) -> Delivery:
        delivery = Delivery(self.changed, kind, payload, lane, on_answer)
        self.outbox.post(delivery)
        return delivery

    def enveloped(self, team: Team, event: Wire) -> Wire:
        who = {"enterprise_id": None, "team_id": team.id, "user_id": team.bot_user}
        return {
            "token": self.verification,
            "team_id": team.id,
            "context_team_id": team.id,
            "context_enterprise_id": None,
            "api_app_id": self.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": self.id("Ev"),
            "event_time": int(self.now()),
            "authorizations": [{**who, "is_bot": True, "is_enterprise_install": False}],
            "is_ext_shared_channel": False,
            "event_context": f"4-{self.id('X')}",
        }

    # Messages

    def said(self, team: Team, user: User, text: str) -> Wire:
        """What a message of a person consists of."""
        wire: Wire = {"type": "message", "user": user.id, "client_msg_id": self.id("m")}
        wire |= {"text": text, "team": team.id}
        return wire | ({"blocks": [rich_text(text, self.id("b"))]} if text else {})

    def bot_said(self, team: Team) -> Wire:
        icons = {
            f"image_{size}": f"https://avatars.example/bot-{size}.png" for size in (36, 48, 72)
        }
        return {
            "type": "message",
            "user": team.bot_user,
            "bot_id": team.bot_id,
            "app_id": self.app_id,
            "team": team.id,
            "bot_profile": {
                "id": team.bot_id,
                "deleted": False,
                "name": "storytrail",
                "updated": 1_700_000_000,
                "app_id": self.app_id,
                "user_id": team.bot_user,
                "icons": icons,
                "team_id": team.id,
            },
        }

    def writes(self, channel: Channel, content: Wire, *, only_for: str = "") -> Message:
        """A new message, of which the bot is told as of any other, its own too."""
        with self.lock:
            message = Message(channel, {}, only_for)
            message.becomes({**content, "ts": self.ts()})
            channel.by_ts[message.ts] = message
            self.changed.notify_all()
            if not only_for:
                self.told(message, message.wire | {"event_ts": message.ts})
            return message

    def edits(self, message: Message, wire: Wire, by: str) -> None:
        before = message.wire
        message.becomes(wire | {"edited": {"user": by, "ts": self.ts()}})
        change = {"message": message.wire, "previous_message": before, **self._hidden()}
        self.changed.notify_all()
        self.told(message, {"type": "message", "subtype": "message_changed", **change})

    def deletes(self, message: Message) -> None:
        message.deleted = True
        change = {"previous_message": message.wire, "deleted_ts": message.ts, **self._hidden()}
        self.changed.notify_all()
        self.told(message, {"type": "message", "subtype": "message_deleted", **change})

    def _hidden(self) -> Wire:
        ts = self.ts()
        return {"hidden": True, "ts": ts, "event_ts": ts}

    def told(self, message: Message, event: Wire) -> Delivery | None:
        channel = message.channel
        if message.only_for or channel.team.bot_user not in channel.members:
            return None
        where = {"channel": channel.id, "channel_type": channel.kind}
        name, scope = EVENT_NAMES[channel.kind], HISTORY[channel.kind]
        delivery = self.tells(channel.team, event | where, name, scope)
        message.told += [delivery] if delivery else []
        return delivery

    def conversation(self, team: Team, user: User) -> Channel:
        """The one of a person with the bot, opened if it was not."""
        if (there := team.conversation_of(user.id)) is not None:
            return there
        id = self.id("D")
        made = Channel(id, team, "directmessage", "im", {user.id, team.bot_user}, user.id)
        team.channels[id] = made
        return made

    # What is good for a while

    def trigger(self, team: Team, user: User) -> str:
        id = f"{self.id('1')}.{team.id}.{self.id('x')}"
        self.triggers[id] = Trigger(user, team, self.now())
        return id

    def spends(self, id: str, team: Team) -> User:
        """Whoever did what the trigger came from; good once, and for three seconds."""
        trigger = self.triggers.get(id)
        if trigger is None or trigger.team is not team:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if self.now() > trigger.at + TRIGGER_SECONDS:
            raise Refused("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def response_url(
        self, kind: str, user: User, channel: Channel, message: Message | None = None
    ) -> str:
        id = self.id("r")
        self.response_urls[id] = ResponseUrl(user, channel, message, self.now())
        return f"{self.url}/{kind}/{channel.team.id}/{id}"
