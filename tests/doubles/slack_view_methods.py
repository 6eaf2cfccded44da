"""The methods about modals and the Home tab, and what the answer to a submission does."""

from typing import Any

from tests.doubles.slack_blocks import checked_view, named
from tests.doubles.slack_chats import Team, User, View
from tests.doubles.slack_methods import Asked, Method
from tests.doubles.slack_wire import Refused, Wire, invalid
from tests.doubles.slack_world import World

MOST_OPEN = 3  # modals on top of each other


def shown_view(
    world: World, team: Team, given: Wire, old: View | None = None, below: View | None = None
) -> Wire:
    """What Slack tells of a view that the bot gave."""
    external = given.get("external_id") or ""
    taken = (view for view, _ in world.views.values() if not view.closed and view is not old)
    if external and any(view.wire["external_id"] == external for view in taken):
        raise Refused("duplicate_external_id")
    id = old.id if old else world.id("V")
    root = below.wire["root_view_id"] if below else id
    modal = given["type"] == "modal"
    return {
        "id": id,
        "team_id": team.id,
        "type": given["type"],
        "blocks": named(given["blocks"], lambda: world.id("b")),
        "private_metadata": given.get("private_metadata") or "",
        "callback_id": given.get("callback_id") or "",
        "state": {"values": {}},
        "hash": f"{world.ts()}.h",
        "title": given["title"] if modal else {"type": "plain_text", "text": "View Title"},
        "clear_on_close": bool(given.get("clear_on_close")),
        "notify_on_close": bool(given.get("notify_on_close")),
        "close": given.get("close"),
        "submit": given.get("submit"),
        "previous_view_id": old.wire["previous_view_id"] if old else below and below.id,
        "root_view_id": old.wire["root_view_id"] if old else root,
        "app_id": world.app_id,
        "external_id": external,
        "app_installed_team_id": team.id,
        "bot_id": team.bot_id,
    }


def _given(asked: Asked, *kinds: str) -> Wire:
    if not asked.args.has("view"):
        raise invalid(["missing required field: view"])
    return checked_view(asked.args.decoded("view", "invalid_arguments"), *kinds)


def _pushed(world: World, team: Team, user: User, given: Wire) -> View:
    if len(user.modals) >= MOST_OPEN:
        raise Refused("push_limit_reached")
    below = user.modals[-1] if user.modals else None
    view = View(shown_view(world, team, given, below=below))
    world.views[view.id] = view, user
    user.modals.append(view)
    world.changed.notify_all()
    return view


def _replaced(world: World, team: Team, view: View, given: Wire) -> None:
    view.wire = shown_view(world, team, given, view)
    world.changed.notify_all()


def _same_hash(asked: Asked, view: View) -> None:
    if asked.args.has("hash") and asked.args.text("hash") != view.wire["hash"]:
        raise Refused("hash_conflict")


def open_view(asked: Asked) -> Wire:
    given = _given(asked, "modal")
    user = asked.world.spends(asked.args.text("trigger_id"), asked.team)
    for view in user.modals:
        view.closed = True  # a client shows one stack of modals, the newest
    user.modals.clear()
    return {"view": _pushed(asked.world, asked.team, user, given).wire}


def push_view(asked: Asked) -> Wire:
    given = _given(asked, "modal")
    user = asked.world.spends(asked.args.text("trigger_id"), asked.team)
    if not user.modals:
        raise Refused("not_found")
    return {"view": _pushed(asked.world, asked.team, user, given).wire}


def update_view(asked: Asked) -> Wire:
    id, external = asked.args.text("view_id"), asked.args.text("external_id")
    views = [view for view, _ in asked.world.views.values() if not view.closed]
    ours = [view for view in views if view.wire["team_id"] == asked.team.id]
    found = next(
        (v for v in ours if (v.id == id if id else external and v.wire["external_id"] == external)),
        None,
    )
    if found is None:
        raise Refused("not_found")
    given = _given(asked, found.wire["type"])
    _same_hash(asked, found)
    _replaced(asked.world, asked.team, found, given)
    return {"view": found.wire}


def publish_view(asked: Asked) -> Wire:
    given = _given(asked, "home")
    user = asked.user("user_id")
    if user.wire["deleted"] or user.wire["is_bot"]:
        raise Refused("not_enabled")
    if user.home is None:
        user.home = View(shown_view(asked.world, asked.team, given))
        asked.world.views[user.home.id] = user.home, user
        asked.world.changed.notify_all()
    else:
        _same_hash(asked, user.home)
        _replaced(asked.world, asked.team, user.home, given)
    return {"view": user.home.wire}


def closes(user: User, view: View) -> None:
    view.closed = True
    if view in user.modals:
        user.modals.remove(view)


def submitted(world: World, team: Team, user: User, view: View, answer: Any) -> str:
    """Does what the bot answered to a submission; why Slack would refuse the answer, if so."""
    answer = answer or {}
    if not isinstance(answer, dict):
        return f"not an object: {answer!r}"
    try:
        match answer.get("response_action"):
            case None if not answer:
                closes(user, view)
            case "clear":
                for each in list(user.modals):
                    closes(user, each)
            case "update":
                _replaced(world, team, view, checked_view(answer.get("view"), "modal"))
            case "push":
                _pushed(world, team, user, checked_view(answer.get("view"), "modal"))
            case "errors":
                return _wrong_errors(view, answer.get("errors"))
            case other:
                return f"no such response_action: {other}"
    except Refused as refused:
        return f"{refused.error} {refused.more}"
    return ""


def _wrong_errors(view: View, errors: Any) -> str:
    if not isinstance(errors, dict) or not errors:
        return "errors must name at least one block"
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    stray = [id for id in errors if id not in inputs]
    return f"errors for blocks that take no input: {stray}" if stray else ""


VIEWS = {
    "views.open": Method(open_view),
    "views.push": Method(push_view),
    "views.update": Method(update_view),
    "views.publish": Method(publish_view),
}
