"""The methods about the app itself: installing it, its tokens, and Socket Mode."""

from dataclasses import dataclass

from tests.doubles.slack_chats import Team
from tests.doubles.slack_methods import Asked, Method
from tests.doubles.slack_tokens import permitted
from tests.doubles.slack_wire import Args, Refused, Wire
from tests.doubles.slack_world import World

CODE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Code:
    """What a person agreed to by installing the app."""

    team: Team
    user: str
    redirect_uri: str
    at: float


def access(asked: Asked) -> Wire:
    world, args = asked.world, asked.args
    _is_client(world, args)
    if args.text("grant_type") == "refresh_token":
        id = world.tokens.refreshes.pop(args.text("refresh_token"), "")
        if not id:
            raise Refused("invalid_refresh_token")
        return _granted(world, world.teams[id])
    code = world.tokens.codes.pop(args.text("code"), None)
    if not isinstance(code, Code) or world.now() > code.at + CODE_SECONDS:
        raise Refused("invalid_code")
    if code.redirect_uri != args.text("redirect_uri"):
        raise Refused("bad_redirect_uri")
    return _granted(world, code.team) | {"authed_user": {"id": code.user}}


def _is_client(world: World, args: Args) -> None:
    id, secret = args.client
    if id != world.client_id:
        raise Refused("invalid_client_id")
    if secret != world.client_secret:
        raise Refused("bad_client_secret")


def _granted(world: World, team: Team) -> Wire:
    token = world.grants(team)
    told: Wire = {
        "app_id": world.app_id,
        "scope": ",".join(sorted(team.scopes)),
        "token_type": "bot",
        "access_token": token.text,
        "bot_user_id": team.bot_user,
        "team": {"id": team.id, "name": team.name},
        "enterprise": None,
        "is_enterprise_install": False,
    }
    if world.rotation is None:
        return told
    return told | {"expires_in": int(world.rotation), "refresh_token": refresh_token(world, team)}


def refresh_token(world: World, team: Team) -> str:
    """One more that is good for one refresh."""
    text = f"xoxe-1-{team.id}-{world.id('R')}"
    world.tokens.refreshes[text] = team.id
    return text


def revoke(asked: Asked) -> Wire:
    if asked.args.boolean("test"):
        return {"revoked": False}
    revokes(asked.world, asked.team)
    return {"revoked": True}


def revokes(world: World, team: Team) -> None:
    tokens = {"oauth": [], "bot": [team.bot_user]}
    event = {"type": "tokens_revoked", "tokens": tokens, "event_ts": world.ts()}
    world.tells(team, event, "tokens_revoked")
    world.tokens.end(team.id, "token_revoked")


def uninstall(asked: Asked) -> Wire:
    _is_client(asked.world, asked.args)
    uninstalls(asked.world, asked.team)
    return {}


def uninstalls(world: World, team: Team) -> None:
    """Both events come, and in no order that Slack would promise."""
    revokes(world, team)
    gone = {"type": "app_uninstalled", "event_ts": world.ts()}
    world.tells(team, gone, "app_uninstalled")
    for token in world.tokens.by_text.values():
        if token.team == team.id:
            token.dead = "account_inactive"
    team.installed = False


def open_connection(asked: Asked) -> Wire:
    permitted(asked.token, "connections:write")
    road = asked.world.sockets
    ticket = road.ticket()
    return {"url": f"{asked.world.url.replace('http', 'ws', 1)}/link/?ticket={ticket}"}


APP = {
    "api.test": Method(lambda asked: {"args": asked.args.values}, token="none"),
    "auth.revoke": Method(revoke, takes_json=False),
    "apps.uninstall": Method(uninstall, takes_json=False),
    "apps.connections.open": Method(open_connection, token="app"),
    "oauth.v2.access": Method(access, takes_json=False, token="none"),
}
