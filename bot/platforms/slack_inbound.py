"""What Slack tells: its events, commands and interactions as the bot's own messages."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.platforms.buttons import unpack
from bot.platforms.slack_renderer import FORM, TAP, unescape
from flows.messages import (
    Address,
    Anchor,
    Attached,
    Chose,
    Commanded,
    Edited,
    Inbound,
    Payload,
    Prompted,
    Rewrote,
    Said,
    Unread,
    parse,
)

SLACK = "slack"

DO = "do"
"""What the action_id of a button begins with whose value is a command."""

STORY = "story_from_message"
"""The callback_id of the message shortcut."""

SHARE = "share"
"""The word behind a command that lets all of a channel read the answer."""

FORGED = Chose("", "", 0, 0)
"""What a button counts as that was made up, or belongs to somebody else: a stale one."""

KINDS = {"image": "photo", "audio": "audio", "video": "video"}
"""Evidence by the first half of its type; all else is a document."""

VOICE = "slack_audio"
"""The subtype of a clip that was spoken into Slack."""

DELETED = "tombstone"
"""The subtype of what Slack itself puts in place of a message that had answers in its thread."""

MOST_TITLE = 60  # characters of a message that a story is called by until it has a title

ENTITY = re.compile(r"<([^<>]*)>")

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Gone:
    """The app was removed from a workspace, or its tokens were revoked."""

    team: str
    because: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FormWanted:
    """Somebody would like to change their words in a form, which `trigger` opens for 3 seconds."""

    inbound: Inbound
    trigger: str
    told: str


@dataclass(frozen=True, slots=True)
class FormSent:
    """A form as it was filled in. `fields` are its fields, in their order."""

    inbound: Inbound
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HomeOpened:
    address: Address


@dataclass(frozen=True, slots=True)
class Tapped:
    """A button, by its action_id, and the message that it stood under as Slack tells of it."""

    inbound: Inbound
    message_id: str
    button: str
    blocks: tuple[dict[str, Any], ...]


Told = Inbound | Tapped | FormWanted | HomeOpened | Gone


# ---- events ----


def told_by_event(body: Body) -> Iterator[Told]:
    """What an event means; nothing where it means nothing to the bot."""
    event = body.get("event") or {}
    team = str(body.get("team_id") or "")
    match event.get("type"):
        case "message" if event.get("channel_type") == "im":
            yield from _message(event, team)
        case "app_mention":
            yield from _mention(event, team)
        case "app_home_opened" if event.get("tab") == "home":
            yield HomeOpened(_address(team, event["user"]))
        case "app_uninstalled":
            yield Gone(team, "uninstalled", _event_time(body))
        case "tokens_revoked" if (event.get("tokens") or {}).get("bot"):
            yield Gone(team, "revoked", _event_time(body))
        case _:
            return


def _message(event: Body, team: str) -> Iterator[Inbound]:
    if event.get("bot_id") or event.get("app_id"):  # the bot's own come back too
        return
    match event.get("subtype"):
        case None | "me_message" | "thread_broadcast":
            if event.get("user"):
                yield _said(event, team, parse(plain(event.get("text") or "")))
        case "file_share":
            yield from _shared(event, team)
        case "message_changed":
            yield from _changed(event, team)
        case _:
            return


def _said(event: Body, team: str, payload: Payload, *, part: int = 0) -> Inbound:
    thread = event.get("thread_ts")
    words = payload.text if isinstance(payload, Said) else ""
    return Inbound(
        # Not by the event's id: one message may come under two of them.
        key=f"{SLACK}:{team}/{event['channel']}/{event['ts']}" + (f"#{part}" if part else ""),
        address=_address(team, event["user"]),
        said_at=moment(event["ts"]),
        payload=payload,
        message_id=event["ts"],
        place=team,
        reply_to=thread if thread != event["ts"] else None,
        otherwise=_command(words) if words else None,
    )


def _shared(event: Body, team: str) -> Iterator[Inbound]:
    """Each file for itself; the words come with the last one."""
    files = event.get("files") or []
    words = plain(event.get("text") or "").strip() or None
    if not files:
        yield _said(event, team, Unread("file"))
    for n, file in enumerate(files):
        is_last = n == len(files) - 1
        payload = _file(file, team, words if is_last else None)
        yield _said(event, team, payload, part=0 if is_last else n + 1)


def _file(file: Body, team: str, words: str | None) -> Attached:
    kind = KINDS.get(str(file.get("mimetype") or "").partition("/")[0], "document")
    return Attached(
        kind="voice" if file.get("subtype") == VOICE else kind,
        file_id=f"{team}/{file['id']}",
        name=file.get("name"),
        mime_type=file.get("mimetype"),
        size=file.get("size"),
        caption=words,
    )


def _changed(event: Body, team: str) -> Iterator[Inbound]:
    """A message reads otherwise. Slack also says so when it only adds a preview."""
    new, old = event.get("message") or {}, event.get("previous_message") or {}
    if new.get("bot_id") or not new.get("user") or new.get("text") == old.get("text"):
        return
    if new.get("subtype") == DELETED:
        return
    changed_at = (new.get("edited") or {}).get("ts") or event["ts"]
    yield Inbound(
        key=f"{SLACK}:{team}/{event['channel']}/{new['ts']}/{changed_at}",
        address=_address(team, new["user"]),
        said_at=moment(event["ts"]),
        payload=Edited(new["ts"], plain(new.get("text") or "")),
        place=team,
    )


def _mention(event: Body, team: str) -> Iterator[Inbound]:
    """Somebody names the bot in a channel: a command, or a word to it."""
    if event.get("bot_id") or not event.get("user"):
        return
    words = plain(re.sub(r"^\s*<@[A-Z0-9]+>\s*", "", event.get("text") or ""))
    thread = event.get("thread_ts")
    place = f"{team}/{event['channel']}" + (f"#{thread}" if thread else "")
    yield Inbound(
        key=f"{SLACK}:{team}/{event['channel']}/{event['ts']}",
        address=_address(team, event["user"]),
        said_at=moment(event["ts"]),
        payload=_command(words) or Said(words),
        place=place,
        is_public=True,
    )


# ---- commands and interactions ----


def told_by_command(body: Body, *, is_here: bool, now: datetime) -> Inbound:
    """`/storytrail name …`. `is_here` says whether it was typed in the chat with the bot."""
    team, channel = body["team_id"], body["channel_id"]
    words = plain(body.get("text") or "").split()
    shares = len(words) > 1 and words[-1].casefold() == SHARE and not is_here
    found = _command(" ".join(words[:-1] if shares else words)) or Commanded("help")
    return Inbound(
        key=f"{SLACK}:{team}/{body['trigger_id']}",
        address=_address(team, body["user_id"]),
        said_at=now,
        payload=found,
        place=f"{team}/{channel}" if shares else team,
        is_public=shares,
        answer_at=None if shares or is_here else body.get("response_url"),
    )


def told_by_action(body: Body, *, key: bytes) -> Told | None:
    """A button. `key` is what ours are signed with."""
    action = (body.get("actions") or [{}])[0]
    name, value = str(action.get("action_id") or ""), str(action.get("value") or "")
    address = _address(body["team"]["id"], body["user"]["id"])
    payload: Payload
    if name.startswith(f"{DO}-"):
        payload = _command(value) or Commanded("help")
    elif name == FORM or name.startswith(f"{TAP}-"):
        payload = unpack(value, user=address.user, key=key) or FORGED
    else:  # a link
        return None
    inbound = Inbound(
        key=f"{SLACK}:{address.user}/{action['action_ts']}",
        address=address,
        said_at=moment(action["action_ts"]),
        payload=payload,
        place=body["team"]["id"],
    )
    if name == FORM:
        return FormWanted(inbound, body["trigger_id"], value)
    message = body.get("message")
    if message is None:
        return inbound
    return Tapped(inbound, message["ts"], name, tuple(message.get("blocks") or ()))


def told_by_form(body: Body, *, key: bytes, now: datetime) -> FormSent | None:
    """A form that was sent in; None for one that is none of ours."""
    view, address = body["view"], _address(body["team"]["id"], body["user"]["id"])
    found = unpack(str(view.get("private_metadata") or ""), user=address.user, key=key)
    if view.get("callback_id") != FORM or found is None or found.conversation is None:
        return None
    values = (view.get("state") or {}).get("values") or {}
    texts = tuple(
        (step, str(filled[FORM].get("value") or ""))
        for step, filled in values.items()
        if FORM in filled
    )
    inbound = Inbound(
        key=f"{SLACK}:{address.user}/{body['trigger_id']}",
        address=address,
        said_at=now,
        payload=Rewrote(found.conversation, texts),
        place=body["team"]["id"],
    )
    return FormSent(inbound, tuple(step for step, _ in texts))


def told_by_shortcut(body: Body, *, link: str | None) -> Inbound | None:
    """“Turn into a story”; None for a message without words or of somebody else: nobody tells
    another one's."""
    message, user = body.get("message") or {}, body["user"]["id"]
    words = plain(message.get("text") or "").strip()
    if message.get("user") != user or message.get("bot_id") or not words:
        return None
    # A name for what it is about; a question goes on behind it.
    title = words.rstrip(" .!?") or words
    title = title if len(title) <= MOST_TITLE else title[: MOST_TITLE - 1] + "…"
    team = body["team"]["id"]
    return Inbound(
        key=f"{SLACK}:{team}/{user}/{body['action_ts']}",
        address=_address(team, user),
        said_at=moment(body["action_ts"]),
        payload=Prompted("shortcut", Anchor(title, link=link), words),
        place=team,
    )


