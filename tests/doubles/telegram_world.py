"""What there is on the server: the bot, chats, files, and the moment it is."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Condition, RLock
from time import time
from typing import Any

from tests.doubles.telegram_chats import Chat, Message, Topic, Wire, without_reply
from tests.doubles.telegram_faults import Call, Faults
from tests.doubles.telegram_html import part, with_found
from tests.doubles.telegram_limits import Rates
from tests.doubles.telegram_updates import Updates
from tests.doubles.telegram_wire import Upload, bad

IN_GROUP = frozenset({"creator", "administrator", "member", "restricted"})


@dataclass(eq=False)
class Tap:
    """A tap on a button, and what the bot answered to it."""

    id: str
    message: Message
    data: str
    at: float
    update: Wire | None = None
    answers: list[Wire] = field(default_factory=list)

    @property
    def answered(self) -> bool:
        return bool(self.answers)

    @property
    def answer(self) -> str | None:
        """The words that were shown, if any."""
        return self.answers[-1]["text"] if self.answers else None


@dataclass(frozen=True, slots=True)
class File:
    path: str
    content: bytes
    size: int
    wire: Wire


@dataclass(eq=False)
class World:
    """The state of the double. `lock` guards all of it, `changed` tells when it changes."""

    token: str
    username: str
    privacy: bool
    """Whether the bot sees of a group only what is meant for it."""
    updates: Updates = field(init=False)
    rates: Rates
    faults: Faults
    patience: float
    webhook_retry: float
    webhook_attempts: int
    clock: Callable[[], float] = time
    ahead: float = 0
    """Seconds by which the server is ahead of its clock."""
    chats: dict[int, Chat] = field(default_factory=dict)
    users: dict[int, Wire] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    taps: dict[str, Tap] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[dict[str, str]]] = field(default_factory=dict)
    profile: dict[tuple[str, str], str] = field(default_factory=dict)
    """What setMyName, setMyDescription and setMyShortDescription set, by language."""
    calls: list[Call] = field(default_factory=list)
    lock: RLock = field(default_factory=RLock)
    changed: Condition = field(init=False)
    _count: int = 0

    def __post_init__(self) -> None:
        self.changed = Condition(self.lock)
        self.updates = Updates(
            self.changed, self.now, self.patience, self.webhook_retry, self.webhook_attempts
        )

    def now(self) -> float:
        return self.clock() + self.ahead

    def date(self) -> int:
        """The moment as messages tell it: whole seconds."""
        return int(self.now())

    def count(self) -> int:
        """A number that was not used before."""
        self._count += 1
        return self._count

    @property
    def me(self) -> Wire:
        name = self.profile.get(("name", ""), "Storytrail under test")
        id = int(self.token.partition(":")[0])
        return {"id": id, "is_bot": True, "first_name": name, "username": self.username}

    def until(self, met: Callable[[], Any], timeout: float) -> bool:
        """Waits until something holds, looking again after each change; whether it holds."""
        with self.changed:
            return bool(self.changed.wait_for(met, timeout))

    def chat(self, id: str) -> Chat:
        """By its id or @name, as the bot wrote it."""
        if not id:
            raise bad("chat_id is empty")
        found = (
            self.chats.get(int(id))
            if re.fullmatch(r"-?\d+", id)
            else next((c for c in self.chats.values() if f"@{c.wire.get('username')}" == id), None)
        )
        if found is None:
            raise bad("chat not found")
        return found

    def stored(self, kind: str, upload: Upload, size: int | None = None) -> Wire:
        """What a message tells of a file, which can be had by that id from now on."""
        number = self.count()
        digest = sha256(upload.content).hexdigest()
        suffix = upload.name.rpartition(".")[2] if "." in upload.name else "bin"
        wire: Wire = {
            "file_id": f"{kind[:2].upper()}ACAgIAAxk{digest[:40]}{number:06d}",
            "file_unique_id": f"AQAD{digest[:12]}",
            "file_size": len(upload.content) if size is None else size,
        }
        path = f"{kind}s/file_{number}.{suffix}"
        self.files[wire["file_id"]] = File(path, upload.content, wire["file_size"], wire)
        return wire

    def written(
        self,
        chat: Chat,
        sender: Wire,
        content: Wire,
        *,
        reply_to: Message | None = None,
        topic: Topic | None = None,
        upload: Upload | None = None,
    ) -> Message:
        """A new message of a chat."""
        wire: Wire = {"from": sender, "date": self.date()}
        if topic is not None:
            # In a topic everything answers at least the message that opened it.
            wire |= {"message_thread_id": topic.id, "is_topic_message": True}
            wire["reply_to_message"] = topic.opening
        if reply_to is not None:
            wire["reply_to_message"] = without_reply(reply_to.wire)
        message = chat.adds({**wire, **content}, upload)
        self.changed.notify_all()
        return message

    def told(self, kind: str, message: Message) -> Wire | None:
        """Tells the bot of a message, if it may see it; the update."""
        if not self._visible(message):
            return None
        message.update = self.updates.add({kind: message.wire}, message.chat.id)
        return message.update

    def _visible(self, message: Message) -> bool:
        chat = message.chat
        if chat.private:
            return True
        status = chat.statuses.get(self.me["id"], "left")
        if status not in IN_GROUP:
            return False
        wire = message.wire
        service = not message.text and not wire.keys() & {"photo", "voice", "document", "video"}
        if not self.privacy or status == "administrator" or service:
            return True
        if wire.get("reply_to_message", {}).get("from", {}).get("id") == self.me["id"]:
            return True
        name = f"@{self.username}".lower()
        for entity in message.entities:
            words = part(message.text, entity).lower()
            if entity["type"] == "mention" and words == name:
                return True
            if entity["type"] == "bot_command" and words.partition("@")[2] in {"", name[1:]}:
                return True
        return False

    def status_changed(self, chat: Chat, by: Wire, new: str) -> Wire | None:
        """The bot's own standing in a chat is another one now: my_chat_member."""
        old = chat.statuses.get(self.me["id"], "left")
        chat.statuses[self.me["id"]] = new
        self.changed.notify_all()
        member = {"chat": chat.wire, "from": by, "date": self.date()}
        return self.updates.add(
            {
                "my_chat_member": {
                    **member,
                    "old_chat_member": standing(self.me, old),
                    "new_chat_member": standing(self.me, new),
                }
            },
            chat.id,
        )


def standing(user: Wire, status: str) -> Wire:
    """A ChatMember."""
    more: Wire = {"until_date": 0} if status == "kicked" else {}
    if status == "administrator":
        more = {"can_be_edited": False, "is_anonymous": False, "can_delete_messages": True}
        more |= dict.fromkeys(
            (
                "can_manage_chat",
                "can_manage_video_chats",
                "can_restrict_members",
                "can_promote_members",
                "can_change_info",
                "can_invite_users",
                "can_post_stories",
                "can_edit_stories",
                "can_delete_stories",
            ),
            True,
        )
    elif status == "creator":
        more = {"is_anonymous": False}
    return {"user": user, "status": status, **more}


def said(text: str) -> Wire:
    """The words of a person as a message has them."""
    entities = with_found(text, [])
    return {"text": text, **({"entities": entities} if entities else {})}
