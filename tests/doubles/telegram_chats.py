"""Chats and their messages, as the person in front of the client sees them now."""

from dataclasses import dataclass, field
from typing import Any

from tests.doubles.telegram_html import as_html
from tests.doubles.telegram_wire import Upload

Wire = dict[str, Any]


@dataclass(eq=False)
class Message:
    """One message. All it tells changes with an edit; `versions` keeps what it was before."""

    chat: "Chat"
    wire: Wire
    upload: Upload | None = None
    update: Wire | None = None
    """What the bot was told of it last."""
    deleted: bool = False
    versions: list[Wire] = field(default_factory=list)

    @property
    def id(self) -> int:
        return int(self.wire["message_id"])

    @property
    def date(self) -> int:
        return int(self.wire["date"])

    @property
    def from_bot(self) -> bool:
        return bool(self.wire["from"]["is_bot"])

    @property
    def text(self) -> str:
        """The words, or the caption, without any markup."""
        return str(self.wire.get("text", self.wire.get("caption", "")))

    @property
    def entities(self) -> list[Wire]:
        found: list[Wire] = self.wire.get("entities") or self.wire.get("caption_entities") or []
        return found

    @property
    def html(self) -> str:
        return as_html(self.text, self.entities)

    @property
    def keyboard(self) -> list[list[str]]:
        """The labels of its buttons, by row."""
        return [[button["text"] for button in row] for row in rows_of(self.wire)]

    @property
    def buttons(self) -> dict[str, str]:
        """What each label would send."""
        return {
            button["text"]: str(button.get("callback_data", button.get("url", "")))
            for row in rows_of(self.wire)
            for button in row
        }

    @property
    def edited(self) -> bool:
        return len(self.versions) > 1

    @property
    def topic(self) -> int | None:
        return self.wire.get("message_thread_id")

    @property
    def reply_to(self) -> int | None:
        """The id of the message that this one answers."""
        replied = self.wire.get("reply_to_message")
        return replied["message_id"] if replied and "forum_topic_created" not in replied else None

    def becomes(self, wire: Wire) -> None:
        self.wire = wire
        self.versions.append(wire)  # never changed in place

    def __repr__(self) -> str:
        who = "bot" if self.from_bot else self.wire["from"]["first_name"]
        return f"<{self.chat.name} {self.id} {who}: {self.text!r} {self.keyboard or ''}>"


def rows_of(wire: Wire) -> list[list[Wire]]:
    rows: list[list[Wire]] = wire.get("reply_markup", {}).get("inline_keyboard", [])
    return rows


@dataclass(eq=False)
class Topic:
    id: int
    name: str
    opening: Wire
    closed: bool = False


@dataclass(eq=False)
class Chat:
    """One chat: private (then `id` is the person's), group or supergroup."""

    id: int
    wire: Wire
    statuses: dict[int, str] = field(default_factory=dict)
    """What each user is in a group: creator, administrator, member, left, kicked."""
    by_id: dict[int, Message] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    migrated_to: int | None = None
    blocked: bool = False
    started: bool = False
    deactivated: bool = False
    last_id: int = 0
    arrived: list[Message] = field(default_factory=list)
    """What the bot sent, in order, with those deleted since."""
    read: int = 0
    actions: list[str] = field(default_factory=list)
    reply_keyboard: Wire | None = None

    @property
    def type(self) -> str:
        return str(self.wire["type"])

    @property
    def private(self) -> bool:
        return self.type == "private"

    @property
    def name(self) -> str:
        return str(self.wire.get("title") or self.wire.get("first_name"))

    @property
    def messages(self) -> list[Message]:
        return [message for message in self.by_id.values() if not message.deleted]

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def message(self, id: int) -> Message | None:
        found = self.by_id.get(id)
        return None if found is None or found.deleted else found

    def adds(self, wire: Wire, upload: Upload | None = None) -> Message:
        """A message from its wire form, to which the id and the chat are added."""
        whole = {"message_id": self.next_id(), "chat": self.wire, **wire}
        message = Message(self, whole, upload)
        message.becomes(whole)
        self.by_id[message.id] = message
        return message


def without_reply(wire: Wire) -> Wire:
    """A message as it stands inside another one: replies are told one level deep."""
    return {key: value for key, value in wire.items() if key != "reply_to_message"}
