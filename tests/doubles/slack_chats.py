"""Workspaces, their users and channels, and messages as people see them now."""

from dataclasses import dataclass, field
from typing import Any

from tests.doubles.slack_blocks import elements_of, label_of
from tests.doubles.slack_deliveries import Delivery
from tests.doubles.slack_text import pings, shown, texts, unescaped
from tests.doubles.slack_wire import Wire


@dataclass(eq=False)
class View:
    """A modal or a Home tab. `wire` is what Slack tells of it."""

    wire: Wire
    closed: bool = False

    @property
    def id(self) -> str:
        return str(self.wire["id"])

    @property
    def title(self) -> str:
        return str((self.wire.get("title") or {}).get("text", ""))

    @property
    def blocks(self) -> list[Wire]:
        found: list[Wire] = self.wire["blocks"]
        return found

    @property
    def buttons(self) -> list[str]:
        return buttons_of(self.blocks)

    @property
    def shown(self) -> str:
        """All that stands in it."""
        return shown_in(self.blocks, {})

    @property
    def pings(self) -> list[str]:
        return pings_in(self.blocks)


@dataclass(eq=False)
class User:
    id: str
    name: str
    wire: Wire
    locale: str
    home: View | None = None
    modals: list[View] = field(default_factory=list)
    """What is open, the front one last."""


@dataclass(eq=False)
class Team:
    """A workspace and the bot in it."""

    id: str
    name: str
    domain: str
    bot_user: str
    bot_id: str
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, "Channel"] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()
    """What the bot was granted; the events that it gets depend on it."""
    installed: bool = False

    def conversation_of(self, user: str) -> "Channel | None":
        """The one of a person with the bot, if they have one."""
        return next((each for each in self.channels.values() if user and each.user == user), None)

    @property
    def names(self) -> dict[str, str]:
        channels = {channel.id: channel.name for channel in self.channels.values()}
        return channels | {user.id: user.name for user in self.users.values()}


@dataclass(eq=False)
class Channel:
    id: str
    team: Team
    name: str
    kind: str
    """im, channel or group (a private channel), as `channel_type` tells it."""
    members: set[str] = field(default_factory=set)
    user: str = ""
    """Whose conversation with the bot it is."""
    archived: bool = False
    by_ts: dict[str, "Message"] = field(default_factory=dict)

    @property
    def messages(self) -> list["Message"]:
        return [message for message in self.by_ts.values() if not message.deleted]

    def message(self, ts: str) -> "Message | None":
        found = self.by_ts.get(ts)
        return None if found is None or found.deleted else found


@dataclass(eq=False)
class Message:
    """One message. All it tells changes with an edit; `versions` keeps what it was before."""

    channel: Channel
    wire: Wire
    only_for: str = ""
    """The user who alone sees it, if it is ephemeral."""
    names_ping: bool = False
    """It was posted so that @channel pings as a bare word too."""
    deleted: bool = False
    versions: list[Wire] = field(default_factory=list)
    told: list[Delivery] = field(default_factory=list)
    """How the bot was told of it."""

    @property
    def ts(self) -> str:
        return str(self.wire["ts"])

    @property
    def thread_ts(self) -> str | None:
        return self.wire.get("thread_ts")

    @property
    def from_bot(self) -> bool:
        return "bot_id" in self.wire

    @property
    def text(self) -> str:
        """As it was posted; beside blocks it is only what a notification shows."""
        return str(self.wire.get("text", ""))

    @property
    def blocks(self) -> list[Wire]:
        found: list[Wire] = self.wire.get("blocks", [])
        return found

    @property
    def shown(self) -> str:
        """What a person reads: the blocks if there are any, else the text, marks resolved."""
        names = self.channel.team.names
        if not self.blocks or not self.from_bot:
            return shown(self.text, names)
        return shown_in(self.blocks, names)

    @property
    def pings(self) -> list[str]:
        """Whom it calls and where it links, in its text and blocks."""
        found = pings(self.text, names_too=self.names_ping)
        return found + (pings_in(self.blocks) if self.from_bot else [])

    @property
    def buttons(self) -> list[str]:
        """The labels of what can be tapped, in order."""
        return buttons_of(self.blocks)

    @property
    def edited(self) -> bool:
        return len(self.versions) > 1

    @property
    def files(self) -> list[Wire]:
        found: list[Wire] = self.wire.get("files", [])
        return found

    @property
    def reactions(self) -> list[str]:
        return [reaction["name"] for reaction in self.wire.get("reactions", [])]

    @property
    def metadata(self) -> Any:
        return self.wire.get("metadata")

    def becomes(self, wire: Wire) -> None:
        self.wire = wire
        self.versions.append(wire)  # never changed in place

    def __repr__(self) -> str:
        who = "bot" if self.from_bot else self.wire["user"]
        return f"<{self.channel.name} {self.ts} {who}: {self.shown!r} {self.buttons or ''}>"


def buttons_of(blocks: list[Wire]) -> list[str]:
    return [
        label_of(element)
        for block in blocks
        if block["type"] in {"actions", "section"}
        for element in elements_of(block)
    ]


def shown_in(blocks: list[Wire], names: dict[str, str]) -> str:
    lines = []
    for kind, text in texts(blocks):
        if kind == "literal":
            lines.append(text)
        else:
            lines.append(unescaped(text) if kind == "plain_text" else shown(text, names))
    return "\n".join(lines)


def pings_in(blocks: list[Wire]) -> list[str]:
    found: list[str] = []
    for kind, text in texts(blocks):
        if kind in {"mrkdwn", "ping"}:
            found += [text] if kind == "ping" else pings(text)
    return found


def find(blocks: list[Wire], label: str) -> tuple[Wire, Wire] | None:
    """The block and element with that label, action_id or value."""
    for part in ("label", "action_id", "value"):
        for block in blocks:
            for element in elements_of(block) if block["type"] in {"actions", "section"} else []:
                if label == (label_of(element) if part == "label" else element.get(part)):
                    return block, element
    return None
