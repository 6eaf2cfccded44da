"""The people and groups that a test moves."""

from dataclasses import dataclass
from typing import Any

from tests.doubles.telegram_attachments import attachment
from tests.doubles.telegram_chats import Chat, Message, Topic, Wire, rows_of
from tests.doubles.telegram_html import cleaned, with_found
from tests.doubles.telegram_limits import MAX_TEXT
from tests.doubles.telegram_wire import Upload
from tests.doubles.telegram_world import IN_GROUP, Tap, World, said, standing


@dataclass(eq=False)
class Window:
    """What one sees of one chat."""

    world: World
    room: Chat

    @property
    def id(self) -> int:
        return self.room.id

    @property
    def chat(self) -> list[Message]:
        """The messages as the client shows them now."""
        with self.world.lock:
            return self.room.messages

    @property
    def last(self) -> Message:
        """The newest message of the bot."""
        return next(message for message in reversed(self.chat) if message.from_bot)

    def sees(self, timeout: float = 5) -> Message:
        """The next message of the bot that this did not return yet."""
        return self.sees_all(1, timeout)[0]

    def sees_all(self, count: int, timeout: float = 5) -> list[Message]:
        """The next so many messages."""
        room = self.room
        with self.world.changed:
            if not self.world.until(lambda: len(room.arrived) >= room.read + count, timeout):
                new = room.arrived[room.read :]
                raise AssertionError(f"{count} messages expected in {room.name}, there are {new}")
            room.read += count
            return room.arrived[room.read - count : room.read]

    def sees_nothing(self, within: float = 0.3) -> None:
        """Nothing (more) comes for a while."""
        room = self.room
        if self.world.until(lambda: len(room.arrived) > room.read, within):
            raise AssertionError(f"nothing expected, but {room.arrived[room.read :]}")


@dataclass(eq=False)
class Group(Window):
    """A group, and the bot's place in it."""

    def topic(self, name: str) -> Topic:
        return next(topic for topic in self.room.topics.values() if topic.name == name)

    def closes(self, name: str) -> None:
        """A topic takes no more messages from the bot."""
        with self.world.lock:
            self.topic(name).closed = True

    def migrates(self) -> None:
        """Becomes a supergroup with a new id; what is sent to the old one is refused."""
        with self.world.lock:
            old = self.room
            # 52 bits, and unlike the old id: nobody may derive one from the other.
            new = Chat(-(1_000_000_000_000 + (old.id * -7919) % 2_000_000_000), {})
            new.wire = {"id": new.id, "title": old.name, "type": "supergroup"}
            new.statuses = dict(old.statuses)
            self.world.chats[new.id] = new
            self.room, old.migrated_to = new, new.id
            by = self._somebody()
            left = self.world.written(old, by, {"migrate_to_chat_id": new.id})
            came = self.world.written(new, by, {"migrate_from_chat_id": old.id})
            self.world.told("message", left)
            self.world.told("message", came)

    def adds_bot(self, by: "Person | None" = None, status: str = "member") -> None:
        with self.world.lock:
            who = by.user if by else self._somebody()
            self.world.status_changed(self.room, who, status)
            came = {"new_chat_members": [self.world.me], "new_chat_member": self.world.me}
            self.world.told("message", self.world.written(self.room, who, came))

    def removes_bot(self, by: "Person | None" = None) -> None:
        with self.world.lock:
            who = by.user if by else self._somebody()
            self.world.status_changed(self.room, who, "kicked")

    def promotes_bot(self, by: "Person | None" = None) -> None:
        """Makes it an administrator: it sees everything."""
        with self.world.lock:
            who = by.user if by else self._somebody()
            self.world.status_changed(self.room, who, "administrator")

    def adds(self, person: "Person", status: str = "member") -> None:
        self._moves(person, status, {"new_chat_members": [person.user]})

    def removes(self, person: "Person") -> None:
        self._moves(person, "left", {"left_chat_member": person.user})

    def _moves(self, person: "Person", status: str, service: Wire) -> None:
        world, room = self.world, self.room
        with world.lock:
            old = room.statuses.get(person.id, "left")
            room.statuses[person.id] = status
            message = world.written(room, person.user, service)
            world.told("message", message)
            if room.statuses.get(world.me["id"]) == "administrator":
                change = {"chat": room.wire, "from": person.user, "date": world.date()}
                change["old_chat_member"] = standing(person.user, old)
                change["new_chat_member"] = standing(person.user, status)
                world.updates.add({"chat_member": change}, room.id)

    def _somebody(self) -> Wire:
        """Its creator, else any member."""
        ids = sorted(
            (id for id in self.room.statuses if id in self.world.users),
            key=lambda id: self.room.statuses[id] != "creator",
        )
        if not ids:
            raise AssertionError(f"nobody is in {self.room.name}")
        return self.world.users[ids[0]]


