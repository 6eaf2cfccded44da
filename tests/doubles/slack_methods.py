"""The methods of the Web API: which there are, and those about messages, people and channels."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.doubles.slack_blocks import message_blocks
from tests.doubles.slack_chats import Channel, Message, Team, User
from tests.doubles.slack_text import told_back
from tests.doubles.slack_tokens import Token, permitted
from tests.doubles.slack_wire import Args, Refused, Wire
from tests.doubles.slack_world import HISTORY, World

MAX_POSTED = 40_000  # characters; the rest is cut off
MAX_UPDATED = 4_000  # characters; more is refused
MAX_HISTORY, USUAL_HISTORY = 999, 100  # messages of one page


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of a method."""

    world: World
    token: Token
    args: Args

    @property
    def team(self) -> Team:
        return self.world.teams[self.token.team]

    def channel(self, name: str = "channel", *, to_write: bool = False) -> Channel:
        """The channel that the bot named; to write to, the id of a person will do too."""
        id = self.args.text(name)
        found = self.team.channels.get(id)
        if found is None and to_write and id in self.team.users:
            found = self.team.conversation_of(id)
            # What is said to somebody whose account is no more is accepted, where they met before.
            found = found or self.world.conversation(self.team, reachable(self.team, id))
        if found is None:
            by_name = (c for c in self.team.channels.values() if c.name == id.removeprefix("#"))
            found = next(by_name, None) if to_write and id else None
        inside = found is not None and self.team.bot_user in found.members
        if found is None or (found.kind != "channel" and not inside):
            raise Refused("channel_not_found")
        if to_write and not inside and "chat:write.public" not in self.token.scopes:
            raise Refused("not_in_channel")
        if to_write and found.archived:
            raise Refused("is_archived")
        return found

    def user(self, name: str = "user") -> User:
        found = self.team.users.get(self.args.text(name))
        if found is None:
            raise Refused("user_not_found")
        return found


@dataclass(frozen=True, slots=True)
class Method:
    run: Callable[[Asked], Wire]
    scopes: tuple[str, ...] = ()
    """One of them is needed."""
    takes_json: bool = True
    """Slack reads JSON only where something is written."""
    token: str = "bot"
    """bot, app, or none where the client's secret counts."""


def reachable(team: Team, id: str) -> User:
    """A person whom a bot can write to."""
    user = team.users.get(id)
    if user is None:
        raise Refused("user_not_found")
    if user.wire["is_bot"]:
        raise Refused("cannot_dm_bot")
    if user.wire["deleted"]:
        raise Refused("user_disabled")
    return user


def content(asked: Asked, *, most: int | None = None) -> Wire:
    """Text, blocks and the like of a message, as far as they were given."""
    text, given = asked.args.text("text"), asked.args.decoded("blocks", "invalid_blocks_format")
    attachments = asked.args.decoded("attachments", "invalid_attachments")
    if not text and not given and not attachments:
        raise Refused("no_text")
    if most is not None and len(text) > most:
        raise Refused("msg_too_long")
    wire: Wire = {"text": text[:MAX_POSTED]}
    if given is not None:
        wire["blocks"] = message_blocks(given, lambda: asked.world.id("b"))
    if attachments is not None:
        wire["attachments"] = attachments
    metadata = asked.args.decoded("metadata", "invalid_metadata_format")
    if metadata is not None:
        if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
            raise Refused("invalid_metadata_format")
        wire["metadata"] = metadata
    return wire


def post_message(asked: Asked) -> Wire:
    channel = asked.channel(to_write=True)
    wire = asked.world.bot_said(asked.team) | content(asked)
    if thread := asked.args.text("thread_ts"):
        wire["thread_ts"] = thread
        if asked.args.boolean("reply_broadcast"):
            wire["subtype"] = "thread_broadcast"
    message = asked.world.writes(channel, wire)
    message.names_ping = names_ping(asked)
    return {"channel": channel.id, "ts": message.ts, "message": message.wire}


def names_ping(asked: Asked) -> bool:
    return asked.args.boolean("link_names") or asked.args.text("parse") == "full"


def post_ephemeral(asked: Asked) -> Wire:
    channel, user = asked.channel(to_write=True), asked.args.text("user")
    if user not in channel.members:
        raise Refused("user_not_in_channel")
    wire = asked.world.bot_said(asked.team) | content(asked)
    if thread := asked.args.text("thread_ts"):
        wire["thread_ts"] = thread
    message = asked.world.writes(channel, wire, only_for=user)
    message.names_ping = names_ping(asked)
    return {"message_ts": message.ts}


def _own(asked: Asked, refusal: str) -> Message:
    message = asked.channel().message(asked.args.text("ts"))
    if message is None or message.only_for:
        raise Refused("message_not_found")
    if message.wire.get("bot_id") != asked.team.bot_id:
        raise Refused(refusal)
    return message


def update(asked: Asked) -> Wire:
    """Blocks that are not given stay as they are, as Slack's reference says."""
    message = _own(asked, "cant_update_message")
    changed = content(asked, most=MAX_UPDATED)
    asked.world.edits(message, message.wire | changed, asked.team.bot_user)
    told = {"channel": message.channel.id, "ts": message.ts}
    return told | {"text": message.text, "message": message.wire}


def delete(asked: Asked) -> Wire:
    message = _own(asked, "cant_delete_message")
    asked.world.deletes(message)
    return {"channel": message.channel.id, "ts": message.ts}


