"""The workspaces that a test sets up, with their channels and people."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.doubles.slack_app_methods import Code, refresh_token, revokes, uninstalls
from tests.doubles.slack_chats import Channel, Message, Team, User
from tests.doubles.slack_deliveries import Delivery
from tests.doubles.slack_people import Person
from tests.doubles.slack_wire import Wire
from tests.doubles.slack_world import World


@dataclass(eq=False)
class Workspace:
    world: World
    team: Team
    token: str = ""
    """The bot token that it was first installed with; empty if it was not."""

    @property
    def id(self) -> str:
        return self.team.id

    @property
    def bot_user(self) -> str:
        return self.team.bot_user

    @property
    def bot_id(self) -> str:
        return self.team.bot_id

    # Who and what is there

    def person(
        self,
        name: str,
        *,
        tz: str = "Europe/Amsterdam",
        locale: str = "en-US",
        display_name: str = "",
        is_bot: bool = False,
        **more: Any,
    ) -> Person:
        """A person who has not written to the bot yet; `more` is what users.info tells too."""
        with self.world.lock:
            id = self.world.id("U")
            moment = datetime.fromtimestamp(self.world.now(), UTC).astimezone(ZoneInfo(tz))
            offset = moment.utcoffset()
            profile = {"real_name": name, "display_name": display_name, "team": self.id}
            wire: Wire = {
                "id": id,
                "team_id": self.id,
                "name": name.lower().replace(" ", "."),
                "deleted": False,
                "real_name": name,
                "tz": tz,
                "tz_label": moment.tzname(),
                "tz_offset": int(offset.total_seconds()) if offset is not None else 0,
                "profile": profile,
                "is_admin": False,
                "is_owner": False,
                "is_restricted": False,
                "is_ultra_restricted": False,
                "is_bot": is_bot,
                "is_app_user": False,
                "updated": int(self.world.now()),
                **more,
            }
            user = self.team.users[id] = User(id, name, wire, locale)
            return Person(self.world, self.team, user)

    def channel(
        self,
        name: str,
        *,
        members: tuple[Person, ...] = (),
        private: bool = False,
        with_bot: bool = True,
    ) -> Channel:
        with self.world.lock:
            kind = "group" if private else "channel"
            inside = {person.id for person in members} | ({self.bot_user} if with_bot else set())
            channel = Channel(self.world.id("C"), self.team, name, kind, inside)
            self.team.channels[channel.id] = channel
            return channel

    def invites_bot(self, channel: Channel, by: Person) -> Delivery | None:
        return self.joins(channel, self.bot_user, by)

    def removes_bot(self, channel: Channel) -> None:
        """Slack tells a bot nothing of it that it subscribes to here."""
        with self.world.lock:
            channel.members.discard(self.bot_user)

    def joins(self, channel: Channel, user: str, by: Person | None = None) -> Delivery | None:
        with self.world.lock:
            channel.members.add(user)
            event: Wire = {"type": "member_joined_channel", "user": user, "channel": channel.id}
            event |= {"channel_type": channel.id[0], "team": self.id, "event_ts": self.world.ts()}
            event |= {"inviter": by.id} if by else {}
            return self.world.tells(self.team, event, "member_joined_channel")

    def messages(self, channel: Channel) -> list[Message]:
        with self.world.lock:
            return channel.messages

    # The app in it

    def code(self, by: Person, redirect_uri: str = "") -> str:
        """What the page of Slack sends along when somebody has allowed the app."""
        with self.world.lock:
            code = f"{self.id}.{self.world.id('c')}"
            self.world.tokens.codes[code] = Code(self.team, by.id, redirect_uri, self.world.now())
            return code

    def refresh_token(self) -> str:
        """One more, good for one refresh."""
        with self.world.lock:
            return refresh_token(self.world, self.team)

    def revokes(self) -> None:
        """Its tokens are worth nothing from now on, and the bot is told."""
        with self.world.lock:
            revokes(self.world, self.team)

    def uninstalls(self) -> None:
        with self.world.lock:
            uninstalls(self.world, self.team)

    def loses_scope(self, *scopes: str) -> None:
        """As if it was installed without them."""
        with self.world.lock:
            self.team.scopes -= set(scopes)
            for token in self.world.tokens.by_text.values():
                if token.team == self.id:
                    token.scopes -= set(scopes)
