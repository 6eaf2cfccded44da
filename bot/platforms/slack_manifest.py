"""The app as Slack is told of it: what it may do and why, what it hears of, where it is reached."""

import json
from collections.abc import Callable, Mapping
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from config.settings import Settings

SCOPES: Mapping[str, str] = {
    "app_mentions:read": "to answer where somebody calls it in a channel",
    "chat:write": "to ask its questions and to answer",
    "commands": "for /storytrail, and for “Turn into a story” in the menu of a message",
    "files:read": "to fetch what somebody sent as evidence, when stories are exported",
    "files:write": "to hand over exports, and what /mydata gives",
    "im:history": "to hear what people write to it in their own chat with it, and nowhere else",
    "im:write": "to open that chat, for a private answer or a question that was wished for",
    "users:read": "to know somebody's name, language and time zone",
}
"""All that the app may do, each with its reason."""

EVENTS: Mapping[str, str | None] = {
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "app_uninstalled": None,
    "message.im": "im:history",
    "tokens_revoked": None,
}
"""What the app hears of, and the scope that Slack wants for it."""

SHORTCUT = "story_from_message"
COMMAND = "/storytrail"

EVENTS_PATH = "/slack/events"
INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"

DESCRIPTION = "Collects short stories about what came of the things you did together."  # ≤ 140

LONG_DESCRIPTION = (  # 174 to 4,000
    "Storytrail asks about one time with your community, good or bad, and what came of it, one "
    "short question at a time. It takes about ten minutes, and you can stop at any moment. You "
    "choose who reads your story, whether it carries your name, and can take it back. Organizers "
    "see how far stories go, and where they end and why."
)


def url_of(settings: Settings) -> str | None:
    """Where Slack calls this program; None where the program connects to Slack."""
    return None if settings.slack_app_token is not None else settings.public_url


def manifest(settings: Settings, *, url: str | None) -> dict[str, Any]:
    """The manifest; for Socket Mode where there is no `url`."""
    at = url.rstrip("/") if url is not None else None
    is_installed_by_others = bool(settings.slack_client_id and settings.slack_client_secret)
    calls = {} if at is None else {"request_url": f"{at}{EVENTS_PATH}"}
    command = {
        "command": COMMAND,
        "description": "Tell a story, or see what you can do",
        "usage_hint": "tell | mystories | privacy | help",
        "should_escape": False,
    }
    oauth: dict[str, Any] = {"scopes": {"bot": sorted(SCOPES)}}
    reached_at = at or (settings.public_url or "").rstrip("/")
    if is_installed_by_others and reached_at:
        oauth = {"redirect_urls": [f"{reached_at}{REDIRECT_PATH}"], **oauth}
    return {
        "display_information": {
            "name": "Storytrail",
            "description": DESCRIPTION,
            "long_description": LONG_DESCRIPTION,
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Storytrail", "always_online": True},
            "shortcuts": [
                {
                    "name": "Turn into a story",
                    "type": "message",
                    "callback_id": SHORTCUT,
                    "description": "Begin a story with this message",
                }
            ],
            "slash_commands": [command if at is None else {**command, "url": calls["request_url"]}],
        },
        "oauth_config": oauth,
        "settings": {
            "event_subscriptions": {**calls, "bot_events": sorted(EVENTS)},
            "interactivity": {"is_enabled": True, **calls},
            "org_deploy_enabled": False,
            "socket_mode_enabled": at is None,
            # Once on it cannot be turned off; a token that is a setting could not be renewed.
            "token_rotation_enabled": is_installed_by_others,
        },
    }


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def _yaml(values: dict[str, Any]) -> str:
    yaml = YAML()
    yaml.width = 1_000  # no sentence is folded
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(values, out)
    return out.getvalue()


FORMATS: Mapping[str, Callable[[dict[str, Any]], str]] = {"json": _json, "yaml": _yaml}
"""How it is printed; Slack takes either."""