# ---- parts ----


def plain(text: str) -> str:
    """The words as they were typed: without Slack's entities."""
    return unescape(ENTITY.sub(_entity, text))


def _entity(found: re.Match[str]) -> str:
    """A link as it was typed; a person, channel or group by its name, where Slack tells it."""
    target, bar, label = found[1].partition("|")
    sign = {"@": "@", "#": "#", "!": "@"}.get(target[:1], "")
    if sign:
        shown = label or target[1:].removeprefix("subteam^")
        return shown if shown.startswith(sign) else sign + shown
    if bar and label != target and not target.endswith(label):
        return f"{label} ({target.removeprefix('mailto:')})"
    return label or target.removeprefix("mailto:")


def _command(words: str) -> Commanded | None:
    found = parse("/" + words.strip().removeprefix("/"))
    return found if isinstance(found, Commanded) else None


def _event_time(body: Body) -> datetime:
    return datetime.fromtimestamp(int(body.get("event_time") or 0), UTC)


def moment(ts: str) -> datetime:
    """Slack's `ts`: seconds and microseconds since 1970."""
    seconds, _, rest = ts.partition(".")
    micros = int(rest[:6].ljust(6, "0"))
    return datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=micros)


def _address(team: str, user: str) -> Address:
    return Address(SLACK, f"{team}/{user}")