def open_conversation(asked: Asked) -> Wire:
    users = [id for id in asked.args.text("users").split(",") if id]
    if asked.args.has("channel"):
        return {"channel": {"id": asked.channel().id}, "no_op": True, "already_open": True}
    if not users:
        raise Refused("users_list_not_supplied")
    if len(users) > 1:
        permitted(asked.token, "mpim:write")
        raise Refused("method_not_supported_for_channel_type")
    known = len(asked.team.channels)
    channel = asked.world.conversation(asked.team, reachable(asked.team, users[0]))
    told: Wire = {"channel": {"id": channel.id}}
    if asked.args.boolean("return_im"):
        told["channel"] |= {"is_im": True, "is_open": True, "user": channel.user}
    there = len(asked.team.channels) == known
    return told | ({"no_op": True, "already_open": True} if there else {})


def conversation_info(asked: Asked) -> Wire:
    channel = asked.channel()
    permitted(
        asked.token, {"im": "im", "channel": "channels", "group": "groups"}[channel.kind] + ":read"
    )
    inside = asked.team.bot_user in channel.members
    kind = channel.kind
    flags = {"is_channel": kind == "channel", "is_group": kind == "group", "is_im": kind == "im"}
    wire: Wire = {"id": channel.id, "created": 1_700_000_000, "is_archived": channel.archived}
    wire |= flags | {"is_private": kind != "channel", "context_team_id": channel.team.id}
    if kind == "im":
        return {"channel": wire | {"user": channel.user, "is_open": True}}
    named: Wire = {"name": channel.name, "name_normalized": channel.name, "is_member": inside}
    return {"channel": wire | named}


def history(asked: Asked) -> Wire:
    """The newest messages first, without the answers in threads and what only one person sees."""
    channel = asked.channel()
    permitted(asked.token, HISTORY[channel.kind])
    if asked.team.bot_user not in channel.members:
        raise Refused("not_in_channel")
    if asked.args.has("cursor"):
        raise Refused("invalid_cursor")  # none was given out
    oldest, latest = (_ts(asked, name) for name in ("oldest", "latest"))
    most = asked.args.text("limit") or str(USUAL_HISTORY)
    if not most.isdecimal() or not 1 <= int(most) <= MAX_HISTORY:
        raise Refused("invalid_limit")

    def is_asked(message: Message) -> bool:
        at = _parts(message.ts)
        if asked.args.boolean("inclusive") and at in (oldest, latest):
            return True
        return (oldest is None or at > oldest) and (latest is None or at < latest)

    found = [
        told_back(message.wire)
        for message in reversed(channel.messages)
        if is_asked(message)
        and not message.only_for
        and (
            message.thread_ts in (None, message.ts)
            or message.wire.get("subtype") == "thread_broadcast"
        )
    ]
    return {"messages": found[: int(most)], "has_more": len(found) > int(most), "pin_count": 0}


def _ts(asked: Asked, name: str) -> tuple[int, int] | None:
    if not asked.args.has(name):
        return None
    given = asked.args.text(name)
    if re.fullmatch(r"\d+(\.\d{1,6})?", given) is None:
        raise Refused(f"invalid_ts_{name}")
    return _parts(given)


def _parts(ts: str) -> tuple[int, int]:
    seconds, _, micros = ts.partition(".")
    return int(seconds), int(micros.ljust(6, "0"))


def user_info(asked: Asked) -> Wire:
    user = asked.user()
    locale = {"locale": user.locale} if asked.args.boolean("include_locale") else {}
    return {"user": user.wire | locale}


def team_info(asked: Asked) -> Wire:
    team = asked.team
    icon = {"image_default": True}
    return {
        "team": {
            "id": team.id,
            "name": team.name,
            "domain": team.domain,
            "url": f"https://{team.domain}.slack.com/",
            "email_domain": "",
            "icon": icon,
        }
    }


def add_reaction(asked: Asked) -> Wire:
    message = asked.channel().message(asked.args.text("timestamp"))
    name = asked.args.text("name").strip(":")
    if not name:
        raise Refused("invalid_name")
    if message is None:
        raise Refused("message_not_found")
    reacts(message, name, asked.team.bot_user)
    return {}


def reacts(message: Message, name: str, user: str) -> None:
    kept: list[Any] = [r for r in message.wire.get("reactions", []) if r["name"] != name]
    users: list[str] = next(
        (r["users"] for r in message.wire.get("reactions", []) if r["name"] == name), []
    )
    if user in users:
        raise Refused("already_reacted")
    kept.append({"name": name, "users": [*users, user], "count": len(users) + 1})
    message.wire = message.wire | {"reactions": kept}


def auth_test(asked: Asked) -> Wire:
    team = asked.team
    return {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": "storytrail",
        "team_id": team.id,
        "user_id": team.bot_user,
        "bot_id": team.bot_id,
        "is_enterprise_install": False,
    }


MESSAGES = {
    "auth.test": Method(auth_test),
    "chat.postMessage": Method(post_message, ("chat:write",)),
    "chat.postEphemeral": Method(post_ephemeral, ("chat:write",)),
    "chat.update": Method(update, ("chat:write",)),
    "chat.delete": Method(delete, ("chat:write",)),
    "conversations.open": Method(open_conversation, ("im:write", "mpim:write")),
    "conversations.info": Method(
        conversation_info, ("im:read", "channels:read", "groups:read"), takes_json=False
    ),
    "conversations.history": Method(
        history, ("im:history", "channels:history", "groups:history"), takes_json=False
    ),
    "users.info": Method(user_info, ("users:read",), takes_json=False),
    "team.info": Method(team_info, ("team:read",), takes_json=False),
    "reactions.add": Method(add_reaction, ("reactions:write",)),
}
