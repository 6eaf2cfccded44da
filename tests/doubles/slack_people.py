"""The people whom a test moves."""

from dataclasses import dataclass
from typing import Any

from tests.doubles.slack_chats import Channel, Message
from tests.doubles.slack_deliveries import Delivery
from tests.doubles.slack_file_methods import stored
from tests.doubles.slack_methods import reacts
from tests.doubles.slack_taps import Fingers
from tests.doubles.slack_text import escaped
from tests.doubles.slack_wire import Wire


@dataclass(eq=False)
class Person(Fingers):
    """A person of one workspace. Where no channel is named, it is their one with the bot."""

    def says(
        self,
        text: str,
        thread_ts: str | None = None,
        *,
        channel: Channel | None = None,
        as_is: bool = False,
    ) -> Message:
        """Writes; `as_is` without what a client escapes and links."""
        if not text.strip():
            raise AssertionError("no client sends an empty message")
        with self.world.lock:
            room = channel or self.dm
            wire = self.world.said(self.team, self.user, text if as_is else escaped(text))
            wire |= {"thread_ts": thread_ts} if thread_ts else {}
            return self.world.writes(room, wire)

    def mentions(self, channel: Channel, text: str, thread_ts: str | None = None) -> Message:
        """Writes to the bot in a channel; a bot that is in there is told twice, under two
        event ids."""
        with self.world.lock:
            whole = f"<@{self.team.bot_user}> {escaped(text)}"
            message = self.says(whole, thread_ts, channel=channel, as_is=True)
            if self.team.bot_user not in channel.members:
                return message
            event = message.wire | {"type": "app_mention", "channel": channel.id}
            told = self.world.tells(self.team, event | {"event_ts": message.ts}, "app_mention")
            message.told += [told] if told else []
            return message

    def edits(self, message: Message | str, text: str) -> Message:
        """Changes what they wrote, named by itself or its ts."""
        with self.world.lock:
            found = self._own(message)
            words = self.world.said(self.team, self.user, escaped(text))
            changed = {"text": words["text"], "blocks": words["blocks"]}
            self.world.edits(found, found.wire | changed, self.id)
            return found

    def deletes(self, message: Message | str) -> None:
        with self.world.lock:
            self.world.deletes(self._own(message))

    def shares(
        self,
        name: str,
        mimetype: str,
        content: bytes,
        text: str = "",
        *,
        channel: Channel | None = None,
        thread_ts: str | None = None,
        subtype: str = "",
    ) -> Message:
        """Uploads a file into the conversation, with words or without; with `subtype` it is a clip
        recorded in Slack: slack_audio, slack_video."""
        with self.world.lock:
            room = channel or self.dm
            size = len(content)
            file = stored(self.world, self.team, self.id, name, size, content, mimetype)
            place = {"im": "ims", "channel": "channels", "group": "groups"}[room.kind]
            file.wire[place] = [room.id]
            file.wire |= {"subtype": subtype} if subtype else {}
            wire = self.world.said(self.team, self.user, escaped(text))
            wire |= {"files": [file.wire], "subtype": "file_share", "upload": False}
            wire |= {"thread_ts": thread_ts} if thread_ts else {}
            return self.world.writes(room, wire)

    def reacts(self, message: Message, name: str) -> Delivery | None:
        with self.world.lock:
            reacts(message, name, self.id)
            item = {"type": "message", "channel": message.channel.id, "ts": message.ts}
            event: Wire = {"type": "reaction_added", "user": self.id, "reaction": name}
            event |= {"item_user": message.wire["user"], "item": item, "event_ts": self.world.ts()}
            return self.world.tells(self.team, event, "reaction_added")

    def _own(self, message: Message | str) -> Message:
        if isinstance(message, str):
            channels = self.team.channels.values()
            named = (channel.message(message) for channel in channels)
            mine = (found for found in named if found and found.wire["user"] == self.id)
            if (found := next(mine, None)) is None:
                raise AssertionError(f"they wrote nothing at {message}")
            message = found
        if message.wire["user"] != self.id or message.deleted:
            raise AssertionError(f"{message} is not theirs to change")
        return message

    def becomes(self, **fields: Any) -> None:
        """Changes what users.info tells: tz, tz_offset, real_name, locale and so on."""
        with self.world.lock:
            self.user.locale = fields.pop("locale", self.user.locale)
            self.user.wire |= fields

    def deactivates(self) -> None:
        """Their account is no more."""
        self.becomes(deleted=True)
