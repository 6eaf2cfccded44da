"""What a bot tells of itself: names, descriptions, commands, and where its updates go."""

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.doubles import telegram_limits as limits
from tests.doubles.telegram_chats import Chat, Wire
from tests.doubles.telegram_wire import Args, bad
from tests.doubles.telegram_world import World

WIDE = frozenset(
    {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"},
)
NARROW = frozenset({"chat", "chat_administrators", "chat_member"})


def get_me(world: World, args: Args) -> Wire:
    told = {"can_join_groups": True, "can_read_all_group_messages": not world.privacy}
    nots = (
        "supports_inline_queries",
        "can_connect_to_business",
        "has_main_web_app",
        "has_topics_enabled",
        "allows_users_to_create_topics",
    )
    return world.me | told | dict.fromkeys(nots, False)


def _scope(world: World, args: Args) -> str:
    scope = args.decoded("scope", "BotCommandScope") or {"type": "default"}
    if not isinstance(scope, dict) or scope.get("type") not in WIDE | NARROW:
        raise bad("can't parse BotCommandScope: unsupported type specified")
    kind = str(scope["type"])
    if kind in WIDE:
        return kind
    chat = world.chat(str(scope.get("chat_id", "")))
    if kind != "chat" and chat.private:
        raise bad("can't use specified scope in private chats")
    user = ""
    if kind == "chat_member":
        if scope.get("user_id") not in world.users:
            raise bad("user not found")
        user = f" {scope['user_id']}"
    return f"{kind} {chat.id}{user}"


def set_my_commands(world: World, args: Args) -> bool:
    key = _scope(world, args), limits.language(args)
    world.commands[key] = limits.commands(args)
    return True


def get_my_commands(world: World, args: Args) -> list[dict[str, str]]:
    return world.commands.get((_scope(world, args), limits.language(args)), [])


def delete_my_commands(world: World, args: Args) -> bool:
    world.commands.pop((_scope(world, args), limits.language(args)), None)
    return True


def commands_shown(world: World, chat: Chat, user: Wire) -> list[dict[str, str]]:
    """What a client lists behind "/", by the order in which Telegram looks."""
    if chat.private:
        scopes = [f"chat {chat.id}", "all_private_chats", "default"]
    else:
        admin = chat.statuses.get(user["id"]) in {"creator", "administrator"}
        scopes = [
            f"chat_member {chat.id} {user['id']}",
            *([f"chat_administrators {chat.id}"] if admin else []),
            f"chat {chat.id}",
            *(["all_chat_administrators"] if admin else []),
            "all_group_chats",
            "default",
        ]
    for scope in scopes:
        for code in (user.get("language_code", "").partition("-")[0], ""):
            if world.commands.get((scope, code)):
                return world.commands[scope, code]
    return []


def _set(kind: str, most: int, world: World, args: Args) -> bool:
    value = args.text(kind)
    if len(value) > most:
        raise bad(f"{kind.upper()}_TOO_LONG")
    world.profile[kind, limits.language(args)] = value
    return True


def _get(kind: str, world: World, args: Args) -> dict[str, str]:
    code = limits.language(args)
    return {kind: world.profile.get((kind, code)) or world.profile.get((kind, ""), "")}


def set_webhook(world: World, args: Args) -> bool:
    url = args.text("url")
    secret = limits.secret_token(args)
    if url and not url.startswith("http://127.0.0.1:"):
        # The real one takes https only; this one has no certificates and stays on this machine.
        raise bad("bad webhook: an HTTPS URL must be provided for webhook")
    updates = world.updates
    most = args.integer("max_connections", 40)
    updates.set_webhook("", "", 1)
    if args.boolean("drop_pending_updates"):
        updates.drop()
    if url:
        updates.allow(args)
        updates.set_webhook(url, secret, most if 1 <= most <= 100 else 40)
    return True


def delete_webhook(world: World, args: Args) -> bool:
    world.updates.set_webhook("", "", 1)
    if args.boolean("drop_pending_updates"):
        world.updates.drop()
    return True


def get_webhook_info(world: World, args: Args) -> Wire:
    updates = world.updates
    hook = updates.webhook
    told: Wire = {
        "url": hook.url if hook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(updates.pending) + len(updates.again),
    }
    if hook and hook.last_error_date:
        told |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error}
    if updates.allowed is not None:
        told["allowed_updates"] = sorted(updates.allowed)
    return told


_NAME = ("name", limits.MAX_NAME)
_LONG = ("description", limits.MAX_DESCRIPTION)
_SHORT = ("short_description", limits.MAX_SHORT_DESCRIPTION)

PROFILE: dict[str, Callable[[World, Args], Any]] = {
    "getMe": get_me,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": partial(_set, *_NAME),
    "getMyName": partial(_get, "name"),
    "setMyDescription": partial(_set, *_LONG),
    "getMyDescription": partial(_get, "description"),
    "setMyShortDescription": partial(_set, *_SHORT),
    "getMyShortDescription": partial(_get, "short_description"),
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