@dataclass(eq=False)
class Person(Window):
    """A person and their private chat with the bot."""

    user: Wire

    def says(
        self,
        text: str,
        *,
        reply_to: Message | None = None,
        in_: Group | None = None,
        topic: str | None = None,
        **more: Any,
    ) -> Message:
        """Writes; what is too long the client sends in pieces, of which this is the last."""
        words = cleaned(text).strip()
        if not words:
            raise AssertionError("no client sends an empty message")
        *first, last = (words[at : at + MAX_TEXT] for at in range(0, len(words), MAX_TEXT))
        for piece in first:
            self._writes(said(piece) | more, reply_to, in_, topic)
        return self._writes(said(last) | more, reply_to, in_, topic)

    def sends(
        self,
        kind: str,
        *,
        caption: str = "",
        content: bytes | None = None,
        name: str | None = None,
        size: int | None = None,
        reply_to: Message | None = None,
        in_: Group | None = None,
        topic: str | None = None,
        **more: Any,
    ) -> Message:
        """A photo, voice, audio, video, video_note, animation, document, sticker, location, venue,
        contact, poll or dice."""
        with self.world.lock:
            wire, upload = attachment(self.world, kind, content, name, size, self.user)
            if caption:
                wire["caption"] = caption
                entities = with_found(caption, [])
                wire |= {"caption_entities": entities} if entities else {}
            return self._writes(wire | more, reply_to, in_, topic, upload)

    def edits(self, message: Message, text: str) -> Message:
        """Changes what they wrote."""
        with self.world.lock:
            changed: Wire = {"edit_date": self.world.date()}
            if "text" in message.wire:
                kept = {k: v for k, v in message.wire.items() if k not in {"text", "entities"}}
                changed |= said(cleaned(text).strip())
            else:
                kept, changed["caption"] = message.wire, text.strip()
            message.becomes(kept | changed)
            self.world.told("edited_message", message)
            return message

    def deletes(self, message: Message) -> None:
        """Takes a message away on both sides; a bot is not told of that."""
        with self.world.lock:
            message.deleted = True

    def taps(self, label: str, on: Message | None = None, in_: Group | None = None) -> Tap:
        """Presses a button by its label or data: of the newest message with buttons, or of a given
        one, then also a button that is gone meanwhile (their client shows it still)."""
        with self.world.lock:
            window = in_ or self
            if on is None:
                candidates = [m for m in reversed(window.chat) if m.keyboard][:1]
            else:
                candidates = [on]
            shown = [
                button
                for message in candidates
                for wire in ([message.wire] if on is None else reversed(message.versions))
                for row in rows_of(wire)
                for button in row
                if "callback_data" in button
            ]
            for part in ("text", "callback_data"):
                for button in shown:
                    if button[part] == label:
                        return self.forges(button["callback_data"], candidates[0])
            labels = [button["text"] for button in shown]
            raise AssertionError(f"no button {label!r} in {window.room.name}, only {labels}")

    def forges(self, data: str, on: Message) -> Tap:
        """A tap with any data, such as no button has."""
        world = self.world
        with world.lock:
            tap = Tap(str(4_382_000_000_000_000_000 + world.count()), on, data, world.now())
            world.taps[tap.id] = tap
            wire = on.wire
            if on.deleted:
                wire = {"chat": on.chat.wire, "message_id": on.id, "date": 0}
            query = {"id": tap.id, "from": self.user, "message": wire}
            query |= {"chat_instance": str(on.chat.id * 7919), "data": data}
            tap.update = world.updates.add({"callback_query": query}, on.chat.id)
            return tap

    def blocks(self) -> None:
        with self.world.lock:
            self.room.blocked = True
            self.world.status_changed(self.room, self.user, "kicked")

    def unblocks(self) -> None:
        with self.world.lock:
            self.room.blocked = False
            self.world.status_changed(self.room, self.user, "member")

    def deactivates(self) -> None:
        """Their account is no more."""
        with self.world.lock:
            self.room.deactivated = True

    def _writes(
        self,
        content: Wire,
        reply_to: Message | None,
        group: Group | None,
        topic: str | None,
        upload: Upload | None = None,
    ) -> Message:
        world = self.world
        with world.lock:
            room = (group or self).room
            if group is None:
                if room.blocked:
                    self.unblocks()  # what a client demands before one can write
                room.started = True
                room.statuses[world.me["id"]] = "member"
            elif room.statuses.get(self.id) not in IN_GROUP:
                group.adds(self)
            thread = group.topic(topic) if group and topic else None
            message = world.written(
                room, self.user, content, reply_to=reply_to, topic=thread, upload=upload
            )
            world.told("message", message)
            return message
