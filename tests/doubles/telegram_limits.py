"""What Telegram refuses: its limits beside the words of its refusals, and how fast one may send."""

import re
from collections import deque
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from tests.doubles.telegram_html import BadMarkup, Entity, cleaned, parse_html, trimmed, with_found
from tests.doubles.telegram_wire import Args, Refused, bad

MAX_TEXT = 4096  # characters after the entities are parsed
MAX_CAPTION = 1024  # the same
MAX_ANSWER = 200  # characters of an answer to a tap
MAX_CALLBACK_DATA = 64  # bytes
MAX_BUTTONS = 100  # a message
MAX_COMMANDS = 100  # a scope and language
MAX_DESCRIPTION, MAX_SHORT_DESCRIPTION, MAX_NAME = 512, 120, 64  # characters
MAX_DOWNLOAD = 20 * 1024 * 1024  # bytes, getFile
QUERY_SECONDS = 60  # Telegram names no figure for "too old"; its clients give up earlier

Formatted = tuple[str, list[Entity]]


def formatted(args: Args, name: str, entities_name: str) -> Formatted:
    """A text or caption with its entities, as it will be shown."""
    source = cleaned(args.text(name))
    mode = args.text("parse_mode").lower()
    entities: list[Entity] = []
    if mode == "html":
        try:
            source, entities = parse_html(source)
        except BadMarkup as reason:
            raise bad(f"can't parse entities: {reason}") from None
    elif mode:
        # The real one knows Markdown too; who uses it here should say so, not get its marks shown.
        raise bad("unsupported parse_mode")
    else:
        entities = args.decoded(entities_name, "entities") or []
    text, entities = trimmed(source, entities)
    return text, with_found(text, entities)


def message_text(args: Args, *, edit: bool = False) -> Formatted:
    if not args.text("text"):
        raise bad("message text is empty")
    text, entities = formatted(args, "text", "entities")
    if not text:
        raise bad("text must be non-empty")
    if len(text) > MAX_TEXT:
        raise bad("MESSAGE_TOO_LONG" if edit else "message is too long")
    return text, entities


def caption(args: Args) -> Formatted:
    text, entities = formatted(args, "caption", "caption_entities")
    if len(text) > MAX_CAPTION:
        raise bad("message caption is too long")
    return text, entities


def reply_markup(args: Args) -> dict[str, Any] | None:
    """The markup as given, checked; an inline keyboard with the fields that messages show."""
    markup = args.decoded("reply_markup", "reply keyboard markup")
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad("object expected as reply markup")
    if "inline_keyboard" not in markup:
        return markup
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    if sum(map(len, rows)) > MAX_BUTTONS:
        raise bad("reply markup is too long")
    kept = [[_button(button) for button in row] for row in rows if row]
    return {"inline_keyboard": kept} if kept else None


def _button(button: Any) -> dict[str, Any]:
    wrong = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad(f"{wrong}InlineKeyboardButton must be an Object")
    text = button.get("text")
    if not isinstance(text, str):
        raise bad(f'{wrong}Can\'t find field "text"')
    if not text.strip():
        raise bad(f"{wrong}Text must be non-empty")
    if "callback_data" in button:
        data = button["callback_data"]
        if not isinstance(data, str) or not 1 <= len(data.encode()) <= MAX_CALLBACK_DATA:
            raise bad("BUTTON_DATA_INVALID")
    elif "url" in button:
        if not re.match(r"(https?://|tg://)?[^\s/]+\.?[^\s]*$", str(button["url"])):
            raise bad(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    elif not button.keys() & {"web_app", "login_url", "switch_inline_query", "copy_text", "pay"}:
        raise bad(f"{wrong}Text buttons are unallowed in the inline keyboard")
    return button


def commands(args: Args) -> list[dict[str, str]]:
    given = args.decoded("commands", "commands")
    if not isinstance(given, list):
        raise bad("expected an Array of BotCommand")
    if len(given) > MAX_COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    checked = []
    for each in given:
        if not isinstance(each, dict) or not {"command", "description"} <= each.keys():
            raise bad("can't parse BotCommand: expected an Object")
        name = each["command"].removeprefix("/")
        if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(each["description"].strip()) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        checked.append({"command": name, "description": each["description"].strip()})
    return checked


def language(args: Args) -> str:
    code = args.text("language_code")
    if code and not re.fullmatch("[a-z]{2}", code):
        raise bad("invalid language code specified")
    return code


def secret_token(args: Args) -> str:
    secret = args.text("secret_token")
    if len(secret) > 256:
        raise bad("secret token is too long")
    if not re.fullmatch(r"[\w-]*", secret, re.ASCII):
        raise bad("secret token contains unallowed characters")
    return secret


@dataclass(slots=True)
class Rates:
    """How fast a bot may send. Off until `on` is set: then breaches are only noted."""

    on: bool = False
    burst: int = 4
    """So many at once to one chat, which then fills up by one a second."""
    per_group: tuple[int, float] = (20, 57)
    """So many within so many seconds: 20 a minute; the rest is for how long a message travels."""
    overall: tuple[int, float] = (30, 0.95)
    violations: list[tuple[int, float, str]] = field(default_factory=list)
    """Chat, monotonic time, and which of the three it was."""
    _left: dict[int, tuple[float, float]] = field(default_factory=dict)
    _sent: dict[str, deque[float]] = field(default_factory=dict)

    def check(self, chat: int, now: float, *, group: bool) -> None:
        """Counts one sending; raises Refused (429) if it is one too many."""
        windows = [("overall", "overall", self.overall)]
        if group:
            windows.append(("group", f"group {chat}", self.per_group))
        left, at = self._left.get(chat, (self.burst, now))
        left = min(left + now - at, self.burst)
        waits = {"chat": 1 - left}
        for rule, key, (most, seconds) in windows:
            sent = self._sent.setdefault(key, deque())
            while sent and sent[0] <= now - seconds:
                sent.popleft()
            waits[rule] = sent[-most] + seconds - now if len(sent) >= most else 0
        broken = [rule for rule, wait in waits.items() if wait > 0]
        self.violations += [(chat, now, rule) for rule in broken]
        if broken and self.on:
            raise too_many(max(1, ceil(max(waits.values()))))
        self._left[chat] = (max(left - 1, 0), now)
        for _, key, _ in windows:
            self._sent[key].append(now)


def too_many(seconds: int) -> Refused:
    return Refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
