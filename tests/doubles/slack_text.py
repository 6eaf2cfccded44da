"""What a person sees of mrkdwn, and whom it pings."""

import re
from collections.abc import Iterator
from typing import Any

from tests.doubles.slack_wire import Wire

MARK = re.compile(r"<((?:[@#!]|[a-z][a-z0-9+.-]*:)[^<>]*)>")
NAMES = re.compile(r"(?<![\w@])@(?:channel|here|everyone)\b")
ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
"""Slack knows no others."""
BARE = re.compile(r"&(?!amp;|lt;|gt;)|[<>]")
LINK = re.compile(r"https?://[^\s<>|]+")


def escaped(text: str) -> str:
    """As a client sends what was typed: the three characters, and addresses as links."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return LINK.sub(lambda found: f"<{found[0]}>", safe)


def unescaped(text: str) -> str:
    """As it stands on the screen, in plain_text too."""
    return re.sub("&(?:lt|gt|amp);", lambda found: ENTITIES[found[0]], text)


def told_back(part: Any) -> Any:
    """Blocks as an interaction tells them: the characters are escaped that the bot left bare."""
    if isinstance(part, list):
        return [told_back(each) for each in part]
    if not isinstance(part, dict):
        return part
    told = {key: told_back(value) for key, value in part.items()}
    if part.get("type") == "plain_text" and isinstance(part.get("text"), str):
        names = {mark: name for name, mark in ENTITIES.items()}
        told["text"] = BARE.sub(lambda found: names[found[0]], part["text"])
    return told


def shown(mrkdwn: str, names: dict[str, str]) -> str:
    """The words as they stand on the screen; `names` of users and channels by id."""

    def mark(found: re.Match[str]) -> str:
        target, _, label = found[1].partition("|")
        if target[0] in "@#":
            return target[0] + (label or names.get(target[1:], target[1:]))
        if target[0] == "!":
            return label or "@" + target[1:]
        return label or target

    return unescaped(MARK.sub(mark, mrkdwn))


def pings(mrkdwn: str, *, names_too: bool = False) -> list[str]:
    """What calls somebody or links somewhere; `names_too` with link_names or parse=full."""
    found = [mark[0] for mark in MARK.finditer(mrkdwn)]
    return found + (NAMES.findall(mrkdwn) if names_too else [])


def texts(part: Any) -> Iterator[tuple[str, str]]:
    """All that blocks say, in order, as kind (mrkdwn, plain_text, literal or ping) and text."""
    if isinstance(part, list):
        for each in part:
            yield from texts(each)
    elif isinstance(part, dict):
        kind, text = part.get("type"), part.get("text")
        if kind in {"mrkdwn", "plain_text"} and isinstance(text, str):
            yield kind, text
        elif kind == "markdown":
            yield "mrkdwn", str(text)
        elif kind == "text":
            yield "literal", str(text)
        elif kind in {"user", "usergroup", "broadcast", "channel", "link"}:
            yield "ping", _called(part)
        else:
            for value in part.values():
                yield from texts(value)


def _called(part: Wire) -> str:
    match part["type"]:
        case "user":
            return f"<@{part.get('user_id')}>"
        case "usergroup":
            return f"<!subteam^{part.get('usergroup_id')}>"
        case "broadcast":
            return f"<!{part.get('range')}>"
        case "channel":
            return f"<#{part.get('channel_id')}>"
        case _:
            return f"<{part.get('url')}|{part.get('text', '')}>"


def rich_text(text: str, block_id: str) -> Wire:
    """The block that a client makes of what was typed."""
    parts: list[Wire] = []
    at = 0
    for found in MARK.finditer(text):
        if found.start() > at:
            parts.append({"type": "text", "text": unescaped(text[at : found.start()])})
        target = found[1].partition("|")[0]
        if target[0] == "@":
            parts.append({"type": "user", "user_id": target[1:]})
        elif target[0] == "#":
            parts.append({"type": "channel", "channel_id": target[1:]})
        elif target[0] == "!":
            parts.append({"type": "broadcast", "range": target[1:]})
        else:
            parts.append({"type": "link", "url": unescaped(target)})
        at = found.end()
    if at < len(text):
        parts.append({"type": "text", "text": unescaped(text[at:])})
    section = {"type": "rich_text_section", "elements": parts}
    return {"type": "rich_text", "block_id": block_id, "elements": [section]}
